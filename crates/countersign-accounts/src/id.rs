//! Names for accounts and requests.

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
        /// Crockford's base 32, lower case: no letter is mistaken for a digit when read aloud.
        const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let mut text = String::from("acc_");
        for _ in 0..26 {
            let digit = DIGITS.get((random.next_u32() % 32) as usize).copied().unwrap_or(b'0');
            text.push(char::from(digit));
        }
        Self(text.into())
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
