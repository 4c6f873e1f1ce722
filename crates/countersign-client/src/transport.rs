//! Signing a request by a profile, and sending it.

use bytes::Bytes;
use countersign::{Credential, Malformed, Place, SignOptions, StringToSign, Timestamp, schemes, sign};
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use crate::profile::{Profile, SecurityToken};

/// What this client says that it is, in `User-Agent` and in the signed `x-odps-user-agent`.
const USER_AGENT: &str = concat!("countersign/", env!("CARGO_PKG_VERSION"));
const ODPS_USER_AGENT: HeaderName = HeaderName::from_static("x-odps-user-agent");

/// An endpoint, and the credential to sign with.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    origin: String,
    base: String,
    credential: Credential,
    region: Option<String>,
    corporation: Option<String>,
    security_token: Option<SecurityToken>,
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
    #[error("the request cannot be signed: {0}")]
    Sign(#[from] Malformed),
    #[error("the request was not answered: {0}")]
    Send(String),
}

impl Client {
    /// A client for the endpoint of a profile, signing by its AccessKey.
    ///
    /// # Errors
    ///
    /// [`ClientError::Missing`] where the profile lacks what is needed.
    pub fn new(profile: &Profile) -> Result<Self, ClientError> {
        let endpoint = profile.endpoint.as_deref().ok_or(ClientError::Missing(
            "endpoint",
            "give `end_point` in the profile, or `--endpoint URL`",
        ))?;
        let id = profile.access_key_id.clone().ok_or(ClientError::Missing(
            "AccessKey id",
            "give `access_id` in the profile, or `--access-key-id ID`",
        ))?;
        let secret = profile.access_key_secret.clone().ok_or(ClientError::Missing(
            "AccessKey secret",
            "give `access_key` in the profile, or `--access-key-secret-file FILE`",
        ))?;
        let (origin, base) =
            split_endpoint(endpoint).ok_or_else(|| ClientError::Endpoint(endpoint.to_owned()))?;
        // What is signed names where it goes: following a redirect elsewhere would be answered with a refusal at best.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(USER_AGENT)
            .build();
        Ok(Self {
            http: http.map_err(|error| ClientError::Send(chain(&error)))?,
            origin,
            base,
            credential: Credential { id, secret },
            region: profile.region.clone(),
            corporation: profile.signature_v4_corporation.clone(),
            security_token: profile.security_token.clone(),
        })
    }

    /// Signs a request. `url` is a whole URL of the endpoint's origin, or a path behind the endpoint's own, such as
    /// `/tenants`.
    pub fn sign(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
        now: Timestamp,
    ) -> Result<Signed, ClientError> {
        let wrong = || ClientError::Url(url.to_owned(), format!("{}{}", self.origin, self.base));
        let target = match url.strip_prefix(&self.origin) {
            Some(target) => target.to_owned(),
            None if url.starts_with('/') => format!("{}{url}", self.base),
            None => return Err(wrong()),
        };
        let uri: Uri = target.parse().map_err(|_| wrong())?;
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.method = method;
        parts.uri = uri;
        parts.headers = headers;
        if !parts.headers.contains_key(ODPS_USER_AGENT) {
            parts.headers.insert(ODPS_USER_AGENT, HeaderValue::from_static(USER_AGENT));
        }
        let mut options = SignOptions::at(now);
        options.region = self.region.clone();
        options.security_token = self.security_token.as_ref().map(|token| token.expose().to_owned());
        if let Some(corporation) = &self.corporation {
            options.corporation = corporation.clone();
        }
        let string_to_sign =
            sign(schemes::ODPS, Place::at(&self.base), &mut parts, &body, &self.credential, &options)?;
        let url = format!("{}{}", self.origin, parts.uri);
        Ok(Signed { method: parts.method, url, headers: parts.headers, body, string_to_sign })
    }

    /// Sends a signed request as it is.
    pub async fn send(&self, signed: Signed) -> Result<Answer, ClientError> {
        let failed = |error: reqwest::Error| ClientError::Send(chain(&error));
        let request = self.http.request(signed.method, &signed.url).headers(signed.headers).body(signed.body);
        let response = request.send().await.map_err(failed)?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await.map_err(failed)? })
    }

    /// The path of the endpoint, such as `/api`.
    pub fn base(&self) -> &str {
        &self.base
    }
}

/// `http://host:1` and `/api` of `http://host:1/api/`.
fn split_endpoint(endpoint: &str) -> Option<(String, String)> {
    let uri: Uri = endpoint.trim().parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let origin = format!("{scheme}://{}", uri.authority()?);
    uri.query().is_none().then(|| (origin, uri.path().trim_end_matches('/').to_owned()))
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
        client().sign(Method::GET, url, HeaderMap::new(), Bytes::new(), now).map(|signed| signed.url)
    }

    #[test]
    fn a_path_is_taken_behind_the_endpoint_and_a_url_as_it_is() {
        assert_eq!(target("/tenants?a=b").unwrap(), "http://127.0.0.1:1/api/tenants?a=b");
        assert_eq!(target("http://127.0.0.1:1/api/tenants").unwrap(), "http://127.0.0.1:1/api/tenants");
        for url in ["http://elsewhere/api/tenants", "tenants", "http://127.0.0.1:1.evil.example/api/x"] {
            assert!(matches!(target(url), Err(ClientError::Url(..))), "{url}");
        }
        assert!(matches!(target("http://127.0.0.1:1/other"), Err(ClientError::Sign(_))));
    }

    #[test]
    fn an_endpoint_is_an_http_url_without_a_query() {
        assert_eq!(
            split_endpoint("https://a.example"),
            Some(("https://a.example".to_owned(), String::new()))
        );
        for text in ["", "127.0.0.1:8640", "ftp://a/b", "/api", "http://a/b?c"] {
            assert_eq!(split_endpoint(text), None, "{text}");
        }
    }

    #[test]
    fn what_the_profile_lacks_is_named() {
        let error = Client::new(&Profile::default()).unwrap_err().to_string();
        assert_eq!(error, "no endpoint is known: give `end_point` in the profile, or `--endpoint URL`");
    }
}
