//! Names for accounts, sessions, second factors and requests.

use std::fmt;
use std::sync::Arc;

use countersign::Timestamp;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

/// The name of an account: `acc_` and 26 characters, 128 random bits. It never changes and is never used again.
///
/// Cloning it copies no text: the keyring holds one for each AccessKey.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct AccountId(Arc<str>);

impl AccountId {
    /// A new name.
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        Self(name("acc_", random).into())
    }

    /// Takes the text of a row, a token or a command line as an account's name. It may name no account.
    pub fn from_text(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for AccountId {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> Self {
        id.0.as_ref().to_owned()
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a session, `ses_` and 26 characters. It opens nothing: that is what the session's token is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(String);

/// The name of a second factor: `fac_` and 26 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactorId(String);

macro_rules! name {
    ($type:ident, $prefix:literal) => {
        impl $type {
            /// A new name.
            pub fn generate(random: &mut impl CryptoRng) -> Self {
                Self(name($prefix, random))
            }

            /// Takes the text of a row or a form as a name. It may name nothing.
            pub fn from_text(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(SessionId, "ses_");
name!(FactorId, "fac_");

/// A prefix and 26 random characters, 128 bits and a little more.
fn name(prefix: &str, random: &mut impl CryptoRng) -> String {
    /// Crockford's base 32, lower case: no letter is mistaken for a digit when read aloud.
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut text = String::from(prefix);
    for _ in 0..26 {
        let digit = DIGITS.get((random.next_u32() % 32) as usize).copied().unwrap_or(b'0');
        text.push(char::from(digit));
    }
    text
}

/// The name of one request in logs, answers and the change log: 24 hexadecimal digits, of which the first eight are
/// the second in which it arrived. MaxCompute's own request ids have this form.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId([u8; 12]);

impl RequestId {
    /// A new name.
    pub fn generate(now: Timestamp, random: &mut impl CryptoRng) -> Self {
        let second = now.unix_seconds().to_be_bytes();
        let [_, _, _, _, a, b, c, d] = second;
        let [e, f, g, h, i, j, k, l] = random.next_u64().to_be_bytes();
        Self([a, b, c, d, e, f, g, h, i, j, k, l])
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An account is looked up by the text of its name.
impl std::borrow::Borrow<str> for AccountId {
    fn borrow(&self) -> &str {
        &self.0
    }
}
