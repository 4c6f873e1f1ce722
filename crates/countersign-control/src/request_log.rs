//! The request log: one line for each request, whatever becomes of it, and the same once in the metrics.
//!
//! The line is written when it is dropped. So one whose client goes away while it is being answered has its line too,
//! and none has two. `docs/reference/request-log.md` describes the fields.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Instant;

use countersign::Timestamp;
use countersign::dialects::Spoken;
use countersign_accounts::id::RequestId;
use countersign_accounts::random;
use http::StatusCode;

use crate::arrival::{Arrival, Seen};
use crate::metrics::{Metrics, Outcome};

/// How much of what a client wrote goes into a line, in characters.
const METHOD: usize = 32;
const PATH: usize = 1024;
const ACCESS_KEY_ID: usize = 128;

/// The line of a request that is being answered.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    /// What has been found out so far.
    pub(crate) seen: Seen,
    arrival: &'a Arrival<'a>,
    metrics: &'a Metrics,
    began: Instant,
    answered: Option<(StatusCode, &'static str)>,
}

impl<'a> Line<'a> {
    pub(crate) fn begin(arrival: &'a Arrival<'a>, metrics: &'a Metrics) -> Self {
        Self { seen: Seen::default(), arrival, metrics, began: Instant::now(), answered: None }
    }

    /// This is the answer that the client gets.
    pub(crate) fn answered(&mut self, spoken: &Spoken) {
        self.answered = Some((spoken.status, spoken.code));
    }

    fn outcome(&self) -> Outcome {
        match self.answered {
            _ if self.seen.verified => Outcome::Verified,
            Some(_) => Outcome::Refused,
            None => Outcome::Aborted,
        }
    }
}

/// The query stays out of it: clients put all sorts of things there.
impl Drop for Line<'_> {
    fn drop(&mut self) {
        let (arrival, seen, outcome) = (self.arrival, &self.seen, self.outcome());
        self.metrics.request(seen.scheme, outcome, seen.judged);
        tracing::info!(
            target: "request",
            request_id = arrival.request_id,
            method = bounded(arrival.parts.method.as_str(), METHOD).as_ref(),
            path = bounded(arrival.parts.uri.path(), PATH).as_ref(),
            status = self.answered.map(|(status, _)| status.as_u16()),
            code = self.answered.map(|(_, code)| code),
            verdict = outcome.name(),
            scheme = seen.scheme,
            reading = seen.reading,
            access_key_id = seen.access_key_id.as_deref().map(|id| bounded(id, ACCESS_KEY_ID)).as_deref(),
            peer = arrival.peer.map(|peer| peer.to_string()),
            revision = seen.revision.map(|revision| revision.to_string()),
            seconds = self.began.elapsed().as_micros() as f64 / 1e6,
        );
    }
}

/// Writes the line of a request whose head could not be read, and that was answered with no more than a status.
pub(crate) fn malformed(metrics: &Metrics, status: Option<StatusCode>, peer: IpAddr, now: Timestamp) {
    let request_id = RequestId::generate(now, &mut random::from_system()).to_string();
    metrics.request(None, Outcome::Malformed, None);
    tracing::info!(
        target: "request",
        request_id,
        status = status.map(|status| status.as_u16()),
        verdict = Outcome::Malformed.name(),
        peer = %peer.to_canonical(),
    );
}

/// The beginning of what a client wrote, and `…` where there was more.
fn bounded(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.chars().take(most).chain(['…']).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(bounded("äöü", 3), "äöü");
        assert_eq!(bounded("äöüß", 3), "äöü…");
    }
}
