//! Bearer values: whoever has one is let in. What is stored of them opens nothing.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use countersign::crypto::sha256;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::id::AccountId;

/// How many characters a token has: 256 bits in base 64.
const LENGTH: usize = 43;

/// 256 random bits that open a session, a link or a device's allowance: 43 characters that may stand in a cookie or a
/// URL as they are. They are sent to one browser or mailbox, and kept nowhere.
pub struct Token(Zeroizing<String>);

/// What is stored of a [`Token`]: its SHA-256, in 64 hexadecimal digits. With 256 random bits behind it nobody finds the
/// token from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(String);

impl Token {
    /// A new token.
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        let mut bits = Zeroizing::new([0u8; 32]);
        random.fill_bytes(bits.as_mut_slice());
        Self(Zeroizing::new(BASE64URL.encode(bits.as_slice())))
    }

    /// Takes what a cookie or a URL holds. None where it cannot be a token.
    pub fn from_text(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (text.len() == LENGTH && text.bytes().all(allowed)).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The token itself, for the cookie or the mail that it is made for.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.0.as_bytes())
    }

    /// What is stored of it for one account, where one token serves several.
    pub fn hash_for(&self, account: &AccountId) -> TokenHash {
        TokenHash::of(Zeroizing::new(format!("{account}\0{}", self.0.as_str())).as_bytes())
    }
}

impl TokenHash {
    /// The hash of any secret that has so many random bits that nobody can try them all.
    pub(crate) fn of(secret: &[u8]) -> Self {
        Self(sha256(secret).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Takes the text of a row.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text for a row.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_does_not_print_itself() {
        let random = &mut crate::random::from_system();
        let (token, other) = (Token::generate(random), Token::generate(random));
        let read = Token::from_text(token.expose()).unwrap();
        assert_eq!(read.hash(), token.hash());
        assert_ne!(other.hash(), token.hash());
        let account = AccountId::from_text("acc_1");
        assert_eq!(read.hash_for(&account), token.hash_for(&account));
        assert_ne!(token.hash_for(&AccountId::from_text("acc_2")), token.hash_for(&account));
        assert_eq!(token.hash().as_str().len(), 64);
        assert!(!token.hash().as_str().contains(token.expose()));
        assert_eq!(format!("{token:?}"), "…");
    }

    #[test]
    fn what_cannot_be_a_token_is_none() {
        let token = Token::generate(&mut crate::random::from_system());
        let one_more = format!("{}A", token.expose());

        let less = "A".repeat(42);
        for text in ["", "A", &one_more, &less, &format!("{less}\0"), &format!("{less}+")] {
            assert!(Token::from_text(text).is_none(), "{text:?}");
        }
    }
}
