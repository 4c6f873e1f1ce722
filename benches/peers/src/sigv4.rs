//! A request signed by AWS Signature Version 4, and what its verification cannot do without: the example *GET Object* of
//! the Amazon S3 API reference, "Signature Calculations for the Authorization Header".

use std::hint::black_box;

use countersign::crypto::{hmac_sha256, sha256};
use hmac::{Hmac, KeyInit, Mac};
use http::Request;
use sha2::Sha256;

pub(crate) const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const SERVICE: &str = "s3";
/// The domain below which each bucket is a host.
pub(crate) const DOMAIN: &str = "s3.amazonaws.com";
pub(crate) const PATH: &str = "/test.txt";
/// The same with one byte changed, for which the signature does not hold.
pub(crate) const OTHER_PATH: &str = "/test.txu";
/// When it was signed, in seconds since 1970.
pub(crate) const SIGNED_AT: i64 = 1_369_353_600;

const DATE: &str = "20130524";
const HEADERS: [(&str, &str); 4] = [
    ("host", "examplebucket.s3.amazonaws.com"),
    ("range", "bytes=0-9"),
    ("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("x-amz-date", "20130524T000000Z"),
];
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 \
    Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
    SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
    Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";

const CANONICAL_REQUEST: &str = "\
GET
/test.txt

host:examplebucket.s3.amazonaws.com
range:bytes=0-9
x-amz-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-amz-date:20130524T000000Z

host;range;x-amz-content-sha256;x-amz-date
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The request for this path, without a signature.
pub(crate) fn unsigned(path: &str) -> Request<()> {
    let request = Request::get(path);
    HEADERS.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(()).unwrap()
}

/// The request for this path, with the signature of the example.
pub(crate) fn signed(path: &str) -> Request<()> {
    let mut request = unsigned(path);
    request.headers_mut().insert("authorization", AUTHORIZATION.parse().unwrap());
    request
}

/// Calls of what its verification cannot do without: SHA-256 of the canonical request, and HMAC-SHA256 of the string to
/// sign by a signing key that is at hand, its pads prepared.
pub(crate) fn limit() -> impl Fn(usize) {
    let hash = hex(&sha256(CANONICAL_REQUEST.as_bytes()));
    let scope = format!("{DATE}/{REGION}/{SERVICE}/aws4_request");
    let string_to_sign = format!("AWS4-HMAC-SHA256\n{DATE}T000000Z\n{scope}\n{hash}");
    let signing_key = [DATE, REGION, SERVICE, "aws4_request"]
        .iter()
        .fold(format!("AWS4{SECRET}").into_bytes(), |key, part| hmac_sha256(&key, part.as_bytes()).to_vec());
    let prepared = Hmac::<Sha256>::new_from_slice(&signing_key).unwrap();
    let mac = move || prepared.clone().chain_update(black_box(&string_to_sign)).finalize().into_bytes();
    assert!(AUTHORIZATION.ends_with(&hex(&mac())), "the texts are not those that were signed");
    move |_| {
        black_box(sha256(black_box(CANONICAL_REQUEST.as_bytes())));
        black_box(mac());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
