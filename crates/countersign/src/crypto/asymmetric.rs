//! Keys in two halves: RSA, Ed25519 and ECDSA over P-256, by aws-lc-rs.
//!
//! Without the feature `asymmetric` no such key can be read, so no signature by one is made or believed.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::Zeroizing;

use super::Bytes;
use crate::key::Algorithm;

/// The public half of a pair of keys: RSA of 2048 to 8192 bits, Ed25519, or ECDSA over P-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    kind: PublicKeyKind,
    /// A SubjectPublicKeyInfo (RFC 5280, section 4.1), as it was given.
    der: Arc<[u8]>,
}

/// What kind of a pair a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicKeyKind {
    Rsa,
    Ed25519,
    EcdsaP256,
}

impl PublicKeyKind {
    /// Its name in listings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::Ed25519 => "Ed25519",
            Self::EcdsaP256 => "ECDSA P-256",
        }
    }
}

/// Why a text is not a key that can be used here. It holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    #[error("it should read `-----BEGIN {0}-----`, base 64, `-----END {0}-----` (PEM, RFC 7468)")]
    NotPem(&'static str),
    #[error("it is a private key: keep it to yourself, and give the public one")]
    Private,
    #[error("it is neither RSA of 2048 to 8192 bits, nor Ed25519, nor ECDSA over P-256")]
    Unsupported,
    #[error("this build has no keys in two halves: the feature `asymmetric` is off")]
    Absent,
}

impl PublicKey {
    /// Reads a public key in PEM: `-----BEGIN PUBLIC KEY-----` (RFC 7468, section 13).
    ///
    /// # Errors
    ///
    /// [`NotAKey`], where it is none, or of a kind or length that is not taken.
    pub fn from_pem(pem: &str) -> Result<Self, NotAKey> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(NotAKey::Private);
        }
        Self::from_der(&between(pem, "PUBLIC KEY").ok_or(NotAKey::NotPem("PUBLIC KEY"))?)
    }

    /// Reads a SubjectPublicKeyInfo (RFC 5280, section 4.1).
    ///
    /// # Errors
    ///
    /// As [`PublicKey::from_pem`].
    pub fn from_der(der: &[u8]) -> Result<Self, NotAKey> {
        let kind = library::kind(der)?;
        Ok(Self { kind, der: der.into() })
    }

    /// What kind of a pair it belongs to.
    pub fn kind(&self) -> PublicKeyKind {
        self.kind
    }

    /// The SubjectPublicKeyInfo.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The key in PEM (RFC 7468, section 13).
    pub fn to_pem(&self) -> String {
        let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
        for line in BASE64.encode(&self.der).as_bytes().chunks(64) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END PUBLIC KEY-----\n");
        pem
    }

    /// What tells one key from another at a glance: the SHA-256 of the SubjectPublicKeyInfo, in base 64. `openssl pkey
    /// -pubin -outform DER | openssl dgst -sha256 -binary | base64` says the same.
    pub fn fingerprint(&self) -> String {
        BASE64.encode(super::sha256(&self.der))
    }

    /// Whether a signature over these bytes was made with the private half. `false` too where the algorithm is not one
    /// of this kind of key.
    pub fn proves(&self, algorithm: Algorithm, bytes: &[u8], signature: &[u8]) -> bool {
        algorithm.public_key_kind() == Some(self.kind)
            && library::verify(algorithm, &self.der, bytes, signature)
    }
}

/// The private half of a pair of keys, in the hands of its owner. No server has one.
#[derive(Clone)]
pub struct PrivateKey {
    kind: PublicKeyKind,
    /// PKCS #8 (RFC 5958).
    der: Arc<Zeroizing<Vec<u8>>>,
}

impl PrivateKey {
    /// Reads a private key in PEM that is not encrypted: `-----BEGIN PRIVATE KEY-----` (RFC 7468, section 10), or
    /// `-----BEGIN RSA PRIVATE KEY-----` (RFC 8017, appendix A.1.2).
    ///
    /// # Errors
    ///
    /// [`NotAKey`], where it is none, or of a kind or length that is not taken.
    pub fn from_pem(pem: &str) -> Result<Self, NotAKey> {
        let der = between(pem, "PRIVATE KEY").or_else(|| between(pem, "RSA PRIVATE KEY"));
        let der = Zeroizing::new(der.ok_or(NotAKey::NotPem("PRIVATE KEY"))?);
        let kind = library::private_kind(&der)?;
        Ok(Self { kind, der: Arc::new(der) })
    }

    /// What kind of a pair it belongs to.
    pub fn kind(&self) -> PublicKeyKind {
        self.kind
    }

    /// The signature of these bytes; `None` where the algorithm is not one of this kind of key, and for RSA with SHA-1,
    /// which is verified for the sake of what signs so already, and not made anew.
    pub fn sign(&self, algorithm: Algorithm, bytes: &[u8]) -> Option<Bytes> {
        (algorithm.public_key_kind() == Some(self.kind))
            .then(|| library::sign(algorithm, &self.der, bytes))?
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The bytes between the lines that PEM puts around them.
fn between(pem: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
    let (text, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let mut packed = Zeroizing::new(String::with_capacity(text.len()));
    packed.extend(text.chars().filter(|c| !c.is_ascii_whitespace()));
    BASE64.decode(packed.as_bytes()).ok()
}

#[cfg(feature = "asymmetric")]
mod library {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::{KeyPair, PublicEncryptingKey};
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
        ParsedPublicKey, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA512, RsaEncoding, VerificationAlgorithm,
    };

    use super::{Algorithm, Bytes, NotAKey, PublicKeyKind};

    pub(super) fn kind(der: &[u8]) -> Result<PublicKeyKind, NotAKey> {
        // A SubjectPublicKeyInfo is a sequence; anything else that the library might take has another beginning.
        if der.first() != Some(&0x30) {
            return Err(NotAKey::Unsupported);
        }
        let kinds: [(&'static dyn VerificationAlgorithm, PublicKeyKind); 3] = [
            (&RSA_PKCS1_2048_8192_SHA256, PublicKeyKind::Rsa),
            (&ED25519, PublicKeyKind::Ed25519),
            (&ECDSA_P256_SHA256_FIXED, PublicKeyKind::EcdsaP256),
        ];
        let found = kinds.into_iter().find(|(algorithm, _)| ParsedPublicKey::new(*algorithm, der).is_ok());
        match found {
            // To parse a key is not to look at its length, which the library does for encryption alone.
            Some((_, PublicKeyKind::Rsa)) if !has_length(der) => Err(NotAKey::Unsupported),
            Some((_, kind)) => Ok(kind),
            None => Err(NotAKey::Unsupported),
        }
    }

    /// Whether an RSA key has 2048 to 8192 bits.
    fn has_length(der: &[u8]) -> bool {
        PublicEncryptingKey::from_der(der).is_ok_and(|key| (256..=1024).contains(&key.key_size_bytes()))
    }

    pub(super) fn verify(algorithm: Algorithm, der: &[u8], bytes: &[u8], signature: &[u8]) -> bool {
        let by: &'static dyn VerificationAlgorithm = match algorithm {
            Algorithm::RsaSha1 => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Algorithm::RsaSha256 => &RSA_PKCS1_2048_8192_SHA256,
            Algorithm::RsaPssSha512 => &RSA_PSS_2048_8192_SHA512,
            Algorithm::Ed25519 => &ED25519,
            Algorithm::EcdsaP256Sha256 => &ECDSA_P256_SHA256_FIXED,
            Algorithm::Hmac(_) | Algorithm::Ed25519OrEcdsaP256 => return false,
        };
        let key = ParsedPublicKey::new(by, der);
        key.is_ok_and(|key| key.verify_sig(bytes, signature).is_ok())
    }

    pub(super) fn private_kind(der: &[u8]) -> Result<PublicKeyKind, NotAKey> {
        if rsa(der).is_some_and(|key| key.public_modulus_len() >= 256) {
            return Ok(PublicKeyKind::Rsa);
        }
        if Ed25519KeyPair::from_pkcs8(der).is_ok() {
            return Ok(PublicKeyKind::Ed25519);
        }
        if EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).is_ok() {
            return Ok(PublicKeyKind::EcdsaP256);
        }
        Err(NotAKey::Unsupported)
    }

    pub(super) fn sign(algorithm: Algorithm, der: &[u8], bytes: &[u8]) -> Option<Bytes> {
        let padding: &'static dyn RsaEncoding = match algorithm {
            Algorithm::RsaSha256 => &RSA_PKCS1_SHA256,
            Algorithm::RsaPssSha512 => &RSA_PSS_SHA512,
            Algorithm::Ed25519 => {
                let key = Ed25519KeyPair::from_pkcs8(der).ok()?;
                return Some(Bytes::from_slice(key.sign(bytes).as_ref()));
            }
            Algorithm::EcdsaP256Sha256 => {
                let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).ok()?;
                return Some(Bytes::from_slice(key.sign(&SystemRandom::new(), bytes).ok()?.as_ref()));
            }
            // The library verifies RSA with SHA-1, and does not sign with it.
            Algorithm::RsaSha1 | Algorithm::Hmac(_) | Algorithm::Ed25519OrEcdsaP256 => return None,
        };
        let key = rsa(der)?;
        let mut signature = Bytes::from_elem(0, key.public_modulus_len());
        key.sign(padding, &SystemRandom::new(), bytes, &mut signature).ok()?;
        Some(signature)
    }

    fn rsa(der: &[u8]) -> Option<KeyPair> {
        KeyPair::from_pkcs8(der).or_else(|_| KeyPair::from_der(der)).ok()
    }
}

#[cfg(not(feature = "asymmetric"))]
mod library {
    use super::{Algorithm, Bytes, NotAKey, PublicKeyKind};

    pub(super) fn kind(_: &[u8]) -> Result<PublicKeyKind, NotAKey> {
        Err(NotAKey::Absent)
    }

    pub(super) fn verify(_: Algorithm, _: &[u8], _: &[u8], _: &[u8]) -> bool {
        false
    }

    pub(super) fn private_kind(_: &[u8]) -> Result<PublicKeyKind, NotAKey> {
        Err(NotAKey::Absent)
    }

    pub(super) fn sign(_: Algorithm, _: &[u8], _: &[u8]) -> Option<Bytes> {
        None
    }
}

#[cfg(all(test, feature = "asymmetric"))]
mod tests {
    use super::*;

    const RSA_1024: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDC867U0J2qfDal36LAMd/EGW6I\n\
    Uols8Zhi9epDDJMzi2TUoebLebjwc+NlnmB/6HZqc24o2vBxCrFsJPadz2Aoov8c\n\
    knu4Xvgn4E3fHGa5RNcEF/Z1N8ERN1l7XjTU94+xD28WzeFS9l4Sgt0Tlv7Kd/GG\n\
    EEn/Xm7jVQ2OzFo7RwIDAQAB\n\
    -----END PUBLIC KEY-----\n";
    const RSA_2048: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA8andUCFoV2KFHuHyroF+\n\
    qcfIHDqqmRBRntG/M/pV0nIwUvwlzmndnp8N3ei4tpuvYluwaSc8hVs8J47snL3X\n\
    SAt+2CRoo1RhNY5nXF8XoYd+vI3CJnlV7h1FxME9WbMHk5vTsM+rf57lh5ZWUtvk\n\
    ASiEGh59Zjrl1Ao3lzAiZsb1r3pMTDFpDUitSCg4SeVpU166gW7KxiBwcgedkFMD\n\
    EMRdB96dCeFexfPxJAHZBeEnq+nj5vYDPWW/IZkqo0uQ8QVFP1hXUcrTvO5RIfH6\n\
    l5YSGj7smQl1i9FbiCaHN8Zd5Q8nT6SovM2INsSe6Dd9120xLDtNhHbo98kuAPWa\n\
    0wIDAQAB\n\
    -----END PUBLIC KEY-----\n";
    const P256: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE11bA6rheoVkW7qk1H+lVI97eNLrg\n\
    fDbGsTAO4o1uQzUFhFg32PjsCXbwZ3rmv8SaTA1vPXnlovSFOoe3CtTYUw==\n\
    -----END PUBLIC KEY-----\n";
    /// The key of RFC 8410, section 10.1.
    const ED25519: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn keys_are_read_as_what_they_are_and_written_as_they_were() {
        for (pem, kind) in [
            (RSA_2048, PublicKeyKind::Rsa),
            (P256, PublicKeyKind::EcdsaP256),
            (ED25519, PublicKeyKind::Ed25519),
        ] {
            let key = PublicKey::from_pem(pem).unwrap();
            assert_eq!((key.kind(), key.to_pem()), (kind, pem.to_owned()));
        }
        // By `openssl dgst`.
        let fingerprint = PublicKey::from_pem(ED25519).unwrap().fingerprint();
        assert_eq!(fingerprint, "oekVYFTgT6yJmunydRMs3Ael28TqLCrTof/G4NJTaB8=");
    }

    #[test]
    fn a_short_rsa_key_is_refused() {
        assert_eq!(PublicKey::from_pem(RSA_1024), Err(NotAKey::Unsupported));
    }

    #[test]
    fn a_private_key_is_told_to_be_one() {
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
            let pem = format!("{ED25519}-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
            assert_eq!(PublicKey::from_pem(&pem), Err(NotAKey::Private), "{label}");
        }
    }
}
