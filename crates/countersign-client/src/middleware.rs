//! Signing what `reqwest` sends.

use std::fmt;

use async_trait::async_trait;
use countersign::{Malformed, Timestamp};
use http::header::ACCEPT;
use http::{Extensions, Uri};
use reqwest::{Request, Response, Url};
use reqwest_middleware::{Error, Middleware, Next, Result};

use crate::signer::Signer;
use crate::transport::ANYTHING;

/// A middleware of `reqwest-middleware` that signs each request just before it is sent.
///
/// It comes last in the chain: what another adds behind it is not signed, and a retry in front of it is signed anew. The
/// client beneath should follow no redirects, since a signature is for the place that it names. Bodies are held whole; a
/// streamed one is refused.
///
/// ```
/// use countersign_client::{Signer, SigningMiddleware};
/// # use countersign::{Credential, Timestamp};
/// # fn example(signer: Signer, now: fn() -> Timestamp, random: fn() -> String) -> reqwest::Result<()> {
///
/// let beneath = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
/// let client = reqwest_middleware::ClientBuilder::new(beneath)
///     .with(SigningMiddleware::new(signer, now, random))
///     .build();
/// # Ok(()) }
/// ```
pub struct SigningMiddleware {
    signer: Signer,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    nonce: Box<dyn Fn() -> String + Send + Sync>,
}

/// Why a request was not signed.
#[derive(Debug, thiserror::Error)]
pub enum NotSigned {
    #[error("the request cannot be signed: {0}")]
    Sign(#[from] Malformed),
    #[error("a streamed body cannot be signed: give it whole")]
    Streamed,
    /// The library would send another target than the one that was signed.
    #[error("`{0}` is sent otherwise than it was signed")]
    Url(String),
}

impl SigningMiddleware {
    /// Signs by this signer, at the time that `now` tells, with a nonce of `nonce`, which returns another each time.
    pub fn new(
        signer: Signer,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
        nonce: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        Self { signer, now: Box::new(now), nonce: Box::new(nonce) }
    }

    fn sign(&self, request: &mut Request) -> std::result::Result<(), NotSigned> {
        let body = match request.body() {
            None => &b""[..],
            Some(body) => body.as_bytes().ok_or(NotSigned::Streamed)?,
        };
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.method = request.method().clone();
        parts.uri = uri_of(request.url())?;
        parts.headers = request.headers().clone();
        parts.headers.entry(ACCEPT).or_insert(ANYTHING);
        self.signer.sign(&mut parts, body, (self.now)(), &(self.nonce)())?;
        *request.url_mut() = url_of(&parts.uri)?;
        *request.headers_mut() = parts.headers;
        Ok(())
    }
}

/// The URI that `reqwest` sends for a URL. Its fragment stays here.
pub(crate) fn uri_of(url: &Url) -> std::result::Result<Uri, NotSigned> {
    let mut url = url.clone();
    url.set_fragment(None);
    url.as_str().parse().map_err(|_| NotSigned::Url(url.to_string()))
}

/// The URL for a URI, if `reqwest` sends it as it stands.
pub(crate) fn url_of(uri: &Uri) -> std::result::Result<Url, NotSigned> {
    let other = || NotSigned::Url(uri.to_string());
    let url: Url = uri.to_string().parse().map_err(|_| other())?;
    if uri_of(&url)? == *uri { Ok(url) } else { Err(other()) }
}

#[async_trait]
impl Middleware for SigningMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        self.sign(&mut request).map_err(Error::middleware)?;
        next.run(request, extensions).await
    }
}

impl fmt::Debug for SigningMiddleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningMiddleware").field("signer", &self.signer).finish_non_exhaustive()
    }
}
