//! The parameters of a query, taken apart once for all who ask.

mod order;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

use smallvec::SmallVec;

use self::order::{FirstBytes, Order};
use super::{Sink, encode, encode_twice, hex};
use crate::buffer::{Buffer, Padded};
use crate::bytes::Reserved;
use crate::scheme::StringToSign;

/// A parameter of a query, decoded.
#[derive(Clone, Copy)]
pub struct Parameter<'p, 'r> {
    all: &'p Parameters<'r>,
    entry: &'p Entry,
}

impl<'p, 'r> Parameter<'p, 'r> {
    /// Its name.
    #[inline(always)]
    pub fn name(&self) -> &'p [u8] {
        self.entry.name(self.all.text_of(self.entry))
    }

    /// Its value; empty where it has none.
    #[inline(always)]
    pub fn value(&self) -> &'p [u8] {
        self.entry.value(self.all.text_of(self.entry))
    }

    /// The value as text, for as long as the request lasts: a copy where it was not sent as it is meant. `None` where it is not
    /// UTF-8.
    pub fn text(&self) -> Option<Cow<'r, str>> {
        let Entry { equals, end, tags, .. } = *self.entry;
        let range = equals as usize + 1..end as usize;
        match tags & (IN_FORM | DECODED) {
            0 => Some(Cow::Borrowed(self.all.query.get(range).unwrap_or_default())),
            IN_FORM => {
                std::str::from_utf8(self.all.form.get(range).unwrap_or_default()).ok().map(Cow::Borrowed)
            }
            _ => std::str::from_utf8(self.value()).ok().map(|text| Cow::Owned(text.to_owned())),
        }
    }

    /// Whether two are one and the same, and not only alike.
    #[inline(always)]
    pub(crate) fn is(&self, other: &Parameter<'_, '_>) -> bool {
        std::ptr::eq(self.entry, other.entry)
    }

    /// Writes the name as [`encode`] does.
    pub(crate) fn encode_name(&self, out: &mut impl Sink) {
        if self.entry.is(PLAIN_NAME) { out.push(self.name()) } else { encode(self.name(), b"", out) }
    }

    /// Writes the value as [`encode`] does.
    pub(crate) fn encode_value(&self, out: &mut impl Sink) {
        if self.entry.is(PLAIN_VALUE) { out.push(self.value()) } else { encode(self.value(), b"", out) }
    }

    /// Writes `name=value` behind a separator, both as [`encode_twice`] does, and the `=` as `%3D`.
    #[inline]
    pub(crate) fn encode_twice(&self, separator: &Padded, out: &mut StringToSign) {
        static EQUALS: Padded = Padded::new(b"%3D");
        let Entry { start, equals, end, .. } = *self.entry;
        let text = self.all.text_of(self.entry);
        if self.entry.is(PLAIN_NAME)
            && self.entry.is(PLAIN_VALUE)
            && let Some(name) = text.get(start as usize..)
            && let Some(value) = text.get(equals as usize + 1..)
        {
            let name = (name, (equals - start) as usize);
            let value = (value, (end - equals).saturating_sub(1) as usize);
            out.push_starts([separator.start(), name, EQUALS.start(), value]);
        } else {
            out.push_starts([separator.start()]);
            encode_twice(self.name(), out);
            out.push_starts([EQUALS.start()]);
            encode_twice(self.value(), out);
        }
    }
}

/// The parameters of a query, decoded, in the order in which they were sent.
#[derive(Clone, Default)]
pub struct Parameters<'r> {
    /// What they stand in, as it was sent.
    query: &'r str,
    form: &'r [u8],
    /// Those that were not sent as they are meant: `name=value`, decoded, one behind the other.
    decoded: Buffer<128>,
    list: SmallVec<[Entry; 12]>,
    /// For each length of a name, of many lengths together, the last that has such a name: its place counted from 1.
    last_of_length: [u16; LENGTHS],
    /// A bit for each length that a name has: most questions for a name end here.
    lengths: u64,
    /// Whether there were too many, or too much of them, to take them all.
    is_cut: bool,
    /// Made when it is first asked for.
    order: OnceCell<Order>,
}

/// How many lengths of names are told apart.
const LENGTHS: usize = 16;
/// No place.
const NONE: usize = usize::MAX;
/// How many bytes of a query, or of a form, are taken.
const LONGEST: usize = 1 << 28;

/// Where a parameter stands, in the query, in the form or in what is decoded. It is small: there are many, and a request is
/// moved with them.
#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u32,
    /// Where the `=` stands behind the name; the end where there is none.
    equals: u32,
    end: u32,
    /// The one before it in [`Parameters::last_of_length`], which is counted likewise.
    before: u16,
    tags: u8,
    /// Of its name.
    first: FirstBytes,
}

/// It stands in the form.
const IN_FORM: u8 = 1 << 0;
/// It stands in what is decoded.
const DECODED: u8 = 1 << 1;
/// Its name holds nothing that is ever encoded, and so does its value.
const PLAIN_NAME: u8 = 1 << 2;
const PLAIN_VALUE: u8 = 1 << 3;

impl Entry {
    #[inline(always)]
    fn is(&self, tag: u8) -> bool {
        self.tags & tag != 0
    }

    #[inline(always)]
    fn name_length(&self) -> usize {
        (self.equals - self.start) as usize
    }

    /// Its name in what it stands in.
    #[inline(always)]
    fn name<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(self.start as usize..self.equals as usize).unwrap_or_default()
    }

    /// Its value in what it stands in.
    #[inline(always)]
    fn value<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(self.equals as usize + 1..self.end as usize).unwrap_or_default()
    }
}

/// How far a parameter is decoded that is not sent as it is meant.
struct Decoding {
    /// Where it begins in [`Parameters::decoded`].
    start: usize,
    /// Where its `=` stands there, once that is copied, or [`NONE`].
    equals: usize,
    /// Where in the text stands what is not there yet.
    rest: usize,
}

impl<'r> Parameters<'r> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether there were more than are here: more than 65,535, or more than 256 MiB of a query or a form.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// All of them, in the order in which they were sent.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Parameter<'_, 'r>> + Clone {
        self.list.iter().map(|entry| Parameter { all: self, entry })
    }

    /// What an entry stands in that was sent as it is meant.
    #[inline(always)]
    fn sent(&self, entry: &Entry) -> Option<&'r [u8]> {
        match entry.tags & (IN_FORM | DECODED) {
            0 => Some(self.query.as_bytes()),
            IN_FORM => Some(self.form),
            _ => None,
        }
    }

    /// What an entry stands in.
    #[inline(always)]
    fn text_of(&self, entry: &Entry) -> &[u8] {
        self.sent(entry).unwrap_or_else(|| self.decoded.as_bytes())
    }

    /// Whether there may be one of these names, in whichever case it is written, as far as their lengths tell.
    #[inline(always)]
    pub(crate) fn may_have(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.lengths & 1 << name.len().min(63) != 0)
    }

    /// Those of this name, in whichever case it is written.
    pub(crate) fn named_alike(&self, name: &str) -> impl Iterator<Item = Parameter<'_, 'r>> {
        self.iter().filter(|parameter| parameter.name().eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The last of this name, or the one before the one whose [`Entry::before`] this is.
    // As a loop, so that a name that the compiler knows is compared in place.
    #[inline(always)]
    fn last_named(&self, name: &str, mut number: u16) -> Option<&Entry> {
        let first = FirstBytes::of(name.as_bytes());
        loop {
            let entry = self.list.get(usize::from(number).wrapping_sub(1))?;
            let begins_alike = entry.first == first && entry.name_length() == name.len();
            if begins_alike && (name.len() <= 16 || *entry.name(self.text_of(entry)) == *name.as_bytes()) {
                return Some(entry);
            }
            number = entry.before;
        }
    }

    #[inline(always)]
    fn last_of_length(&self, length: usize) -> u16 {
        self.last_of_length.get(length % LENGTHS).copied().unwrap_or_default()
    }

    /// The first parameter of this name.
    #[inline(always)]
    pub fn named(&self, name: &str) -> Option<Parameter<'_, 'r>> {
        let mut entry = self.last_named(name, self.last_of_length(name.len()))?;
        while let Some(before) = self.last_named(name, entry.before) {
            entry = before;
        }
        Some(Parameter { all: self, entry })
    }

    /// The last parameter of this name.
    #[inline(always)]
    pub(crate) fn last(&self, name: &str) -> Option<Parameter<'_, 'r>> {
        if !self.may_have(&[name]) {
            return None;
        }
        let entry = self.last_named(name, self.last_of_length(name.len()))?;
        Some(Parameter { all: self, entry })
    }

    /// Whether all were sent without any byte that is ever encoded: those compare as they do encoded.
    pub(crate) fn are_plain(&self) -> bool {
        self.list.iter().all(|entry| entry.is(PLAIN_NAME) && entry.is(PLAIN_VALUE))
    }

    /// The same, of texts of their own.
    pub(crate) fn into_owned<'o>(self) -> Parameters<'o> {
        let mut owned = Parameters::default();
        for parameter in self.iter() {
            let start = owned.decoded.len();
            owned.decoded.push(parameter.name());
            let equals = owned.decoded.len();
            owned.decoded.push_byte(b'=');
            owned.decoded.push(parameter.value());
            let places = [start, equals, owned.decoded.len()];
            owned.push_first(FirstBytes::of(parameter.name()), places, DECODED);
        }
        owned
    }

    /// Those of a query.
    pub(crate) fn of_query(query: &'r str) -> Self {
        let mut parameters = Self { query, ..Self::default() };
        parameters.take_apart(query.as_bytes(), 0);
        parameters
    }

    /// Adds those of a form behind those of the query.
    pub(crate) fn add_form(&mut self, form: &'r [u8]) {
        self.form = form;
        self.take_apart(form, IN_FORM);
        self.order.take();
    }

    /// Adds those of a text, which have this tag.
    #[inline(always)]
    fn take_apart(&mut self, text: &'r [u8], tag: u8) {
        if text.len() > LONGEST {
            self.is_cut = true;
            return;
        }
        // Of the parameter that is being read.
        let (mut start, mut equals, mut tags, mut decoding) = (0, NONE, PLAIN_NAME | PLAIN_VALUE, None);
        for (at, byte) in Reserved::of(text) {
            if byte == b'&' {
                self.push(text, [start, equals.min(at), at], tags | tag, decoding.take());
                (start, equals, tags) = (at + 1, NONE, PLAIN_NAME | PLAIN_VALUE);
            } else if byte == b'=' && equals == NONE {
                equals = at;
            } else {
                tags &= if equals == NONE { !PLAIN_NAME } else { !PLAIN_VALUE };
                if let Some((byte, length)) = encoded(text, at) {
                    let decoding = decoding.get_or_insert_with(|| Decoding {
                        start: self.decoded.len(),
                        equals: NONE,
                        rest: start,
                    });
                    self.copy(text, [equals, at], decoding);
                    self.decoded.push_byte(byte);
                    decoding.rest = at + length;
                }
            }
        }
        self.push(text, [start, equals.min(text.len()), text.len()], tags | tag, decoding);
    }

    /// Adds a parameter that has ended. One that has nothing is none.
    #[inline(always)]
    fn push(&mut self, text: &[u8], places: [usize; 3], tags: u8, decoding: Option<Decoding>) {
        let [start, _, end] = places;
        if let Some(decoding) = decoding {
            self.push_decoded(text, places, tags, decoding);
        } else if start < end {
            self.push_entry(text, places, tags);
        }
    }

    #[inline(always)]
    fn push_entry(&mut self, text: &[u8], [start, equals, end]: [usize; 3], tags: u8) {
        let first = FirstBytes::of_start(text.get(start..).unwrap_or_default(), equals - start);
        self.push_first(first, [start, equals, end], tags);
    }

    #[inline(always)]
    fn push_first(&mut self, first: FirstBytes, [start, equals, end]: [usize; 3], tags: u8) {
        let Ok(number) = u16::try_from(self.list.len() + 1) else {
            self.is_cut = true;
            return;
        };
        let last = self.last_of_length.get_mut((equals - start) % LENGTHS);
        let before = last.map_or(0, |last| std::mem::replace(last, number));
        self.lengths |= 1 << (equals - start).min(63);
        self.list.push(Entry {
            start: start as u32,
            equals: equals as u32,
            end: end as u32,
            before,
            tags,
            first,
        });
    }

    /// Copies what is not encoded, up to a place.
    #[inline(never)]
    fn copy(&mut self, text: &[u8], [equals, at]: [usize; 2], decoding: &mut Decoding) {
        if equals < at && decoding.equals == NONE {
            decoding.equals = self.decoded.len() + equals - decoding.rest;
        }
        self.decoded.push_starts([(text.get(decoding.rest..).unwrap_or_default(), at - decoding.rest)]);
    }

    #[inline(never)]
    fn push_decoded(&mut self, text: &[u8], [_, equals, end]: [usize; 3], tags: u8, mut decoding: Decoding) {
        self.copy(text, [equals, end], &mut decoding);
        let end = self.decoded.len();
        let equals = decoding.equals.min(end);
        let name = self.decoded.as_bytes().get(decoding.start..equals).unwrap_or_default();
        self.push_first(FirstBytes::of(name), [decoding.start, equals, end], tags & !IN_FORM | DECODED);
    }
}

/// The name only: values are credentials, some of them.
impl fmt::Debug for Parameter<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parameter({})", self.name().escape_ascii())
    }
}

impl fmt::Debug for Parameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// What is encoded at a place of a form, and how many bytes that takes.
#[inline(always)]
fn encoded(text: &[u8], at: usize) -> Option<(u8, usize)> {
    match text.get(at..)? {
        [b'+', ..] => Some((b' ', 1)),
        [b'%', high, low, ..] => Some((hex(*high)? << 4 | hex(*low)?, 3)),
        _ => None,
    }
}

/// Splits a query or a form at `&`, drops empty parts, splits each at its first `=`, and decodes names and values as forms are:
/// `+` is a blank (the URL standard's `application/x-www-form-urlencoded` parser).
pub fn parameters(text: &[u8]) -> Parameters<'_> {
    let mut parameters = Parameters::default();
    parameters.add_form(text);
    parameters
}

#[cfg(test)]
mod tests {
    use super::super::decode_form;
    use super::*;

    #[test]
    fn parameters_split_once_and_skip_nothing_but_empty_parts() {
        let found = parameters(b"a=1&&b&c=&d=x=y&=e&+f=%26");
        let text: Vec<_> = found
            .iter()
            .map(|p| {
                (
                    String::from_utf8_lossy(p.name()).into_owned(),
                    String::from_utf8_lossy(p.value()).into_owned(),
                )
            })
            .collect();
        let expected = [("a", "1"), ("b", ""), ("c", ""), ("d", "x=y"), ("", "e"), (" f", "&")];
        assert_eq!(text, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    /// Queries made of what may be taken for something else, or stand at an edge.
    fn queries() -> impl Iterator<Item = String> {
        const PIECES: [&str; 16] = [
            "",
            "a",
            "b1-_.~",
            "%41",
            "%4",
            "%",
            "%zz",
            "+",
            "%2b",
            "=",
            "%3D",
            "!",
            "\u{e9}",
            "SignatureVersion",
            "SignatureVersions",
            "longer-than-what-is-copied-at-once-which-is-48-bytes",
        ];
        (0..20_000u64).map(|number| {
            let random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number << 7;
            let pieces = (0..random >> 60).map(|at| {
                let piece = PIECES[(random >> (4 * at)) as usize % PIECES.len()];
                let end = ["", "&", "", "="][(random >> (3 * at + 1)) as usize % 4];
                format!("{piece}{end}")
            });
            pieces.collect()
        })
    }

    fn pairs<'p, 'r: 'p>(parameters: impl Iterator<Item = Parameter<'p, 'r>>) -> Vec<(Vec<u8>, Vec<u8>)> {
        parameters.map(|parameter| (parameter.name().to_vec(), parameter.value().to_vec())).collect()
    }

    /// What is decoded on the way is what splitting first and decoding then would make of it, in a query and in a form.
    #[test]
    fn taking_apart_decodes_as_decoding_a_form_does() {
        for (query, form) in queries().zip(queries().skip(7)) {
            let parts = query.split('&').chain(form.split('&')).filter(|part| !part.is_empty());
            let expected: Vec<(Vec<u8>, Vec<u8>)> = parts
                .map(|part| {
                    let (name, value) = part.split_once('=').unwrap_or((part, ""));
                    (decode_form(name.as_bytes()).into_owned(), decode_form(value.as_bytes()).into_owned())
                })
                .collect();
            let mut parameters = Parameters::of_query(&query);
            parameters.add_form(form.as_bytes());
            assert_eq!(pairs(parameters.iter()), expected, "{query} {form}");
            assert!(!parameters.is_cut());
            for parameter in parameters.iter() {
                assert_eq!(parameter.text().as_deref(), std::str::from_utf8(parameter.value()).ok());
            }

            let mut by_name = expected.clone();
            by_name.sort();
            assert_eq!(pairs(parameters.sorted()), by_name, "{query} {form}");
            let has_twins = by_name.windows(2).any(|pair| pair[0].0 == pair[1].0);
            assert_eq!((parameters.repeats(), parameters.repeated().is_some()), (has_twins, has_twins));

            let names = expected.iter().filter_map(|(name, _)| std::str::from_utf8(name).ok());
            for name in names.chain(["SignatureVersion", "SignatureVersionz", "absent", "a\0"]) {
                let mut values =
                    expected.iter().filter(|(other, _)| other == name.as_bytes()).map(|(_, value)| &**value);
                let (first, last) = (parameters.named(name), parameters.last(name));
                assert_eq!(
                    first.map(|first| first.value()),
                    values.clone().next(),
                    "{name} in {query} {form}"
                );
                assert_eq!(last.map(|last| last.value()), values.next_back(), "{name} in {query} {form}");
            }
            assert_eq!(pairs(parameters.into_owned().iter()), expected);
        }
    }

    #[test]
    fn what_is_known_to_be_plain_is_written_as_what_is_looked_at() {
        static SEPARATOR: Padded = Padded::new(b"&");
        for query in queries() {
            let parameters = Parameters::of_query(&query);
            let (mut once, mut twice) = (Vec::new(), StringToSign::new());
            let (mut expected_once, mut expected_twice) = (Vec::new(), Vec::new());
            for parameter in parameters.iter() {
                parameter.encode_name(&mut once);
                parameter.encode_value(&mut once);
                encode(parameter.name(), b"", &mut expected_once);
                encode(parameter.value(), b"", &mut expected_once);
                parameter.encode_twice(&SEPARATOR, &mut twice);
                expected_twice.push(b'&');
                encode_twice(parameter.name(), &mut expected_twice);
                expected_twice.extend_from_slice(b"%3D");
                encode_twice(parameter.value(), &mut expected_twice);
            }
            assert_eq!((once, twice.as_bytes()), (expected_once, &*expected_twice), "{query}");
            let is_plain = |text: &[u8]| text.iter().all(|byte| crate::bytes::is_unreserved(*byte));
            if parameters.are_plain() {
                assert!(parameters.iter().all(|p| is_plain(p.name()) && is_plain(p.value())), "{query}");
            }
        }
    }

    #[test]
    fn more_parameters_than_can_be_counted_are_said_to_be_cut() {
        let most = "a&".repeat(65_535);
        assert!(!Parameters::of_query(&most).is_cut());
        let more = format!("{most}b");
        let parameters = Parameters::of_query(&more);
        assert!(parameters.is_cut() && parameters.len() == 65_535);
        assert_eq!(parameters.named("b").map(|b| b.value()), None);
        assert!(Parameters::of_query(&"a".repeat(LONGEST + 1)).is_cut());

        let headers = http::HeaderMap::new();
        let target = format!("/?{more}");
        let request = crate::Request::new("GET", &target, &headers, crate::Body::Whole(b""));
        let read = request.claim(crate::schemes::ACS_RPC);
        assert!(read.as_ref().unwrap_err().to_string().contains("65,535"), "{read:?}");
    }

    /// Values are credentials, some of them.
    #[test]
    fn what_is_printed_of_parameters_is_their_names() {
        let parameters = Parameters::of_query("SecurityToken=secret&b%0a=c");
        assert_eq!(format!("{parameters:?}"), "[Parameter(SecurityToken), Parameter(b\\n)]");
    }

    #[test]
    fn many_parameters_are_sorted_as_few_are() {
        for count in [2, 255, 256, 257, 1000] {
            let mut names: Vec<String> =
                (0..count).map(|number| format!("name{:03}", count - number)).collect();
            let query = names.join("=1&");
            let parameters = parameters(query.as_bytes());
            names.sort();
            assert!(parameters.sorted().map(|p| p.name()).eq(names.iter().map(String::as_bytes)), "{count}");
            assert!(parameters.repeated().is_none());
            // One of them twice, behind all others, and in its place among them when they are in order.
            let twin = names[count - 2].clone();
            let behind = format!("{query}&{twin}");
            names.push(twin.clone());
            names.sort();
            for query in [behind, names.join("&")] {
                let repeated = super::parameters(query.as_bytes());
                assert_eq!(repeated.repeated().map(|p| p.name()), Some(twin.as_bytes()), "{count}");
            }
        }
    }
}
