//! Everything that can be done to the signed parts of a request on its way, each with what must come of it.

mod authorization;
mod fields;
mod path;
mod query;

use std::collections::HashMap;

use super::wire::Wire;

/// The rows of the table "Equivalences" in docs/reference/odps.md, by their first column.
pub(crate) mod rows {
    pub(crate) const ORDER: &str = "order of parameters";
    pub(crate) const NO_VALUE: &str = "empty value";
    pub(crate) const NO_PARAMETER: &str = "empty parameter";
    pub(crate) const NO_QUERY: &str = "empty query";
    pub(crate) const ESCAPE: &str = "spelling of a character";
    pub(crate) const BLANK: &str = "blank in the query";
    pub(crate) const SLASH: &str = "slash in the path";
    pub(crate) const FORM: &str = "form of the target";
    pub(crate) const FRAGMENT: &str = "fragment";
    pub(crate) const LINES: &str = "field in several lines";
    pub(crate) const OVERRIDDEN: &str = "overridden field";
    pub(crate) const NAME_CASE: &str = "case of field names";
    pub(crate) const BLANKS: &str = "blanks around a field's value";
    pub(crate) const FIELD_ORDER: &str = "order of fields";
    pub(crate) const NO_TYPE: &str = "empty Content-Type";
    pub(crate) const JAVA_FORM: &str = "Java's Content-Type";

    pub(crate) const ALL: [&str; 16] = [
        ORDER,
        NO_VALUE,
        NO_PARAMETER,
        NO_QUERY,
        ESCAPE,
        BLANK,
        SLASH,
        FORM,
        FRAGMENT,
        LINES,
        OVERRIDDEN,
        NAME_CASE,
        BLANKS,
        FIELD_ORDER,
        NO_TYPE,
        JAVA_FORM,
    ];
}
/// What must come of a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Must {
    /// Refused for its signature, or never judged because it is not under the endpoint's path.
    BeRefused,
    /// Accepted, and this row of the table says why.
    BeAccepted(&'static str),
    /// Refused before anything reads it: it is not HTTP, or has no path under the endpoint.
    NotBeHttp,
}
use Must::{BeAccepted, BeRefused};

/// A request that was altered on its way.
pub(crate) struct Mutation {
    /// The part that was altered.
    pub(crate) part: &'static str,
    pub(crate) what: String,
    pub(crate) wire: Wire,
    pub(crate) must: Must,
}

/// What is altered, and what a mutation needs to know of its surroundings.
pub(crate) struct Original<'a> {
    pub(crate) wire: &'a Wire,
    /// The path of the endpoint, without a slash at its end.
    pub(crate) base: &'a str,
    /// Another AccessKey that is there and enabled.
    pub(crate) other_id: &'a str,
    /// Alter every byte. Otherwise, of what is like its neighbours, one in a few.
    pub(crate) thorough: bool,
}

/// All mutations of a request.
pub(crate) fn all(original: &Original<'_>) -> Vec<Mutation> {
    let mut made = Made { original, list: Vec::new(), seen: HashMap::new() };
    made.method();
    made.path();
    made.query();
    made.forms_of_the_target();
    made.fields();
    made.added_fields();
    made.date();
    made.authorization();
    made.list
}

/// The mutations made so far.
struct Made<'a> {
    original: &'a Original<'a>,
    list: Vec<Mutation>,
    /// Two ways to the same bytes are one mutation, of which the same must come.
    seen: HashMap<Vec<u8>, Must>,
}

/// A character of a target: as it stands, or escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Plain(u8),
    Escape(u8),
}

/// A text cut into characters, each with its place and the text that spells it.
fn units(text: &str) -> Vec<(usize, &str, Unit)> {
    let mut units = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        let escaped = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let (length, unit) = match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(escaped) => (3, Unit::Escape(escaped)),
            None => (1, Unit::Plain(*byte)),
        };
        units.push((at, &text[at..at + length], unit));
        at += length;
    }
    units
}

/// Whether a character may stand in a target as it is, and does not separate anything there.
fn may_be_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$'()*,;:@=".contains(&byte)
}

fn other_letter(byte: u8) -> char {
    if byte == b'q' { 'z' } else { 'q' }
}

/// A text with a part of it replaced.
fn replaced(text: &str, at: usize, length: usize, by: &str) -> String {
    format!("{}{by}{}", &text[..at], &text[at + length..])
}

fn flipped(c: char) -> char {
    if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() }
}

/// A text with every second letter in the other case.
fn mixed(text: &str) -> String {
    text.chars().enumerate().map(|(at, c)| if at.is_multiple_of(2) { flipped(c) } else { c }).collect()
}

impl Made<'_> {
    fn add(&mut self, part: &'static str, what: impl Into<String>, wire: Wire, must: Must) {
        let (what, bytes) = (what.into(), wire.bytes());
        assert!(bytes != self.original.wire.bytes(), "{part}, {what}: nothing was altered");
        if let Some(before) = self.seen.insert(bytes, must) {
            assert_eq!(before, must, "{part}, {what}: {wire:?}");
            return;
        }
        self.list.push(Mutation { part, what, wire, must });
    }

    /// Whether to alter the byte at a place, one of many of its kind.
    fn is_picked(&self, at: usize, one_in: usize) -> bool {
        self.original.thorough || at.is_multiple_of(one_in)
    }

    /// The same for a character of a target: separators and escapes always.
    fn is_picked_of_target(&self, at: usize, unit: Unit) -> bool {
        !matches!(unit, Unit::Plain(byte) if byte.is_ascii_alphanumeric()) || self.is_picked(at, 9)
    }

    fn wire(&self) -> Wire {
        self.original.wire.clone()
    }

    fn target(&self) -> String {
        self.original.wire.target_text()
    }

    fn path_and_query(&self) -> (String, Option<String>) {
        let target = self.target();
        match target.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (target, None),
        }
    }

    fn method(&mut self) {
        let own = self.original.wire.method.clone();
        let mut others: Vec<String> =
            ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "TRACE", "BREW"]
                .map(str::to_owned)
                .into();
        others.extend([
            own.to_ascii_lowercase(),
            mixed(&own),
            format!("{own}X"),
            own[..own.len() - 1].into(),
        ]);
        for method in others.into_iter().filter(|method| *method != own) {
            let what = format!("{own} to {method}");
            self.add("method", what, Wire { method, ..self.wire() }, BeRefused);
        }
    }
}

/// What becomes of `%25` written as `%`: before two hexadecimal digits it begins an escape, elsewhere it stays as it is.
fn of_a_percent_sign(text: &str, at: usize) -> Must {
    let next = text.as_bytes().get(at + 3..at + 5);
    let escape = next.is_some_and(|next| next.iter().all(u8::is_ascii_hexdigit));
    if escape { BeRefused } else { BeAccepted(rows::ESCAPE) }
}

/// A text with its escaped letters beyond ASCII as they are, where there are any.
fn in_raw_letters(text: &str) -> Option<String> {
    let mut raw = Vec::new();
    for (_, spelt, unit) in units(text) {
        match unit {
            Unit::Escape(byte) if !byte.is_ascii() => raw.push(byte),
            _ => raw.extend_from_slice(spelt.as_bytes()),
        }
    }
    String::from_utf8(raw).ok().filter(|raw| raw != text)
}
