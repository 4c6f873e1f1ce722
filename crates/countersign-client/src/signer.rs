//! Signing outgoing requests, whichever library sends them.

use std::time::Duration;

use bytes::Bytes;
use countersign::{
    Algorithm, Credential, Malformed, Place, Scheme, SignOptions, StringToSign, Timestamp, sign,
};
use http::header::HOST;
use http::request::Parts;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderValue, Request, Uri};

use crate::profile::{Profile, SecurityToken};

/// A scheme, a credential, and what else signatures are made with. It signs any number of requests.
///
/// The time and the nonce are arguments of each signature. A nonce is a text that no other request by this AccessKey has,
/// such as 128 random bits in hexadecimal; schemes that have none leave it alone.
///
/// ```
/// use countersign::{AccessKeyId, AccessKeySecret, Credential, Timestamp, schemes};
/// use countersign_client::Signer;
///
/// let credential =
///     Credential { id: AccessKeyId::new("CSAKexample")?, secret: AccessKeySecret::new("the secret") };
/// let signer = Signer::new(schemes::ODPS, credential);
/// let mut request = http::Request::get("https://example.com/projects/demo").body(bytes::Bytes::new())?;
/// let now = Timestamp::parse_rfc3339("2026-11-22T10:00:00Z").unwrap();
/// signer.sign_request(&mut request, now, "5d41402abc4b2a76b9719d911017c592")?;
/// assert!(request.headers().contains_key("authorization"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Signer {
    pub scheme: &'static dyn Scheme,
    pub credential: Credential,
    /// Accompanies a temporary AccessKey.
    pub security_token: Option<SecurityToken>,
    /// The path of the endpoint, such as `/api`, which some schemes leave out of what they sign.
    pub base: String,
    /// The domains whose subdomains are buckets (OSS).
    pub bucket_domains: Vec<String>,
    /// Where the scheme has both, sign with a key derived for this region.
    pub region: Option<String>,
    /// The service that a derived key is for, where the scheme asks.
    pub service: Option<String>,
    /// Whose cloud a derived key is for. None: `aliyun`.
    pub corporation: Option<String>,
    /// Put the signature in the query, to stand for so long.
    pub presign: Option<Duration>,
    /// None: the scheme's usual one.
    pub algorithm: Option<Algorithm>,
}

impl Signer {
    /// The plainest signatures of a scheme.
    pub fn new(scheme: &'static dyn Scheme, credential: Credential) -> Self {
        Self {
            scheme,
            credential,
            security_token: None,
            base: String::new(),
            bucket_domains: Vec::new(),
            region: None,
            service: None,
            corporation: None,
            presign: None,
            algorithm: None,
        }
    }

    /// Signs by a profile: its AccessKey, its security token, its region. `None` where it has no id or no secret.
    pub fn of_profile(scheme: &'static dyn Scheme, profile: &Profile) -> Option<Self> {
        let credential =
            Credential { id: profile.access_key_id.clone()?, secret: profile.access_key_secret.clone()? };
        Some(Self {
            security_token: profile.security_token.clone(),
            region: profile.region.clone(),
            corporation: profile.signature_v4_corporation.clone(),
            ..Self::new(scheme, credential)
        })
    }

    /// Signs the head of a request with this body. On an error it is as it was.
    ///
    /// A target with an authority, such as `https://host/path`, gets a `Host` by it if there is none, since most schemes
    /// sign that field and libraries add it only when they send. Whoever signs a bare path gives `Host` beforehand. What
    /// is signed must be sent as it is: nothing that the signature covers may be added or rewritten afterwards.
    ///
    /// Returns the string to sign.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where the request holds something that the scheme cannot sign, or the signer lacks what it needs.
    pub fn sign(
        &self,
        parts: &mut Parts,
        body: &[u8],
        now: Timestamp,
        nonce: &str,
    ) -> Result<StringToSign, Malformed> {
        let mut signed = parts.clone();
        let secure = parts.uri.scheme_str() == Some("https");
        if let Some(authority) = parts.uri.authority()
            && !signed.headers.contains_key(HOST)
        {
            signed.headers.insert(HOST, host(authority, secure)?);
        }
        // Schemes are shown the target as a server will see it.
        signed.uri = Uri::from(target(&parts.uri));
        let text = sign(
            self.scheme,
            Place { base: &self.base, secure, bucket_domains: &self.bucket_domains },
            &mut signed,
            body,
            &self.credential,
            &self.options(now, nonce, secure),
        )?;
        if self.presign.is_some() && target(&signed.uri) == target(&parts.uri) {
            let why = "this scheme has no presigned URLs: sign in header fields";
            return Err(Malformed::Unreadable { what: "presign".to_owned(), why });
        }
        let mut uri = parts.uri.clone().into_parts();
        uri.path_and_query = Some(target(&signed.uri));
        signed.uri = Uri::from_parts(uri).map_err(|_| unreadable("the signed target is none"))?;
        *parts = signed;
        Ok(text)
    }

    /// The same for a whole request.
    ///
    /// # Errors
    ///
    /// As [`Signer::sign`]. The request is as it was then.
    pub fn sign_request(
        &self,
        request: &mut Request<Bytes>,
        now: Timestamp,
        nonce: &str,
    ) -> Result<StringToSign, Malformed> {
        let (mut parts, body) = std::mem::take(request).into_parts();
        let signed = self.sign(&mut parts, &body, now, nonce);
        *request = Request::from_parts(parts, body);
        signed
    }

    fn options(&self, now: Timestamp, nonce: &str, secure: bool) -> SignOptions {
        let mut options = SignOptions::at(now);
        options.region = self.region.clone();
        options.service = self.service.clone();
        if let Some(corporation) = &self.corporation {
            options.corporation = corporation.clone();
        }
        options.security_token = self.security_token.as_ref().map(|token| token.expose().to_owned());
        options.nonce = Some(nonce.to_owned()).filter(|nonce| !nonce.is_empty());
        options.presign = self.presign;
        options.algorithm = self.algorithm;
        options.secure = secure;
        options
    }
}

fn target(uri: &Uri) -> PathAndQuery {
    uri.path_and_query().filter(|target| !target.as_str().is_empty()).cloned().unwrap_or(SLASH)
}

const SLASH: PathAndQuery = PathAndQuery::from_static("/");

/// `Host` as HTTP libraries write it: without the port that is the scheme's own.
fn host(authority: &Authority, secure: bool) -> Result<HeaderValue, Malformed> {
    if authority.as_str().contains('@') {
        return Err(unreadable("it holds a user name, which no signature can carry"));
    }
    let usual = if secure { 443 } else { 80 };
    let text = match authority.port_u16() {
        Some(port) if port != usual => authority.as_str(),
        _ => authority.host(),
    };
    HeaderValue::from_str(text).map_err(|_| unreadable("its host cannot stand in a header field"))
}

fn unreadable(why: &'static str) -> Malformed {
    Malformed::Unreadable { what: "the URL".to_owned(), why }
}

#[cfg(test)]
mod tests {
    use countersign::{AccessKeyId, AccessKeySecret, schemes};

    use super::*;

    fn signer() -> Signer {
        let id = AccessKeyId::new("CSAK1").unwrap();
        Signer::new(schemes::ODPS, Credential { id, secret: AccessKeySecret::new("hunter2") })
    }

    fn now() -> Timestamp {
        Timestamp::parse_rfc3339("2026-11-22T10:00:00Z").unwrap()
    }

    fn signed(url: &str) -> Result<Parts, Malformed> {
        let (mut parts, ()) = Request::get(url).body(()).unwrap().into_parts();
        signer().sign(&mut parts, b"", now(), "n").map(|_| parts)
    }

    #[test]
    fn a_host_is_added_as_libraries_write_it() {
        for (url, host) in [
            ("http://a.example/x", "a.example"),
            ("http://a.example:80/x", "a.example"),
            ("https://a.example:443/x", "a.example"),
            ("https://a.example:80/x", "a.example:80"),
            ("http://[::1]:8640/x", "[::1]:8640"),
            ("http://[::1]/x", "[::1]"),
        ] {
            let parts = signed(url).unwrap();
            assert_eq!(parts.headers[HOST], host, "{url}");
            assert_eq!(parts.uri, url, "the target is as it was");
        }
        assert!(!signed("/x").unwrap().headers.contains_key(HOST));
    }

    #[test]
    fn a_name_in_the_url_is_refused_and_the_request_left_as_it_was() {
        let mut request = Request::post("http://user@a.example/x").body(Bytes::from_static(b"body")).unwrap();
        assert!(signer().sign_request(&mut request, now(), "n").is_err());
        assert_eq!(
            (request.uri().to_string().as_str(), &request.body()[..]),
            ("http://user@a.example/x", &b"body"[..])
        );
        assert!(request.headers().is_empty());
    }

    #[test]
    fn a_scheme_without_presigned_urls_says_so() {
        let signer = Signer { presign: Some(Duration::from_secs(60)), ..signer() };
        let (mut parts, ()) = Request::get("http://h/x").body(()).unwrap().into_parts();
        let error = signer.sign(&mut parts, b"", now(), "n").unwrap_err();
        assert!(error.to_string().contains("this scheme has no presigned URLs"), "{error}");
    }

    #[test]
    fn a_signer_prints_no_secret() {
        let signer = Signer { security_token: Some(SecurityToken::new("hunter3")), ..signer() };
        let printed = format!("{signer:?}");
        assert!(printed.contains("CSAK1") && !printed.contains("hunter"), "{printed}");
    }
}
