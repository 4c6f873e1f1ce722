//! Accounts: the tenants that own projects and AccessKeys.

use std::fmt;

use countersign::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::AccountId;

/// How many AccessKeys an account may have unless its own limit says otherwise. Deleted ones do not count.
pub const DEFAULT_ACCESS_KEY_LIMIT: u32 = 10;

/// An account: who owns projects and AccessKeys, and is suspended as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub email: Email,
    pub created: Timestamp,
    pub suspended: bool,
    /// How many AccessKeys it may have, not counting deleted ones.
    pub access_key_limit: u32,
    /// Whether it may administer all accounts.
    pub administrator: bool,
    /// Since when it is closed, for good.
    pub closed: Option<Timestamp>,
    /// When its password was last set. None where it has none.
    pub password_set: Option<Timestamp>,
    /// What its mails are written in.
    pub language: Language,
}

impl Account {
    /// Whether it may be used: neither suspended nor closed.
    pub fn in_force(&self) -> bool {
        !self.suspended && self.closed.is_none()
    }
}

/// A language that people are spoken to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    #[default]
    English,
    SimplifiedChinese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::SimplifiedChinese];

    /// Its tag (BCP 47), as rows and pages have it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::SimplifiedChinese => "zh-CN",
        }
    }

    /// The language of exactly this tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }
}

/// Who may open an account by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// Whoever proves an e-mail address.
    Open,
    /// Whom an administrator invited.
    Invitation,
    /// Nobody: an operator opens accounts.
    #[default]
    Closed,
}

impl Registration {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::Invitation, Self::Closed];

    /// The word for rows and commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invitation => "invitation",
            Self::Closed => "closed",
        }
    }

    /// Reads the word.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|registration| registration.as_str() == text)
    }
}

/// An e-mail address: one `@`, at most 254 characters. Two spellings that differ in case are one address, so it is
/// kept in lower case and unique in that form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// Why a text is not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    #[error("an e-mail address has exactly one `@`, with something on both sides")]
    At,
    #[error("an e-mail address has at most 254 characters, and at most 64 before the `@`")]
    TooLong,
    #[error(
        "an e-mail address here holds letters, digits and `.!#$%&'*+/=?^_`{{|}}~-` only, and a domain name after the `@`"
    )]
    Character,
}

impl Email {
    /// Takes a text as an address: surrounding blanks are dropped, letters become lower case.
    ///
    /// Only ASCII is taken: a letter that looks like another would let two people hold what reads as one address.
    pub fn new(text: &str) -> Result<Self, EmailError> {
        let text = text.trim_matches([' ', '\t']).to_ascii_lowercase();
        let (local, domain) = text.split_once('@').ok_or(EmailError::At)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(EmailError::At);
        }
        if text.len() > 254 || local.len() > 64 {
            return Err(EmailError::TooLong);
        }
        let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte);
        let label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if !local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
            || !domain.split('.').all(label)
        {
            return Err(EmailError::Character);
        }
        Ok(Self(text))
    }

    /// The address that a closed account's row holds in place of its own, which is free then. No mail ever arrives
    /// there: `invalid` is no domain (RFC 2606).
    pub fn of_closed(account: &AccountId) -> Result<Self, EmailError> {
        Self::new(&format!("{account}@closed.invalid"))
    }

    /// What stands before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }

    /// The address in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = EmailError;
    fn try_from(text: String) -> Result<Self, EmailError> {
        Self::new(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_surrounding_blanks_do_not_make_another_address() {
        let email = Email::new("  Alice.B+x@Example.COM ").unwrap();
        assert_eq!(email.as_str(), "alice.b+x@example.com");
        assert_eq!(Email::new("alice.b+x@example.com"), Ok(email));
    }

    #[test]
    fn what_is_not_one_address_is_refused() {
        for text in ["", "alice", "@example.com", "alice@", "a@b@c.com", "a@@b.com"] {
            assert_eq!(Email::new(text), Err(EmailError::At), "{text:?}");
        }
        for text in [
            "a b@c.com",
            "a\n@c.com",
            "аlice@example.com",
            "a@exa_mple.com",
            "a@.com",
            "a..b@c.com",
            "<a>@b.com",
        ] {
            assert_eq!(Email::new(text), Err(EmailError::Character), "{text:?}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        assert_eq!(Email::new(&long), Err(EmailError::TooLong));
    }
}
