//! The parameters of a query, taken apart once for all who ask.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

use smallvec::SmallVec;

use super::{first_eight, hex};
use crate::bytes::Places;

/// A parameter of a query, decoded.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'p, 'r> {
    pub name: &'p [u8],
    pub value: &'p [u8],
    /// The value, if it was sent as it is meant.
    sent: Option<&'r [u8]>,
}

impl<'r> Parameter<'_, 'r> {
    /// The value, for as long as the request lasts: a copy where it was not sent as it is meant.
    pub fn lasting_value(&self) -> Cow<'r, [u8]> {
        self.sent.map_or_else(|| Cow::Owned(self.value.to_vec()), Cow::Borrowed)
    }
}

/// The parameters of a query, decoded, in the order in which they were sent.
#[derive(Clone, Debug, Default)]
pub struct Parameters<'r> {
    list: SmallVec<[Entry<'r>; 12]>,
    /// What was not sent as it is meant, decoded, one text after the other.
    decoded: SmallVec<[u8; 64]>,
    /// A bit for each length that a name has: most questions for a name end here.
    lengths: u64,
    /// Made when it is first asked for.
    order: OnceCell<Order>,
}

/// In which order parameters stand when they are sorted by their names, and by their values where names are the same.
#[derive(Clone, Debug, Default)]
struct Order {
    /// Their places among all; none where they were sent in order.
    places: SmallVec<[usize; 12]>,
    /// Whether two names may be the same.
    may_repeat: bool,
}

/// Where name and value of a parameter stand.
#[derive(Clone, Debug)]
struct Entry<'r> {
    name: Piece<'r>,
    value: Piece<'r>,
}

#[derive(Clone, Debug)]
enum Piece<'r> {
    /// In the query, as it was sent.
    Sent(&'r [u8]),
    /// In [`Parameters::decoded`].
    Decoded(Range<usize>),
}

/// How far a piece of a query is decoded that is not sent as it is meant.
struct Decoding {
    /// Where it begins in [`Parameters::decoded`].
    start: usize,
    /// Where in the query stands what is not there yet.
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

    /// All of them, in the order in which they were sent.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Parameter<'_, 'r>> + Clone {
        self.list.iter().map(|entry| self.show(entry))
    }

    fn show(&self, Entry { name, value }: &Entry<'r>) -> Parameter<'_, 'r> {
        let sent = if let Piece::Sent(value) = value { Some(*value) } else { None };
        Parameter { name: self.text(name), value: self.text(value), sent }
    }

    #[inline(always)]
    fn text<'p>(&'p self, piece: &Piece<'r>) -> &'p [u8] {
        match piece {
            Piece::Sent(text) => text,
            Piece::Decoded(range) => self.decoded.get(range.clone()).unwrap_or_default(),
        }
    }

    /// Whether there may be one of these names, in whichever case it is written, as far as their lengths tell.
    #[inline(always)]
    pub(crate) fn may_have(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.lengths & length_bit(name.as_bytes()) != 0)
    }

    /// Those of this name, in whichever case it is written.
    pub(crate) fn named_alike(&self, name: &str) -> impl Iterator<Item = Parameter<'_, 'r>> {
        let all = if self.may_have(&[name]) { self.list.as_slice() } else { &[] };
        let all = all.iter().map(|entry| self.show(entry));
        all.filter(move |parameter| parameter.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The first parameter of this name.
    pub fn named(&self, name: &str) -> Option<Parameter<'_, 'r>> {
        if !self.may_have(&[name]) {
            return None;
        }
        self.iter().find(|parameter| *parameter.name == *name.as_bytes())
    }

    /// The parameters in the order of names, and of values where names are the same.
    pub fn sorted(&self) -> impl Iterator<Item = Parameter<'_, 'r>> + Clone {
        let places = &self.order().places;
        let at = move |place: usize| places.get(place).map_or(place, |place| *place);
        (0..self.len()).filter_map(move |place| self.list.get(at(place))).map(|entry| self.show(entry))
    }

    /// The first name that stands more than once.
    pub fn repeated(&self) -> Option<Parameter<'_, 'r>> {
        // No two names are of one length, or none begins as another does.
        if self.lengths.count_ones() as usize == self.len() || !self.order().may_repeat {
            return None;
        }
        let mut sorted = self.sorted();
        let mut before = sorted.next()?;
        sorted.find(|parameter| std::mem::replace(&mut before, *parameter).name == parameter.name)
    }

    fn order(&self) -> &Order {
        self.order.get_or_init(|| {
            let are_in_order = self.iter().is_sorted_by(|a, b| a.name < b.name);
            if are_in_order { Order::default() } else { self.find_order() }
        })
    }

    fn find_order(&self) -> Order {
        // Names that differ do so in their first letters, nearly all of them: those are compared as one number, with the
        // place behind them.
        let first = |(place, parameter): (usize, Parameter<'_, '_>)| {
            first_fifteen(parameter.name) << 8 | (place & 0xff) as u128
        };
        let mut firsts: SmallVec<[u128; 12]> = self.iter().enumerate().map(first).collect();
        firsts.sort_unstable();
        let may_repeat = firsts.len() > 256 || !firsts.is_sorted_by(|a, b| a >> 8 < b >> 8);
        let mut places: SmallVec<[usize; 12]> =
            firsts.iter().map(|first| usize::from(*first as u8)).collect();
        if may_repeat {
            places = (0..self.len()).collect();
            places.sort_by_key(|place| {
                self.list.get(*place).map(|entry| (self.text(&entry.name), self.text(&entry.value)))
            });
        }
        Order { places, may_repeat }
    }

    /// The same, of texts of their own.
    pub(crate) fn into_owned<'o>(self) -> Parameters<'o> {
        let mut owned = Parameters { lengths: self.lengths, ..Parameters::default() };
        let mut keep = |text: &[u8]| {
            let start = owned.decoded.len();
            owned.decoded.extend_from_slice(text);
            Piece::Decoded(start..owned.decoded.len())
        };
        owned.list = self.iter().map(|p| Entry { name: keep(p.name), value: keep(p.value) }).collect();
        owned
    }

    /// Adds those of one more query, or of a form.
    pub(crate) fn take_apart(&mut self, query: &'r [u8]) {
        // Of the piece that is being read, a name or a value.
        let (mut start, mut decoding) = (0, None);
        let mut is_value = false;
        for (at, byte) in Places::of(query) {
            match byte {
                b'&' => {
                    self.finish(query, start..at, decoding.take(), is_value);
                    (start, is_value) = (at + 1, false);
                }
                b'=' if !is_value => {
                    let name = self.piece(query, start..at, decoding.take());
                    self.push(name);
                    (start, is_value) = (at + 1, true);
                }
                b'%' | b'+' => decoding = self.decode(query, start..at, decoding),
                _ => {}
            }
        }
        self.finish(query, start..query.len(), decoding, is_value);
        self.order.take();
    }

    /// Ends a parameter with its last piece. One that has no piece but an empty one is none.
    #[inline(always)]
    fn finish(&mut self, query: &'r [u8], last: Range<usize>, decoding: Option<Decoding>, is_value: bool) {
        if !is_value && last.is_empty() {
            return;
        }
        let last = self.piece(query, last, decoding);
        if !is_value {
            self.push(last);
        } else if let Some(entry) = self.list.last_mut() {
            entry.value = last;
        }
    }

    #[inline(always)]
    fn push(&mut self, name: Piece<'r>) {
        self.lengths |= length_bit(self.text(&name));
        self.list.push(Entry { name, value: Piece::Sent(b"") });
    }

    #[inline(always)]
    fn piece(&mut self, query: &'r [u8], whole: Range<usize>, decoding: Option<Decoding>) -> Piece<'r> {
        match decoding {
            None => Piece::Sent(query.get(whole).unwrap_or_default()),
            Some(decoding) => self.decoded_piece(query, whole.end, decoding),
        }
    }

    #[cold]
    fn decoded_piece(&mut self, query: &[u8], end: usize, Decoding { start, rest }: Decoding) -> Piece<'r> {
        self.decoded.extend_from_slice(query.get(rest..end).unwrap_or_default());
        Piece::Decoded(start..self.decoded.len())
    }

    /// Decodes what stands behind the first bytes of a piece, and those.
    fn decode(&mut self, query: &[u8], first: Range<usize>, before: Option<Decoding>) -> Option<Decoding> {
        let (byte, length) = match query.get(first.end..) {
            Some([b'+', ..]) => (b' ', 1),
            Some([b'%', high, low, ..]) if let (Some(high), Some(low)) = (hex(*high), hex(*low)) => {
                (high << 4 | low, 3)
            }
            // It stays as it is.
            _ => return before,
        };
        let Decoding { start, rest } =
            before.unwrap_or(Decoding { start: self.decoded.len(), rest: first.start });
        self.decoded.extend_from_slice(query.get(rest..first.end).unwrap_or_default());
        self.decoded.push(byte);
        Some(Decoding { start, rest: first.end + length })
    }
}

/// The bit of a name's length. Long ones share the last.
fn length_bit(name: &[u8]) -> u64 {
    1 << name.len().min(63)
}

/// The first bytes of a text as a number, as far as an eighth of it has room for something else.
fn first_fifteen(text: &[u8]) -> u128 {
    let behind = text.get(8..).map_or(0, first_eight);
    u128::from(first_eight(text)) << 56 | u128::from(behind >> 8)
}

/// Splits a query at `&`, drops empty parts, splits each at its first `=`, and decodes names and values as forms are:
/// `+` is a blank (the URL standard's `application/x-www-form-urlencoded` parser).
pub fn parameters(query: &[u8]) -> Parameters<'_> {
    let mut parameters = Parameters::default();
    parameters.take_apart(query);
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
                (String::from_utf8_lossy(p.name).into_owned(), String::from_utf8_lossy(p.value).into_owned())
            })
            .collect();
        let expected = [("a", "1"), ("b", ""), ("c", ""), ("d", "x=y"), ("", "e"), (" f", "&")];
        assert_eq!(text, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    /// What is decoded on the way is what splitting first and decoding then would make of it.
    #[test]
    fn taking_apart_decodes_as_decoding_a_form_does() {
        let pieces = [
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
            "longer-than-a-word",
        ];
        let mut random = 1u64;
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let count = (random >> 60) as usize;
            let query: Vec<u8> = (0..count)
                .flat_map(|at| {
                    let piece = pieces[(random >> (4 * at)) as usize % pieces.len()].as_bytes();
                    let end: &[u8] = [&b""[..], b"&", b"", b"="][(random >> (3 * at + 1)) as usize % 4];
                    [piece, end].concat()
                })
                .collect();
            let split = query.split(|byte| *byte == b'&').filter(|part| !part.is_empty());
            let expected: Vec<(Vec<u8>, Vec<u8>)> = split
                .map(|part| {
                    let at = part.iter().position(|byte| *byte == b'=');
                    let (name, value) = at.map_or((part, &b""[..]), |at| (&part[..at], &part[at + 1..]));
                    (decode_form(name).into_owned(), decode_form(value).into_owned())
                })
                .collect();
            let parameters = parameters(&query);
            let found: Vec<_> = parameters.iter().map(|p| (p.name.to_vec(), p.value.to_vec())).collect();
            assert_eq!(found, expected, "{}", String::from_utf8_lossy(&query));
            assert!(parameters.iter().all(|p| *p.lasting_value() == *p.value));
            let mut by_name = expected.clone();
            by_name.sort();
            let sorted: Vec<_> = parameters.sorted().map(|p| (p.name.to_vec(), p.value.to_vec())).collect();
            assert_eq!(sorted, by_name);
            let has_twins = by_name.windows(2).any(|pair| pair[0].0 == pair[1].0);
            assert_eq!(parameters.repeated().is_some(), has_twins);
            let owned = parameters.into_owned();
            assert_eq!(
                owned.iter().map(|p| (p.name.to_vec(), p.value.to_vec())).collect::<Vec<_>>(),
                expected
            );
        }
    }

    #[test]
    fn many_parameters_are_sorted_as_few_are() {
        for count in [2, 255, 256, 257, 1000] {
            let mut names: Vec<String> =
                (0..count).map(|number| format!("name{:03}", count - number)).collect();
            let query = names.join("=1&");
            let parameters = parameters(query.as_bytes());
            names.sort();
            assert!(parameters.sorted().map(|p| p.name).eq(names.iter().map(String::as_bytes)), "{count}");
            assert!(parameters.repeated().is_none());
            // One of them twice, behind all others, and in its place among them when they are in order.
            let twin = names[count - 2].clone();
            let behind = format!("{query}&{twin}");
            names.push(twin.clone());
            names.sort();
            for query in [behind, names.join("&")] {
                let repeated = super::parameters(query.as_bytes());
                assert_eq!(repeated.repeated().map(|p| p.name), Some(twin.as_bytes()), "{count}");
            }
        }
    }
}
