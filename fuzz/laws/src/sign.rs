//! Signing: what is signed here verifies here, by that key alone and as it stands alone, and `explain` says what a server
//! would.

use std::time::Duration;

use countersign::explain::{About, Captured, explain};
use countersign::{
    AccessKeyId, AccessKeySecret, Body, Credential, Payload, Readings, Request, SignOptions, Timestamp,
    fresh, schemes, sign, verify,
};
use http::header::{AUTHORIZATION, DATE};
use http::request::Parts;

use crate::PLACE;

const SECRET: &str = "CSSK-the-secret-of-the-laws-4b1d";

/// The law.
pub fn law(bytes: &[u8]) {
    let Some(captured) = crate::captured(bytes) else { return };
    let Some(mut parts) = parts(&captured) else { return };
    let body = captured.body.unwrap_or_default();
    let credential =
        Credential { id: AccessKeyId::new("CSAKlaws1").unwrap(), secret: AccessKeySecret::new(SECRET) };
    let mut options = SignOptions::at(Timestamp::parse_rfc3339("2026-11-21T23:23:13Z").unwrap());
    options.region = (bytes.len() % 2 == 1).then(|| "cn-hangzhou".to_owned());
    let unsigned = parts.headers.clone();
    let Ok(text) = sign(schemes::ODPS, PLACE, &mut parts, &body, &credential, &options) else {
        assert_eq!(parts.headers, unsigned, "it could not be signed, and was altered");
        return;
    };

    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let method = parts.method.as_str().to_owned();
    let request = Request::new(&method, &target, &parts.headers, Body::Whole(&body));
    let (scheme, claim) = crate::claim(&request).expect("what was signed can be read");
    assert_eq!(
        crate::strict(scheme, &request, &claim).as_ref().map(|text| text.to_text()),
        Some(text.to_text())
    );

    let judge = |request: &Request<'_>, secret: &str, accepted: Readings<'_>| {
        let (scheme, claim) = crate::claim(request)?;
        crate::with_key(secret, |key| {
            verify(scheme, PLACE, request, &claim, key, accepted).ok().map(|proven| proven.reading().name)
        })
    };
    assert_eq!(judge(&request, SECRET, Readings::Preserving { and: &[] }), Some("strict"));
    assert_eq!(judge(&request, "another secret", Readings::Every), None);
    let other = if method == "PUT" { "POST" } else { "PUT" };
    let changed = Request::new(other, &target, &parts.headers, request.body());
    assert_eq!(judge(&changed, SECRET, Readings::Every), None, "another method");
    let longer = match target.split_once('?') {
        Some((path, query)) => format!("{path}/x?{query}"),
        None => format!("{target}/x"),
    };
    let changed = Request::new(&method, &longer, &parts.headers, request.body());
    assert_eq!(judge(&changed, SECRET, Readings::Every), None, "another path");

    let captured = Captured {
        method: method.clone(),
        target: target.clone(),
        headers: parts.headers.clone(),
        body: Some(body.clone()),
    };
    let secret = AccessKeySecret::new(SECRET);
    let explained = explain(&captured, &About { secret: Some(&secret), ..About::default() });
    assert_eq!((explained.verified, explained.reading), (Some(true), Some("strict")));
    assert_eq!(explained.string_to_sign.as_deref(), Some(text.to_text().as_str()));
    let body_matches = claim.payload == Payload::Uncovered || claim.payload.matches(&body);
    let fine = claim.unjudged.is_empty()
        && fresh(&claim, claim.signed_at, Duration::from_secs(900)).is_ok()
        && scheme.ambiguity(PLACE, &request, &claim).is_none()
        && body_matches;
    assert_eq!(explained.accepted_by_serve.as_ref().map(Result::is_ok), Some(fine), "{explained:?}");
    if !crate::contains(bytes, SECRET.as_bytes()) {
        assert!(!format!("{explained:?}").contains(SECRET));
    }
}

/// The request without the credential that it came with.
fn parts(captured: &Captured) -> Option<Parts> {
    let request = http::Request::builder().method(captured.method.as_str()).uri(captured.target.as_str());
    let (mut parts, ()) = request.body(()).ok()?.into_parts();
    parts.headers = captured.headers.clone();
    parts.headers.remove(AUTHORIZATION);
    parts.headers.remove(DATE);
    Some(parts)
}
