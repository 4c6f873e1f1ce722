//! AccessKeys as records: whose they are, of which kind, what for, and whether they are in force.

use std::time::Duration;

use countersign::crypto::PublicKey;
use countersign::{AccessKeyId, AccessKeySecret, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::AccountId;
use crate::network::Networks;

/// What a generated id begins with unless the operator chose another prefix.
pub const DEFAULT_ID_PREFIX: &str = "CSAK";

/// How long a deleted AccessKey waits in the recycle bin, and can be restored.
pub const RECYCLE_BIN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// An AccessKey without its material: one for each application of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    pub id: AccessKeyId,
    pub account: AccountId,
    pub kind: AccessKeyKind,
    pub description: Description,
    pub created: Timestamp,
    /// From this instant on it is refused.
    pub expires: Option<Timestamp>,
    /// Where it may be used from.
    pub networks: Networks,
    pub status: AccessKeyStatus,
}

/// What requests by an AccessKey are verified with.
///
/// The names are a stored format, in rows and in the change log: they are never changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessKeyKind {
    /// A secret that client and server share. Entries of the log that say nothing of it mean this.
    #[default]
    Secret,
    /// A public key. Its owner alone has the private one.
    Public,
}

impl AccessKeyKind {
    /// Its name in rows and listings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Public => "public",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Secret, Self::Public].into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it is a secret.
    pub fn is_secret(&self) -> bool {
        *self == Self::Secret
    }
}

/// What requests by an AccessKey are verified with, itself.
#[derive(Clone, Debug)]
pub enum KeyMaterial {
    Secret(AccessKeySecret),
    Public(PublicKey),
}

impl KeyMaterial {
    /// Its kind.
    pub fn kind(&self) -> AccessKeyKind {
        match self {
            Self::Secret(_) => AccessKeyKind::Secret,
            Self::Public(_) => AccessKeyKind::Public,
        }
    }
}

/// Whether an AccessKey is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKeyStatus {
    Enabled,
    Disabled,
    /// In the recycle bin since this instant, for [`RECYCLE_BIN`]. Restored, it is disabled.
    Deleted(Timestamp),
}

/// What an AccessKey is for, in its owner's words: one line of at most 128 characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Description(String);

/// Why a text is not a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a description is one line of at most 128 characters")]
pub struct NotADescription;

impl Description {
    /// Takes a text as a description; surrounding blanks are dropped.
    pub fn new(text: &str) -> Result<Self, NotADescription> {
        let text = text.trim();
        if text.chars().count() > 128 || text.chars().any(char::is_control) {
            return Err(NotADescription);
        }
        Ok(Self(text.to_owned()))
    }

    /// The description as text; empty where there is none.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Description {
    type Error = NotADescription;
    fn try_from(text: String) -> Result<Self, NotADescription> {
        Self::new(&text)
    }
}

impl From<Description> for String {
    fn from(description: Description) -> Self {
        description.0
    }
}

/// The latest time at which an AccessKey was verified, to the minute, and what was seen of the caller then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUsed {
    pub at: Timestamp,
    /// The peer's address as text; empty where it came over a unix socket.
    pub address: String,
    /// The signature scheme, such as `odps`.
    pub scheme: String,
    /// What the client said it is, at most 128 characters.
    pub client: String,
}
