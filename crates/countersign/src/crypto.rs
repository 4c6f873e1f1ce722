//! The hashes and MACs that schemes are built on. No other file names a cryptographic crate.

mod asymmetric;

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::{Digest as _, Sha1};
use sha2::{Sha224, Sha256, Sha384, Sha512};
use sm3::Sm3;
use smallvec::SmallVec;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

pub use asymmetric::{NotAKey, PrivateKey, PublicKey, PublicKeyKind};

const BLOCK: usize = 64;

/// A digest or a signature, decoded from the text in which it is written.
pub type Bytes = SmallVec<[u8; 32]>;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sm3,
}

impl Hash {
    /// The hash of a message.
    pub fn digest(self, bytes: &[u8]) -> Bytes {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish()
    }

    /// Bytes of its output.
    pub fn output_length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 | Self::Sm3 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Its MAC (RFC 2104) of a message, from a key as it is.
    pub fn mac(self, key: &[u8], bytes: &[u8]) -> Bytes {
        #[cfg(test)]
        counting::count(bytes.len());
        match self {
            Self::Md5 => mac::<Hmac<Md5>>(key, bytes),
            Self::Sha1 => mac::<Hmac<Sha1>>(key, bytes),
            Self::Sha224 => mac::<Hmac<Sha224>>(key, bytes),
            Self::Sha256 => mac::<Hmac<Sha256>>(key, bytes),
            Self::Sha384 => mac::<Hmac<Sha384>>(key, bytes),
            Self::Sha512 => mac::<Hmac<Sha512>>(key, bytes),
            Self::Sm3 => mac::<Hmac<Sm3>>(key, bytes),
        }
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], bytes: &[u8]) -> Bytes {
    // HMAC takes keys of any length; the constructor returns a `Result` for the sake of MACs that do not. No signature
    // is empty, so nothing would match.
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Bytes::new() };
    mac.update(bytes);
    Bytes::from_slice(&mac.finalize().into_bytes())
}

/// A hash of a message that comes in pieces.
#[derive(Clone)]
pub struct Hasher(Hashing);

#[derive(Clone)]
enum Hashing {
    Md5(Md5),
    Sha1(Sha1),
    Sha224(Sha224),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
    Sm3(Sm3),
}

impl Hasher {
    /// One that has seen nothing.
    pub fn new(hash: Hash) -> Self {
        Self(match hash {
            Hash::Md5 => Hashing::Md5(Md5::new()),
            Hash::Sha1 => Hashing::Sha1(Sha1::new()),
            Hash::Sha224 => Hashing::Sha224(Sha224::new()),
            Hash::Sha256 => Hashing::Sha256(Sha256::new()),
            Hash::Sha384 => Hashing::Sha384(Sha384::new()),
            Hash::Sha512 => Hashing::Sha512(Sha512::new()),
            Hash::Sm3 => Hashing::Sm3(Sm3::new()),
        })
    }

    /// Takes the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Hashing::Md5(hasher) => hasher.update(bytes),
            Hashing::Sha1(hasher) => hasher.update(bytes),
            Hashing::Sha224(hasher) => hasher.update(bytes),
            Hashing::Sha256(hasher) => hasher.update(bytes),
            Hashing::Sha384(hasher) => hasher.update(bytes),
            Hashing::Sha512(hasher) => hasher.update(bytes),
            Hashing::Sm3(hasher) => hasher.update(bytes),
        }
    }

    /// The hash of all pieces.
    pub fn finish(self) -> Bytes {
        match self.0 {
            Hashing::Md5(hasher) => Bytes::from_slice(&hasher.finalize()),
            Hashing::Sha1(hasher) => Bytes::from_slice(&hasher.finalize()),
            Hashing::Sha224(hasher) => Bytes::from_slice(&hasher.finalize()),
            Hashing::Sha256(hasher) => Bytes::from_slice(&hasher.finalize()),
            Hashing::Sha384(hasher) => Bytes::from_slice(&hasher.finalize()),
            Hashing::Sha512(hasher) => Bytes::from_slice(&hasher.finalize()),
            Hashing::Sm3(hasher) => Bytes::from_slice(&hasher.finalize()),
        }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

/// A hash whose state is words of 32 bits, and whose blocks are 64 bytes (FIPS 180-4).
pub trait Blocks<const WORDS: usize> {
    /// The state before the first block.
    const INITIAL: [u32; WORDS];
    /// The hash of a message.
    fn hash(bytes: &[u8]) -> Bytes;
    /// Takes whole blocks into the state.
    fn compress(state: &mut [u32; WORDS], blocks: &[[u8; BLOCK]]);
}

/// See [`HmacSha1`].
#[derive(Clone, Debug)]
pub struct OfSha1;

impl Blocks<5> for OfSha1 {
    /// FIPS 180-4, section 5.3.1.
    const INITIAL: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

    fn hash(bytes: &[u8]) -> Bytes {
        Hash::Sha1.digest(bytes)
    }

    fn compress(state: &mut [u32; 5], blocks: &[[u8; BLOCK]]) {
        sha1::block_api::compress(state, blocks);
    }
}

/// See [`HmacSha256`].
#[derive(Clone, Debug)]
pub struct OfSha256;

impl Blocks<8> for OfSha256 {
    /// FIPS 180-4, section 5.3.3.
    const INITIAL: [u32; 8] = [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];

    fn hash(bytes: &[u8]) -> Bytes {
        Hash::Sha256.digest(bytes)
    }

    fn compress(state: &mut [u32; 8], blocks: &[[u8; BLOCK]]) {
        sha2::block_api::compress256(state, blocks);
    }
}

/// HMAC-SHA1 keyed and ready, in 40 bytes. A keyring holds one for each of its keys.
pub type HmacSha1 = Prepared<OfSha1, 5>;

/// HMAC-SHA256 keyed and ready, in 64 bytes.
pub type HmacSha256 = Prepared<OfSha256, 8>;

/// An HMAC keyed and ready (RFC 2104): the two states after the padded key.
///
/// The types of the hmac crate are up to four times as large, which at a million keys is the difference between fitting
/// in a cache line and not.
pub struct Prepared<H, const WORDS: usize> {
    inner: [u32; WORDS],
    outer: [u32; WORDS],
    hash: std::marker::PhantomData<H>,
}

impl<H, const WORDS: usize> Clone for Prepared<H, WORDS> {
    fn clone(&self) -> Self {
        Self { inner: self.inner, outer: self.outer, hash: self.hash }
    }
}

impl<H: Blocks<WORDS>, const WORDS: usize> Prepared<H, WORDS> {
    fn prepare(key: &[u8]) -> Self {
        let mut block = [0u8; BLOCK];
        if key.len() > BLOCK {
            fill(&mut block, &H::hash(key));
        } else {
            fill(&mut block, key);
        }
        let mut prepared = Self { inner: H::INITIAL, outer: H::INITIAL, hash: std::marker::PhantomData };
        block.iter_mut().for_each(|byte| *byte ^= 0x36);
        H::compress(&mut prepared.inner, &[block]);
        block.iter_mut().for_each(|byte| *byte ^= 0x36 ^ 0x5c);
        H::compress(&mut prepared.outer, &[block]);
        block.zeroize();
        prepared
    }

    #[inline]
    fn compute<const LENGTH: usize>(&self, bytes: &[u8]) -> [u8; LENGTH] {
        #[cfg(test)]
        counting::count(bytes.len());
        let inner: [u8; LENGTH] = finish::<H, WORDS, LENGTH>(self.inner, bytes);
        finish::<H, WORDS, LENGTH>(self.outer, &inner)
    }
}

impl HmacSha1 {
    /// Prepares a key of any length.
    pub fn new(key: &[u8]) -> Self {
        Self::prepare(key)
    }

    /// The MAC of these bytes.
    pub fn mac(&self, bytes: &[u8]) -> [u8; 20] {
        self.compute(bytes)
    }
}

impl HmacSha256 {
    /// Prepares a key of any length.
    pub fn new(key: &[u8]) -> Self {
        Self::prepare(key)
    }

    /// The MAC of these bytes.
    pub fn mac(&self, bytes: &[u8]) -> [u8; 32] {
        self.compute(bytes)
    }
}

/// Ends a hash that has taken one block already: the bytes, the padding, the length (FIPS 180-4, section 5.1.1).
#[inline]
fn finish<H: Blocks<WORDS>, const WORDS: usize, const LENGTH: usize>(
    mut state: [u32; WORDS],
    bytes: &[u8],
) -> [u8; LENGTH] {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    H::compress(&mut state, blocks);

    let bits = (BLOCK as u64).wrapping_add(bytes.len() as u64).wrapping_mul(8);
    let mut last = [[0u8; BLOCK]; 2];
    let used = if rest.len() + 9 > BLOCK { 2 } else { 1 };
    let (tail, _) = last.split_at_mut(used);
    let tail = tail.as_flattened_mut();
    fill(tail, rest);
    if let Some(byte) = tail.get_mut(rest.len()) {
        *byte = 0x80;
    }
    if let Some(length) = tail.last_chunk_mut::<8>() {
        *length = bits.to_be_bytes();
    }
    let (tail, _) = last.split_at(used);
    H::compress(&mut state, tail);

    let mut output = [0u8; LENGTH];
    for (bytes, word) in output.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    output
}

fn fill(target: &mut [u8], source: &[u8]) {
    for (to, from) in target.iter_mut().zip(source) {
        *to = *from;
    }
}

impl<H, const WORDS: usize> Drop for Prepared<H, WORDS> {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

impl<H, const WORDS: usize> fmt::Debug for Prepared<H, WORDS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// HMAC-SHA256 of one message.
pub fn hmac_sha256(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    HmacSha256::new(key).mac(bytes)
}

/// A key derived by HMAC-SHA256 from what `start` joins, over each part in turn: the manner of AWS's Signature Version
/// 4, and of all that Alibaba Cloud made after it.
pub fn derive(start: &[&[u8]], parts: &[&str]) -> Zeroizing<[u8; 32]> {
    // Reserved whole, so that no half-written copy is left behind by a growing buffer.
    let mut first = Zeroizing::new(Vec::with_capacity(start.iter().map(|part| part.len()).sum()));
    for part in start {
        first.extend_from_slice(part);
    }
    let mut parts = parts.iter();
    let mut key = Zeroizing::new([0; 32]);
    if let Some(part) = parts.next() {
        *key = hmac_sha256(&first, part.as_bytes());
    }
    for part in parts {
        *key = hmac_sha256(key.as_slice(), part.as_bytes());
    }
    key
}

/// SHA-256 of a message.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Whether two byte strings are equal, in a time that does not depend on where they differ. Lengths are not secret.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    // Four bytes at a time, as many as all hashes are made of: `subtle` compares one number with care as fast as one byte.
    let ((a_fours, a_rest), (b_fours, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut same = a.len().ct_eq(&b.len()) & a_rest.ct_eq(b_rest);
    for (a, b) in a_fours.iter().zip(b_fours) {
        same &= u32::from_ne_bytes(*a).ct_eq(&u32::from_ne_bytes(*b));
    }
    same.into()
}

/// How many blocks were compressed, for tests that compare the work of two verdicts.
#[cfg(test)]
pub(crate) mod counting {
    use std::cell::Cell;

    thread_local! {
        static BLOCKS: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count(length: usize) {
        BLOCKS.set(BLOCKS.get() + (length + 9).div_ceil(super::BLOCK) + 1);
    }

    /// The blocks that a call compresses in MACs.
    pub(crate) fn blocks(call: impl FnOnce()) -> usize {
        let before = BLOCKS.get();
        call();
        BLOCKS.get() - before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_sha1_agrees_with_the_hmac_crate_at_every_length() {
        let bytes: Vec<u8> = (0..=255).cycle().take(400).collect();
        for key_length in [0, 1, 20, 63, 64, 65, 200] {
            let key = &bytes[..key_length];
            let prepared = HmacSha1::new(key);
            for length in 0..bytes.len() {
                let mut reference = Hmac::<Sha1>::new_from_slice(key).unwrap();
                reference.update(&bytes[..length]);
                let expected: [u8; 20] = reference.finalize().into_bytes().into();
                assert_eq!(prepared.mac(&bytes[..length]), expected, "key {key_length}, message {length}");
            }
        }
    }

    #[test]
    fn hmac_sha256_agrees_with_the_hmac_crate_at_every_length() {
        let bytes: Vec<u8> = (0..=255).cycle().take(400).collect();
        for key_length in [0, 1, 32, 63, 64, 65, 200] {
            let key = &bytes[..key_length];
            let prepared = HmacSha256::new(key);
            for length in 0..bytes.len() {
                let expected = Hash::Sha256.mac(key, &bytes[..length]);
                assert_eq!(prepared.mac(&bytes[..length]), *expected, "key {key_length}, message {length}");
            }
        }
    }

    #[test]
    fn a_message_in_pieces_has_the_hash_of_the_whole() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for hash in [Hash::Md5, Hash::Sha1, Hash::Sha224, Hash::Sha256, Hash::Sha384, Hash::Sha512, Hash::Sm3]
        {
            let mut hasher = Hasher::new(hash);
            bytes.chunks(37).for_each(|piece| hasher.update(piece));
            assert_eq!(hasher.finish(), hash.digest(&bytes));
            assert_eq!(hash.digest(b"").len(), hash.output_length());
            assert_eq!(hash.mac(b"key", b"").len(), hash.output_length());
        }
        // GM/T 0004-2012, appendix A.1.
        let abc: String = Hash::Sm3.digest(b"abc").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(abc, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    }

    #[test]
    fn a_prepared_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", HmacSha1::new(b"secret")), "…");
    }

    #[test]
    fn unequal_lengths_are_unequal() {
        assert!(equal(b"ab", b"ab") && !equal(b"ab", b"abc") && !equal(b"", b"a") && !equal(b"ab", b"ac"));
    }

    #[test]
    fn one_bit_is_a_difference_wherever_it_is() {
        for length in 0..40 {
            let bytes = vec![0x5a; length];
            assert!(equal(&bytes, &bytes.clone()));
            for bit in 0..8 * length {
                let mut other = bytes.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                assert!(!equal(&bytes, &other) && !equal(&other, &bytes), "bit {bit} of {length} bytes");
            }
        }
    }
}
