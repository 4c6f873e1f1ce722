//! The endpoint listener's requests: programs, never browsers. The raw path decides who answers.
//!
//! ```text
//! the base path, such as /api, or below it    the MaxCompute login surface
//! anything else                               refused, in the manner of whoever asks
//! ```
//!
//! Every request gets an answer that its client can read: never an empty body, and never a 5xx unless the store
//! failed.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use countersign::dialects::{Dialect, Spoken, odps};
use countersign::{Refusal, Timestamp};
use countersign_accounts::id::RequestId;
use countersign_accounts::random;
use http::header::{AUTHORIZATION, EXPECT, HOST};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Body;

use crate::arrival::{Arrival, Seen};
use crate::state::State;
use crate::{body, maxcompute};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-odps-request-id");

/// What answers the endpoint listener's requests.
#[derive(Debug)]
pub struct Endpoint {
    state: Arc<State>,
}

impl Endpoint {
    /// An endpoint that answers from this state.
    pub fn new(state: Arc<State>) -> Self {
        Self { state }
    }

    /// Answers a request that came at `now` from `peer`, none where it came over a unix socket.
    ///
    /// It reads the body where it is needed or where a client would otherwise not read the answer, up to a bound, and
    /// writes one line to the request log.
    pub async fn answer<B>(
        &self,
        request: Request<B>,
        peer: Option<IpAddr>,
        now: Timestamp,
    ) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes>,
    {
        let (parts, body) = request.into_parts();
        let mut body = pin!(body);
        let request_id = RequestId::generate(now, &mut random::from_system()).to_string();
        let arrival = Arrival {
            parts: &parts,
            request_id: &request_id,
            host: host(&parts),
            has_body: !body.is_end_stream(),
            peer: peer.map(|peer| peer.to_canonical()),
            now,
        };
        let mut seen = Seen::default();
        let base = self.state.settings.maxcompute.base.trim_end_matches('/');
        let spoken = match below(parts.uri.path(), base) {
            Some(path) => maxcompute::answer(&self.state, &arrival, path, &mut body, &mut seen).await,
            None => refuse(&arrival, base),
        };
        // A client that waits to be told to send its body has not sent any, and reads the answer at once.
        if !spoken.status.is_success() && !parts.headers.contains_key(EXPECT) {
            body::drain(&mut body).await;
        }
        log(&arrival, &seen, &spoken);
        response(spoken, &request_id)
    }
}

/// The path behind the base path; `None` where it does not stand behind it.
fn below<'p>(path: &'p str, base: &str) -> Option<&'p str> {
    path.strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The host that the client addressed. What could not be part of a URL is not said back.
fn host(parts: &Parts) -> &str {
    let field = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = parts.uri.authority().map(http::uri::Authority::as_str).or(field).unwrap_or_default();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    if host.len() <= 255 && host.bytes().all(allowed) { host } else { "" }
}

/// Refuses what nothing here serves. Who signs as a client of MaxCompute has left the path out of its `end_point`.
fn refuse(arrival: &Arrival<'_>, base: &str) -> Spoken {
    if !bears_odps_marks(arrival.parts) {
        return Dialect::Problem.speak(&Refusal::Unsigned, &arrival.occasion());
    }
    let message = format!(
        "ODPS-0420061: Invalid parameter in HTTP request - the path of the endpoint is missing: set end_point to \
         {}{base}",
        arrival.origin()
    );
    odps::answer(StatusCode::NOT_FOUND, "InvalidEndpoint", &message, &arrival.occasion())
}

fn bears_odps_marks(parts: &Parts) -> bool {
    let signed = parts.headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"ODPS "));
    signed || parts.headers.keys().any(|name| name.as_str().starts_with("x-odps-"))
}

/// The request's line in the request log. The query stays out: clients put all sorts of things there.
fn log(arrival: &Arrival<'_>, seen: &Seen, spoken: &Spoken) {
    tracing::info!(
        target: "request",
        request_id = arrival.request_id,
        method = arrival.parts.method.as_str(),
        path = arrival.parts.uri.path(),
        status = spoken.status.as_u16(),
        code = spoken.code,
        verdict = if seen.verified { "verified" } else { "refused" },
        scheme = seen.scheme,
        reading = seen.reading,
        access_key_id = seen.access_key_id,
        peer = arrival.peer.map(|peer| peer.to_string()),
    );
}

fn response(spoken: Spoken, request_id: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(spoken.body));
    *response.status_mut() = spoken.status;
    *response.headers_mut() = spoken.headers;
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}
