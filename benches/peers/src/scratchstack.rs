//! scratchstack-aws-signature: verifies Signature Version 4, and asks its caller for the signing key.

use std::error::Error;
use std::future;
use std::hint::black_box;

use chrono::{DateTime, NaiveDate, Utc};
use http::Request;
use scratchstack_aws_signature::{
    GetSigningKeyRequest, GetSigningKeyResponse, KSecretKey, KSigningKey, NO_ADDITIONAL_SIGNED_HEADERS,
    SignatureOptions, service_for_signing_key_fn, sigv4_validate_request,
};

use crate::{Subject, ready, sigv4};

/// What it verifies by a key that it is given ready, and by one that is derived for each request.
pub(crate) fn subjects() -> [Subject; 3] {
    let now = DateTime::from_timestamp(sigv4::SIGNED_AT, 0).unwrap();
    let at_hand = derive(now.date_naive());
    let cached = move |_| at_hand;
    let request = sigv4::signed(sigv4::PATH);
    let other = sigv4::signed(sigv4::OTHER_PATH);
    assert!(is_valid(&request, now, derive) && is_valid(&request, now, cached));
    assert!(!is_valid(&other, now, derive) && !is_valid(&other, now, cached));

    // Each call consumes its request, and so has to be given a copy.
    let copy = "scratchstack_copy_of_request";
    let [first, second, third] = [request.clone(), request.clone(), request];
    [
        Subject::new(copy, move |_| _ = black_box(black_box(&first).clone()), sigv4::limit()),
        Subject::new(
            "scratchstack_cached_key",
            move |_| assert!(is_valid(black_box(&second), now, cached)),
            sigv4::limit(),
        )
        .includes(copy),
        Subject::new(
            "scratchstack_derived_key",
            move |_| assert!(is_valid(black_box(&third), now, derive)),
            sigv4::limit(),
        )
        .includes(copy),
    ]
}

/// The signing key of one day.
fn derive(date: NaiveDate) -> KSigningKey {
    let secret: KSecretKey = sigv4::SECRET.parse().unwrap();
    secret.to_ksigning(date, sigv4::REGION, sigv4::SERVICE)
}

fn is_valid(
    request: &Request<()>,
    now: DateTime<Utc>,
    key: impl Fn(NaiveDate) -> KSigningKey + Send + 'static,
) -> bool {
    let answer = move |asked: GetSigningKeyRequest| {
        assert_eq!(asked.access_key(), sigv4::ACCESS_KEY);
        let key = key(asked.request_date());
        let response = GetSigningKeyResponse::builder().signing_key(key).build().unwrap();
        future::ready(Ok::<_, Box<dyn Error + Send + Sync>>(response))
    };
    let mut keys = service_for_signing_key_fn(answer);
    let (region, service) = (sigv4::REGION, sigv4::SERVICE);
    let (required, options) = (&NO_ADDITIONAL_SIGNED_HEADERS, SignatureOptions::S3);
    ready(sigv4_validate_request(request.clone(), region, service, &mut keys, now, required, options)).is_ok()
}
