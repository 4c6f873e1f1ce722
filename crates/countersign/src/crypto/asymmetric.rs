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
    use aws_lc_rs::rsa::KeyPair;
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
        found.map(|(_, kind)| kind).ok_or(NotAKey::Unsupported)
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
