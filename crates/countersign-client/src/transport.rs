//! Signing a request by a profile, and sending it.

use bytes::Bytes;
use countersign::{Malformed, Scheme, StringToSign, Timestamp, schemes};
use http::header::{ACCEPT, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use reqwest::Url;

use crate::middleware::{uri_of, url_of};
use crate::profile::Profile;
use crate::signer::Signer;

/// What this client says that it is, in `User-Agent` and in the signed `x-odps-user-agent`.
const USER_AGENT: &str = concat!("countersign/", env!("CARGO_PKG_VERSION"));
const ODPS_USER_AGENT: HeaderName = HeaderName::from_static("x-odps-user-agent");
/// What `reqwest` adds where nothing is said. It is there before the request is signed, for schemes that sign it.
pub(crate) const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");

/// What signs requests, and sends them.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    /// What a path alone is taken behind.
    endpoint: Option<Endpoint>,
    signer: Signer,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Endpoint {
    /// Such as `http://127.0.0.1:8640`.
    origin: String,
    /// Such as `/api`.
    base: String,
}

/// A request that is signed and not sent yet.
#[derive(Debug)]
pub struct Signed {
    pub method: Method,
    /// Origin and target.
    pub url: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub string_to_sign: StringToSign,
    /// Whether the signature stands in the URL.
    pub in_query: bool,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Why a request was not signed, or not answered.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("no {0} is known: {1}")]
    Missing(&'static str, &'static str),
    #[error("`{0}` is not an endpoint: it should read like `http://127.0.0.1:8640/api`")]
    Endpoint(String),
    #[error("`{0}` is not the URL of a request to `{1}`")]
    Url(String, String),
    #[error("`{0}` is not a URL that can be signed: it should read like `https://host/path`")]
    NoUrl(String),
    #[error("the request cannot be signed: {0}")]
    Sign(#[from] Malformed),
    #[error("the request was not answered: {0}")]
    Send(String),
}

impl Client {
    /// A client for the MaxCompute endpoint of a profile, signing by its AccessKey.
    ///
    /// # Errors
    ///
    /// [`ClientError::Missing`] where the profile lacks what is needed.
    pub fn new(profile: &Profile) -> Result<Self, ClientError> {
        Self::signing_by(schemes::ODPS, profile)
    }

    /// A client that signs by a scheme, with the AccessKey of a profile.
    ///
    /// By `odps` it signs for the profile's endpoint and nothing else, since the path of that is left out of what is
    /// signed. By any other scheme it signs for every URL, and a path alone is one behind the profile's endpoint.
    ///
    /// # Errors
    ///
    /// [`ClientError::Missing`] where the profile lacks what is needed.
    pub fn signing_by(scheme: &'static dyn Scheme, profile: &Profile) -> Result<Self, ClientError> {
        let endpoint = match profile.endpoint.as_deref() {
            Some(endpoint) => {
                Some(Endpoint::read(endpoint).ok_or_else(|| ClientError::Endpoint(endpoint.to_owned()))?)
            }
            None if is_odps(scheme) => return Err(no_endpoint()),
            None => None,
        };
        if profile.access_key_id.is_none() {
            let hint = "name a profile that has one (`access_id` in an odps_config.ini), or give `--access-key-id ID`";
            return Err(ClientError::Missing("AccessKey id", hint));
        }
        let mut signer = Signer::of_profile(scheme, profile).ok_or(ClientError::Missing(
            "AccessKey secret",
            "name a profile that has one (`access_key` in an odps_config.ini), or give `--access-key-secret-file FILE`",
        ))?;
        if is_odps(scheme)
            && let Some(endpoint) = &endpoint
        {
            signer.base = endpoint.base.clone();
        }
        // What is signed names where it goes: following a redirect elsewhere would be answered with a refusal at best.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(USER_AGENT)
            .build()
            .map_err(|error| ClientError::Send(chain(&error)))?;
        Ok(Self { http, endpoint, signer })
    }

    /// What it signs by, to be set otherwise than the profile says.
    pub fn signer_mut(&mut self) -> &mut Signer {
        &mut self.signer
    }

    /// Signs a request. `url` is a path behind the endpoint's own, such as `/tenants`, or a whole URL: of the endpoint's
    /// origin, where the scheme is `odps`. `nonce` is a text that no other request by this AccessKey has.
    pub fn sign(
        &self,
        method: Method,
        url: &str,
        mut headers: HeaderMap,
        body: Bytes,
        now: Timestamp,
        nonce: &str,
    ) -> Result<Signed, ClientError> {
        let uri = self.uri(url)?;
        // Who is given a URL has not been told which fields to send with it.
        if self.signer.presign.is_none() {
            headers.entry(ACCEPT).or_insert(ANYTHING);
        }
        if is_odps(self.signer.scheme) {
            headers.entry(ODPS_USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
        }
        let (mut parts, ()) = http::Request::new(()).into_parts();
        let unsigned = uri.clone();
        (parts.method, parts.uri, parts.headers) = (method, uri, headers);
        let string_to_sign = self.signer.sign(&mut parts, &body, now, nonce)?;
        // What the library would write otherwise would not be what is signed.
        let url = url_of(&parts.uri).map_err(|_| self.wrong(url))?.to_string();
        let in_query = parts.uri != unsigned;
        Ok(Signed { method: parts.method, url, headers: parts.headers, body, string_to_sign, in_query })
    }

    /// The URI of a request, as it will be sent.
    fn uri(&self, text: &str) -> Result<Uri, ClientError> {
        let whole = match &self.endpoint {
            Some(Endpoint { origin, base }) if text.starts_with('/') => format!("{origin}{base}{text}"),
            None if text.starts_with('/') => return Err(no_endpoint()),
            Some(Endpoint { origin, .. }) if is_odps(self.signer.scheme) => {
                let is_below = text.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/'));
                is_below.then(|| text.to_owned()).ok_or_else(|| self.wrong(text))?
            }
            _ => text.to_owned(),
        };
        let url: Url = whole.parse().map_err(|_| self.wrong(text))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(self.wrong(text));
        }
        uri_of(&url).map_err(|_| self.wrong(text))
    }

    fn wrong(&self, url: &str) -> ClientError {
        match &self.endpoint {
            Some(Endpoint { origin, base }) if is_odps(self.signer.scheme) => {
                ClientError::Url(url.to_owned(), format!("{origin}{base}"))
            }
            _ => ClientError::NoUrl(url.to_owned()),
        }
    }

    /// Sends a signed request as it is.
    pub async fn send(&self, signed: Signed) -> Result<Answer, ClientError> {
        let failed = |error: reqwest::Error| ClientError::Send(chain(&error));
        let request = self.http.request(signed.method, &signed.url).headers(signed.headers).body(signed.body);
        let response = request.send().await.map_err(failed)?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await.map_err(failed)? })
    }

    /// The path of the endpoint, such as `/api`; empty where there is none.
    pub fn base(&self) -> &str {
        self.endpoint.as_ref().map_or("", |endpoint| &endpoint.base)
    }
}

impl Endpoint {
    /// `http://host:1` and `/api` of `http://host:1/api/`.
    fn read(text: &str) -> Option<Self> {
        let uri: Uri = text.trim().parse().ok()?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
        let origin = format!("{scheme}://{}", uri.authority()?);
        let base = uri.path().trim_end_matches('/').to_owned();
        uri.query().is_none().then_some(Self { origin, base })
    }
}

fn is_odps(scheme: &dyn Scheme) -> bool {
    scheme.name() == schemes::ODPS.name()
}

fn no_endpoint() -> ClientError {
    ClientError::Missing("endpoint", "give `end_point` in the profile, or `--endpoint URL`")
}

/// An error and its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        let text =
            b"project_name=demo\naccess_id=CSAK1\naccess_key=secret\nend_point=http://127.0.0.1:1/api/\n";
        Client::new(&Profile::read_odps_config(text).unwrap().profile).unwrap()
    }

    fn target(url: &str) -> Result<String, ClientError> {
        let now = Timestamp::parse_rfc3339("2026-11-22T10:00:00Z").unwrap();
        client().sign(Method::GET, url, HeaderMap::new(), Bytes::new(), now, "n").map(|signed| signed.url)
    }

    #[test]
    fn a_path_is_taken_behind_the_endpoint_and_a_url_as_it_is() {
        assert_eq!(target("/tenants?a=b").unwrap(), "http://127.0.0.1:1/api/tenants?a=b");
        assert_eq!(target("http://127.0.0.1:1/api/tenants").unwrap(), "http://127.0.0.1:1/api/tenants");
        // As it will be sent.
        assert_eq!(target("/a/../tenants?a=b c").unwrap(), "http://127.0.0.1:1/api/tenants?a=b%20c");
        for url in ["http://elsewhere/api/tenants", "tenants", "http://127.0.0.1:1.evil.example/api/x"] {
            assert!(matches!(target(url), Err(ClientError::Url(..))), "{url}");
        }
        assert!(matches!(target("http://127.0.0.1:1/other"), Err(ClientError::Sign(_))));
    }

    #[test]
    fn an_endpoint_is_an_http_url_without_a_query() {
        assert_eq!(
            Endpoint::read("https://a.example"),
            Some(Endpoint { origin: "https://a.example".to_owned(), base: String::new() })
        );
        for text in ["", "127.0.0.1:8640", "ftp://a/b", "/api", "http://a/b?c"] {
            assert_eq!(Endpoint::read(text), None, "{text}");
        }
    }

    #[test]
    fn what_the_profile_lacks_is_named() {
        let error = Client::new(&Profile::default()).unwrap_err().to_string();
        assert_eq!(error, "no endpoint is known: give `end_point` in the profile, or `--endpoint URL`");
    }
}
