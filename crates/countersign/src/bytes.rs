//! What kinds of bytes a text holds: the question that canonicalization asks most.

use wide::u8x16;

/// `%`.
pub(crate) const ESCAPE: u8 = 1 << 0;
/// `+`, a blank in forms.
pub(crate) const PLUS: u8 = 1 << 1;
/// All but letters, digits and `-_.~` (RFC 3986, section 2.3).
pub(crate) const RESERVED: u8 = 1 << 2;
/// What a target does not have: all but printable ASCII, and `#`.
pub(crate) const NOT_IN_TARGETS: u8 = 1 << 3;
/// What the id of an AccessKey does not have.
pub(crate) const NOT_IN_IDS: u8 = 1 << 4;
/// Control characters.
pub(crate) const CONTROL: u8 = 1 << 5;
/// `?`, `#` and `&`.
pub(crate) const SEPARATOR: u8 = 1 << 6;

/// The kinds of each byte.
#[allow(clippy::indexing_slicing, reason = "the compiler makes it, and would say so")]
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < kinds.len() {
        kinds[byte] = find_kinds(byte as u8);
        byte += 1;
    }
    kinds
};

const fn find_kinds(byte: u8) -> u8 {
    const fn when(is: bool, kind: u8) -> u8 {
        if is { kind } else { 0 }
    }
    let is_alphanumeric = byte.is_ascii_alphanumeric();
    when(byte == b'%', ESCAPE)
        | when(byte == b'+', PLUS)
        | when(!is_alphanumeric && !matches!(byte, b'-' | b'_' | b'.' | b'~'), RESERVED)
        | when(byte <= b' ' || byte > b'~' || byte == b'#', NOT_IN_TARGETS)
        | when(!is_alphanumeric && !matches!(byte, b'-' | b'_' | b'.'), NOT_IN_IDS)
        | when(byte.is_ascii_control(), CONTROL)
        | when(matches!(byte, b'?' | b'#' | b'&'), SEPARATOR)
}

/// Whether a byte is never encoded.
#[inline(always)]
pub(crate) fn is_unreserved(byte: u8) -> bool {
    kinds_of(byte) & RESERVED == 0
}

/// The kinds of a byte, a bit each.
#[inline(always)]
pub(crate) fn kinds_of(byte: u8) -> u8 {
    KINDS.get(usize::from(byte)).copied().unwrap_or_default()
}

/// The kinds of all bytes of a text. It looks at all of them: texts are short, and most hold nothing that is asked for.
#[inline]
pub(crate) fn kinds_in(text: &[u8]) -> u8 {
    let (chunks, rest) = text.as_chunks::<8>();
    let all = |found, chunk: &[u8]| chunk.iter().fold(found, |found, byte| found | kinds_of(*byte));
    let found = chunks.iter().fold(0, |found, chunk| all(found, chunk));
    all(found, rest)
}

/// Whether some byte of a text is of one of these kinds.
#[inline]
pub(crate) fn holds(text: &[u8], kinds: u8) -> bool {
    kinds_in(text) & kinds != 0
}

/// A text before and behind the first of an ASCII byte. For the short texts of header fields it is quicker than
/// [`str::split_once`].
#[inline]
pub(crate) fn cut(text: &str, ascii: u8) -> Option<(&str, &str)> {
    debug_assert!(ascii.is_ascii());
    let at = memchr::memchr(ascii, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// The reserved bytes of a text, with their places. It looks at 64 bytes at a time.
pub(crate) struct Reserved<'t> {
    text: &'t [u8],
    /// Where those begin that are being looked at.
    start: usize,
    /// A bit for each of them that is reserved.
    found: u64,
}

impl<'t> Reserved<'t> {
    #[inline(always)]
    pub(crate) fn of(text: &'t [u8]) -> Self {
        Self { text, start: 0, found: reserved_at(text) }
    }
}

impl Iterator for Reserved<'_> {
    type Item = (usize, u8);

    #[inline(always)]
    fn next(&mut self) -> Option<(usize, u8)> {
        while self.found == 0 {
            self.start += 64;
            self.found = reserved_at(self.text.get(self.start..).filter(|rest| !rest.is_empty())?);
        }
        let at = self.start + self.found.trailing_zeros() as usize;
        self.found &= self.found - 1;
        Some((at, *self.text.get(at)?))
    }
}

/// A bit for each reserved byte of the first 64.
#[inline(never)]
fn reserved_at(text: &[u8]) -> u64 {
    match text.first_chunk::<64>() {
        Some(whole) => {
            whole.as_chunks().0.iter().rev().fold(0, |found, part| found << 16 | reserved_in(*part))
        }
        None => reserved_at_end(text),
    }
}

fn reserved_at_end(text: &[u8]) -> u64 {
    let (parts, rest) = text.as_chunks();
    let last = match text.last_chunk() {
        _ if rest.is_empty() => 0,
        // Some of these are in the part before.
        Some(last) => reserved_in(*last) >> (16 - rest.len()),
        None => rest.iter().rev().fold(0, |found, byte| found << 1 | u64::from(!is_unreserved(*byte))),
    };
    parts.iter().rev().fold(last, |found, part| found << 16 | reserved_in(*part))
}

#[inline(always)]
fn reserved_in(sixteen: [u8; 16]) -> u64 {
    let bytes = u8x16::new(sixteen);
    let all = u8x16::splat;
    // In either case; nothing else becomes a letter.
    let is_letter = is_within(bytes | all(0x20), b'a', b'z');
    // `-`, `.`, `/` and the digits, and not `/`.
    let is_digit = is_within(bytes, b'-', b'9') & !bytes.simd_eq(all(b'/'));
    let is_other = bytes.simd_eq(all(b'_')) | bytes.simd_eq(all(b'~'));
    u64::from(!(is_letter | is_digit | is_other).to_bitmask() & 0xffff)
}

#[inline(always)]
fn is_within(bytes: u8x16, first: u8, last: u8) -> u8x16 {
    let behind = bytes - u8x16::splat(first);
    behind.min(u8x16::splat(last - first)).simd_eq(behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_wherever_it_stands() {
        for length in 0..40 {
            for at in 0..length {
                let mut text = vec![b'a'; length];
                assert!(!holds(&text, ESCAPE | PLUS | CONTROL));
                text[at] = b'%';
                assert!(holds(&text, ESCAPE) && !holds(&text, PLUS), "{at} of {length}");
            }
        }
        assert_eq!(cut("a=b=c", b'='), Some(("a", "b=c")));
        assert_eq!(
            (cut("é", b'='), cut("é=", b'='), cut("=", b'=')),
            (None, Some(("é", "")), Some(("", "")))
        );
    }

    #[test]
    fn what_is_reserved_is_found_wherever_it_stands() {
        // Every byte, at every place of sixteen and on both sides of sixty-four, in texts of every length there.
        let all: Vec<u8> = (0..=u8::MAX).chain(0..=u8::MAX).collect();
        for start in 0..256 {
            for length in (0..36).chain(60..70).chain([126, 130, 200, 256]) {
                let text = &all[start..start + length];
                let reserved = |(_, byte): &(usize, u8)| kinds_of(*byte) & RESERVED != 0;
                let expected = text.iter().copied().enumerate().filter(reserved);
                assert!(Reserved::of(text).eq(expected), "{length} from {start}");
            }
        }
    }

    #[test]
    fn each_byte_is_of_its_kinds() {
        assert_eq!(kinds_of(b'a'), 0);
        assert_eq!(kinds_of(b'%'), ESCAPE | RESERVED | NOT_IN_IDS);
        assert_eq!(kinds_of(b'~'), NOT_IN_IDS);
        assert_eq!(kinds_of(b'#'), SEPARATOR | RESERVED | NOT_IN_IDS | NOT_IN_TARGETS);
        assert_eq!(kinds_of(0x7f), CONTROL | RESERVED | NOT_IN_IDS | NOT_IN_TARGETS);
        assert_eq!(kinds_of(0xff), RESERVED | NOT_IN_IDS | NOT_IN_TARGETS);
        assert_eq!(kinds_of(b'+'), PLUS | RESERVED | NOT_IN_IDS);
    }
}
