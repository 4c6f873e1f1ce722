//! The gate as a `tower` layer: a service behind it sees verified requests alone.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use countersign::dialects::{Dialect, Occasion, Spoken};
use countersign::{Body, Malformed, Refusal, Scheme, Timestamp, schemes};
use countersign_accounts::id::RequestId;
use countersign_accounts::verifier::{Context as Judging, Demands, Refused, Verdict, Verifier};
use countersign_accounts::{clock, random};
use http::header::{EXPECT, HOST};
use http::request::Parts;
use http::{HeaderValue, Request, Response};
use tokio::sync::Semaphore;
use tower::{Layer, Service};

use crate::body::{self, BoxError, GateBody, Kept, NotRead};
use crate::identity::{self, Caller};

/// Up to how many bytes a signed form is read whole, unless said otherwise.
const FORM_LIMIT: usize = 256 * 1024;
/// How many such forms are read at a time. Who sends them has proven nothing yet.
const FORMS: usize = 64;
/// How long such a client may take to send one.
const FORM_WITHIN: Duration = Duration::from_secs(10);
/// Up to how many bytes a body is compared before the service behind is asked, unless said otherwise.
const WHOLE_LIMIT: usize = 64 * 1024;
/// How long a client that has proven itself may take to send one.
const WHOLE_WITHIN: Duration = Duration::from_secs(30);

/// Puts a verifier in front of a service.
///
/// A request goes on when its signature proves who sent it, with a [`Caller`] among its extensions and without the header
/// fields (`x-countersign-…`) that only a gate may set. Any other is answered here, in the manner that the clients of its
/// scheme expect.
///
/// **Bodies.** Where the signature covers the body, a short one is compared before the service is asked; a long one, or
/// one whose length is not told, as it passes: its last piece is held back until it matches, so a service that reads to the
/// end never takes a body that was tampered with, but gets a [`crate::BodyError`]. Such a request is used up when its head is let
/// through. A form that is itself what is signed is read whole, up to a limit. What the signature does not cover is passed
/// as it came: [`Caller::coverage`] says what that is, and [`Demands`] what is not let through.
///
/// The clock is this machine's, and the address of the client unknown, unless it is told otherwise.
#[derive(Clone)]
pub struct VerifyLayer(Settings);

/// A service behind a verifier: see [`VerifyLayer`].
#[derive(Clone)]
pub struct Verify<S> {
    inner: S,
    gate: Arc<Settings>,
}

/// Tells the address of whoever sent a request.
type Peer = Arc<dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync>;

#[derive(Clone)]
struct Settings {
    verifier: Arc<Verifier>,
    demands: Arc<Demands>,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    peer: Peer,
    form_limit: usize,
    whole_limit: usize,
    forms: Arc<Semaphore>,
}

impl VerifyLayer {
    /// A layer that judges by this verifier what demands are made here.
    pub fn new(verifier: Arc<Verifier>, demands: Demands) -> Self {
        Self(Settings {
            verifier,
            demands: Arc::new(demands),
            clock: Arc::new(clock::now),
            peer: Arc::new(|_| None),
            form_limit: FORM_LIMIT,
            whole_limit: WHOLE_LIMIT,
            forms: Arc::new(Semaphore::new(FORMS)),
        })
    }

    /// The same by another clock.
    #[must_use]
    pub fn clock(mut self, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.0.clock = Arc::new(now);
        self
    }

    /// The same with a way to tell the client's address, such as from axum's `ConnectInfo` among the extensions. Without
    /// one, AccessKeys that may be used from some networks alone are refused.
    #[must_use]
    pub fn peer(mut self, peer: impl Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static) -> Self {
        self.0.peer = Arc::new(peer);
        self
    }

    /// The same, with signed forms read up to so many bytes; 256 KiB unless said otherwise.
    #[must_use]
    pub fn form_limit(mut self, bytes: usize) -> Self {
        self.0.form_limit = bytes;
        self
    }

    /// The same, with bodies up to so many bytes compared before the service is asked; 64 KiB unless said otherwise.
    #[must_use]
    pub fn whole_limit(mut self, bytes: usize) -> Self {
        self.0.whole_limit = bytes;
        self
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = Verify<S>;

    fn layer(&self, inner: S) -> Verify<S> {
        Verify { inner, gate: Arc::new(self.0.clone()) }
    }
}

impl<S, B, R> Service<Request<B>> for Verify<S>
where
    S: Service<Request<GateBody<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that was asked whether it is ready.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let gate = Arc::clone(&self.gate);
        Box::pin(async move {
            let (mut parts, mut body) = request.into_parts();
            match gate.judge(&mut parts, &mut body).await {
                Ok((caller, kept)) => {
                    identity::strip(&mut parts.headers);
                    parts.extensions.insert(caller);
                    inner.call(Request::from_parts(parts, GateBody::new(body, kept))).await
                }
                Err(spoken) => {
                    // A client that waits to be told to send its body has not sent any, and reads the answer at once.
                    if !parts.headers.contains_key(EXPECT) {
                        body::drain(&mut body).await;
                    }
                    let mut response = Response::new(R::from(spoken.body));
                    *response.status_mut() = spoken.status;
                    *response.headers_mut() = spoken.headers;
                    Ok(response)
                }
            }
        })
    }
}

impl Settings {
    /// Judges a request: who sent it and what became of its body, or the answer.
    async fn judge<B>(&self, parts: &mut Parts, body: &mut B) -> Result<(Caller, Kept), Spoken>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        let now = (self.clock)();
        let has_body = !body.is_end_stream();
        let judged = match name_host(parts) {
            Ok(()) => self.judge_named(parts, body, has_body, now).await,
            Err(malformed) => Err(Refused { refusal: malformed.into(), scheme: None }),
        };
        judged.map_err(|Refused { refusal, scheme }| {
            let request_id = RequestId::generate(now, &mut random::from_system()).to_string();
            let occasion = Occasion {
                request_id: &request_id,
                host: host(parts),
                has_body,
                request: countersign::Request::of(parts, Body::Unread),
                now,
            };
            let dialect = scheme.map_or(Dialect::Problem, Scheme::dialect);
            let mut spoken = dialect.speak(&refusal, &occasion);
            dialect.add_headers(&occasion, &mut spoken.headers);
            spoken
        })
    }

    async fn judge_named<B>(
        &self,
        parts: &Parts,
        body: &mut B,
        has_body: bool,
        now: Timestamp,
    ) -> Result<(Caller, Kept), Refused>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        let head = if has_body { Body::Unread } else { Body::Whole(b"") };
        let request = countersign::Request::of(parts, head);
        match self.verify(&request, parts, now) {
            Verdict::Verified(verified) => Ok((Caller::of(&verified), Kept::AsItCame)),
            Verdict::Pending(mut pending) => {
                let is_short =
                    body.size_hint().upper().is_some_and(|length| length <= self.whole_limit as u64);
                if !is_short {
                    let (verified, streaming) = self.verifier.stream(pending, now)?;
                    return Ok((Caller::of(&verified), Kept::Compared(streaming)));
                }
                let read = body::read(body, self.whole_limit, WHOLE_WITHIN).await;
                let read = read.map_err(|_| incomplete(parts))?;
                pending.update(&read)?;
                let verified = self.verifier.finish(pending, (self.clock)())?;
                Ok((Caller::of(&verified), Kept::Whole(read)))
            }
            Verdict::NeedsBody => {
                let read = self.read_form(parts, body).await?;
                let request = countersign::Request::of(parts, Body::Whole(&read));
                match self.verify(&request, parts, now) {
                    Verdict::Verified(verified) => {
                        let caller = Caller::of(&verified);
                        Ok((caller, Kept::Whole(read.clone())))
                    }
                    Verdict::Refused(refused) => Err(refused),
                    // A body in hand is never asked for again.
                    Verdict::NeedsBody | Verdict::Pending(_) => Err(incomplete(parts)),
                }
            }
            Verdict::Refused(refused) => Err(refused),
        }
    }

    async fn read_form<B>(&self, parts: &Parts, body: &mut B) -> Result<Bytes, Refused>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        // It is never closed, so this does not fail.
        let _one_of_few = self.forms.acquire().await.map_err(|_| incomplete(parts))?;
        body::read(body, self.form_limit, FORM_WITHIN).await.map_err(|error| match error {
            NotRead::TooLong => refused(parts, Refusal::FormTooLong { limit: self.form_limit }),
            NotRead::Incomplete => incomplete(parts),
        })
    }

    fn verify<'a, 'r>(
        &self,
        request: &'a countersign::Request<'r>,
        parts: &Parts,
        now: Timestamp,
    ) -> Verdict<'a, 'r> {
        let peer = (self.peer)(parts).map(|peer| peer.to_canonical());
        self.verifier.verify(request, &Judging { now, demands: &self.demands, peer })
    }
}

/// The host that the client addressed. What could not be part of a URL is not said back.
fn host(parts: &Parts) -> &str {
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    if host.len() <= 255 && host.bytes().all(allowed) { host } else { "" }
}

/// Puts the host of the target into `Host`, where HTTP/2 leaves that out. Two that differ are refused: one would be
/// signed, and the other might count.
fn name_host(parts: &mut Parts) -> Result<(), Malformed> {
    if parts.headers.get_all(HOST).iter().nth(1).is_some() {
        return Err(Malformed::Repeated(HOST.to_string()));
    }
    let Some(authority) = parts.uri.authority() else { return Ok(()) };
    let named = parts.headers.get(HOST).map(HeaderValue::as_bytes);
    match named {
        Some(named) if named.eq_ignore_ascii_case(authority.as_str().as_bytes()) => Ok(()),
        Some(_) => Err(malformed("its target and its `Host` name two hosts")),
        None => {
            let host = HeaderValue::from_str(authority.as_str());
            parts.headers.insert(HOST, host.map_err(|_| malformed("its target names no host"))?);
            Ok(())
        }
    }
}

fn malformed(why: &'static str) -> Malformed {
    Malformed::Unreadable { what: "the request".to_owned(), why }
}

/// The body of a request that has proven itself, or may yet, did not come.
fn incomplete(parts: &Parts) -> Refused {
    let why = "it did not arrive in time";
    refused(parts, Malformed::Unreadable { what: "the body".to_owned(), why }.into())
}

fn refused(parts: &Parts, refusal: Refusal) -> Refused {
    Refused {
        refusal,
        scheme: schemes::read(&countersign::Request::of(parts, Body::Unread)).map(|(scheme, _)| scheme),
    }
}

impl fmt::Debug for VerifyLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyLayer").field("demands", &self.0.demands).finish_non_exhaustive()
    }
}

impl<S: fmt::Debug> fmt::Debug for Verify<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verify").field("inner", &self.inner).finish_non_exhaustive()
    }
}
