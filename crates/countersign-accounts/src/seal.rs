//! Secrets at rest. The master key, kept outside the data, seals ring keys; ring keys, kept beside the data, seal the
//! secrets in it. AES-256-GCM-SIV throughout (RFC 8452): a nonce that comes up twice gives nothing away but that the
//! same text was sealed twice.
//!
//! Each sealed text is bound to the place where it stands. Whoever can write to the database cannot make one
//! AccessKey's secret pass for another's.

mod ring;

use std::fmt;

use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::AccessKeyId;
use countersign::crypto::hmac_sha256;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

pub use ring::{Ring, RingKey, SealedRingKey};

/// What the text of a master key begins with.
const MASTER_KEY_PREFIX: &str = "countersign-master-key-1:";
/// The first byte of what is sealed: the form of the rest, which is ring key, nonce, ciphertext and tag.
const FORM: u8 = 1;
const NONCE: usize = 12;

/// The key that seals ring keys. It is not in the data directory and not in its backups.
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// A sealed text, in base 64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(String);

/// A column that holds sealed texts. Each text is bound to its column, the id of its row, its owner and its ring key.
///
/// The names are part of what is bound: they are never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SealedColumn {
    AccessKeySecret,
    /// The secret of TOTP, or what is known of a passkey.
    SecondFactorSecret,
    /// By the id of its account.
    RealName,
}

impl SealedColumn {
    /// All of them: what goes through the sealed texts of an installation goes through these.
    pub const ALL: [Self; 3] = [Self::AccessKeySecret, Self::SecondFactorSecret, Self::RealName];

    fn table_and_column(self) -> (&'static str, &'static str) {
        match self {
            Self::AccessKeySecret => ("access_key", "secret"),
            Self::SecondFactorSecret => ("second_factor", "secret"),
            Self::RealName => ("real_name", "sealed"),
        }
    }

    /// What it holds, in words: `the secret of AccessKey`.
    fn holds(self) -> &'static str {
        match self {
            Self::AccessKeySecret => "the secret of AccessKey",
            Self::SecondFactorSecret => "the secret of second factor",
            Self::RealName => "the real name of account",
        }
    }
}

/// Why something sealed cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error(
        "this is not a master key: it should begin with `{MASTER_KEY_PREFIX}`, then 44 characters of base 64"
    )]
    NotAMasterKey,
    #[error("the data is sealed under master key `{wanted}`, and the one given is `{given}`")]
    OtherMasterKey { wanted: String, given: String },
    #[error("ring key {0} cannot be opened: its row was altered")]
    RingKey(u32),
    #[error("there is no active ring key")]
    NoActiveRingKey,
    #[error("the secret of AccessKey `{0}` is sealed under ring key {1}, which is missing")]
    MissingRingKey(AccessKeyId, u32),
    #[error(
        "the secret of AccessKey `{0}` cannot be opened: its row was altered, or belongs to another key or owner"
    )]
    Secret(AccessKeyId),
    #[error("what is sealed for AccessKey `{0}` is not of the kind that its row says: the row was altered")]
    OtherKind(AccessKeyId),
    #[error("{} `{id}` is sealed under ring key {ring_key}, which is missing", .column.holds())]
    TextUnderMissingRingKey { column: SealedColumn, id: String, ring_key: u32 },
    #[error("{} `{id}` cannot be opened: its row was altered, or belongs to another owner", .column.holds())]
    Text { column: SealedColumn, id: String },
}

impl SealError {
    /// Whether the ring key is missing that sealed it, which may be one that came after the ring was read.
    pub fn is_missing_ring_key(&self) -> bool {
        matches!(self, Self::MissingRingKey(..) | Self::TextUnderMissingRingKey { .. })
    }
}

impl MasterKey {
    /// A new key.
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        Self(random_key(random))
    }

    /// Reads the text of a key file; blanks around it do not matter.
    pub fn from_text(text: &str) -> Result<Self, SealError> {
        let encoded = text.trim().strip_prefix(MASTER_KEY_PREFIX).ok_or(SealError::NotAMasterKey)?;
        let bytes = Zeroizing::new(BASE64.decode(encoded).map_err(|_| SealError::NotAMasterKey)?);
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| SealError::NotAMasterKey)?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// The text for a key file.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{MASTER_KEY_PREFIX}{}\n", BASE64.encode(self.0.as_slice())))
    }

    /// A name that tells one key from another and gives nothing of it away: 16 hexadecimal digits.
    pub fn id(&self) -> String {
        let name = hmac_sha256(self.0.as_slice(), b"countersign master key id");
        name.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Another copy in memory. Not `Clone`: there should be few.
    fn copy(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Sealed {
    /// Takes the text of a row.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text for a row.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ring key that sealed it.
    pub fn ring_key(&self) -> Option<u32> {
        // It stands at the beginning, and who opens the text decodes the rest.
        let bytes = BASE64.decode(self.0.get(..8)?).ok()?;
        let [FORM, a, b, c, d, ..] = *bytes.as_slice() else { return None };
        Some(u32::from_be_bytes([a, b, c, d]))
    }

    /// The ring key that sealed the text of which this is the beginning, [`Sealed::BEGINNING`] characters.
    pub fn ring_key_of_beginning(beginning: &str) -> Option<u32> {
        Self(format!("{beginning}A")).ring_key()
    }

    /// What the texts sealed by a ring key begin with, [`Sealed::BEGINNING`] characters: one of these, for the last
    /// character holds two bits of the nonce. So a database can count and select by ring key.
    pub fn beginnings(ring_key: u32) -> [String; 4] {
        [0x00, 0x40, 0x80, 0xc0].map(|nonce| {
            let [a, b, c, d] = ring_key.to_be_bytes();
            BASE64.encode([FORM, a, b, c, d, nonce]).chars().take(Self::BEGINNING).collect()
        })
    }

    /// How many characters of a sealed text tell its ring key.
    pub const BEGINNING: usize = 7;
}

fn random_key(random: &mut impl CryptoRng) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0u8; 32]);
    random.fill_bytes(key.as_mut_slice());
    key
}

/// What a sealed text is bound to. Each part carries its length, so that no two lists of parts read the same.
fn place(parts: &[&str]) -> Vec<u8> {
    let mut bytes = b"countersign/1".to_vec();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

fn seal(key: &[u8; 32], ring_key: u32, place: &[u8], plain: &[u8], random: &mut impl CryptoRng) -> Sealed {
    let mut nonce = [0u8; NONCE];
    random.fill_bytes(&mut nonce);
    let mut bytes = vec![FORM];
    bytes.extend_from_slice(&ring_key.to_be_bytes());
    bytes.extend_from_slice(&nonce);
    // Encryption fails only beyond 64 GiB. An empty ciphertext opens under no key, so nothing is lost in silence.
    let sealed =
        Aes256GcmSiv::new(key.into()).encrypt(&Nonce::from(nonce), Payload { msg: plain, aad: place });
    bytes.extend_from_slice(&sealed.unwrap_or_default());
    Sealed(BASE64.encode(bytes))
}

fn open(key: &[u8; 32], place: &[u8], sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = BASE64.decode(&sealed.0).ok()?;
    let (head, rest) = bytes.split_first_chunk::<5>()?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>()?;
    if head.first() != Some(&FORM) {
        return None;
    }
    let payload = Payload { msg: ciphertext, aad: place };
    Aes256GcmSiv::new(key.into()).decrypt(&Nonce::from(*nonce), payload).ok().map(Zeroizing::new)
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id())
    }
}

#[cfg(test)]
mod tests {
    use countersign::AccessKeySecret;

    use super::*;
    use crate::id::AccountId;

    fn ring() -> (Ring, MasterKey, SealedRingKey) {
        let mut random = crate::random::from_system();
        let master = MasterKey::generate(&mut random);
        let row = RingKey::generate(1, &mut random).seal("cluster", &master, true, &mut random);
        (Ring::open("cluster", &master, std::slice::from_ref(&row)).unwrap(), master, row)
    }

    fn id(text: &str) -> AccessKeyId {
        AccessKeyId::new(text).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_only_where_it_stood() {
        let (ring, ..) = ring();
        let owner = AccountId::from_text("acc_1");
        let secret = AccessKeySecret::new("the secret");
        let sealed = ring.seal_secret(&id("A"), &owner, &secret, &mut crate::random::from_system());
        assert!(!sealed.as_str().contains("secret"));
        assert_eq!(ring.open_secret(&id("A"), &owner, &sealed).unwrap().expose(), "the secret");

        let other = AccountId::from_text("acc_2");
        assert_eq!(ring.open_secret(&id("B"), &owner, &sealed).unwrap_err(), SealError::Secret(id("B")));
        assert_eq!(ring.open_secret(&id("A"), &other, &sealed).unwrap_err(), SealError::Secret(id("A")));
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let (ring, ..) = ring();
        let owner = AccountId::from_text("acc_1");
        let sealed =
            ring.seal_secret(&id("A"), &owner, &AccessKeySecret::new("s"), &mut crate::random::from_system());
        let bytes = BASE64.decode(sealed.as_str()).unwrap();
        for place in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[place] ^= 1;
            let altered = Sealed::from_text(BASE64.encode(&altered));
            assert!(ring.open_secret(&id("A"), &owner, &altered).is_err(), "byte {place}");
            let cut = Sealed::from_text(BASE64.encode(&bytes[..place]));
            assert!(ring.open_secret(&id("A"), &owner, &cut).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn a_wrong_master_key_is_named_and_a_wrong_cluster_noticed() {
        let (_, master, row) = ring();
        let other = MasterKey::generate(&mut crate::random::from_system());
        let error = Ring::open("cluster", &other, std::slice::from_ref(&row)).unwrap_err();
        assert_eq!(error, SealError::OtherMasterKey { wanted: master.id(), given: other.id() });
        let error = Ring::open("other", &master, std::slice::from_ref(&row)).unwrap_err();
        assert_eq!(error, SealError::RingKey(1));
    }

    #[test]
    fn a_master_key_reads_back_from_its_text_and_does_not_print_itself() {
        let master = MasterKey::generate(&mut crate::random::from_system());
        let text = master.to_text();
        assert_eq!(MasterKey::from_text(&text).unwrap().id(), master.id());
        let encoded = text.trim().strip_prefix(MASTER_KEY_PREFIX).unwrap();
        let printed = format!("{master:?}");
        assert!((0..=encoded.len() - 8).all(|at| !printed.contains(encoded.get(at..at + 8).unwrap())));
        assert_eq!(MasterKey::from_text("hunter2").unwrap_err(), SealError::NotAMasterKey);
    }

    #[test]
    fn the_beginning_of_a_sealed_text_tells_its_ring_key() {
        let mut random = crate::random::from_system();
        let master = MasterKey::generate(&mut random);
        for number in [1, 2, 15, 16, 255, 256, 65_537, u32::MAX] {
            let row = RingKey::generate(number, &mut random).seal("cluster", &master, true, &mut random);
            let ring = Ring::open("cluster", &master, &[row]).unwrap();
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..64 {
                let sealed = ring.seal_secret(
                    &id("A"),
                    &AccountId::from_text("acc_1"),
                    &AccessKeySecret::new("s"),
                    &mut random,
                );
                let beginning = sealed.as_str().get(..Sealed::BEGINNING).unwrap();
                assert_eq!(Sealed::ring_key_of_beginning(beginning), Some(number));
                assert!(Sealed::beginnings(number).iter().any(|one| one == beginning), "{beginning}");
                seen.insert(beginning.to_owned());
            }
            assert_eq!(seen.len(), 4, "all four come up: {seen:?}");
        }
        for other in ["", "AQAAAA", "AAAAAAA", "AQ AAAE", "sealed A"] {
            assert_eq!(Sealed::ring_key_of_beginning(other), None, "{other}");
        }
    }
}
