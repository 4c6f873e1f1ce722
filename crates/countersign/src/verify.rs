//! Testing a claim with a key: what all schemes have in common.

use std::time::Duration;

use crate::claim::Claim;
use crate::key::Key;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::scheme::{Reading, Scheme, StringToSign};
use crate::time::Timestamp;

/// A claim that its signature bears out. Only [`verify`] makes one, from a comparison in constant time.
#[derive(Debug)]
pub struct Proven<'r> {
    claim: Claim<'r>,
    scheme: &'static dyn Scheme,
    reading: Reading,
}

impl<'r> Proven<'r> {
    /// What the request says of itself, now believed as far as [`Claim::covered`] goes.
    pub fn claim(&self) -> &Claim<'r> {
        &self.claim
    }

    /// The scheme that it was signed by.
    pub fn scheme(&self) -> &'static dyn Scheme {
        self.scheme
    }

    /// The reading under which the signature matched.
    pub fn reading(&self) -> Reading {
        self.reading
    }
}

/// Which readings to accept besides the strict one.
#[derive(Clone, Copy, Debug)]
pub enum Readings<'a> {
    /// Those that leave every name and value as it is, from the clients that need them, and those named here.
    Preserving { and: &'a [String] },
    /// All: for explaining a signature, never for letting a request through.
    Every,
}

impl Readings<'_> {
    /// Whether a claim may be proven under a reading.
    pub fn accept(self, reading: Reading, claim: &Claim<'_>) -> bool {
        let Self::Preserving { and } = self else { return true };
        let from_its_client = || {
            let client = reading.client.zip(claim.user_agent);
            client.is_some_and(|(client, user_agent)| user_agent.starts_with(client.as_bytes()))
        };
        reading.is_strict()
            || (reading.preserves && from_its_client())
            || and.iter().any(|name| name == reading.name)
    }
}

/// Tests the signature of a claim with a key, under the strict reading first and then under each alternative that
/// applies, until one matches.
///
/// A request signed under a reading that is not accepted is refused with its name: only a holder of the secret learns
/// it. The work does not depend on whether the key is the right one, so a caller that has none uses a placeholder.
///
/// # Errors
///
/// [`Refusal::SignatureMismatch`] with the strict string to sign, or [`Refusal::ReadingNotAccepted`].
#[inline]
pub fn verify<'r>(
    scheme: &'static dyn Scheme,
    base: &str,
    request: &Request<'r>,
    claim: Claim<'r>,
    key: Key<'_>,
    accepted: Readings<'_>,
) -> Result<Proven<'r>, Refusal> {
    let reading = matching(scheme, base, request, &claim, key, accepted)?;
    Ok(Proven { claim, scheme, reading })
}

/// The reading under which the signature matches.
fn matching(
    scheme: &'static dyn Scheme,
    base: &str,
    request: &Request<'_>,
    claim: &Claim<'_>,
    key: Key<'_>,
    accepted: Readings<'_>,
) -> Result<Reading, Refusal> {
    let keys = scheme.keys(key, claim);
    let mut text = StringToSign::new();
    for reading in scheme.readings() {
        text.clear();
        if !scheme.write(*reading, base, request, claim, &mut text) {
            continue;
        }
        if keys.iter().any(|key| key.proves(text.as_bytes(), &claim.signature)) {
            if !accepted.accept(*reading, claim) {
                return Err(Refusal::ReadingNotAccepted(reading.name));
            }
            return Ok(*reading);
        }
    }
    Err(Refusal::SignatureMismatch { string_to_sign: string_to_sign(scheme, base, request, claim) })
}

/// The string to sign under the strict reading, as text; empty where the request is not under `base`.
pub fn string_to_sign(scheme: &dyn Scheme, base: &str, request: &Request<'_>, claim: &Claim<'_>) -> String {
    let mut text = StringToSign::new();
    for reading in scheme.readings().iter().filter(|reading| reading.is_strict()) {
        scheme.write(*reading, base, request, claim, &mut text);
    }
    text.to_text()
}

/// Whether a claim was signed within `window` of `now`, before or after.
///
/// Both are taken in whole seconds, which is as finely as most schemes tell the time: 900 seconds apart is within 900
/// seconds, whatever the fraction of a second at which the request arrives.
///
/// # Errors
///
/// [`Refusal::Stale`], with both times and the window.
pub fn fresh(claim: &Claim<'_>, now: Timestamp, window: Duration) -> Result<(), Refusal> {
    let apart = claim.signed_at.unix_seconds().abs_diff(now.unix_seconds());
    if apart > window.as_secs() {
        return Err(Refusal::Stale { signed_at: claim.signed_at, now, window });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::crypto::HmacSha1;
    use crate::crypto::counting::blocks;
    use crate::request::Body;
    use crate::schemes;

    /// The work of refusing a request that was signed with another key than this.
    fn work(authorization: &str, target: &str, secret: &str) -> usize {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", authorization),
            ("date", "Sat, 21 Nov 2026 23:23:13 GMT"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-odps-user-agent", "JavaSDK"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let request = Request::new("POST", target, &headers, Body::Unread);
        let hmac_sha1 = HmacSha1::new(secret.as_bytes());
        blocks(|| {
            let (scheme, claim) = schemes::read(&request).unwrap();
            let key = Key::Secret { secret: secret.as_bytes(), hmac_sha1: &hmac_sha1 };
            let refused = verify(scheme, "/api", &request, claim.unwrap(), key, Readings::Every);
            assert!(matches!(refused, Err(Refusal::SignatureMismatch { .. })));
        })
    }

    #[test]
    fn case_42_refusing_costs_the_same_whatever_key_it_is_tested_with() {
        let version_2 = "ODPS CSAK1:AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let version_4 = "ODPS CSAK1/20261121/r/odps/apsara_v4_request:AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let mut seen = Vec::new();
        for authorization in [version_2, version_4] {
            for target in ["/api/t", "/api/a+b?x-odps-c=1&k=1&k=2&v=%2541", "/api//h/a;b?x=%25"] {
                let work = |secret| work(authorization, target, secret);
                let placeholder = "CSSK0123456789012345678901234567890123456789";
                let costs = [work("secret"), work(placeholder), work(""), work(&"long".repeat(40))];
                assert!(costs.iter().all(|cost| *cost == costs[0]), "{target}: {costs:?}");
                seen.push(costs[0]);
            }
        }
        // The alternates are counted too, and so is the second key of a private cloud.
        assert!(seen[1] > 3 * seen[0] && seen[3] == 2 * seen[0], "{seen:?}");
    }
}
