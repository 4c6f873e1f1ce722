//! Public keys as AccessKeys: taken from a file, and shown.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use countersign::AccessKeyId;
use countersign::crypto::PublicKey;
use countersign_accounts::access_key::KeyMaterial;
use countersign_control::app::access_keys::{self, Registered};
use countersign_store::Access;
use serde_json::{Value, json};

use super::create::Shown;
use crate::commands::explain;
use crate::data::Place;
use crate::print::Printer;

/// A public key to register.
#[derive(Args, Debug)]
pub(super) struct PublicKeyArg {
    /// The file of a public key (PEM; RSA of at least 2048 bits, Ed25519, ECDSA P-256) to register in place of a secret
    /// that is made here. Keep the private one to yourself: no server needs it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["endpoint", "project"])]
    public_key: Option<PathBuf>,
}

impl PublicKeyArg {
    /// The public key in the file that was named.
    pub(super) fn read(&self, shown: &Shown) -> anyhow::Result<Option<PublicKey>> {
        let Some(file) = &self.public_key else { return Ok(None) };
        shown.is_for_public_keys()?;
        // It may be the private one: it is wiped, and nothing of it is said.
        let bytes = explain::read_file(file)?;
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let key = access_keys::read_public_key(text).with_context(|| format!("`{}`", file.display()))?;
        Ok(Some(key))
    }
}

/// Shows a public key that was just registered.
pub(super) fn show(printer: &mut Printer, registered: &Registered) -> anyhow::Result<()> {
    printer.line(&format!("AccessKey id  {}", registered.id))?;
    show_key(printer, &registered.public_key)?;
    printer.note("\nSign with the private key, and name this id. There is no secret to keep here.");
    Ok(())
}

/// The same for programs.
pub(super) fn to_json(registered: &Registered) -> Value {
    json!({
        "access_key_id": registered.id.as_str(),
        "public_key": key_to_json(&registered.public_key),
        "revision": registered.revision.to_string(),
    })
}

pub(super) fn show_key(printer: &mut Printer, key: &PublicKey) -> anyhow::Result<()> {
    printer.line(&format!("algorithm     {}", key.kind().name()))?;
    printer.line(&format!("fingerprint   {}", key.fingerprint()))?;
    Ok(())
}

pub(super) fn key_to_json(key: &PublicKey) -> Value {
    json!({ "algorithm": key.kind().name(), "fingerprint": key.fingerprint(), "pem": key.to_pem() })
}

/// The public key of an AccessKey.
pub(super) async fn open(place: &Place, id: &AccessKeyId) -> anyhow::Result<Option<PublicKey>> {
    let (store, ring) = place.open(Access::Existing).await?;
    let material = access_keys::material(&store, &ring, id).await;
    store.close().await;
    Ok(match material? {
        KeyMaterial::Public(key) => Some(key),
        KeyMaterial::Secret(_) => None,
    })
}
