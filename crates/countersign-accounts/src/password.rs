//! Passwords, of which only an Argon2id hash is kept (RFC 9106).

use std::cell::RefCell;
use std::fmt;

mod strength;

use argon2::password_hash::phc;
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
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
        let params = Params::default();
        let hash = phc::PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: phc::ParamsString::try_from(&params).map_err(PasswordError::Hash)?,
            hash: Some(compute(password.expose(), &salt, params).map_err(PasswordError::Hash)?),
            salt: Some(phc::Salt::new(&salt).map_err(|error| PasswordError::Hash(error.into()))?),
        };
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
        let Ok(hash) = phc::PasswordHash::new(&self.0) else { return false };
        let ours = hash.algorithm == ARGON2ID_IDENT && hash.version == Some(Version::V0x13.into());
        let Ok(params) = Params::try_from(&hash) else { return false };
        let Some((salt, output)) = hash.salt.zip(hash.hash).filter(|_| ours) else { return false };
        // Outputs are compared in constant time.
        compute(password, &salt, params).is_ok_and(|computed| computed == output)
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

/// Argon2id; by default with 19 MiB, two passes and one lane: the first choice of OWASP's password storage cheat sheet.
///
/// Each thread keeps the memory that it computes in. Given back each time it would leave holes of that size, which other
/// allocations break up: however few hashes are computed at a time, a flood of them would take hundreds of MiB.
fn compute(password: &str, salt: &[u8], params: Params) -> Result<phc::Output, argon2::password_hash::Error> {
    thread_local! {
        static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
    }
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let mut output = [0u8; phc::Output::MAX_LENGTH];
    let output = output.get_mut(..length).ok_or(argon2::password_hash::Error::OutputSize)?;
    MEMORY.with_borrow_mut(|memory| {
        memory.resize(params.block_count(), Block::default());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, output, memory)
    })?;
    Ok(phc::Output::new(output)?)
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
    fn a_hash_is_what_the_library_itself_makes_and_takes() {
        use argon2::{PasswordHasher as _, PasswordVerifier as _};

        let small = Params::new(64, 3, 2, Some(24)).unwrap();
        for params in [Params::default(), small] {
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let theirs: phc::PasswordHash =
                argon2.hash_password_with_salt(b"correct horse", &[7; 16]).unwrap();
            assert!(PasswordHash::from_text(theirs.to_string()).verify("correct horse"));
            assert!(!PasswordHash::from_text(theirs.to_string()).verify("correct horsf"));
        }
        let ours = PasswordHash::salted(&Password::new("correct horse"), Salt([7; 16])).unwrap();
        assert!(Argon2::default().verify_password(b"correct horse", ours.as_str()).is_ok());
        // Another kind of Argon2 is none of ours.
        let other = ours.as_str().replace("argon2id", "argon2i");
        assert!(!PasswordHash::from_text(other).verify("correct horse"));
    }

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
