//! The text that `java.util.Properties` reads and writes, because `odps_config.ini` is such a text whatever its name says.
//!
//! The rules that surprise: bytes are ISO-8859-1, not UTF-8; a comment begins only where a line begins; `=`, `:` and
//! blanks separate alike; a backslash escapes, and at the end of a line joins the next one to it; a key may have no
//! value, and of two equal keys the last counts. The rules are those of Java 17, held to it by a test that runs both.

use std::collections::HashMap;
use std::fmt;

use zeroize::Zeroizing;

/// What [`load`] reads at most, in bytes.
pub const MAX_LEN: usize = 1 << 20;

/// Keys and their values. Values are wiped when dropped, for secrets are among them.
#[derive(Default)]
pub struct Properties(HashMap<String, Zeroizing<String>>);

/// Why a text cannot be read. Lines count from 1; of joined lines, the first is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    #[error("more than 1 MiB: this is no profile")]
    TooLarge,
    #[error(
        "line {line}: `\\u` stands before four hexadecimal digits (a backslash itself is written `\\\\`)"
    )]
    UnicodeEscape { line: usize },
    /// Java would keep it, in a string that no encoding can carry anywhere.
    #[error(
        "line {line}: an escape from `\\ud800` to `\\udfff` is half a character, and its other half is missing"
    )]
    LoneSurrogate { line: usize },
}

/// Reads a whole text.
pub fn load(bytes: &[u8]) -> Result<Properties, Malformed> {
    if bytes.len() > MAX_LEN {
        return Err(Malformed::TooLarge);
    }
    let mut entries = HashMap::new();
    let mut lines = Lines { rest: bytes, line: 1 };
    // As large as it can get: a buffer that grows leaves copies of secrets behind.
    let mut logical = Zeroizing::new(Vec::with_capacity(bytes.len()));
    while let Some(line) = lines.read(&mut logical) {
        let (key, value) = split(&logical);
        let key = unescape(key, line)?;
        entries.insert(String::from(key.as_str()), unescape(value, line)?);
    }
    Ok(Properties(entries))
}

/// Writes one `key=value` line, in ASCII alone, such that [`load`] and Java read the same pair back.
///
/// Java's own writer also escapes `=`, `:`, `#` and `!` in values. They need no escape there, and without it a URL stays
/// one to people and to simpler readers.
pub fn write_line(out: &mut String, key: &str, value: &str) {
    escape(out, key, |_, character| " =:#!".contains(character));
    out.push('=');
    escape(out, value, |place, character| place == 0 && character == ' ');
    out.push('\n');
}

impl Properties {
    /// The value of a key without the blanks and control characters around it, as odpscmd takes it.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.get_untrimmed(key).map(|value| value.trim_matches(|character| character <= ' '))
    }

    /// The value of a key as Java holds it.
    pub fn get_untrimmed(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.as_str())
    }

    /// All keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Says only how many there are: in a text that somebody got wrong, a secret may stand anywhere.
impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Properties({} entries)", self.0.len())
    }
}

/// Logical lines: comments and empty lines left out, continued ones joined.
struct Lines<'b> {
    rest: &'b [u8],
    line: usize,
}

impl Lines<'_> {
    /// Reads the next logical line into `out` and gives the number of its first line; `None` after the last.
    fn read(&mut self, out: &mut Vec<u8>) -> Option<usize> {
        out.clear();
        let mut first = self.line;
        let mut skip_blanks = true;
        let mut continued = false;
        let mut escaped = false;
        while let Some(byte) = self.take() {
            let ends = matches!(byte, b'\n' | b'\r');
            if skip_blanks {
                if is_blank(byte) || (ends && !continued) {
                    continue;
                }
                skip_blanks = false;
                continued = false;
            }
            if out.is_empty() {
                // Also after a line of nothing but the backslash that continues it: Java asks for the length alone.
                if matches!(byte, b'#' | b'!') {
                    self.skip_comment();
                    skip_blanks = true;
                    continue;
                }
                if ends {
                    skip_blanks = true;
                    continue;
                }
                first = self.line;
            }
            if !ends {
                out.push(byte);
                escaped = byte == b'\\' && !escaped;
            } else if escaped && !self.rest.is_empty() {
                out.pop();
                escaped = false;
                skip_blanks = true;
                continued = true;
                if byte == b'\r' && self.rest.first() == Some(&b'\n') {
                    self.take();
                }
            } else {
                break;
            }
        }
        if out.is_empty() {
            return None;
        }
        if escaped {
            out.pop();
        }
        Some(first)
    }

    fn take(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        if *byte == b'\n' || (*byte == b'\r' && rest.first() != Some(&b'\n')) {
            self.line += 1;
        }
        Some(*byte)
    }

    fn skip_comment(&mut self) {
        while self.take().is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {}
    }
}

/// Parts a logical line at the first separator that is not escaped: blanks, one `=` or `:`, blanks.
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let mut escaped = false;
    let end = line.iter().position(|byte| {
        let separates = !escaped && (is_blank(*byte) || is_sign(*byte));
        escaped = *byte == b'\\' && !escaped;
        separates
    });
    let Some((key, rest)) = end.and_then(|end| line.split_at_checked(end)) else {
        return (line, b"");
    };
    let mut signs = 0;
    let start = rest.iter().position(|byte| {
        signs += usize::from(is_sign(*byte));
        signs > 1 || !(is_blank(*byte) || is_sign(*byte))
    });
    (key, start.and_then(|start| rest.get(start..)).unwrap_or_default())
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\x0c')
}

fn is_sign(byte: u8) -> bool {
    matches!(byte, b'=' | b':')
}

fn unescape(raw: &[u8], line: usize) -> Result<Zeroizing<String>, Malformed> {
    let mut units = Zeroizing::new(Vec::with_capacity(raw.len()));
    let mut bytes = raw.iter().copied();
    while let Some(byte) = bytes.next() {
        units.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'u') => hexadecimal(&mut bytes).ok_or(Malformed::UnicodeEscape { line })?,
                Some(b't') => u16::from(b'\t'),
                Some(b'n') => u16::from(b'\n'),
                Some(b'r') => u16::from(b'\r'),
                Some(b'f') => 0x0c,
                Some(other) => u16::from(other),
                // Neither a key nor a value ends in a single backslash: it would have escaped what parts them.
                None => continue,
            },
            latin1 => u16::from(latin1),
        });
    }
    // A unit becomes three bytes at most.
    let mut text = Zeroizing::new(String::with_capacity(3 * units.len()));
    for character in char::decode_utf16(units.iter().copied()) {
        text.push(character.map_err(|_| Malformed::LoneSurrogate { line })?);
    }
    Ok(text)
}

/// The number that the next four digits make.
fn hexadecimal(bytes: &mut impl Iterator<Item = u8>) -> Option<u16> {
    (0..4).try_fold(0, |number, _| {
        let digit = char::from(bytes.next()?).to_digit(16)?;
        Some(number << 4 | u16::try_from(digit).ok()?)
    })
}

fn escape(out: &mut String, text: &str, also: impl Fn(usize, char) -> bool) {
    for (place, character) in text.chars().enumerate() {
        match character {
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\x0c' => out.push_str("\\f"),
            '\\' => out.push_str("\\\\"),
            _ if also(place, character) => out.extend(['\\', character]),
            ' '..='~' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.push_str("\\u");
                    let digits =
                        [12, 8, 4, 0].map(|shift| char::from_digit(u32::from(*unit >> shift & 0xf), 16));
                    out.extend(digits.into_iter().flatten());
                }
            }
        }
    }
}

#[cfg(test)]
mod java;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8]) -> Vec<(String, String)> {
        let properties = load(text).unwrap();
        let pair = |key: &str| (key.to_owned(), properties.get_untrimmed(key).unwrap().to_owned());
        let mut pairs: Vec<_> = properties.keys().map(pair).collect();
        pairs.sort();
        pairs
    }

    fn reads(text: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> =
            expected.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        assert_eq!(read(text.as_bytes()), expected, "{text:?}");
    }

    #[test]
    fn separators_are_equal_signs_colons_and_blanks() {
        for text in
            ["k=v", "k:v", "k v", "k\tv", "k\x0cv", "k = v", "  k \t:  v", "k=v\n", "k=v\r", "k=v\r\n\r\n"]
        {
            reads(text, &[("k", "v")]);
        }
        reads("k==v", &[("k", "=v")]);
        reads("k = : v", &[("k", ": v")]);
        reads("end_point=http://h:1/api?a=b", &[("end_point", "http://h:1/api?a=b")]);
        reads("a\\ b\\==c", &[("a b=", "c")]);
    }

    #[test]
    fn keys_without_a_value_and_values_without_a_key_are_kept() {
        reads("k\n[odps]\nl=\n=v", &[("", "v"), ("[odps]", ""), ("k", ""), ("l", "")]);
    }

    #[test]
    fn a_comment_begins_only_where_a_line_begins() {
        reads("#a=1\n  ! b=2\nc=3 # no comment\n# joins \\\nd=4", &[("c", "3 # no comment"), ("d", "4")]);
    }

    #[test]
    fn a_backslash_at_the_end_joins_lines_without_their_indentation() {
        for text in ["k=a\\\n  b", "k=a\\\r\n\tb", "k=a\\\rb", "k\\\n=ab"] {
            reads(text, &[("k", "ab")]);
        }
        reads("k=a\\\\\nb", &[("b", ""), ("k", "a\\")]);
        reads("k=a\\\n#b", &[("k", "a#b")]);
        reads("k=a\\", &[("k", "a")]);
    }

    #[test]
    fn escapes_are_undone_and_bytes_are_latin1() {
        reads(r"k=\t\n\r\f\\\q\u0041\u00e9\uD83D\uDE00", &[("k", "\t\n\r\x0c\\qAé😀")]);
        assert_eq!(read(b"k=\xe9"), [("k".to_owned(), "é".to_owned())]);
        assert_eq!(read("k=é".as_bytes()), [("k".to_owned(), "Ã©".to_owned())]);
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        reads("k=1\nk=2\nK=3", &[("K", "3"), ("k", "2")]);
    }

    #[test]
    fn a_value_is_trimmed_as_odpscmd_trims_it() {
        let properties = load(b"k=\\u0001 v \t").unwrap();
        assert_eq!((properties.get("k"), properties.get_untrimmed("k")), (Some("v"), Some("\u{1} v \t")));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line_and_without_its_text() {
        let error = load(b"a=1\r\n# c\r\nk=\\\r\n hunter2\\u12").unwrap_err();
        assert_eq!(error, Malformed::UnicodeEscape { line: 3 });
        assert_eq!(
            error.to_string(),
            r"line 3: `\u` stands before four hexadecimal digits (a backslash itself is written `\\`)"
        );
        assert_eq!(load(b"k=C:\\users").unwrap_err(), Malformed::UnicodeEscape { line: 1 });
        assert_eq!(load(b"\rk=\\ud83dx").unwrap_err(), Malformed::LoneSurrogate { line: 2 });
        assert_eq!(load(&vec![b'a'; MAX_LEN + 1]).unwrap_err(), Malformed::TooLarge);
        assert!(load(&vec![b'a'; MAX_LEN]).is_ok());
    }

    #[test]
    fn nothing_prints_a_value() {
        assert_eq!(format!("{:?}", load(b"access_key=hunter2").unwrap()), "Properties(1 entries)");
    }

    #[test]
    fn a_written_line_is_plain_to_people() {
        let mut text = String::new();
        write_line(&mut text, "end_point", "http://127.0.0.1:8640/api");
        write_line(&mut text, "a b", " #é\\😀");
        assert_eq!(text, "end_point=http://127.0.0.1:8640/api\na\\ b=\\ #\\u00e9\\\\\\ud83d\\ude00\n");
    }

    proptest! {
        #[test]
        fn reading_undoes_writing(pairs in vec((any::<String>(), any::<String>()), 0..5)) {
            let mut text = String::new();
            let mut expected = HashMap::new();
            for (key, value) in &pairs {
                write_line(&mut text, key, value);
                expected.insert(key.clone(), value.clone());
            }
            prop_assert!(text.is_ascii());
            prop_assert_eq!(read(text.as_bytes()).into_iter().collect::<HashMap<_, _>>(), expected);
        }

        #[test]
        fn reading_undoes_writing_of_latin1(key in "[\\x00-\\xff]*", value in "[\\x00-\\xff]*") {
            let mut text = String::new();
            write_line(&mut text, &key, &value);
            prop_assert_eq!(read(text.as_bytes()), [(key, value)]);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
            let _ = load(&bytes);
        }

        #[test]
        fn any_marks_are_read_or_refused(text in "[\\\\ =:#!\r\n\tuaD0\\xe9-]{0,60}") {
            let _ = load(text.as_bytes());
        }
    }
}
