//! `Signature-Input`: what a signature covers, and what its signer says of it (RFC 9421, section 4.1).

use smallvec::SmallVec;

use super::structured::Reader;
use super::{SIGNATURE_INPUT, unreadable};
use crate::refusal::Malformed;
use crate::request::Request;

/// As many components as a signature may cover.
const MOST_COMPONENTS: usize = 64;

/// The one member of a `Signature-Input`.
#[derive(Debug)]
pub(super) struct Input<'r> {
    pub(super) label: &'r str,
    /// All behind the label, which is what the last line of the string to sign holds.
    pub(super) parameters: &'r str,
    pub(super) components: SmallVec<[Component<'r>; 8]>,
    /// Seconds since 1970, as `expires` is.
    pub(super) created: Option<i64>,
    pub(super) expires: Option<i64>,
    /// With its escapes.
    pub(super) nonce: Option<&'r str>,
    pub(super) alg: Option<&'r str>,
    pub(super) keyid: Option<&'r str>,
    /// What the signature is for, to whoever tells signatures apart by it. It is signed, and no more.
    pub(super) tag: Option<&'r str>,
}

/// A part of the request that is covered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Component<'r> {
    /// As it is written: `"@query-param";name="Pet"`.
    pub(super) identifier: &'r str,
    pub(super) part: Part<'r>,
}

/// What a component stands for (section 2).
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'r> {
    Method,
    TargetUri,
    Authority,
    Scheme,
    RequestTarget,
    Path,
    Query,
    /// A parameter of the query, by its name in the encoding of section 2.2.8.
    QueryParam(&'r str),
    /// A header field, by its name in lower case.
    Field(&'r str),
}

impl<'r> Input<'r> {
    /// Reads the field of a request.
    pub(super) fn of(request: &Request<'r>) -> Result<Self, Malformed> {
        let value = request.header(&SIGNATURE_INPUT)?.ok_or(Malformed::Missing("Signature-Input"))?;
        let mut reader = Reader::of(value).ok_or_else(|| unreadable("it is not ASCII"))?;
        let label = reader.key().filter(|_| reader.eat("="));
        let label =
            label.ok_or_else(|| unreadable("it should read `label=(\"component\" …);parameter=value`"))?;
        let start = reader;
        let mut input = Self {
            label,
            parameters: "",
            components: components(&mut reader)?,
            created: None,
            expires: None,
            nonce: None,
            alg: None,
            keyid: None,
            tag: None,
        };
        while reader.eat(";") {
            input.take_parameter(&mut reader)?;
        }
        if !reader.is_at_end() {
            return Err(unreadable(
                "there is more in it than one signature, or a blank where serializing puts none: sign once, and send \
                 it as it is serialized",
            ));
        }
        input.parameters = reader.since(start);
        Ok(input)
    }

    fn take_parameter(&mut self, reader: &mut Reader<'r>) -> Result<(), Malformed> {
        let name = reader.key().ok_or_else(|| unreadable("a parameter has no name"))?;
        if !reader.eat("=") {
            return Err(unreadable("a parameter has no value"));
        }
        let again = match name {
            "created" => self.created.replace(integer(reader)?).is_some(),
            "expires" => self.expires.replace(integer(reader)?).is_some(),
            "nonce" => self.nonce.replace(string(reader)?).is_some(),
            "alg" => self.alg.replace(string(reader)?).is_some(),
            "keyid" => self.keyid.replace(string(reader)?).is_some(),
            "tag" => self.tag.replace(string(reader)?).is_some(),
            // It might say how to verify.
            _ => {
                return Err(Malformed::unreadable(
                    name,
                    "it is not a parameter of signatures that is known here",
                ));
            }
        };
        if again { Err(Malformed::Repeated(name.to_owned())) } else { Ok(()) }
    }
}

fn integer(reader: &mut Reader<'_>) -> Result<i64, Malformed> {
    reader.integer().ok_or_else(|| unreadable("a time is not a number of seconds since 1970"))
}

fn string<'r>(reader: &mut Reader<'r>) -> Result<&'r str, Malformed> {
    reader.string().ok_or_else(|| unreadable("a parameter that should be a text in quotes is none"))
}

/// Reads an inner list: `("@method" "date")`.
fn components<'r>(reader: &mut Reader<'r>) -> Result<SmallVec<[Component<'r>; 8]>, Malformed> {
    const LIST: &str =
        "the covered components should read `(\"@method\" \"date\")`, with one blank between them";
    let mut components = SmallVec::<[Component<'r>; 8]>::new();
    if !reader.eat("(") {
        return Err(unreadable(LIST));
    }
    if reader.eat(")") {
        return Ok(components);
    }
    loop {
        let start = *reader;
        let name = reader.string().ok_or_else(|| unreadable(LIST))?;
        let part = Part::of(name, parameter(name, reader)?)?;
        let component = Component { identifier: reader.since(start), part };
        if components.iter().any(|other| other.identifier == component.identifier) {
            return Err(Malformed::Repeated(component.identifier.to_owned()));
        }
        if components.len() == MOST_COMPONENTS {
            return Err(unreadable("it covers more components than are read"));
        }
        components.push(component);
        if reader.eat(")") {
            return Ok(components);
        }
        if !reader.eat(" ") {
            return Err(unreadable(LIST));
        }
    }
}

/// Reads the parameter of a component: the name of one of `@query-param`.
fn parameter<'r>(component: &str, reader: &mut Reader<'r>) -> Result<Option<&'r str>, Malformed> {
    const OTHER: &str =
        "of the parameters of components only `name`, once, of `@query-param` is supported here";
    let mut found = None;
    while reader.eat(";") {
        let known = component == "@query-param" && reader.key() == Some("name") && reader.eat("=");
        let name = if known { reader.string() } else { None };
        let name = name.ok_or_else(|| unreadable(OTHER))?;
        if found.replace(name).is_some() {
            return Err(unreadable(OTHER));
        }
    }
    Ok(found)
}

impl<'r> Part<'r> {
    fn of(name: &'r str, parameter: Option<&'r str>) -> Result<Self, Malformed> {
        Ok(match name {
            "@method" => Self::Method,
            "@target-uri" => Self::TargetUri,
            "@authority" => Self::Authority,
            "@scheme" => Self::Scheme,
            "@request-target" => Self::RequestTarget,
            "@path" => Self::Path,
            "@query" => Self::Query,
            "@query-param" => Self::QueryParam(
                parameter
                    .ok_or_else(|| Malformed::unreadable(name, "it has no `name`: say which parameter"))?,
            ),
            "@status" => return Err(Malformed::unreadable(name, "a request has none")),
            "signature" | "signature-input" => {
                return Err(Malformed::unreadable(name, "a signature does not cover itself"));
            }
            name if !name.is_empty() && name.bytes().all(is_name) => Self::Field(name),
            name => {
                let why =
                    "it is neither a part of a request that is known here nor a field's name in lower case";
                return Err(Malformed::unreadable(name, why));
            }
        })
    }
}

/// Whether a byte may stand in the name of a header field in lower case (RFC 9110, section 5.6.2).
fn is_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
