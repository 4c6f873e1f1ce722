//! Decoding, splitting and sorting: the parts of canonicalization that schemes share.
//!
//! Whoever acts on a verified request decodes it by these too: two decoders that differ are two requests.

use std::borrow::Cow;

use smallvec::SmallVec;

/// The parameters of a query, decoded, in the order in which they were sent.
pub type Parameters<'r> = SmallVec<[Parameter<'r>; 4]>;

/// A parameter of a query, decoded.
#[derive(Clone, Debug)]
pub struct Parameter<'r> {
    pub name: Cow<'r, [u8]>,
    pub value: Cow<'r, [u8]>,
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
    let mut found = Parameters::new();
    let plain = !any(query, is_written_otherwise);
    let decode = |text| if plain { Cow::Borrowed(text) } else { decode_form(text) };
    for part in query.split(|byte| *byte == b'&').filter(|part| !part.is_empty()) {
        let at = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
        let (name, value) = part.split_at_checked(at).unwrap_or((part, &[]));
        found.push(Parameter { name: decode(name), value: decode(value.get(1..).unwrap_or_default()) });
    }
    found
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
