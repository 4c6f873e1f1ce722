//! The canonical request of ACS3.

use super::{DIGEST, DIGEST_SM3, HMAC_SM3};
use crate::canonical::Parameters;
use crate::claim::Claim;
use crate::request::Request;
use crate::scheme::Reading;

/// Whether the names of parameters can be written as they are: some is not as it would be encoded, and none holds what
/// could be taken for a separator, an escape or the end of a line.
pub(super) fn may_be_raw(parameters: &Parameters<'_>) -> bool {
    let stays = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    let mut names = parameters.iter().map(|parameter| parameter.name());
    let separates = |byte: &u8| b"&=%+".contains(byte) || byte.is_ascii_control();
    !names.clone().all(|name| name.iter().all(stays)) && !names.any(|name| name.iter().any(separates))
}

/// Writes the canonical request.
pub(super) fn write_request(reading: Reading, request: &Request<'_>, claim: &Claim<'_>, out: &mut Vec<u8>) {
    push_all(out, &[request.method().as_bytes(), b"\n"]);
    push_all(out, &[if request.path().is_empty() { b"/" } else { request.path().as_bytes() }, b"\n"]);
    for (number, parameter) in request.parameters().sorted().enumerate() {
        if number > 0 {
            out.extend_from_slice(b"&");
        }
        match reading.is_strict() {
            true => parameter.encode_name(out),
            false => out.extend_from_slice(parameter.name()),
        }
        out.extend_from_slice(b"=");
        parameter.encode_value(out);
    }
    out.extend_from_slice(b"\n");
    let fields = &claim.covered.headers;
    for field in fields {
        push_all(out, &[field.name.as_bytes(), b":", field.value, b"\n"]);
    }
    for (number, field) in fields.iter().enumerate() {
        push_all(out, &[if number == 0 { b"\n" } else { b";" }, field.name.as_bytes()]);
    }
    out.extend_from_slice(b"\n");
    let value = |name| fields.iter().find(|field| field.name == name).map(|field| field.value);
    let by_sm3 = value(DIGEST_SM3).filter(|_| claim.algorithm == HMAC_SM3);
    out.extend_from_slice(by_sm3.or_else(|| value(DIGEST)).unwrap_or_default());
}

fn push_all(out: &mut Vec<u8>, pieces: &[&[u8]]) {
    pieces.iter().for_each(|piece| out.extend_from_slice(piece));
}
