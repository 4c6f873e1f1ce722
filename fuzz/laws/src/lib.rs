//! Laws: what holds of the signature core whatever bytes come. A law that does not hold panics.
//!
//! Each module is a target: `law` takes bytes, as they could stand in a file or on the wire. `make test` runs the laws
//! over the corpus and over bytes made from it; `make fuzz` has libFuzzer look for bytes that break them.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a law that does not hold is told by a panic"
)]

pub mod canonicalize;
pub mod corpus;
pub mod explain;
pub mod properties;
pub mod read;
mod reference;
pub mod schemes;
pub mod sign;
pub mod verify;

use countersign::crypto::HmacSha1;
use countersign::explain::Captured;
use countersign::schemes::{ODPS, read as read_claim};
use countersign::{Claim, Key, Place, Request, Scheme, StringToSign};

/// A target: its name, its law, and the bytes to begin with.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    pub law: fn(&[u8]),
    pub corpus: fn() -> Vec<Vec<u8>>,
}

/// All there are. `fuzz/fuzz_targets` has a file for each.
pub const TARGETS: [Target; 7] = [
    Target { name: "read", law: read::law, corpus: corpus::requests },
    Target { name: "canonicalize", law: canonicalize::law, corpus: corpus::requests },
    Target { name: "verify", law: verify::law, corpus: corpus::requests },
    Target { name: "sign", law: sign::law, corpus: corpus::requests },
    Target { name: "schemes", law: schemes::law, corpus: corpus::every_scheme },
    Target { name: "explain", law: explain::law, corpus: corpus::few_requests },
    Target { name: "properties", law: properties::law, corpus: corpus::properties },
];

/// More than this is not looked at, in bytes: what goes wrong with long input does so with less.
const LONGEST: usize = 16 * 1024;
/// The path of the endpoint.
const BASE: &str = "/api";
const PLACE: Place<'_> = Place { base: BASE, secure: false, bucket_domains: &[] };

fn captured(bytes: &[u8]) -> Option<Captured> {
    Captured::from_http(bytes.get(..LONGEST).unwrap_or(bytes)).ok()
}

/// The claim of a request, if it makes one of ODPS that can be read.
fn claim<'r>(request: &Request<'r>) -> Option<(&'static dyn Scheme, Claim<'r>)> {
    let (scheme, claim) = read_claim(request)?;
    claim.ok().filter(|_| scheme.name() == ODPS.name()).map(|claim| (scheme, claim.clone()))
}

/// The string to sign under the strict reading; none where the request is not under the base.
fn strict(scheme: &dyn Scheme, request: &Request<'_>, claim: &Claim<'_>) -> Option<StringToSign> {
    let reading = scheme.readings().iter().find(|reading| reading.is_strict()).expect("a strict reading");
    let mut text = StringToSign::new();
    scheme.write(*reading, PLACE, request, claim, &mut text).then_some(text)
}

fn with_key<T>(secret: &str, use_it: impl FnOnce(Key<'_>) -> T) -> T {
    let hmac_sha1 = HmacSha1::new(secret.as_bytes());
    use_it(Key::secret(secret.as_bytes(), &hmac_sha1))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
