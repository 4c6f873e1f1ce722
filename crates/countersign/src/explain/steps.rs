//! What was read of a request, part by part, for people.

use std::time::Duration;

use crate::canonical::{decode, parameters, relative};
use crate::claim::{Claim, Lifetime, Payload};
use crate::crypto::Hash;
use crate::request::{Body, Request};

/// One thing that was read of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is, such as `method` or `query parameter`.
    pub name: &'static str,
    pub text: String,
}

fn step(name: &'static str, text: impl Into<String>) -> Step {
    Step { name, text: text.into() }
}

/// What can be read without knowing the scheme.
pub(super) fn of_request(request: &Request<'_>, base: Option<&str>) -> Vec<Step> {
    let mut steps = vec![step("method", request.method()), step("path", request.path())];
    if let Some(base) = base {
        steps.push(step("base path", base));
        let behind = match relative(request.path(), base) {
            Some(path) => lossy(&decode(path.as_bytes())),
            None => "the path does not stand behind the base path".to_owned(),
        };
        steps.push(step("path behind the base path", behind));
    }
    steps.extend(parameters(request.query().unwrap_or_default().as_bytes()).iter().map(|parameter| {
        step("query parameter", format!("{}={}", lossy(parameter.name()), lossy(parameter.value())))
    }));
    steps
}

/// What the claim says. Credentials themselves stay out of it.
pub(super) fn of_claim(request: &Request<'_>, claim: &Claim<'_>) -> Vec<Step> {
    let mut steps = vec![
        step("AccessKey id", &*claim.access_key_id),
        step("algorithm", claim.algorithm.name()),
        step("signed at", claim.signed_at.to_string()),
    ];
    steps.extend(claim.scope.as_ref().map(|scope| step("credential scope", scope.to_text())));
    steps.extend(match claim.lifetime {
        Lifetime::Window => None,
        Lifetime::For(time) => Some(step("expires after", in_seconds(time))),
        Lifetime::WindowUntil(at) | Lifetime::Until(at) => Some(step("expires at", at.to_string())),
    });
    steps.extend(claim.nonce.as_deref().map(|nonce| step("nonce", nonce)));
    steps.extend(claim.security_token.as_ref().map(|_| step("security token", "there is one")));
    let covered = &claim.covered;
    for (name, is_covered) in [("method", covered.method), ("path", covered.path), ("query", covered.query)] {
        if !is_covered {
            steps.push(step("not signed", name));
        }
    }
    steps.extend(covered.headers.iter().map(|field| {
        let credential = claim.unjudged.contains(&field.name);
        let value = if credential { "…".to_owned() } else { lossy(field.value) };
        step("signed header field", format!("{}: {value}", field.name))
    }));
    let signed = |name: &&str| covered.headers.iter().any(|field| field.name == *name);
    let names: Vec<&str> =
        request.headers().keys().map(|name| name.as_str()).filter(|name| !signed(name)).collect();
    if !names.is_empty() {
        steps.push(step("header fields not signed", names.join(", ")));
    }
    steps.extend(claim.unjudged.iter().map(|name| step("credential not judged here", *name)));
    steps.push(body(request, claim));
    steps
}

fn body(request: &Request<'_>, claim: &Claim<'_>) -> Step {
    let (name, signed) = match &claim.payload {
        Payload::Uncovered => return step("body", "not covered by the signature"),
        Payload::Form => return step("body", "a form, which stands in the string to sign"),
        Payload::Chunks(_) => return step("body", "in chunks, each with a signature of its own"),
        Payload::Unreadable => ("digest of the body", "it is none, so no body matches it".to_owned()),
        Payload::Digest(hash, digest) => {
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            let found = match request.body() {
                Body::Unread => "the body was not captured",
                Body::Whole(body) if claim.payload.matches(body) => "that of the body",
                Body::Whole(_) => "not that of the body",
            };
            (digest_name(*hash), format!("{hex}, {found}"))
        }
    };
    step(name, signed)
}

fn digest_name(hash: Hash) -> &'static str {
    match hash {
        Hash::Md5 => "MD5 of the body",
        Hash::Sm3 => "SM3 of the body",
        Hash::Sha1 => "SHA-1 of the body",
        Hash::Sha224 => "SHA-224 of the body",
        Hash::Sha256 => "SHA-256 of the body",
        Hash::Sha384 => "SHA-384 of the body",
        Hash::Sha512 => "SHA-512 of the body",
    }
}

fn in_seconds(time: Duration) -> String {
    format!("{} s", time.as_secs())
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
