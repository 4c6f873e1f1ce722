//! A request on its way in, and what the request log will say of it.

use std::net::IpAddr;
use std::time::Duration;

use countersign::dialects::Occasion;
use countersign::{Body, Request, Timestamp};
use countersign_accounts::change::Revision;
use http::HeaderName;
use http::header::USER_AGENT;
use http::request::Parts;

use crate::state::Settings;

/// Where clients of MaxCompute say what they are; Java's and Python's HTTP libraries say it in `User-Agent`.
const ODPS_USER_AGENT: HeaderName = HeaderName::from_static("x-odps-user-agent");

/// A request as it arrived, but for its body.
#[derive(Debug)]
pub(crate) struct Arrival<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) request_id: &'a str,
    /// The host as the client addressed it, fit to be said back to it; empty where it said none.
    pub(crate) host: &'a str,
    pub(crate) has_body: bool,
    /// Whether it came over TLS.
    pub(crate) secure: bool,
    pub(crate) peer: Option<IpAddr>,
    pub(crate) now: Timestamp,
    /// The settings by which all of it is judged, whatever is put in force meanwhile.
    pub(crate) settings: &'a Settings,
}

/// What was found out about a request, for its line in the request log. Never a token, a signature or a body.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) scheme: Option<&'static str>,
    pub(crate) reading: Option<&'static str>,
    /// The key that the request was verified by, or, while `verified` is false, the one that it claims.
    pub(crate) access_key_id: Option<String>,
    pub(crate) verified: bool,
    /// The revision of the keyring by which it was verified.
    pub(crate) revision: Option<Revision>,
    /// How long the judgement on its credential took, if it had one.
    pub(crate) judged: Option<Duration>,
}

impl Seen {
    /// Adds to the time that the judgement took: where the body is needed to tell, there are two.
    pub(crate) fn judged_for(&mut self, took: Duration) {
        *self.judged.get_or_insert_default() += took;
    }
}

impl<'a> Arrival<'a> {
    /// The request as schemes read it.
    pub(crate) fn request(&self, body: Body<'a>) -> Request<'a> {
        Request::of(self.parts, body)
    }

    /// What an answer needs to know of the request.
    pub(crate) fn occasion(&self) -> Occasion<'a> {
        Occasion {
            request_id: self.request_id,
            host: self.host,
            has_body: self.has_body,
            request: self.request(Body::Unread),
            now: self.now,
        }
    }

    /// What the client says that it is.
    pub(crate) fn user_agent(&self) -> Option<&'a str> {
        let headers = &self.parts.headers;
        let value = headers.get(ODPS_USER_AGENT).or_else(|| headers.get(USER_AGENT))?;
        std::str::from_utf8(value.as_bytes()).ok()
    }

    /// The origin that the client addressed, such as `http://127.0.0.1:8640`. Where a proxy in front speaks TLS with the
    /// client, that is not known here.
    pub(crate) fn origin(&self) -> String {
        let host = if self.host.is_empty() { "localhost" } else { self.host };
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{host}")
    }
}
