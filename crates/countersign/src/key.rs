//! The keys that requests are signed with, and what a verifier needs of them.

use std::fmt;

use base62::{push_checksum, push_random};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use arc_swap::{ArcSwapOption, Guard};
use once_cell::race::OnceBox;
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;

use crate::bytes::{NOT_IN_IDS, holds};
use crate::claim::Scope;
use crate::crypto::{Bytes, Hash, HmacSha1, HmacSha256, PrivateKey, PublicKey, PublicKeyKind};

/// What a generated AccessKey secret begins with, so that secret scanners find it.
const SECRET_PREFIX: &str = "CSSK";

/// Random characters of a generated id: 14 of 62 make 83 bits.
const ID_RANDOM: usize = 14;
/// Random characters of a generated secret: 34 of 62 make 202 bits.
const SECRET_RANDOM: usize = 34;
/// Characters of a CRC-32 in base 62.
const CHECKSUM: usize = 6;

/// The public half of an AccessKey: 1 to 128 characters of `A-Z a-z 0-9 . _ -`.
///
/// Schemes put it beside separators such as `:`, `/`, `,` and `=`, so an id holds none of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccessKeyId(Box<str>);

/// Why a text is not an AccessKey id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an AccessKey id is 1 to 128 letters, digits, `.`, `_` or `-`")]
pub struct NotAnAccessKeyId;

impl AccessKeyId {
    /// Takes a text as an id.
    pub fn new(text: &str) -> Result<Self, NotAnAccessKeyId> {
        Self::check(text)?;
        Ok(Self(text.into()))
    }

    /// Whether a text is an id, without taking it.
    pub(crate) fn check(text: &str) -> Result<(), NotAnAccessKeyId> {
        if text.is_empty() || text.len() > 128 || holds(text.as_bytes(), NOT_IN_IDS) {
            return Err(NotAnAccessKeyId);
        }
        Ok(())
    }

    /// A new id: the prefix and 83 random bits, in letters and digits.
    pub fn generate(prefix: &str, random: &mut impl CryptoRng) -> Result<Self, NotAnAccessKeyId> {
        let mut text = String::with_capacity(prefix.len() + ID_RANDOM);
        text.push_str(prefix);
        push_random(&mut text, ID_RANDOM, random);
        Self::new(&text)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A keyring looks an id up by its text.
impl std::borrow::Borrow<str> for AccessKeyId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The secret half of an AccessKey. It is wiped when dropped, and nothing prints it by accident.
#[derive(Clone)]
pub struct AccessKeySecret(Zeroizing<Box<str>>);

impl AccessKeySecret {
    /// Takes a text as a secret, whoever made it.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// A new secret: `CSSK`, 202 random bits, and a CRC-32 of what stands before it in base 62.
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        // Reserved whole, so that no half-written copy is left behind by a growing buffer.
        let mut text = Zeroizing::new(String::with_capacity(SECRET_PREFIX.len() + SECRET_RANDOM + CHECKSUM));
        text.push_str(SECRET_PREFIX);
        push_random(&mut text, SECRET_RANDOM, random);
        let checksum = crc32fast::hash(text.as_bytes());
        push_checksum(&mut text, checksum);
        Self::new(text.as_str())
    }

    /// Whether a text has the form and the checksum of a generated secret. Scanners use it to reject look-alikes.
    pub fn is_well_formed(text: &str) -> bool {
        let Some((body, checksum)) =
            text.len().checked_sub(CHECKSUM).and_then(|at| text.split_at_checked(at))
        else {
            return false;
        };
        let mut expected = String::new();
        push_checksum(&mut expected, crc32fast::hash(body.as_bytes()));
        body.strip_prefix(SECRET_PREFIX).is_some_and(|random| random.len() == SECRET_RANDOM)
            && body.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && checksum == expected
    }

    /// The secret as text. Whoever calls this keeps it out of logs, errors and listings.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The cryptographic function inside a scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC (RFC 2104) with this hash.
    Hmac(Hash),
    /// RSASSA-PKCS1-v1_5 with SHA-1 (RFC 8017, section 8.2).
    RsaSha1,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
    /// RSASSA-PSS with SHA-512 and a salt of 64 bytes (RFC 9421, section 3.3.1).
    RsaPssSha512,
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA over P-256 with SHA-256, the two numbers one after the other (RFC 9421, section 3.3.4).
    EcdsaP256Sha256,
    /// One of these two, as the key is, where the signature does not tell: both have 64 bytes.
    Ed25519OrEcdsaP256,
}

impl Algorithm {
    pub const HMAC_SHA1: Self = Self::Hmac(Hash::Sha1);
    pub const HMAC_SHA256: Self = Self::Hmac(Hash::Sha256);

    /// Its name in messages and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hmac(Hash::Md5) => "HMAC-MD5",
            Self::Hmac(Hash::Sha1) => "HMAC-SHA1",
            Self::Hmac(Hash::Sha224) => "HMAC-SHA224",
            Self::Hmac(Hash::Sha256) => "HMAC-SHA256",
            Self::Hmac(Hash::Sha384) => "HMAC-SHA384",
            Self::Hmac(Hash::Sha512) => "HMAC-SHA512",
            Self::Hmac(Hash::Sm3) => "HMAC-SM3",
            Self::RsaSha1 => "RSA-SHA1",
            Self::RsaSha256 => "RSA-SHA256",
            Self::RsaPssSha512 => "RSA-PSS-SHA512",
            Self::Ed25519 => "Ed25519",
            Self::EcdsaP256Sha256 => "ECDSA-P256-SHA256",
            Self::Ed25519OrEcdsaP256 => "Ed25519 or ECDSA-P256-SHA256",
        }
    }

    /// The kind of key that it needs; `None` where it needs a shared secret, or the key decides.
    pub fn public_key_kind(self) -> Option<PublicKeyKind> {
        match self {
            Self::Hmac(_) | Self::Ed25519OrEcdsaP256 => None,
            Self::RsaSha1 | Self::RsaSha256 | Self::RsaPssSha512 => Some(PublicKeyKind::Rsa),
            Self::Ed25519 => Some(PublicKeyKind::Ed25519),
            Self::EcdsaP256Sha256 => Some(PublicKeyKind::EcdsaP256),
        }
    }
}

/// What a verifier holds of an AccessKey, or a signer of its credential, lent for one request.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Key<'k> {
    Secret(SecretKey<'k>),
    Public(&'k PublicKey),
    /// A signer's own. No server has one.
    Private(&'k PrivateKey),
}

/// A shared secret.
#[derive(Clone, Copy)]
pub struct SecretKey<'k> {
    pub secret: &'k [u8],
    /// HMAC-SHA1 keyed with it, which is worth keeping: it saves two of the compressions of each verification.
    pub hmac_sha1: &'k HmacSha1,
    /// The keys that were made of it, where they are kept.
    pub made: Option<&'k MadeKeys>,
}

impl<'k> Key<'k> {
    /// A shared secret.
    pub fn secret(secret: &'k [u8], hmac_sha1: &'k HmacSha1) -> Self {
        Self::Secret(SecretKey { secret, hmac_sha1, made: None })
    }

    /// The bytes of a shared secret.
    pub fn secret_bytes(self) -> Option<&'k [u8]> {
        match self {
            Self::Secret(key) => Some(key.secret),
            Self::Public(_) | Self::Private(_) => None,
        }
    }

    /// The key for an algorithm, from what is held as it is. None where that is of another kind: a public key never
    /// stands in for a secret.
    pub fn plain(self, algorithm: Algorithm) -> SigningKeys {
        match (self, algorithm) {
            (Self::Secret(key), Algorithm::HMAC_SHA1) => {
                smallvec![SigningKey::HmacSha1(key.hmac_sha1.clone())]
            }
            (Self::Secret(key), Algorithm::Hmac(hash)) => smallvec![SigningKey::hmac(hash, key.secret)],
            (Self::Public(key), algorithm) if algorithm.public_key_kind() == Some(key.kind()) => {
                smallvec![SigningKey::Public(algorithm, key.clone())]
            }
            (Self::Private(key), algorithm) if algorithm.public_key_kind() == Some(key.kind()) => {
                smallvec![SigningKey::Private(algorithm, key.clone())]
            }
            (Self::Secret(_) | Self::Public(_) | Self::Private(_), _) => SmallVec::new(),
        }
    }
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl fmt::Debug for SecretKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The key that one signature is made or tested with: the secret itself, or what a scheme derives from it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SigningKey {
    HmacSha1(HmacSha1),
    HmacSha256(HmacSha256),
    /// An HMAC with another hash, by the key as it is.
    Hmac(Hash, HmacKey),
    Public(Algorithm, PublicKey),
    Private(Algorithm, PrivateKey),
}

/// The key of an HMAC, as it is. It is wiped when dropped, and nothing prints it.
#[derive(Clone)]
pub struct HmacKey(Zeroizing<Box<[u8]>>);

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The keys that may have signed: one, but where signers of one scheme make it in two ways.
pub type SigningKeys = SmallVec<[SigningKey; 2]>;

impl SigningKey {
    /// A key for HMAC with this hash.
    pub fn hmac(hash: Hash, key: &[u8]) -> Self {
        match hash {
            Hash::Sha1 => Self::HmacSha1(HmacSha1::new(key)),
            Hash::Sha256 => Self::HmacSha256(HmacSha256::new(key)),
            hash => Self::Hmac(hash, HmacKey(Zeroizing::new(key.into()))),
        }
    }

    /// The signature of these bytes; `None` where this key can only tell whether one is right.
    pub fn sign(&self, bytes: &[u8]) -> Option<Signature> {
        match self {
            Self::HmacSha1(key) => Some(Signature::from_slice(&key.mac(bytes))),
            Self::HmacSha256(key) => Some(Signature::from_slice(&key.mac(bytes))),
            Self::Hmac(hash, key) => Some(hash.mac(&key.0, bytes)),
            Self::Public(..) => None,
            Self::Private(algorithm, key) => key.sign(*algorithm, bytes),
        }
    }

    /// Whether `signature` is this key's over these bytes. Of a MAC, in a time that does not depend on where they
    /// differ.
    pub fn proves(&self, bytes: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::HmacSha1(key) => crate::crypto::equal(&key.mac(bytes), signature),
            Self::HmacSha256(key) => crate::crypto::equal(&key.mac(bytes), signature),
            // An empty signature is nobody's, whatever the hash.
            Self::Hmac(hash, key) => {
                !signature.is_empty() && crate::crypto::equal(&hash.mac(&key.0, bytes), signature)
            }
            Self::Public(algorithm, key) => key.proves(*algorithm, bytes, signature),
            Self::Private(..) => false,
        }
    }
}

/// A signature in bytes, decoded from the text in which its scheme writes it.
pub type Signature = Bytes;

/// How many made keys are kept for an AccessKey. Region and date are the sender's words, so there must be an end.
const MOST_MADE: usize = 4;

/// The keys that were made of one secret: derived for a day, a region and a service, or prepared for an algorithm. Only
/// what has proven a signature is kept: the first that is good for any day, and the latest few. It is read without a lock.
#[derive(Default)]
pub struct MadeKeys {
    /// It stays, so that reading it is to follow a pointer.
    lasting: OnceBox<Made>,
    latest: ArcSwapOption<SmallVec<[Made; MOST_MADE]>>,
}

#[derive(Clone)]
pub(crate) struct Made {
    scheme: &'static str,
    algorithm: Algorithm,
    /// Its parts, one after the other with `/` between them; empty where there is none.
    scope: Box<str>,
    keys: SigningKeys,
}

impl Made {
    fn is_for(&self, scheme: &'static str, algorithm: Algorithm, scope: Option<&Scope<'_>>) -> bool {
        // The same name is the same text, nearly always.
        (std::ptr::eq(self.scheme, scheme) || self.scheme == scheme)
            && self.algorithm == algorithm
            && match scope {
                None => self.scope.is_empty(),
                Some(scope) => scope.is_written(&self.scope),
            }
    }
}

/// Keys that were kept, lent.
pub(crate) enum KeptKeys<'m> {
    Lasting(&'m Made),
    Latest { all: Guard<Option<Arc<SmallVec<[Made; MOST_MADE]>>>>, place: usize },
}

impl KeptKeys<'_> {
    pub(crate) fn keys(&self) -> &[SigningKey] {
        let made = match self {
            Self::Lasting(made) => Some(*made),
            Self::Latest { all, place } => all.as_ref().and_then(|all| all.get(*place)),
        };
        made.map_or(&[], |made| made.keys.as_slice())
    }
}

impl MadeKeys {
    /// The keys that were kept for this.
    pub(crate) fn get(
        &self,
        scheme: &'static str,
        algorithm: Algorithm,
        scope: Option<&Scope<'_>>,
    ) -> Option<KeptKeys<'_>> {
        let is_it = |made: &Made| made.is_for(scheme, algorithm, scope);
        if let Some(lasting) = self.lasting.get().filter(|made| is_it(made)) {
            return Some(KeptKeys::Lasting(lasting));
        }
        let all = self.latest.load();
        let place = all.as_ref()?.iter().position(is_it)?;
        Some(KeptKeys::Latest { all, place })
    }

    /// Keeps what has proven a signature. Two at once may lose one of the two: it is made again.
    pub(crate) fn keep(
        &self,
        scheme: &'static str,
        algorithm: Algorithm,
        scope: Option<&Scope<'_>>,
        keys: SigningKeys,
    ) {
        let text = scope.map_or_else(String::new, Scope::to_text).into();
        let mut new = Made { scheme, algorithm, scope: text, keys };
        if scope.is_none() {
            new = match self.lasting.set(Box::new(new)) {
                Ok(()) => return,
                Err(new) => *new,
            };
        }
        let mut made = SmallVec::new();
        made.push(new);
        if let Some(kept) = self.latest.load().as_ref() {
            made.extend(kept.iter().take(MOST_MADE - 1).cloned());
        }
        self.latest.store(Some(Arc::new(made)));
    }
}

/// A copy goes on with what was kept so far.
impl Clone for MadeKeys {
    fn clone(&self) -> Self {
        let lasting =
            self.lasting.get().map_or_else(OnceBox::new, |made| OnceBox::with_value(Box::new(made.clone())));
        Self { lasting, latest: ArcSwapOption::new(self.latest.load_full()) }
    }
}

impl fmt::Debug for MadeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Letters and digits out of random bits.
mod base62 {
    use rand_core::CryptoRng;

    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    fn digit(value: u64) -> char {
        let place = usize::try_from(value % 62).unwrap_or_default();
        DIGITS.get(place).map_or('0', |byte| char::from(*byte))
    }

    /// Appends so many characters, each equally likely.
    pub(super) fn push_random(text: &mut String, count: usize, random: &mut impl CryptoRng) {
        let end = text.len() + count;
        while text.len() < end {
            // 248 is the largest multiple of 62 in a byte: what lies above it would favour the first digits.
            let [byte, ..] = random.next_u32().to_le_bytes();
            if byte < 248 {
                text.push(digit(u64::from(byte)));
            }
        }
    }

    /// Appends a number in six digits, the most significant first: as many as 32 bits need.
    pub(super) fn push_checksum(text: &mut String, number: u32) {
        for place in (0..6).rev() {
            text.push(digit(u64::from(number) / 62u64.pow(place)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts upward: enough to show that every bit that goes into a key is asked for.
    struct Counting(u32);

    impl rand_core::TryRng for Counting {
        type Error = std::convert::Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            self.0 += 1;
            Ok(self.0)
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            self.try_next_u32().map(u64::from)
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
            bytes.fill(7);
            Ok(())
        }
    }
    impl rand_core::TryCryptoRng for Counting {}

    #[test]
    fn the_first_for_any_day_and_the_latest_few_are_kept() {
        let made = MadeKeys::default();
        let algorithm = Algorithm::HMAC_SHA256;
        let scope = |day: usize| Scope {
            date: format!("2026010{day}").into(),
            region: "r".into(),
            service: "s".into(),
            terminator: "t".into(),
        };
        let key = |name: &str| smallvec![SigningKey::hmac(Hash::Sha256, name.as_bytes())];
        let is = |found: Option<KeptKeys<'_>>, name: &str| {
            found.is_some_and(|found| {
                found.keys()[0].sign(b"text") == SigningKey::hmac(Hash::Sha256, name.as_bytes()).sign(b"text")
            })
        };
        (0..2).for_each(|day| made.keep("a", algorithm, Some(&scope(day)), key(&day.to_string())));
        made.keep("a", algorithm, None, key("lasting"));
        made.keep("b", algorithm, None, key("another"));
        let copy = made.clone();
        (2..5).for_each(|day| made.keep("a", algorithm, Some(&scope(day)), key(&day.to_string())));
        assert!(
            is(made.get("a", algorithm, None), "lasting") && is(made.get("b", algorithm, None), "another")
        );
        for day in 0..5 {
            let found = made.get("a", algorithm, Some(&scope(day)));
            assert_eq!(is(found, &day.to_string()), day > 1, "{day}");
            assert_eq!(is(copy.get("a", algorithm, Some(&scope(day))), &day.to_string()), day < 2, "{day}");
        }
        assert!(is(copy.get("a", algorithm, None), "lasting"));
        assert!(
            made.get("a", Algorithm::HMAC_SHA1, None).is_none() && made.get("c", algorithm, None).is_none()
        );
        made.keep("a", algorithm, Some(&scope(5)), key("5"));
        assert!(made.get("b", algorithm, None).is_none() && is(made.get("a", algorithm, None), "lasting"));
    }

    #[test]
    fn a_generated_pair_has_its_prefixes_lengths_and_checksum() {
        let mut random = Counting(0);
        let id = AccessKeyId::generate("CSAK", &mut random).unwrap();
        assert_eq!(id.as_str(), "CSAK123456789ABCDE");
        let secret = AccessKeySecret::generate(&mut random);
        let text = secret.expose();
        assert!(text.starts_with("CSSKFGHIJKL") && text.len() == 44, "{text}");
        assert!(AccessKeySecret::is_well_formed(text));
    }

    #[test]
    fn a_look_alike_fails_the_checksum() {
        let text = AccessKeySecret::generate(&mut Counting(0)).expose().to_owned();
        let mut other = text.clone().into_bytes();
        other[10] = if other[10] == b'a' { b'b' } else { b'a' };
        assert!(!AccessKeySecret::is_well_formed(std::str::from_utf8(&other).unwrap()));
        for text in
            ["", "CSSK", "ééé", &text.replace("CSSK", "CSS"), "CSSKCSSKCSSKCSSKCSSKCSSKCSSKCSSKCSSKCSSKCSSK"]
        {
            assert!(!AccessKeySecret::is_well_formed(text), "{text:?}");
        }
    }

    #[test]
    fn an_id_holds_no_separator() {
        for text in ["", "a/b", "a:b", "a b", "é", "a\nb", &"a".repeat(129)] {
            assert_eq!(AccessKeyId::new(text), Err(NotAnAccessKeyId), "{text:?}");
        }
        assert!(AccessKeyId::new("STS.NTExample-1_2").is_ok());
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        let secret = AccessKeySecret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "…");
    }
}
