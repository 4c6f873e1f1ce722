//! The hashes and MACs that schemes are built on. No other file names a cryptographic crate.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::block_api::compress;
use sha1::{Digest, Sha1};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// The state of SHA-1 before its first block (FIPS 180-4, section 5.3.1).
const SHA1_INITIAL: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
const BLOCK: usize = 64;

/// HMAC-SHA1 keyed and ready (RFC 2104): the two states after the padded key, 40 bytes.
///
/// A keyring holds one for each of its keys. The whole `Hmac<Sha1>` of the hmac crate is four times as large, which
/// at a million keys is the difference between fitting in a cache line and not.
#[derive(Clone)]
pub struct HmacSha1 {
    inner: [u32; 5],
    outer: [u32; 5],
}

impl HmacSha1 {
    /// Prepares a key of any length.
    pub fn new(key: &[u8]) -> Self {
        let mut block = [0u8; BLOCK];
        if key.len() > BLOCK {
            fill(&mut block, &Sha1::digest(key));
        } else {
            fill(&mut block, key);
        }
        let mut prepared = Self { inner: SHA1_INITIAL, outer: SHA1_INITIAL };
        block.iter_mut().for_each(|byte| *byte ^= 0x36);
        compress(&mut prepared.inner, &[block]);
        block.iter_mut().for_each(|byte| *byte ^= 0x36 ^ 0x5c);
        compress(&mut prepared.outer, &[block]);
        block.zeroize();
        prepared
    }

    /// The MAC of these bytes.
    pub fn mac(&self, bytes: &[u8]) -> [u8; 20] {
        #[cfg(test)]
        counting::count(bytes.len());
        finish(self.outer, &finish(self.inner, bytes))
    }
}

/// Ends a SHA-1 that has taken one block already: the bytes, the padding, the length (FIPS 180-4, section 5.1.1).
fn finish(mut state: [u32; 5], bytes: &[u8]) -> [u8; 20] {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    compress(&mut state, blocks);

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
    compress(&mut state, tail);

    let mut output = [0u8; 20];
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

impl Drop for HmacSha1 {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

impl fmt::Debug for HmacSha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// HMAC-SHA256 of one message, for deriving keys.
pub fn hmac_sha256(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    // `Hmac` takes keys of any length; its constructor returns a `Result` for the sake of MACs that do not.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

/// SHA-256 of a message.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// MD5 of a body, for `Content-MD5`. It guards against accidents, not against an adversary.
pub fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

/// Whether two byte strings are equal, in a time that does not depend on where they differ. Lengths are not secret.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    // Eight bytes at a time: `subtle` compares one number with care as fast as one byte.
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut same = a.len().ct_eq(&b.len()) & a_rest.ct_eq(b_rest);
    for (a, b) in a.iter().zip(b) {
        same &= u64::from_ne_bytes(*a).ct_eq(&u64::from_ne_bytes(*b));
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
    fn a_prepared_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", HmacSha1::new(b"secret")), "…");
    }

    #[test]
    fn unequal_lengths_are_unequal() {
        assert!(equal(b"ab", b"ab") && !equal(b"ab", b"abc") && !equal(b"", b"a") && !equal(b"ab", b"ac"));
    }
}
