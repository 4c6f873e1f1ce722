//! Passwords, of which only an Argon2id hash is kept (RFC 9106).

use std::fmt;

mod strength;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

pub use strength::{ENOUGH_BITS, Strength};

/// The shortest password, in characters. Length matters most (NIST SP 800-63B, section 5.1.1.2).
pub const SHORTEST: usize = 12;
/// The longest password, in bytes: what a hash is computed over must be bounded.
pub const LONGEST: usize = 1024;

/// A password as somebody typed it. Two ways to type one letter are two passwords.
pub struct Password(Zeroizing<String>);

/// What makes two hashes of one password differ.
#[derive(Clone, Copy, Debug)]
pub struct Salt([u8; 16]);

/// The hash of a password with its salt and parameters, in PHC form.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// Why a text cannot be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("a password has at least {SHORTEST} characters")]
    TooShort,
    #[error("a password has at most {LONGEST} bytes")]
    TooLong,
    #[error(
        "the password is easy to guess: take a longer one, of words that have nothing to do with you or each other"
    )]
    Guessable,
    #[error("the password could not be hashed: {0}")]
    Hash(argon2::password_hash::Error),
}

impl PasswordHash {
    /// Hashes a password. It takes some 20 ms and 19 MiB on purpose: never on a thread that serves requests.
    pub fn new(password: &str, random: &mut impl CryptoRng) -> Result<Self, PasswordError> {
        Self::salted(&Password::new(password), Salt::generate(random))
    }

    /// The same with a salt that was drawn before, for a thread that has no randomness at hand.
    pub fn salted(password: &Password, Salt(salt): Salt) -> Result<Self, PasswordError> {
        password.check_length()?;
        let hash: phc::PasswordHash = argon2()
            .hash_password_with_salt(password.expose().as_bytes(), &salt)
            .map_err(PasswordError::Hash)?;
        Ok(Self(hash.to_string()))
    }

    /// Takes the text of a row.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text for a row.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the password. It costs as much as [`PasswordHash::new`].
    pub fn verify(&self, password: &str) -> bool {
        phc::PasswordHash::new(&self.0)
            .is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
    }
}

impl Password {
    /// Takes what somebody typed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// What was typed, for what hashes it or tests its strength.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it has a length that a password has.
    pub fn check_length(&self) -> Result<(), PasswordError> {
        if self.0.chars().count() < SHORTEST {
            return Err(PasswordError::TooShort);
        }
        if self.0.len() > LONGEST {
            return Err(PasswordError::TooLong);
        }
        Ok(())
    }

    /// Whether it may become somebody's password. `about` is what others know of them, such as the words of their
    /// address: a password made of that is guessed first.
    ///
    /// # Errors
    ///
    /// That it is too short, too long, or easy to guess.
    pub fn check(&self, about: &[&str]) -> Result<(), PasswordError> {
        self.check_length()?;
        match Strength::of(self, about).is_enough() {
            true => Ok(()),
            false => Err(PasswordError::Guessable),
        }
    }
}

impl Salt {
    /// A new salt.
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        let mut salt = [0u8; 16];
        random.fill_bytes(&mut salt);
        Self(salt)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Argon2id with 19 MiB, two passes and one lane: the first choice of OWASP's password storage cheat sheet.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_verifies_and_another_does_not() {
        let hash = PasswordHash::new("correct horse battery", &mut crate::random::from_system()).unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert!(hash.verify("correct horse battery"));
        assert!(!hash.verify("correct horse batterz"));
        assert!(!PasswordHash::from_text("nonsense").verify("nonsense"));
        assert_eq!(format!("{hash:?}"), "…");
    }

    #[test]
    fn a_password_does_not_print_itself() {
        assert_eq!(format!("{:?}", Password::new("correct horse battery")), "…");
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        let mut random = crate::random::from_system();
        assert_eq!(PasswordHash::new("elevenchars", &mut random), Err(PasswordError::TooShort));
        assert_eq!(PasswordHash::new(&"a".repeat(1025), &mut random), Err(PasswordError::TooLong));
    }
}
