//! Second factors: what is shown beside the password.

use std::fmt;

use countersign::Timestamp;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::access_key::Description;
use crate::id::{AccountId, FactorId};
use crate::token::TokenHash;

/// How many second factors an account may have.
pub const MOST_FACTORS: u32 = 10;
/// How many recovery codes are made together.
pub const RECOVERY_CODES: usize = 10;

/// A second factor without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    pub id: FactorId,
    pub account: AccountId,
    pub kind: FactorKind,
    /// What its owner calls it.
    pub name: Description,
    pub created: Timestamp,
    /// When it was last shown.
    pub used: Option<Timestamp>,
    /// For TOTP: the last time step whose code was accepted. Neither it nor an earlier one is accepted again.
    pub step: u64,
}

/// A kind of second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// Six digits that change every 30 seconds (RFC 6238).
    Totp,
    /// A key pair in a device or a password manager (WebAuthn).
    Passkey,
}

impl FactorKind {
    /// The word for a row.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
        }
    }

    /// Reads the word of a row.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Totp, Self::Passkey].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A code that stands in for a second factor that was lost, once: `7k2m-p4xw-9hqd-c3tz`, 80 random bits.
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    /// A new code.
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(19));
        for place in 0..16 {
            if place > 0 && place % 4 == 0 {
                text.push('-');
            }
            text.push(digit(random.next_u32()));
        }
        Self(text)
    }

    /// Takes what somebody typed: blanks, hyphens and case do not matter, and look-alikes are one. None where it cannot
    /// be a code.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut read = Zeroizing::new(String::with_capacity(19));
        for c in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let c = match c.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            };
            // No more than fits: a buffer that grew would leave a copy behind.
            if !DIGITS.contains(c) || read.len() >= 19 {
                return None;
            }
            if matches!(read.len(), 4 | 9 | 14) {
                read.push('-');
            }
            read.push(c);
        }
        (read.len() == 19).then_some(Self(read))
    }

    /// The code itself, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it, for one account.
    pub fn hash(&self, account: &AccountId) -> TokenHash {
        let bound = Zeroizing::new(format!("recovery code\0{account}\0{}", self.0.as_str()));
        TokenHash::of(bound.as_bytes())
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Crockford's base 32: no letter is mistaken for a digit.
const DIGITS: &str = "0123456789abcdefghjkmnpqrstvwxyz";

fn digit(random: u32) -> char {
    DIGITS.as_bytes().get((random % 32) as usize).copied().map_or('0', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_read_as_people_type_it() {
        let code = RecoveryCode::from_text("7k2m-p4xw-9hqd-c3tz").unwrap();
        let owner = AccountId::from_text("acc_1");
        for typed in ["7K2MP4XW9HQDC3TZ", " 7k2m p4xw 9hqd c3tz ", "7k2-mp4xw-9hqdc3tz"] {
            let read = RecoveryCode::from_text(typed).unwrap();
            assert_eq!(read.expose(), code.expose());
            assert_eq!(read.hash(&owner), code.hash(&owner));
        }
        assert_eq!(RecoveryCode::from_text("oil0oil0oil0oil0").unwrap().expose(), "0110-0110-0110-0110");
        assert_ne!(code.hash(&owner), code.hash(&AccountId::from_text("acc_2")));
        for other in
            ["", "7k2m-p4xw-9hqd-c3t", "7k2m-p4xw-9hqd-c3tzz", "7k2m-p4xw-9hqd-c3t!", "７k2mp4xw9hqdc3tz"]
        {
            assert!(RecoveryCode::from_text(other).is_none(), "{other}");
        }
        assert_eq!(format!("{code:?}"), "…");
    }

    #[test]
    fn recovery_codes_read_back() {
        let random = &mut crate::random::from_system();
        for _ in 0..100 {
            let code = RecoveryCode::generate(random);
            assert_eq!(RecoveryCode::from_text(code.expose()).unwrap().expose(), code.expose());
        }
    }
}
