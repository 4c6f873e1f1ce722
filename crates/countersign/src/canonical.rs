//! Decoding, splitting and sorting: the parts of canonicalization that schemes share.
//!
//! Whoever acts on a verified request decodes it by these too: two decoders that differ are two requests.

use std::borrow::Cow;
use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smallvec::SmallVec;

use crate::crypto::Bytes;

/// The parameters of a query, decoded, in the order in which they were sent.
pub type Parameters<'r> = SmallVec<[Parameter<'r>; 4]>;

/// A parameter of a query, decoded.
#[derive(Clone, Debug)]
pub struct Parameter<'r> {
    pub name: Cow<'r, [u8]>,
    pub value: Cow<'r, [u8]>,
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

/// Whether some byte of a text is such a one. It looks at all of them, sixteen at a time: texts are short, and most hold
/// none.
#[inline(always)]
pub(crate) fn any(text: &[u8], is: impl Fn(u8) -> bool) -> bool {
    let (chunks, rest) = text.as_chunks::<16>();
    let mut found = [0u8; 16];
    let mut look = |chunk: &[u8; 16]| {
        for (found, byte) in found.iter_mut().zip(chunk) {
            *found |= u8::from(is(*byte));
        }
    };
    chunks.iter().for_each(&mut look);
    if let Some(first) = rest.first() {
        let mut last = [*first; 16];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        look(&last);
    }
    found != [0; 16]
}

/// Splits a query at `&`, drops empty parts, splits each at its first `=`, and decodes names and values as forms are:
/// `+` is a blank (the URL standard's `application/x-www-form-urlencoded` parser).
pub fn parameters(query: &[u8]) -> Parameters<'_> {
    each_parameter(query).collect()
}

/// The same, one after the other.
pub fn each_parameter(query: &[u8]) -> impl Iterator<Item = Parameter<'_>> {
    let plain = !any(query, is_written_otherwise);
    let decode = move |text| if plain { Cow::Borrowed(text) } else { decode_form(text) };
    query.split(|byte| *byte == b'&').filter(|part| !part.is_empty()).map(move |part| {
        let at = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
        let (name, value) = part.split_at_checked(at).unwrap_or((part, &[]));
        Parameter { name: decode(name), value: decode(value.get(1..).unwrap_or_default()) }
    })
}

/// Decodes `%41` to `A`. What is not two hexadecimal digits after a `%` stays as it is.
pub fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !any(text, |byte| byte == b'%') {
        return Cow::Borrowed(text);
    }
    decode_with(text, |byte| byte)
}

/// Decodes as [`decode`] does, and `+` to a blank.
pub fn decode_form(text: &[u8]) -> Cow<'_, [u8]> {
    if !any(text, is_written_otherwise) {
        return Cow::Borrowed(text);
    }
    decode_with(text, |byte| if byte == b'+' { b' ' } else { byte })
}

/// Whether this byte stands for another one in a form.
#[inline(always)]
fn is_written_otherwise(byte: u8) -> bool {
    (byte == b'%') | (byte == b'+')
}

fn decode_with(text: &[u8], plain: impl Fn(u8) -> u8) -> Cow<'_, [u8]> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'%', [high, low, behind @ ..]) if let (Some(high), Some(low)) = (hex(*high), hex(*low)) => {
                decoded.push(high << 4 | low);
                rest = behind;
            }
            _ => decoded.push(plain(*first)),
        }
    }
    Cow::Owned(decoded)
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
    byte.is_ascii_alphanumeric() | (byte == b'-') | (byte == b'_') | (byte == b'.') | (byte == b'~')
}

/// Writes bytes as hexadecimal digits, in lower case.
pub fn encode_hex(bytes: &[u8], out: &mut impl Sink) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or_default();
    for byte in bytes {
        out.push(&[digit(byte >> 4), digit(byte & 15)]);
    }
}

/// Reads hexadecimal digits in lower case: two spellings of a signature would be two signatures.
pub fn decode_hex(text: &[u8]) -> Option<Bytes> {
    let (pairs, rest) = text.as_chunks::<2>();
    let lower = |digit: u8| hex(digit).filter(|_| !digit.is_ascii_uppercase());
    let bytes = pairs.iter().map(|[high, low]| Some(lower(*high)? << 4 | lower(*low)?));
    if rest.is_empty() { bytes.collect() } else { None }
}

/// Reads base 64 (RFC 4648, section 4) in its one canonical spelling, padded.
pub fn decode_base64(text: &[u8]) -> Option<Bytes> {
    // Nothing that is signed is longer than a signature by RSA of 8192 bits.
    let mut bytes = [0u8; 1026];
    let length = STANDARD.decode_slice(text, &mut bytes).ok()?;
    bytes.get(..length).map(Bytes::from_slice)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
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
