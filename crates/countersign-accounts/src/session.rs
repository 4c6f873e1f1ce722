//! Signed-in browsers, and browsers that an account has been used with before.

use std::time::Duration;

use countersign::Timestamp;

use crate::id::{AccountId, SessionId};
use crate::token::TokenHash;

/// A browser that is signed in, or half way there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub account: AccountId,
    pub stage: Stage,
    pub created: Timestamp,
    /// When it was last used, to the minute.
    pub seen: Timestamp,
    /// When the password, and the second factor where there is one, was last shown.
    pub proved: Timestamp,
    /// Where it was last used from, as text.
    pub address: String,
    /// What the browser says it is, at most 128 characters.
    pub client: String,
}

/// How far somebody has come in signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The password was right, and a second factor is still to be shown. Nothing else can be done by such a session.
    Password,
    SignedIn,
}

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// A session that was not used for so long is over.
    pub idle: Duration,
    /// However much it is used, it is over after so long.
    pub longest: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle: Duration::from_secs(60 * 60), longest: Duration::from_secs(12 * 60 * 60) }
    }
}

/// A browser that an account has been used with. It is no credential: its owner is only told of others, and slowed down
/// by himself alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub token: TokenHash,
    pub account: AccountId,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    pub address: String,
    pub client: String,
}

impl Stage {
    /// The word for a row.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::SignedIn => "signed_in",
        }
    }

    /// Reads the word of a row.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Password, Self::SignedIn].into_iter().find(|stage| stage.as_str() == text)
    }
}
