//! Links: what is sent to a mailbox, and lets whoever reads it do one thing, once.

use countersign::Timestamp;

use crate::account::{Email, Language};
use crate::id::AccountId;
use crate::password::PasswordHash;

/// A link that was made and not used. Its token is in the mail alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub purpose: Purpose,
    /// Whose it is; none where there is no account yet, or none with this address.
    pub account: Option<AccountId>,
    /// The mailbox that it proves.
    pub email: Email,
    /// The password that was chosen when it was asked for.
    pub password: Option<PasswordHash>,
    pub language: Language,
    pub created: Timestamp,
    /// From this instant on it does nothing.
    pub expires: Timestamp,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Opens an account.
    SignUp,
    /// Changes an account's address.
    Email,
    /// Sets a forgotten password.
    Password,
    /// Opens an account, by leave of an administrator.
    Invitation,
    /// Opens the first administrator's account.
    FirstAdministrator,
}

impl Purpose {
    const ALL: [Self; 5] =
        [Self::SignUp, Self::Email, Self::Password, Self::Invitation, Self::FirstAdministrator];

    /// The word for a row.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Email => "email",
            Self::Password => "password",
            Self::Invitation => "invitation",
            Self::FirstAdministrator => "first_administrator",
        }
    }

    /// Reads the word of a row.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }
}
