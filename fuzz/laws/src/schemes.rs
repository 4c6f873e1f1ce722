//! Every scheme: what is read says nothing that it should not, no wrong key proves it, and every refusal can be said.

use countersign::dialects::{Dialect, Occasion};
use countersign::{
    AccessKeyId, Body, Claim, ReadError, Readings, Refusal, Request, Scheme, Timestamp, covers, fresh,
    mismatch, schemes, stands_until, verify,
};

/// A secret that nobody signs with.
const WRONG: &str = "a secret that nobody signs with, 7f3a";

/// The law.
pub fn law(bytes: &[u8]) {
    let Some(captured) = crate::captured(bytes) else { return };
    let request = captured.request();
    match schemes::read(&request) {
        None => told(Dialect::Problem, &Refusal::Unsigned, &request),
        Some((_, Err(ReadError::NeedsBody))) => assert!(matches!(request.body(), Body::Unread)),
        Some((scheme, Err(error))) => told(scheme.dialect(), &error.into(), &request),
        Some((scheme, Ok(claim))) => judged(scheme, claim, &request),
    }
}

fn judged<'r>(scheme: &'static dyn Scheme, claim: &Claim<'r>, request: &Request<'r>) {
    assert!(AccessKeyId::new(&claim.access_key_id).is_ok(), "{claim:?}");
    assert!(claim.covered.headers.is_sorted_by_key(|field| field.name), "{claim:?}");
    for field in &claim.covered.headers {
        assert!(request.headers().contains_key(field.name), "{}", field.name);
    }
    for now in [claim.signed_at, Timestamp::from_unix_millis(0)] {
        if let Err(refusal) = fresh(claim, now, std::time::Duration::from_secs(900)) {
            told(scheme.dialect(), &refusal, request);
        }
    }
    let _ = stands_until(claim, std::time::Duration::from_secs(900));
    if let Some(ambiguity) = scheme.ambiguity(crate::PLACE, request, claim) {
        told(scheme.dialect(), &ambiguity.into(), request);
    }
    if let Err(refusal) = covers(request, claim, countersign::Unsigned::default()) {
        told(scheme.dialect(), &refusal, request);
    }
    if let Body::Whole(body) = request.body() {
        let whole = claim.payload.matches(body);
        assert_eq!(claim.payload.matches(body), whole);
    }
    told(scheme.dialect(), &Refusal::UnknownAccessKey(claim.access_key_id.to_string()), request);
    told(scheme.dialect(), &mismatch(scheme, crate::PLACE, request, claim), request);
    let proven = crate::with_key(WRONG, |key| {
        verify(scheme, crate::PLACE, request, claim, key, Readings::Every).is_ok()
    });
    assert!(!proven, "{} is proven by a key that nobody signs with", scheme.name());
}

/// A refusal is an answer that its reader can read, whatever the sender wrote.
fn told(dialect: Dialect, refusal: &Refusal, request: &Request<'_>) {
    let now = Timestamp::from_unix_millis(0);
    let occasion =
        Occasion { request_id: "0123", host: "h:1", has_body: true, request: request.clone(), now };
    let spoken = dialect.speak(refusal, &occasion);
    assert!(spoken.status.is_client_error(), "{}: {refusal:?}", spoken.status);
    let text = std::str::from_utf8(&spoken.body).expect("a text");
    assert!(!text.contains(WRONG), "{text}");
}
