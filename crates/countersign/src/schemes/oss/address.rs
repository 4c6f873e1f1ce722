//! Where the bucket stands that a signed resource begins with: in the path, or in the host.

use http::header::HOST;

use crate::request::Request;
use crate::scheme::{Place, Reading};

/// How to tell the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::schemes) enum Addressing {
    /// By the domains that the server knows ([`Place::bucket_domains`]); of another host, the path says all.
    ByDomain,
    /// By the first part of the host, where no domain says otherwise: what nobody has told the server.
    FirstLabel,
}

/// The readings of versions 2 and 4.
pub(in crate::schemes) const READINGS: [Reading; 2] = [
    Reading { name: "strict", client: None, preserves: true, number: 0 },
    Reading { name: "bucket-in-host", client: None, preserves: false, number: 1 },
];

impl Addressing {
    pub(in crate::schemes) fn of(reading: Reading) -> Self {
        if reading.number % 2 == 1 { Self::FirstLabel } else { Self::ByDomain }
    }

    /// The bucket that stands before the path: empty where the path itself says it. `None` where the host can be no
    /// bucket's, or this way of telling does not apply.
    pub(in crate::schemes) fn bucket<'a, 'r: 'a>(
        self,
        place: Place<'a>,
        request: &Request<'r>,
    ) -> Option<&'a str> {
        if !request.path().starts_with('/') {
            return None;
        }
        if self == Self::ByDomain && place.bucket_domains.is_empty() {
            return Some("");
        }
        let host = request
            .headers()
            .get(HOST)
            .map_or(Some(""), |value| std::str::from_utf8(value.as_bytes()).ok())?;
        let host = name_of(host);
        let by_domain = by_domain(host, place.bucket_domains)?;
        match self {
            Self::ByDomain => Some(by_domain),
            Self::FirstLabel if by_domain.is_empty() => first_label(host),
            Self::FirstLabel => None,
        }
    }
}

/// What is missing at the end of a decoded path: `/bucket/` is what is signed of a bucket, and some ask for `/bucket`.
pub(super) fn missing_end(bucket: &str, path: &[u8]) -> &'static [u8] {
    match path {
        [b'/', name @ ..] if bucket.is_empty() && !name.is_empty() && !name.contains(&b'/') => b"/",
        _ => b"",
    }
}

/// A host without its port, and without the dot at its end that some write.
fn name_of(host: &str) -> &str {
    if host.starts_with('[') {
        return host;
    }
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    name.strip_suffix('.').unwrap_or(name)
}

/// The bucket that the longest fitting domain makes of a host. Names of hosts are the same in either case; those of
/// buckets are in lower case.
fn by_domain<'a>(host: &'a str, domains: &'a [String]) -> Option<&'a str> {
    let mut longest = 0;
    let mut bucket = Some("");
    for domain in domains {
        let (domain, named) = domain.split_once('=').map_or((&**domain, ""), |(host, bucket)| (host, bucket));
        if domain.len() <= longest {
            continue;
        }
        let Some(at) = host.len().checked_sub(domain.len()) else { continue };
        let Some((before, behind)) = host.split_at_checked(at) else { continue };
        if !behind.eq_ignore_ascii_case(domain) {
            continue;
        }
        let fitting = match before.strip_suffix('.') {
            None if before.is_empty() => Some(named),
            // The subdomains of a host that is one bucket's are nobody's.
            Some(_) if !named.is_empty() => continue,
            // ali-oss lists buckets by a host that begins with a dot.
            Some("") => Some(""),
            Some(label) => Some(label).filter(|label| is_bucket(label)),
            None => continue,
        };
        (longest, bucket) = (domain.len(), fitting);
    }
    bucket
}

fn first_label(host: &str) -> Option<&str> {
    let (label, domain) = host.split_once('.')?;
    let last = domain.rsplit('.').next().unwrap_or_default();
    let is_address = last.bytes().all(|byte| byte.is_ascii_digit());
    Some(label).filter(|label| is_bucket(label) && !is_address)
}

/// Whether a bucket may be called so: up to 63 lower-case letters, digits and hyphens.
fn is_bucket(label: &str) -> bool {
    let named = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&label.len()) && label.bytes().all(named)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::request::Body;

    fn bucket(host: &str, how: Addressing) -> Option<String> {
        let domains = ["oss.example.com", "example.com", "files.example.org=pictures", "localhost=local"]
            .map(str::to_owned);
        let place = Place { bucket_domains: &domains, ..Place::default() };
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        let request = Request::new("GET", "/k", &headers, Body::Unread);
        how.bucket(place, &request).map(str::to_owned)
    }

    #[test]
    fn case_25_the_bucket_is_told_by_the_longest_domain_however_the_host_is_written() {
        let cases = [
            ("b.oss.example.com", Some("b")),
            ("b.OSS.Example.com", Some("b")),
            ("b.oss.example.com:8640", Some("b")),
            ("b.oss.example.com.", Some("b")),
            ("b.oss.example.com.:80", Some("b")),
            ("oss.example.com", Some("")),
            (".oss.example.com", Some("")),
            ("b.example.com", Some("b")),
            ("files.example.org", Some("pictures")),
            ("localhost:33751", Some("local")),
            // What is below no domain is addressed by the path.
            ("a.files.example.org", Some("")),
            ("boss.example.net", Some("")),
            ("notexample.com", Some("")),
            ("[::1]:8640", Some("")),
            ("127.0.0.1", Some("")),
            ("", Some("")),
            // What is below one and can be no bucket is not guessed at.
            ("a.b.oss.example.com", None),
            ("B.oss.example.com", None),
            ("a/b.oss.example.com", None),
            ("a%2fb.oss.example.com", None),
        ];
        for (host, expected) in cases {
            assert_eq!(bucket(host, Addressing::ByDomain).as_deref(), expected, "{host}");
        }
    }

    #[test]
    fn the_first_part_of_a_host_is_tried_where_no_domain_tells() {
        let cases = [
            ("b.elsewhere.net", Some("b")),
            ("b.localdomain:80", Some("b")),
            ("b.oss.example.com", None),
            ("localhost", None),
            ("elsewhere", None),
            ("127.0.0.1:80", None),
            ("[::1]", None),
        ];
        for (host, expected) in cases {
            assert_eq!(bucket(host, Addressing::FirstLabel).as_deref(), expected, "{host}");
        }
    }
}
