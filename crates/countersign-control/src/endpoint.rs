//! The endpoint listener's requests: programs, never browsers. The raw path decides who answers.
//!
//! ```text
//! the base path, such as /api, or below it    the MaxCompute login surface
//! / with an action, signed by RPC or ACS3     the management API (ram)
//! anything else, where there is an echo       judged, and told who signed it
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
use countersign::{Malformed, Refusal, Timestamp};
use countersign_accounts::change::Revision;
use countersign_accounts::id::RequestId;
use countersign_accounts::random;
use http::header::{AUTHORIZATION, EXPECT, HOST};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Body;

use crate::arrival::{Arrival, Seen};
use crate::body::{self, Counted};
use crate::echo;
use crate::form;
use crate::judge::{Keep, judge};
use crate::maxcompute;
use crate::metrics::Metrics;
use crate::ram;
use crate::request_log::{self, Line};
use crate::state::State;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-odps-request-id");
/// In the answer to a verified request: the revision of the keyring by which it was judged.
const REVISION: HeaderName = HeaderName::from_static("x-countersign-revision");

/// What answers the endpoint listener's requests.
#[derive(Debug)]
pub struct Endpoint {
    state: Arc<State>,
    secure: bool,
}

impl Endpoint {
    /// An endpoint that answers from this state.
    pub fn new(state: Arc<State>) -> Self {
        Self { state, secure: false }
    }

    /// The same behind a listener that speaks TLS: it tells its clients of `https` addresses.
    #[must_use]
    pub fn over_tls(self) -> Self {
        Self { secure: true, ..self }
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.state.metrics
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
        let body = pin!(body);
        let mut body = Counted::new(body);
        let request_id = RequestId::generate(now, &mut random::from_system()).to_string();
        let settings = self.state.settings();
        let arrival = Arrival {
            parts: &parts,
            request_id: &request_id,
            host: host(&parts),
            has_body: !body.is_end_stream(),
            secure: self.secure,
            peer: peer.map(|peer| peer.to_canonical()),
            now,
            settings: &settings,
        };
        let mut line = Line::begin(&arrival, &self.state.metrics);
        let base = settings.maxcompute.base.trim_end_matches('/');
        let spoken = match below(parts.uri.path(), base) {
            below if let Some(fault) = form::fault(&parts) => refuse_form(&arrival, below.is_some(), fault),
            Some(path) => maxcompute::answer(&self.state, &arrival, path, &mut body, &mut line.seen).await,
            None if parts.uri.path() == "/" && !bears_odps_marks(&parts) => {
                ram::answer(&self.state, &arrival, &mut body, &mut line.seen).await
            }
            None if settings.echo => self.echo(&arrival, &mut body, &mut line.seen).await,
            None => refuse(&arrival, base),
        };
        // A client that waits to be told to send its body has not sent any, and reads the answer at once.
        if !spoken.status.is_success() && !parts.headers.contains_key(EXPECT) {
            body::drain(&mut body).await;
        }
        line.answered(&spoken);
        if !line.seen.verified {
            self.state.metrics.rejected_body(body.bytes);
            self.note_refusal(&line.seen, &spoken, &arrival);
        }
        response(spoken, &request_id, line.seen.revision)
    }

    /// Judges a request that nothing here serves, and tells its sender what was found.
    async fn echo<B>(&self, arrival: &Arrival<'_>, body: &mut B, seen: &mut Seen) -> Spoken
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let demands = &arrival.settings.signatures;
        match judge(&self.state, arrival, demands, Keep::Nothing, body, seen).await {
            Ok(judged) => echo::tell(&judged, arrival),
            Err(fault) => fault.speak(arrival),
        }
    }

    /// Counts a refused request for the owner of the AccessKey that it named. Where there is no such key the work is the
    /// same: the answer comes after it.
    fn note_refusal(&self, seen: &Seen, spoken: &Spoken, arrival: &Arrival<'_>) {
        let snapshot = self.state.verifier.keyring().snapshot();
        if let Some(id) = &seen.access_key_id {
            let account = snapshot.get(id).map(|access_key| &access_key.account);
            self.state.refusals.note(account, id, spoken.code, arrival.peer, arrival.now);
        }
    }

    /// Notes a request whose head could not be read. `status` is what it was answered with.
    pub(crate) fn malformed(&self, status: Option<StatusCode>, peer: IpAddr, now: Timestamp) {
        request_log::malformed(&self.state.metrics, status, peer, now);
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

/// Refuses what is not a request of HTTP that this server takes. It is for whoever wrote the client.
fn refuse_form(arrival: &Arrival<'_>, below: bool, fault: &'static str) -> Spoken {
    if !below && !bears_odps_marks(arrival.parts) {
        let malformed = Malformed::Unreadable { what: "the request".to_owned(), why: fault };
        return Dialect::Problem.speak(&malformed.into(), &arrival.occasion());
    }
    let message = format!("ODPS-0420061: Invalid parameter in HTTP request - {fault}");
    odps::answer(StatusCode::BAD_REQUEST, "InvalidRequest", &message, &arrival.occasion())
}

fn bears_odps_marks(parts: &Parts) -> bool {
    let signed = parts.headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"ODPS "));
    signed || parts.headers.keys().any(|name| name.as_str().starts_with("x-odps-"))
}

fn response(spoken: Spoken, request_id: &str, revision: Option<Revision>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(spoken.body));
    *response.status_mut() = spoken.status;
    *response.headers_mut() = spoken.headers;
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    if let Some(revision) = revision.and_then(|revision| HeaderValue::try_from(revision.to_string()).ok()) {
        response.headers_mut().insert(REVISION, revision);
    }
    response
}
