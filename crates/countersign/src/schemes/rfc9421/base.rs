//! The string to sign, which RFC 9421 calls the signature base (section 2.5).

use super::input::{Component, Input, Part};
use crate::canonical::{Sink, decode};
use crate::refusal::Malformed;
use crate::request::Request;
use crate::scheme::Place;

/// Fields that have one value: of two, signer and server might take different ones.
const SINGLE: [&str; 6] = ["authorization", "content-length", "content-type", "date", "host", "user-agent"];

/// Writes the string to sign.
///
/// # Errors
///
/// [`Malformed`], where a component is not in the request, or cannot be a line.
pub(super) fn write(
    input: &Input<'_>,
    place: Place<'_>,
    request: &Request<'_>,
    out: &mut impl Sink,
) -> Result<(), Malformed> {
    for component in &input.components {
        out.push(component.identifier.as_bytes());
        out.push(b": ");
        write_value(component, place, request, out)?;
        out.push(b"\n");
    }
    out.push(b"\"@signature-params\": ");
    out.push(input.parameters.as_bytes());
    Ok(())
}

fn write_value(
    component: &Component<'_>,
    place: Place<'_>,
    request: &Request<'_>,
    out: &mut impl Sink,
) -> Result<(), Malformed> {
    let scheme = if place.secure { "https" } else { "http" };
    match component.part {
        Part::Method => out.push(request.method().as_bytes()),
        Part::Scheme => out.push(scheme.as_bytes()),
        Part::Authority => write_authority(place, request, out)?,
        Part::TargetUri => {
            out.push(scheme.as_bytes());
            out.push(b"://");
            write_authority(place, request, out)?;
            write_target(request, out);
        }
        Part::RequestTarget => write_target(request, out),
        Part::Path => out.push(request.path().as_bytes()),
        Part::Query => {
            out.push(b"?");
            out.push(request.query().unwrap_or_default().as_bytes());
        }
        Part::QueryParam(name) => write_parameter(name, request, out)?,
        Part::Field(name) => write_field(name, request, out)?,
    }
    Ok(())
}

fn write_target(request: &Request<'_>, out: &mut impl Sink) {
    out.push(request.path().as_bytes());
    if let Some(query) = request.query() {
        out.push(b"?");
        out.push(query.as_bytes());
    }
}

/// The host in lower case, and the port where it is not the scheme's own (section 2.2.3).
fn write_authority(place: Place<'_>, request: &Request<'_>, out: &mut impl Sink) -> Result<(), Malformed> {
    let host = request.text_header(&http::header::HOST)?.ok_or(Malformed::Missing("Host"))?;
    let is_of_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]%".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_of_host) {
        return Err(Malformed::unreadable(
            "Host",
            "it is not the name or address of a host, with or without a port",
        ));
    }
    let default_port = if place.secure { ":443" } else { ":80" };
    let host = host.strip_suffix(default_port).unwrap_or(host);
    let mut plain = host.as_bytes();
    while let Some(at) = plain.iter().position(u8::is_ascii_uppercase) {
        let (before, rest) = plain.split_at_checked(at).unwrap_or((plain, &[]));
        out.push(before);
        plain = rest;
        if let [upper, rest @ ..] = plain {
            out.push(&[upper.to_ascii_lowercase()]);
            plain = rest;
        }
    }
    out.push(plain);
    Ok(())
}

/// The values of a field, joined (section 2.1).
fn write_field(name: &str, request: &Request<'_>, out: &mut impl Sink) -> Result<(), Malformed> {
    let mut count = 0;
    for value in request.headers().get_all(name) {
        if count > 0 {
            out.push(b", ");
        }
        count += 1;
        let value = value.as_bytes().trim_ascii();
        if !value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~')) {
            return Err(Malformed::unreadable(name, "a covered field holds ASCII only"));
        }
        out.push(value);
    }
    match count {
        0 => Err(Malformed::unreadable(name, "the signature covers it, and it is not in the request")),
        1 => Ok(()),
        _ if SINGLE.contains(&name) => Err(Malformed::Repeated(name.to_owned())),
        _ => Ok(()),
    }
}

/// The value of a parameter of the query, encoded anew (section 2.2.8).
fn write_parameter(name: &str, request: &Request<'_>, out: &mut impl Sink) -> Result<(), Malformed> {
    let wanted = decode(name.as_bytes());
    let mut encoded = Vec::with_capacity(name.len());
    encode(&wanted, &mut encoded);
    if encoded != name.as_bytes() {
        return Err(Malformed::unreadable(
            name,
            "it is not the name of a parameter in the encoding of RFC 9421",
        ));
    }
    let mut values = request.parameters().iter().filter(|parameter| *parameter.name() == *wanted);
    let first = values.next();
    let first = first
        .ok_or_else(|| Malformed::unreadable(name, "the signature covers it, and the query lacks it"))?;
    if values.next().is_some() {
        return Err(Malformed::Repeated(name.to_owned()));
    }
    encode(first.value(), out);
    Ok(())
}

/// Writes every byte but `A-Z a-z 0-9 * - . _` as `%XX`: the percent-encode set of forms (URL standard, section 1.3), in
/// which a blank is no exception.
fn encode(text: &[u8], out: &mut impl Sink) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or_default();
    for byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(&[*byte]),
            byte => out.push(&[b'%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
}

/// The name of a line, by how it begins.
pub(super) fn line_name(text: &str) -> &'static str {
    let identifier = text.strip_prefix('"').and_then(|text| text.split_once('"'));
    match identifier.map_or("", |(identifier, _)| identifier) {
        "@method" => "method",
        "@target-uri" => "target URI",
        "@authority" => "authority",
        "@scheme" => "scheme",
        "@request-target" => "request target",
        "@path" => "path",
        "@query" => "query",
        "@query-param" => "query parameter",
        "@signature-params" => "signature parameters",
        _ => "header field",
    }
}
