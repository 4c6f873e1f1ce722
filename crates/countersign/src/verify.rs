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
            client.is_some_and(|(client, user_agent)| user_agent.starts_with(client))
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
pub fn verify<'r>(
    scheme: &'static dyn Scheme,
    base: &str,
    request: &Request<'r>,
    claim: Claim<'r>,
    key: Key<'_>,
    accepted: Readings<'_>,
) -> Result<Proven<'r>, Refusal> {
    let keys = scheme.keys(key, &claim);
    let mut text = StringToSign::new();
    for reading in scheme.readings() {
        text.clear();
        if !scheme.write(*reading, base, request, &claim, &mut text) {
            continue;
        }
        if keys.iter().any(|key| key.proves(text.as_bytes(), &claim.signature)) {
            if !accepted.accept(*reading, &claim) {
                return Err(Refusal::ReadingNotAccepted(reading.name));
            }
            return Ok(Proven { claim, scheme, reading: *reading });
        }
    }
    Err(Refusal::SignatureMismatch { string_to_sign: string_to_sign(scheme, base, request, &claim) })
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
