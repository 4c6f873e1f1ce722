//! The canonical request of Signature Version 4, and the string to sign that holds its hash.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::{ALGORITHM, CONTENT_SHA256, UNSIGNED_PAYLOAD, is_for_s3};
use crate::bytes::ESCAPE;
use crate::canonical::{decode, decode_form, encode, encode_hex};
use crate::claim::{Claim, HeaderField, Payload};
use crate::crypto::sha256;
use crate::refusal::Ambiguity;
use crate::request::Request;
use crate::scheme::{Reading, StringToSign};

/// None but the strict one is accepted unless it is named. A path that is encoded once more reads, under the second, as
/// another path does under the first, so the two together would let one signature stand for both.
pub(super) const READINGS: [Reading; 3] = [
    reading(0, "strict"),
    // Services whose signers are told to sign paths as S3's do: encoded once, and as they are.
    reading(1, PATH_AS_SENT),
    // Services that have the token added to a presigned URL after signing, such as AWS IoT.
    reading(2, TOKEN_APPENDED),
];

const PATH_AS_SENT: &str = "path-as-sent";
const TOKEN_APPENDED: &str = "token-appended";

const fn reading(number: u8, name: &'static str) -> Reading {
    Reading { name, client: None, preserves: number == 0, number }
}

/// Writes the canonical request and the string to sign.
pub(super) fn write(
    reading: Reading,
    request: &Request<'_>,
    claim: &Claim<'_>,
    out: &mut StringToSign,
) -> bool {
    let as_for_s3 = is_for_s3(claim.scope.as_ref());
    let as_sent = as_for_s3 || reading.name == PATH_AS_SENT;
    let without_token = reading.name == TOKEN_APPENDED;
    let query = request.query().unwrap_or_default().as_bytes();
    let triggered = match reading.name {
        PATH_AS_SENT => {
            let differs = ["%", "//", "/."].iter().any(|mark| request.path().contains(mark));
            differs && !as_for_s3
        }
        TOKEN_APPENDED => query_parts(query).any(|part| name(part) == b"X-Amz-Security-Token"),
        _ => true,
    };
    let Some(scope) = claim.scope.as_ref().filter(|_| triggered) else { return false };

    let text = out.canonical_request_mut();
    text.extend_from_slice(request.method().as_bytes());
    text.push(b'\n');
    if as_sent {
        write_path(request, text);
    } else {
        write_normalized_path(request.path().as_bytes(), text);
    }
    text.push(b'\n');
    write_query(query, without_token, text);
    text.push(b'\n');
    write_fields(&claim.covered.headers, text);
    write_payload(claim, text);

    let hash = sha256(out.canonical_request());
    out.push(ALGORITHM.as_bytes());
    out.push(b"\n");
    match claim.covered.headers.iter().find(|field| field.name == "x-amz-date") {
        Some(date) => out.push(date.value),
        None => out.push(claim.signed_at.basic().as_bytes()),
    }
    out.push(b"\n");
    for part in [&scope.date, &scope.region, &scope.service] {
        out.push(part.as_bytes());
        out.push(b"/");
    }
    out.push(scope.terminator.as_bytes());
    out.push(b"\n");
    encode_hex(&hash, out);
    true
}

/// Writes a path as S3 signs it: each segment percent-encoded in the one canonical way, whatever it was sent as. A slash
/// that is encoded stays so.
fn write_path(request: &Request<'_>, out: &mut Vec<u8>) {
    let path = request.path().as_bytes();
    if path.is_empty() {
        out.push(b'/');
    }
    if !request.path_holds(ESCAPE) {
        return encode(path, b"/", out);
    }
    for (at, segment) in path.split(|byte| *byte == b'/').enumerate() {
        if at > 0 {
            out.push(b'/');
        }
        encode(&decode(segment), b"", out);
    }
}

/// Writes a path as all other services sign it: without empty and dot segments, and the wire's own encoding encoded again.
fn write_normalized_path(path: &[u8], out: &mut Vec<u8>) {
    let mut kept: SmallVec<[&[u8]; 16]> = SmallVec::new();
    for segment in path.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => _ = kept.pop(),
            segment => kept.push(segment),
        }
    }
    for segment in &kept {
        out.push(b'/');
        encode(segment, b"", out);
    }
    if kept.is_empty() || path.ends_with(b"/") {
        out.push(b'/');
    }
}

fn query_parts(query: &[u8]) -> impl Iterator<Item = &[u8]> {
    query.split(|byte| *byte == b'&').filter(|part| !part.is_empty())
}

fn name(part: &[u8]) -> &[u8] {
    split(part).0
}

/// A parameter as it stands in the query, split at its first `=`.
fn split(part: &[u8]) -> (&[u8], &[u8]) {
    let at = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
    let (name, value) = part.split_at_checked(at).unwrap_or((part, &[]));
    (name, value.get(1..).unwrap_or_default())
}

/// Names and values in their canonical spelling.
type Spelled<'q> = SmallVec<[(Cow<'q, [u8]>, Cow<'q, [u8]>); 12]>;

/// The parameters that are signed, in their one canonical spelling, in the order in which they came.
fn spelled(query: &[u8], without_token: bool) -> Spelled<'_> {
    let is_signed = |part: &&[u8]| match name(part) {
        b"X-Amz-Signature" => false,
        b"X-Amz-Security-Token" => !without_token,
        _ => true,
    };
    let pair = |part| {
        let (name, value) = split(part);
        (spell(name), spell(value))
    };
    query_parts(query).filter(is_signed).map(pair).collect()
}

/// Percent-encodes in the one canonical way what was encoded in any. A `+` is a blank.
fn spell(text: &[u8]) -> Cow<'_, [u8]> {
    if is_spelled(text) {
        return Cow::Borrowed(text);
    }
    let mut spelled = Vec::with_capacity(text.len() + 16);
    encode(&decode_form(text), b"", &mut spelled);
    Cow::Owned(spelled)
}

/// Whether a text is in its canonical spelling, as clients send most.
fn is_spelled(text: &[u8]) -> bool {
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = match (first, after) {
            (b'%', [high, low, behind @ ..]) => {
                let digit = |digit: u8| {
                    let value = char::from(digit).to_digit(16).filter(|_| !digit.is_ascii_lowercase());
                    value.and_then(|value| u8::try_from(value).ok())
                };
                let (Some(high), Some(low)) = (digit(*high), digit(*low)) else { return false };
                if is_unreserved(high << 4 | low) {
                    return false;
                }
                behind
            }
            (byte, after) if is_unreserved(*byte) => after,
            _ => return false,
        };
    }
    true
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

/// Writes `name=value&name=`, sorted by name and then by value, both as they are spelled.
fn write_query(query: &[u8], without_token: bool, out: &mut Vec<u8>) {
    let mut parameters = spelled(query, without_token);
    parameters.sort_unstable();
    for (at, (name, value)) in parameters.iter().enumerate() {
        if at > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend_from_slice(value);
    }
}

/// Writes the header fields, an empty line, and their names. Several values of one field are joined by commas in the order
/// in which they came.
fn write_fields(fields: &[HeaderField<'_>], out: &mut Vec<u8>) {
    let mut before = "";
    for field in fields {
        if field.name == before {
            // The line goes on.
            out.pop();
            out.push(b',');
        } else {
            out.extend_from_slice(field.name.as_bytes());
            out.push(b':');
        }
        before = field.name;
        write_value(field.value, out);
        out.push(b'\n');
    }
    out.push(b'\n');
    before = "";
    for field in fields {
        if field.name == before {
            continue;
        }
        if !before.is_empty() {
            out.push(b';');
        }
        before = field.name;
        out.extend_from_slice(field.name.as_bytes());
    }
    out.push(b'\n');
}

/// Writes a value without blanks around it, and with one where it has several.
fn write_value(value: &[u8], out: &mut Vec<u8>) {
    let has_runs = value.contains(&b' ')
        && (value.starts_with(b" ") || value.ends_with(b" ") || value.windows(2).any(|two| two == b"  "));
    if !has_runs {
        out.extend_from_slice(value);
        return;
    }
    let words = value.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    for (at, word) in words.enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// Writes what is said of the body: as the header field has it, otherwise as it was read from the body itself.
fn write_payload(claim: &Claim<'_>, out: &mut Vec<u8>) {
    let said = claim.covered.headers.iter().find(|field| field.name == CONTENT_SHA256);
    match (said, &claim.payload) {
        (Some(said), _) => out.extend_from_slice(said.value),
        (None, Payload::Digest(_, digest)) => encode_hex(digest, out),
        (None, _) => out.extend_from_slice(UNSIGNED_PAYLOAD.as_bytes()),
    }
}

/// What makes one canonical request of two requests that a server behind this one may take differently.
pub(super) fn ambiguity(request: &Request<'_>, claim: &Claim<'_>) -> Option<Ambiguity> {
    let path = request.path().as_bytes();
    in_path(path, is_for_s3(claim.scope.as_ref())).or_else(|| in_query(request))
}

fn in_path(path: &[u8], keeps_empty: bool) -> Option<Ambiguity> {
    if path.contains(&b'#') {
        return Some(Ambiguity::PathSeparator('#'));
    }
    let path = path.strip_prefix(b"/").unwrap_or(path);
    let mut segments = path.split(|byte| *byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        let is_dots = matches!(&*decode(segment), b"." | b"..");
        if is_dots || (segment.is_empty() && !is_last && !keeps_empty) {
            return Some(Ambiguity::PathSegment(String::from_utf8_lossy(segment).into_owned()));
        }
    }
    None
}

fn in_query(request: &Request<'_>) -> Option<Ambiguity> {
    let query = request.query()?.as_bytes();
    let separator = query_parts(query)
        .filter(|part| name(part) != b"X-Amz-SignedHeaders")
        .find_map(|part| part.iter().find(|byte| matches!(byte, b';' | b'#')));
    if let Some(separator) = separator {
        return Some(Ambiguity::QuerySeparator(char::from(*separator)));
    }
    // What is spelled alike is the same decoded.
    request.parameters().repeated()?;
    let mut parameters = spelled(query, false);
    parameters.sort_unstable();
    parameters.windows(2).find_map(|pair| match pair {
        // In which order they were meant is not signed. Of equal ones it does not matter.
        [(a, one), (b, other)] if a == b && one != other => {
            Some(Ambiguity::RepeatedName(String::from_utf8_lossy(&decode(a)).into_owned()))
        }
        _ => None,
    })
}
