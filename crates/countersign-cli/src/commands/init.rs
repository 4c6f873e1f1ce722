//! `countersign init`: a store and its first account.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use countersign_accounts::account::Email;
use countersign_accounts::password::PasswordHash;
use countersign_accounts::random;
use countersign_control::app::accounts;
use countersign_store::Access;
use serde_json::json;

use crate::data::{DataArgs, asked, read_secret_file};
use crate::print::{Output, Printer};

/// Make a store and its first account
///
/// A store that is there already is left alone.
#[derive(Args, Debug)]
pub(crate) struct Init {
    #[command(flatten)]
    data: DataArgs,
    /// The e-mail address of the first account
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// The file of its password; without one nobody can sign in to it yet
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl Init {
    pub(crate) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let place = self.data.place()?;
        let password = self.password_file.as_deref().map(read_secret_file).transpose()?;
        let password = password.as_ref().map(|text| text.trim_end_matches(['\r', '\n']));
        // What could be refused later is tried before anything is made.
        let email = Email::new(&self.email).with_context(|| format!("`{}`", self.email))?;
        password.map(|password| PasswordHash::new(password, &mut random::from_system())).transpose()?;

        let (store, _) = place.open(Access::Create).await?;
        let opened =
            accounts::open(&store, asked(), email.as_str(), password, None, &mut random::from_system()).await;
        store.close().await;
        let (account, revision) = opened?;
        match self.output {
            Output::Json => printer.json(&json!({
                "account": account.as_str(),
                "email": email.as_str(),
                "master_key_file": place.master_key_file(),
                "revision": revision.to_string(),
            }))?,
            Output::Table => {
                printer.line(&format!("account     {account}"))?;
                printer.line(&format!("master key  {}", place.master_key_file().display()))?;
                printer.note(
                    "\nKeep a copy of the master key, and not beside the backups of the data: whoever has both has every secret.\n\
                     Next: `countersign access-key create` and `countersign project create`, then `countersign serve`.",
                );
            }
        }
        Ok(0)
    }
}
