//! Secrets at rest. The master key, kept outside the data, seals ring keys; ring keys, kept beside the data, seal the
//! secrets in it. AES-256-GCM-SIV throughout (RFC 8452): a nonce that comes up twice gives nothing away but that the
//! same text was sealed twice.
//!
//! Each sealed text is bound to the place where it stands. Whoever can write to the database cannot make one
//! AccessKey's secret pass for another's.

use std::fmt;

use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::crypto::hmac_sha256;
use countersign::{AccessKeyId, AccessKeySecret};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::id::AccountId;

/// What the text of a master key begins with.
const MASTER_KEY_PREFIX: &str = "countersign-master-key-1:";
/// The first byte of what is sealed: the form of the rest, which is ring key, nonce, ciphertext and tag.
const FORM: u8 = 1;
const NONCE: usize = 12;

/// The key that seals ring keys. It is not in the data directory and not in its backups.
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// One of the data keys that seal secrets.
pub struct RingKey {
    id: u32,
    key: Zeroizing<[u8; 32]>,
}

/// A ring key as its row holds it: sealed by the master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRingKey {
    pub id: u32,
    pub sealed: Sealed,
    /// Which master key opens it: [`MasterKey::id`].
    pub master_key: String,
    /// Whether it seals what is new. Exactly one of a ring does.
    pub active: bool,
}

/// The ring keys of an installation, opened.
pub struct Ring {
    cluster: String,
    active: RingKey,
    others: Vec<RingKey>,
}

/// A sealed text, in base 64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(String);

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
}

impl RingKey {
    /// A new key.
    pub fn generate(id: u32, random: &mut impl CryptoRng) -> Self {
        Self { id, key: random_key(random) }
    }

    /// Seals the key for its row.
    pub fn seal(
        &self,
        cluster: &str,
        master: &MasterKey,
        active: bool,
        random: &mut impl CryptoRng,
    ) -> SealedRingKey {
        let place = ring_key_place(cluster, self.id);
        let sealed = seal(&master.0, self.id, &place, self.key.as_slice(), random);
        SealedRingKey { id: self.id, sealed, master_key: master.id(), active }
    }
}

impl Ring {
    /// Opens the ring keys of an installation. It fails as a whole: with one key missing, some secrets could not be
    /// opened, and a wrong master key must never look like keys that do not verify.
    pub fn open(cluster: &str, master: &MasterKey, rows: &[SealedRingKey]) -> Result<Self, SealError> {
        let mut active = None;
        let mut others = Vec::new();
        for row in rows {
            if row.master_key != master.id() {
                return Err(SealError::OtherMasterKey { wanted: row.master_key.clone(), given: master.id() });
            }
            let place = ring_key_place(cluster, row.id);
            let opened = open(&master.0, &place, &row.sealed).ok_or(SealError::RingKey(row.id))?;
            let key = <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| SealError::RingKey(row.id))?;
            let ring_key = RingKey { id: row.id, key: Zeroizing::new(key) };
            if row.active && active.is_none() {
                active = Some(ring_key);
            } else {
                others.push(ring_key);
            }
        }
        Ok(Self { cluster: cluster.to_owned(), active: active.ok_or(SealError::NoActiveRingKey)?, others })
    }

    /// Seals the secret of an AccessKey for its row.
    pub fn seal_secret(
        &self,
        id: &AccessKeyId,
        owner: &AccountId,
        secret: &AccessKeySecret,
        random: &mut impl CryptoRng,
    ) -> Sealed {
        let place = self.secret_place(id, owner, self.active.id);
        seal(&self.active.key, self.active.id, &place, secret.expose().as_bytes(), random)
    }

    /// Opens the secret of an AccessKey from its row.
    pub fn open_secret(
        &self,
        id: &AccessKeyId,
        owner: &AccountId,
        sealed: &Sealed,
    ) -> Result<AccessKeySecret, SealError> {
        let ring_key_id = sealed.ring_key().ok_or_else(|| SealError::Secret(id.clone()))?;
        let ring_key =
            self.find(ring_key_id).ok_or_else(|| SealError::MissingRingKey(id.clone(), ring_key_id))?;
        let place = self.secret_place(id, owner, ring_key_id);
        let opened = open(&ring_key.key, &place, sealed).ok_or_else(|| SealError::Secret(id.clone()))?;
        let text = std::str::from_utf8(&opened).map_err(|_| SealError::Secret(id.clone()))?;
        Ok(AccessKeySecret::new(text))
    }

    /// A MAC by the active ring key, for tokens that this installation issues: the ring key's id, and 32 bytes.
    /// `purpose` keeps the tokens of one use from passing as those of another.
    pub fn mac(&self, purpose: &str, bytes: &[u8]) -> (u32, [u8; 32]) {
        (self.active.id, token_mac(&self.active, &self.cluster, purpose, bytes))
    }

    /// Whether `mac` is what [`Ring::mac`] gave, under a ring key that is still there. Constant time.
    pub fn proves(&self, ring_key: u32, purpose: &str, bytes: &[u8], mac: &[u8]) -> bool {
        self.find(ring_key).is_some_and(|key| {
            countersign::crypto::equal(&token_mac(key, &self.cluster, purpose, bytes), mac)
        })
    }

    fn find(&self, id: u32) -> Option<&RingKey> {
        std::iter::once(&self.active).chain(&self.others).find(|key| key.id == id)
    }

    fn secret_place(&self, id: &AccessKeyId, owner: &AccountId, ring_key: u32) -> Vec<u8> {
        let ring_key = ring_key.to_string();
        place(&[&self.cluster, "access_key", "secret", id.as_str(), owner.as_str(), &ring_key])
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
        let bytes = BASE64.decode(&self.0).ok()?;
        let [FORM, a, b, c, d, ..] = *bytes.as_slice() else { return None };
        Some(u32::from_be_bytes([a, b, c, d]))
    }
}

fn random_key(random: &mut impl CryptoRng) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0u8; 32]);
    random.fill_bytes(key.as_mut_slice());
    key
}

fn ring_key_place(cluster: &str, id: u32) -> Vec<u8> {
    place(&[cluster, "ring_key", "sealed", &id.to_string()])
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

fn token_mac(key: &RingKey, cluster: &str, purpose: &str, bytes: &[u8]) -> [u8; 32] {
    let derived = Zeroizing::new(hmac_sha256(key.key.as_slice(), &place(&[cluster, "token", purpose])));
    hmac_sha256(derived.as_slice(), bytes)
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

impl fmt::Debug for RingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RingKey({})", self.id)
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ring(active {}, {} others)", self.active.id, self.others.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_token_of_one_purpose_does_not_pass_as_another() {
        let (ring, ..) = ring();
        let (ring_key, mac) = ring.mac("bearer", b"token");
        assert!(ring.proves(ring_key, "bearer", b"token", &mac));
        assert!(!ring.proves(ring_key, "other", b"token", &mac));
        assert!(!ring.proves(ring_key + 1, "bearer", b"token", &mac));
        assert!(!ring.proves(ring_key, "bearer", b"tokem", &mac));
    }
}
