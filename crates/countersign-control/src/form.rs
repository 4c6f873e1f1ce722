//! The form of a request, as far as HTTP leaves it to the server: what two programs on the way could read as two
//! different requests is refused before anybody looks at who signed it.

use http::header::{HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Method, Version};

/// What is wrong with a request's form.
pub(crate) fn fault(parts: &Parts) -> Option<&'static str> {
    // A target of `host:port` asks for a tunnel, whatever the method.
    if parts.method == Method::CONNECT || parts.uri.path().is_empty() {
        return Some("the target is not a path: this is no proxy");
    }
    let scheme = parts.uri.scheme_str();
    if scheme.is_some_and(|scheme| scheme != "http" && scheme != "https") {
        return Some("the target is an address of another scheme than HTTP");
    }
    if parts.uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Some("the target names a user (RFC 9110, section 4.2.4)");
    }
    // Recipients differ in which of the two they go by, and signatures cover the second.
    let same = |authority: &Authority| {
        let host = parts.headers.get(HOST).map(HeaderValue::as_bytes);
        host.is_none_or(|host| host.eq_ignore_ascii_case(authority.as_str().as_bytes()))
    };
    if parts.uri.authority().is_some_and(|authority| !same(authority)) {
        return Some("the target and `Host` name two different hosts");
    }
    let hosts = parts.headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && parts.version == Version::HTTP_11) {
        return Some("there should be one `Host` (RFC 9112, section 3.2)");
    }
    // hyper has made sure that it ends in `chunked`, and takes it before any Content-Length.
    let chunked = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"chunked");
    let mut codings = parts.headers.get_all(TRANSFER_ENCODING).iter();
    if codings.next().is_some_and(|coding| !chunked(coding)) || codings.next().is_some() {
        return Some("the only `Transfer-Encoding` that is taken is `chunked`");
    }
    None
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn case_26_a_target_and_a_host_that_name_two_hosts_are_refused() {
        for (target, host, fine) in [
            ("http://h:8640/api", "h:8640", true),
            ("http://H/api", "h", true),
            ("http://h/api", "h:80", false),
            ("http://evil.example/api", "h", false),
        ] {
            let request = Request::builder().uri(target).header("host", host);
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(fault(&parts).is_none(), fine, "{target} {host}");
        }
    }

    #[test]
    fn one_host_one_coding_and_a_path() {
        type Case = (&'static str, &'static str, Version, &'static [(&'static str, &'static str)], bool);
        let cases: [Case; 16] = [
            ("GET", "/api", Version::HTTP_11, &[("host", "h")], true),
            ("GET", "/api", Version::HTTP_11, &[("host", "")], true),
            ("GET", "http://h/api", Version::HTTP_11, &[("host", "other")], false),
            ("GET", "http://h/api", Version::HTTP_11, &[("host", "H")], true),
            ("OPTIONS", "*", Version::HTTP_11, &[("host", "h")], true),
            ("GET", "/api", Version::HTTP_10, &[], true),
            ("PUT", "/api", Version::HTTP_11, &[("host", "h"), ("transfer-encoding", "Chunked")], true),
            ("GET", "/api", Version::HTTP_11, &[], false),
            ("GET", "/api", Version::HTTP_11, &[("host", "h"), ("host", "h")], false),
            ("GET", "/api", Version::HTTP_10, &[("host", "h"), ("host", "i")], false),
            ("GET", "ftp://h/api", Version::HTTP_11, &[("host", "h")], false),
            ("GET", "http://u@h/api", Version::HTTP_11, &[("host", "h")], false),
            ("GET", "h:1", Version::HTTP_11, &[("host", "h:1")], false),
            ("CONNECT", "/api", Version::HTTP_11, &[("host", "h")], false),
            (
                "PUT",
                "/api",
                Version::HTTP_11,
                &[("host", "h"), ("transfer-encoding", "gzip, chunked")],
                false,
            ),
            (
                "PUT",
                "/api",
                Version::HTTP_11,
                &[("host", "h"), ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
                false,
            ),
        ];
        for (method, target, version, headers, fine) in cases {
            let mut request = Request::builder().method(method).uri(target).version(version);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(fault(&parts).is_none(), fine, "{method} {target} {headers:?}");
        }
    }
}
