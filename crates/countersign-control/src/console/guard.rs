//! What holds for every request and answer of the console: who may send forms, and what browsers are told.
//!
//! Forms are told from those of other sites by what browsers say about them: `Sec-Fetch-Site` where there is one, and
//! otherwise an `Origin` that names the host that was addressed. What says neither comes from no browser, and carries no
//! session that anybody lent it; it is refused all the same, for nothing of ours sends it.

use std::net::IpAddr;

use countersign_accounts::network::Networks;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, ORIGIN, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Whether a request changes nothing, or was sent by a page of this console.
pub(super) fn may_ask(parts: &Parts) -> bool {
    if [Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method) {
        return true;
    }
    match text(&parts.headers, SEC_FETCH_SITE) {
        Some("same-origin") => return true,
        Some(_) => return false,
        None if parts.headers.contains_key(SEC_FETCH_SITE) => return false,
        None => {}
    }
    let host = parts.uri.authority().map(|authority| authority.as_str()).or(text(&parts.headers, HOST));
    let origin = text(&parts.headers, ORIGIN).and_then(|origin| origin.split_once("://"));
    origin.zip(host).is_some_and(|((_, origin), host)| origin.eq_ignore_ascii_case(host))
}

/// The address of whoever asks: the peer's, or, where that is a proxy that is trusted, the last in `X-Forwarded-For` that
/// is none. What stands before that one anybody can write.
pub(super) fn visitor(headers: &HeaderMap, peer: Option<IpAddr>, trusted: &Networks) -> Option<IpAddr> {
    let is_trusted = |address: IpAddr| !trusted.is_empty() && trusted.allow(Some(address));
    let mut visitor = peer?;
    let fields: Vec<_> =
        headers.get_all(X_FORWARDED_FOR).iter().filter_map(|field| field.to_str().ok()).collect();
    for part in fields.iter().rev().flat_map(|field| field.rsplit(',')) {
        if !is_trusted(visitor) {
            break;
        }
        let Ok(address) = part.trim().parse::<IpAddr>() else { break };
        visitor = address.to_canonical();
    }
    Some(visitor)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Tells the browser what it may do with an answer. What says nothing about being kept is not to be kept.
pub(super) fn harden(headers: &mut HeaderMap, secure: bool) {
    let fixed = [
        (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (X_FRAME_OPTIONS, "DENY"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The origin of a form is told to this console, and nothing to any other site.
        (REFERRER_POLICY, "same-origin"),
        (CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
        (PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if secure {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn post(fields: &[(&str, &str)]) -> bool {
        let mut request = Request::post("/access-keys/new").header("host", "console.test:8641");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        may_ask(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn a_proxy_is_believed_only_where_it_is_trusted() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let seen = |fields: &[&'static str], peer: &str, trusted: &str| {
            let mut headers = HeaderMap::new();
            fields.iter().for_each(|field| {
                headers.append(X_FORWARDED_FOR, HeaderValue::from_static(field));
            });
            visitor(&headers, Some(address(peer)), &Networks::from_text(trusted).unwrap()).unwrap()
        };
        assert_eq!(seen(&["192.0.2.1"], "127.0.0.1", ""), address("127.0.0.1"));
        assert_eq!(seen(&["192.0.2.1"], "198.51.100.1", "127.0.0.1"), address("198.51.100.1"));
        assert_eq!(seen(&["203.0.113.9, 192.0.2.1"], "127.0.0.1", "127.0.0.1"), address("192.0.2.1"));
        assert_eq!(
            seen(&["203.0.113.9, 192.0.2.1", "10.0.0.2"], "127.0.0.1", "127.0.0.1 10.0.0.0/8"),
            address("192.0.2.1")
        );
        assert_eq!(seen(&["nonsense"], "127.0.0.1", "127.0.0.1"), address("127.0.0.1"));
        assert_eq!(seen(&[], "127.0.0.1", "127.0.0.1"), address("127.0.0.1"));
    }

    #[test]
    fn only_pages_of_this_console_send_forms() {
        assert!(post(&[("sec-fetch-site", "same-origin")]));
        assert!(post(&[("origin", "http://console.test:8641")]));
        for fields in [
            &[][..],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://console.test:8641")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "\u{ff}")],
            &[("origin", "null")],
            &[("origin", "http://console.test")],
            &[("origin", "http://evil.test:8641")],
            &[("origin", "http://console.test:8641.evil.test")],
            &[("referer", "http://console.test:8641/")],
        ] {
            assert!(!post(fields), "{fields:?}");
        }
    }
}
