//! httpsig-hyper: verifies HTTP Message Signatures. The request is that of RFC 9421, appendix B.2.5, signed by
//! hmac-sha256.

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::Request;
use httpsig_hyper::MessageSignatureReq;
use httpsig_hyper::prelude::SharedKey;
use sha2::Sha256;

use crate::{Subject, ready};

const KEY_ID: &str = "test-shared-secret";
const KEY: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
const SIGNATURE: &str = "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=";
const PARAMETERS: &str =
    r#"("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#;
const DATE: &str = "Tue, 20 Apr 2021 02:07:55 GMT";
/// The same with one byte changed, for which the signature does not hold.
const OTHER_DATE: &str = "Tue, 20 Apr 2021 02:07:56 GMT";

/// The verification of the request.
pub(crate) fn subject() -> Subject {
    let key = STANDARD.decode(KEY).unwrap();
    let base = format!(
        "\"date\": {DATE}\n\"@authority\": example.com\n\"content-type\": application/json\n\
         \"@signature-params\": {PARAMETERS}"
    );
    let prepared = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    let mac = move || prepared.clone().chain_update(black_box(&base)).finalize().into_bytes();
    assert_eq!(STANDARD.encode(mac()), SIGNATURE, "the text is not the one that was signed");

    let key = SharedKey::HmacSha256(key);
    let is_valid = move |request: &Request<String>| {
        ready(request.verify_message_signature(black_box(&key), Some(KEY_ID))).is_ok()
    };
    let request = request(DATE);
    assert!(is_valid(&request) && !is_valid(&self::request(OTHER_DATE)));
    let verify = move |_| assert!(is_valid(black_box(&request)));
    Subject::new("httpsig_hmac_sha256", verify, move |_| _ = black_box(mac()))
}

/// The request as of this date, with the signature of the example.
fn request(date: &str) -> Request<String> {
    Request::post("https://example.com/foo?param=Value&Pet=dog")
        .header("date", date)
        .header("content-type", "application/json")
        .header("content-length", "18")
        .header("signature-input", format!("sig-b25={PARAMETERS}"))
        .header("signature", format!("sig-b25=:{SIGNATURE}:"))
        .body(r#"{"hello": "world"}"#.to_owned())
        .unwrap()
}
