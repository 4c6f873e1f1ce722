//! What somebody pastes for a public key. It may be the private one, so it is wiped, printed nowhere, and shown again only
//! once it has been found to be public.

use std::fmt;

use countersign::crypto::PublicKey;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::app::{Failure, access_keys};

/// A pasted text.
#[derive(Default)]
pub(super) struct Pasted(Zeroizing<String>);

impl Pasted {
    /// The public key that was pasted; none where nothing was.
    pub(super) fn read(&self) -> Result<Option<PublicKey>, Failure> {
        if self.0.trim().is_empty() {
            return Ok(None);
        }
        access_keys::read_public_key(&self.0).map(Some)
    }

    /// The public key to fill in again; empty where it is none.
    pub(super) fn again(&self) -> String {
        self.read().ok().flatten().map(|key| key.to_pem()).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Pasted {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(Zeroizing::new(text)))
    }
}

impl fmt::Debug for Pasted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
