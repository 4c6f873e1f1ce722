//! What kinds of bytes a text holds: the question that canonicalization asks most.

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

/// The places of the bytes in a query that separate or encode: of each `=`, and of each byte below `,`. Those are `&`, `%` and
/// `+`, and few that queries have besides. It looks at eight bytes at a time.
pub(crate) struct Places<'t> {
    words: std::slice::Iter<'t, [u8; 8]>,
    /// What is left behind the words, filled up with what has no place.
    last: Option<u64>,
    word: u64,
    /// Where the word begins.
    start: usize,
    /// A bit for each byte in the word that has a place.
    found: u64,
}

impl<'t> Places<'t> {
    #[inline(always)]
    pub(crate) fn of(query: &'t [u8]) -> Self {
        let (words, rest) = query.as_chunks::<8>();
        let last = match query.last_chunk::<8>() {
            _ if rest.is_empty() => None,
            // Some of it was in a word already.
            Some(eight) => Some(u64::from_le_bytes(*eight) >> (64 - 8 * rest.len())),
            None => Some(rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))),
        };
        let last = last.map(|last| last | u64::MAX << (8 * rest.len()));
        Self { words: words.iter(), last, word: 0, start: 0usize.wrapping_sub(8), found: 0 }
    }
}

impl Iterator for Places<'_> {
    type Item = (usize, u8);

    #[inline(always)]
    fn next(&mut self) -> Option<(usize, u8)> {
        while self.found == 0 {
            self.word = match self.words.next() {
                Some(word) => u64::from_le_bytes(*word),
                None => self.last.take()?,
            };
            self.start = self.start.wrapping_add(8);
            self.found = separating(self.word);
        }
        let bit = self.found.trailing_zeros();
        self.found &= self.found - 1;
        Some((self.start + (bit / 8) as usize, (self.word >> (bit & !7)) as u8))
    }
}

/// The highest bit of each byte of a word that is `=`, or below `,`.
#[inline(always)]
fn separating(word: u64) -> u64 {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    const LOWER: u64 = u64::from_le_bytes([0x7f; 8]);
    // With its highest bit set, no byte borrows from the next; one below `,` loses it.
    let not_below = ((word | !LOWER) - EACH * b',' as u64) | word;
    let difference = word ^ (EACH * b'=' as u64);
    // A byte that is not 0 carries into its highest bit, or has it already; none carries into the next.
    let differs = ((difference & LOWER) + LOWER) | difference;
    !(not_below & differs | LOWER)
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
                text[length - 1] = b'+';
                let mut expected = vec![(at, b'%'), (length - 1, b'+')];
                expected.retain(|(at, byte)| text[*at] == *byte);
                assert_eq!(Places::of(&text).collect::<Vec<_>>(), expected);
            }
        }
        // Whatever stands beside it.
        for byte in 0..=u8::MAX {
            let text = [byte, b'&', byte, byte.wrapping_add(1), byte, b'=', byte, byte, byte];
            let expected: Vec<_> =
                text.into_iter().enumerate().filter(|(_, byte)| *byte < b',' || *byte == b'=').collect();
            assert_eq!(Places::of(&text).collect::<Vec<_>>(), expected, "{byte}");
        }
        assert_eq!(cut("a=b=c", b'='), Some(("a", "b=c")));
        assert_eq!(
            (cut("é", b'='), cut("é=", b'='), cut("=", b'=')),
            (None, Some(("é", "")), Some(("", "")))
        );
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
