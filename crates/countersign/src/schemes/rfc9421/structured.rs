//! Structured fields (RFC 9651), as far as signatures need them.
//!
//! A parser of our own, because what is wanted is not what a general one gives: the text as it was sent, and the proof
//! that it is the text that serializing would give, without building either anew.

use std::borrow::Cow;

use crate::canonical::decode_base64;
use crate::crypto::Bytes;

/// A field read from left to right. Whatever it does not find it leaves where it is, or gives up on the field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'r>(&'r str);

impl<'r> Reader<'r> {
    /// A reader of the value of a field; `None` where it is not ASCII.
    pub(super) fn of(field: &'r [u8]) -> Option<Self> {
        std::str::from_utf8(field).ok().filter(|text| text.is_ascii()).map(Self)
    }

    pub(super) fn is_at_end(self) -> bool {
        self.0.is_empty()
    }

    /// Steps over this text, if it comes next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        self.0.strip_prefix(text).map(|rest| self.0 = rest).is_some()
    }

    /// Steps over blanks and tabs.
    pub(super) fn skip_blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    /// What was read since another reader stood here.
    pub(super) fn since(self, start: Self) -> &'r str {
        start.0.get(..start.0.len().saturating_sub(self.0.len())).unwrap_or_default()
    }

    /// A key (section 4.2.3.3), such as `created`.
    pub(super) fn key(&mut self) -> Option<&'r str> {
        if !self.0.starts_with(|c: char| c.is_ascii_lowercase() || c == '*') {
            return None;
        }
        Some(self.take(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.*".contains(c)))
    }

    /// An integer that is not negative (section 4.2.4), of at most 15 digits, as it is serialized.
    pub(super) fn integer(&mut self) -> Option<i64> {
        let digits = self.take(|c| c.is_ascii_digit());
        let canonical = digits.len() <= 15 && (digits == "0" || !digits.starts_with('0'));
        digits.parse().ok().filter(|_| canonical)
    }

    /// A string (section 4.2.5): what stands between the quotes, its escapes still in it.
    pub(super) fn string(&mut self) -> Option<&'r str> {
        let text = self.0.strip_prefix('"')?;
        let mut escaped = false;
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'"' | b'\\' if escaped => escaped = false,
                _ if escaped => return None,
                b'\\' => escaped = true,
                b'"' => {
                    let (inside, rest) = text.split_at_checked(at)?;
                    self.0 = rest.strip_prefix('"')?;
                    return Some(inside);
                }
                b' '..=b'~' => {}
                _ => return None,
            }
        }
        None
    }

    /// A byte sequence (section 4.2.7), padded.
    pub(super) fn bytes(&mut self) -> Option<Bytes> {
        let (text, rest) = self.0.strip_prefix(':')?.split_once(':')?;
        self.0 = rest;
        decode_base64(text.as_bytes())
    }

    fn take(&mut self, is: impl Fn(char) -> bool) -> &'r str {
        let rest = self.0.trim_start_matches(is);
        let start = std::mem::replace(&mut self.0, rest);
        start.get(..start.len() - rest.len()).unwrap_or_default()
    }
}

/// A string without its escapes.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut escaped = false;
    for c in text.chars() {
        escaped = c == '\\' && !escaped;
        if !escaped {
            plain.push(c);
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(text: &str) -> Reader<'_> {
        Reader::of(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_string_ends_at_the_quote_that_is_not_escaped() {
        let mut text = reader(r#""a\"b\\" "c""#);
        let inside = text.string().unwrap();
        assert_eq!((inside, &*unescaped(inside), text.0), (r#"a\"b\\"#, r#"a"b\"#, r#" "c""#));
        for text in ["", "a", "\"", "\"a", r#""a\"#, r#""\a""#, "\"\t\"", "\"\x7f\""] {
            assert_eq!(reader(text).string(), None, "{text}");
        }
    }

    #[test]
    fn a_number_and_bytes_have_one_spelling() {
        assert_eq!(reader("0;").integer(), Some(0));
        assert_eq!(reader("999999999999999").integer(), Some(999_999_999_999_999));
        for text in ["", "-1", "01", "00", "+1", "1000000000000000"] {
            assert_eq!(reader(text).integer(), None, "{text}");
        }
        assert_eq!(reader(":qrs=:").bytes().as_deref(), Some(&[0xaa, 0xbb][..]));
        for text in ["", ":", "::x", ":qrs:", ":qrt=:", ": qrs=:", "qrs=", ":qrs="] {
            assert!(reader(text).bytes().is_none_or(|bytes| bytes.is_empty()), "{text}");
        }
    }

    #[test]
    fn a_key_begins_with_a_letter_and_is_in_lower_case() {
        assert_eq!(reader("a-1_.*=").key(), Some("a-1_.*"));
        for text in ["", "1", "A", "-", "="] {
            assert_eq!(reader(text).key(), None, "{text}");
        }
        assert!(Reader::of("é".as_bytes()).is_none());
    }
}
