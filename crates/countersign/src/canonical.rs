//! Decoding, splitting and sorting: the parts of canonicalization that schemes share.
//!
//! Whoever acts on a verified request decodes it by these too: two decoders that differ are two requests.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::ops::{Deref, Range};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smallvec::SmallVec;

use crate::bytes::{ESCAPE, PLUS, Places, RESERVED, holds, kinds_of};
use crate::crypto::Bytes;

/// For how many parameters room is made at once, where there are more than a few.
const MANY: usize = 16;

/// A parameter of a query, decoded.
#[derive(Clone, Debug)]
pub struct Parameter<'r> {
    pub name: Cow<'r, [u8]>,
    pub value: Cow<'r, [u8]>,
}

/// The parameters of a query, decoded, in the order in which they were sent. It is a slice of them.
#[derive(Clone, Debug, Default)]
pub struct Parameters<'r> {
    /// It is moved with the request that it stands in: few have room in it.
    list: SmallVec<[Parameter<'r>; 4]>,
    /// A bit for each length that a name has: most questions for a name end here.
    lengths: u64,
    /// Their places in the order of names, and of values where names are the same, each beside the first bytes of its name;
    /// made when it is first asked for. Empty where they were sent in that order.
    order: OnceCell<SmallVec<[(u64, usize); 4]>>,
}

impl<'r> Parameters<'r> {
    /// Whether there may be one of these names, in whichever case it is written, as far as their lengths tell.
    #[inline(always)]
    pub(crate) fn may_have(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.lengths & length_bit(name.as_bytes()) != 0)
    }

    /// Those of this name, in whichever case it is written.
    pub(crate) fn named_alike(&self, name: &str) -> impl Iterator<Item = &Parameter<'r>> {
        let all = if self.lengths & length_bit(name.as_bytes()) == 0 { &[] } else { self.list.as_slice() };
        all.iter().filter(move |parameter| parameter.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The first parameter of this name.
    pub fn named(&self, name: &str) -> Option<&Parameter<'r>> {
        if self.lengths & length_bit(name.as_bytes()) == 0 {
            return None;
        }
        self.iter().find(|parameter| *parameter.name == *name.as_bytes())
    }

    /// The parameters in the order of names, and of values where names are the same.
    pub fn sorted(&self) -> impl Iterator<Item = &Parameter<'r>> + Clone {
        let order = self.order.get_or_init(|| {
            if self.is_sorted_by(|a, b| (&a.name, &a.value) <= (&b.name, &b.value)) {
                return SmallVec::new();
            }
            let first_eight =
                |(place, parameter): (usize, &Parameter<'_>)| (first_eight(&parameter.name), place);
            let mut order: SmallVec<[(u64, usize); 4]> = self.iter().enumerate().map(first_eight).collect();
            // Names that differ do so in their first letters, most of them.
            let whole = |place: usize| self.get(place).map(|parameter| (&parameter.name, &parameter.value));
            order.sort_unstable_by(|(a, one), (b, other)| {
                a.cmp(b).then_with(|| whole(*one).cmp(&whole(*other)))
            });
            order
        });
        (0..self.len()).filter_map(move |at| self.get(order.get(at).map_or(at, |(_, place)| *place)))
    }

    /// The first name that stands more than once.
    pub fn repeated(&self) -> Option<&Parameter<'r>> {
        if self.lengths.count_ones() as usize == self.len() {
            // No two names are of one length.
            return None;
        }
        let mut sorted = self.sorted();
        let mut before = sorted.next()?;
        sorted.find(|parameter| std::mem::replace(&mut before, *parameter).name == parameter.name)
    }

    /// The same, of texts of their own.
    pub(crate) fn into_owned<'o>(self) -> Parameters<'o> {
        let own = |text: Cow<'_, [u8]>| Cow::Owned(text.into_owned());
        let own =
            |parameter: Parameter<'_>| Parameter { name: own(parameter.name), value: own(parameter.value) };
        let list = self.list.into_iter().map(own).collect();
        Parameters { list, lengths: self.lengths, order: self.order }
    }

    /// Adds those of one more query, or of a form.
    pub(crate) fn take_apart(&mut self, query: &'r [u8]) {
        // Where the parameter begins, where its name ends, and which of name and value are plain.
        let (mut start, mut equals, mut plain) = (0, None, (true, true));
        for (at, byte) in Places::of(query, *b"&=%+") {
            match byte {
                b'=' => _ = equals.get_or_insert(at),
                b'&' => {
                    self.push(query, start..at, equals.take(), plain);
                    (start, plain) = (at + 1, (true, true));
                }
                _ if equals.is_none() => plain.0 = false,
                _ => plain.1 = false,
            }
        }
        self.push(query, start..query.len(), equals, plain);
        self.order.take();
    }

    #[inline(always)]
    fn push(&mut self, query: &'r [u8], part: Range<usize>, equals: Option<usize>, plain: (bool, bool)) {
        if part.is_empty() {
            return;
        }
        let piece = |piece: Range<usize>, is_plain| {
            let text = query.get(piece).unwrap_or_default();
            if is_plain { Cow::Borrowed(text) } else { decode_form(text) }
        };
        let name = piece(part.start..equals.unwrap_or(part.end), plain.0);
        let value = equals.map_or(Cow::Borrowed(&[][..]), |equals| piece(equals + 1..part.end, plain.1));
        self.lengths |= length_bit(&name);
        if self.list.len() == self.list.inline_size() {
            self.list.reserve(MANY);
        }
        self.list.push(Parameter { name, value });
    }
}

impl<'r> Deref for Parameters<'r> {
    type Target = [Parameter<'r>];

    fn deref(&self) -> &[Parameter<'r>] {
        &self.list
    }
}

impl<'r> IntoIterator for Parameters<'r> {
    type Item = Parameter<'r>;
    type IntoIter = smallvec::IntoIter<[Parameter<'r>; 4]>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'p, 'r> IntoIterator for &'p Parameters<'r> {
    type Item = &'p Parameter<'r>;
    type IntoIter = std::slice::Iter<'p, Parameter<'r>>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

/// The bit of a name's length. Long ones share the last.
fn length_bit(name: &[u8]) -> u64 {
    1 << name.len().min(63)
}

/// Compares two names of header fields. Those that differ do so in their first letters, most of them.
#[inline]
pub(crate) fn compare_names(a: &str, b: &str) -> Ordering {
    first_eight(a.as_bytes()).cmp(&first_eight(b.as_bytes())).then_with(|| a.cmp(b))
}

/// The first bytes of a text as a number: those of two texts compare as the texts do, where they differ.
fn first_eight(text: &[u8]) -> u64 {
    if let Some(eight) = text.first_chunk() {
        return u64::from_be_bytes(*eight);
    }
    let missing = 8 * (8 - text.len());
    match (text.first_chunk(), text.last_chunk()) {
        // Where the two overlap, they are the same.
        (Some(first), Some(last)) => {
            u64::from(u32::from_be_bytes(*first)) << 32 | u64::from(u32::from_be_bytes(*last)) << missing
        }
        // Of an empty text, nothing is missing.
        _ => text.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)) << (missing % 64),
    }
}

/// Where canonical text is written.
pub trait Sink {
    /// Appends bytes.
    fn push(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn push(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Splits a query at `&`, drops empty parts, splits each at its first `=`, and decodes names and values as forms are:
/// `+` is a blank (the URL standard's `application/x-www-form-urlencoded` parser).
pub fn parameters(query: &[u8]) -> Parameters<'_> {
    let mut parameters = Parameters::default();
    parameters.take_apart(query);
    parameters
}

/// Decodes `%41` to `A`. What is not two hexadecimal digits after a `%` stays as it is.
pub fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    decode_kinds(text, ESCAPE)
}

/// Decodes as [`decode`] does, and `+` to a blank.
pub fn decode_form(text: &[u8]) -> Cow<'_, [u8]> {
    decode_kinds(text, ESCAPE | PLUS)
}

/// Decodes the bytes of these kinds: `+`, and the `%` of an escape.
#[inline(always)]
fn decode_kinds(text: &[u8], kinds: u8) -> Cow<'_, [u8]> {
    if !holds(text, kinds) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        let at = rest.iter().position(|byte| kinds_of(*byte) & kinds != 0).unwrap_or(rest.len());
        let (plain, found) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        decoded.extend_from_slice(plain);
        rest = match found {
            [] => return Cow::Owned(decoded),
            [b'%', high, low, behind @ ..] if let (Some(high), Some(low)) = (hex(*high), hex(*low)) => {
                decoded.push(high << 4 | low);
                behind
            }
            [first, behind @ ..] => {
                decoded.push(if *first == b'+' { b' ' } else { *first });
                behind
            }
        };
    }
}

/// Writes a text with every byte but `A-Z a-z 0-9 - _ . ~`, and those in `kept`, as `%XX` in upper case (RFC 3986,
/// section 2.3).
pub fn encode(text: &[u8], kept: &[u8], out: &mut impl Sink) {
    encode_behind(b"%", text, kept, out);
}

/// Writes what [`encode`] makes of what it makes of a text: a blank as `%2520`.
pub fn encode_twice(text: &[u8], out: &mut impl Sink) {
    encode_behind(b"%25", text, b"", out);
}

/// Encodes; what stands before the two digits of an escape is `mark`.
#[inline(always)]
fn encode_behind(mark: &[u8], text: &[u8], kept: &[u8], out: &mut impl Sink) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or_default();
    let stays = |byte: u8| is_unreserved(byte) || kept.contains(&byte);
    if !holds(text, RESERVED) {
        return out.push(text);
    }
    let mut rest = text;
    while !rest.is_empty() {
        let plain = rest.iter().position(|byte| !stays(*byte)).unwrap_or(rest.len());
        let (before, behind) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
        out.push(before);
        rest = behind;
        if let [byte, behind @ ..] = rest {
            out.push(mark);
            out.push(&[digit(byte >> 4), digit(byte & 15)]);
            rest = behind;
        }
    }
}

/// Compares two texts as [`encode`] with nothing kept would write them, without writing them: a `%` sorts before all that
/// stays as it is.
pub fn compare_encoded(a: &[u8], b: &[u8]) -> Ordering {
    let rank = |byte: &u8| (is_unreserved(*byte), *byte);
    a.iter().map(rank).cmp(b.iter().map(rank))
}

#[inline(always)]
fn is_unreserved(byte: u8) -> bool {
    kinds_of(byte) & RESERVED == 0
}

/// Writes bytes as hexadecimal digits, in lower case.
pub fn encode_hex(bytes: &[u8], out: &mut impl Sink) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or_default();
    for bytes in bytes.chunks(32) {
        let mut text = [[0; 2]; 32];
        for (pair, byte) in text.iter_mut().zip(bytes) {
            *pair = [digit(byte >> 4), digit(byte & 15)];
        }
        out.push(text.as_flattened().get(..2 * bytes.len()).unwrap_or_default());
    }
}

/// Reads hexadecimal digits in lower case: two spellings of a signature would be two signatures.
pub fn decode_hex(text: &[u8]) -> Option<Bytes> {
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Bytes::with_capacity(pairs.len());
    let mut all = 0;
    for pairs in pairs.chunks(32) {
        let mut decoded = [0; 32];
        for (byte, [high, low]) in decoded.iter_mut().zip(pairs) {
            let (high, low) = (lower_hex(*high), lower_hex(*low));
            all |= high | low;
            *byte = high << 4 | low;
        }
        bytes.extend_from_slice(decoded.get(..pairs.len()).unwrap_or_default());
    }
    // What is no digit is more than any is.
    (all < 16).then_some(bytes)
}

/// The value of each digit in lower case, and 255 for what is none.
fn lower_hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => u8::MAX,
    }
}

/// Reads base 64 (RFC 4648, section 4) in its one canonical spelling, padded.
pub fn decode_base64(text: &[u8]) -> Option<Bytes> {
    // Nothing that is signed is longer than a signature by RSA of 8192 bits, and most is a hash.
    if text.len() > 88 { decode_base64_into([0; 1026], text) } else { decode_base64_into([0; 66], text) }
}

fn decode_base64_into<const N: usize>(mut bytes: [u8; N], text: &[u8]) -> Option<Bytes> {
    let length = STANDARD.decode_slice(text, &mut bytes).ok()?;
    bytes.get(..length).map(Bytes::from_slice)
}

#[inline(always)]
fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The path behind the base path of an endpoint: `/projects` of `/api/projects` behind `/api`. `None` where the path
/// does not stand behind it.
pub(crate) fn relative<'r>(path: &'r str, base: &str) -> Option<&'r str> {
    let rest = path.strip_prefix(base.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_leaves_broken_escapes_alone() {
        assert_eq!(&*decode(b"a%41%4a%4A%2541"), b"aAJJ%41");
        assert_eq!(&*decode(b"%%41%4%zz%"), b"%A%4%zz%");
        assert_eq!(&*decode(b"a+b"), b"a+b");
        assert_eq!(&*decode_form(b"a+b%2Bc"), b"a b+c");
        assert!(matches!(decode(b"plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_is_encoded_decodes_and_has_one_spelling() {
        let encoded = |kept: &[u8]| {
            let mut out = Vec::new();
            encode("a/ *~é".as_bytes(), kept, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!((encoded(b"").as_str(), encoded(b"/").as_str()), ("a%2F%20%2A~%C3%A9", "a/%20%2A~%C3%A9"));
        let mut twice = Vec::new();
        encode_twice("a/ *~é".as_bytes(), &mut twice);
        assert_eq!(twice, b"a%252F%2520%252A~%25C3%25A9");
        let mut out = Vec::new();
        encode_hex(&[0, 0xab, 0x10], &mut out);
        assert_eq!(out, b"00ab10");
        assert_eq!(decode_hex(b"00ab10").as_deref(), Some(&[0, 0xab, 0x10][..]));
        for text in ["00AB10", "0", "0g", "zz"] {
            assert_eq!(decode_hex(text.as_bytes()), None, "{text}");
        }
        assert_eq!(decode_base64(b"qrs=").as_deref(), Some(&[0xaa, 0xbb][..]));
        for text in ["qrs", "qrt=", "qrs=\n", "qr-="] {
            assert_eq!(decode_base64(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_first_bytes_of_texts_compare_as_the_texts_do() {
        let texts =
            ["", "a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh", "abd", "b", "~~~~~"];
        for a in texts {
            for b in texts {
                assert_eq!(first_eight(a.as_bytes()).cmp(&first_eight(b.as_bytes())), a.cmp(b), "{a} {b}");
                assert_eq!(
                    compare_names(&format!("{a}-long-behind"), b),
                    format!("{a}-long-behind").as_str().cmp(b)
                );
            }
        }
    }

    #[test]
    fn texts_compare_as_they_are_encoded() {
        let texts: Vec<Vec<u8>> =
            (0..=255u8).flat_map(|byte| [vec![byte], vec![b'a', byte], vec![byte, b'~']]).collect();
        let encoded = |text: &[u8]| {
            let mut out = Vec::new();
            encode(text, b"", &mut out);
            out
        };
        for a in &texts {
            for b in &texts {
                assert_eq!(compare_encoded(a, b), encoded(a).cmp(&encoded(b)), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn parameters_split_once_and_skip_nothing_but_empty_parts() {
        let found = parameters(b"a=1&&b&c=&d=x=y&=e&+f=%26");
        let text: Vec<_> = found
            .iter()
            .map(|p| {
                (
                    String::from_utf8_lossy(&p.name).into_owned(),
                    String::from_utf8_lossy(&p.value).into_owned(),
                )
            })
            .collect();
        let expected = [("a", "1"), ("b", ""), ("c", ""), ("d", "x=y"), ("", "e"), (" f", "&")];
        assert_eq!(text, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_base_path_ends_at_a_segment() {
        assert_eq!(relative("/api/projects", "/api"), Some("/projects"));
        assert_eq!(relative("/api/projects", "/api/"), Some("/projects"));
        assert_eq!(relative("/api", "/api"), Some(""));
        assert_eq!(relative("/apiary", "/api"), None);
        assert_eq!(relative("/projects", ""), Some("/projects"));
        assert_eq!(relative("/projects", "/"), Some("/projects"));
    }
}
