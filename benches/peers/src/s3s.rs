//! s3s: an S3 server's front, which verifies Signature Version 4 on the way to the operation.

use std::hint::black_box;
use std::sync::Arc;

use ::s3s::auth::SimpleAuth;
use ::s3s::config::{S3Config, StaticConfigProvider};
use ::s3s::dto::{GetObjectInput, GetObjectOutput};
use ::s3s::host::SingleDomain;
use ::s3s::service::{S3Service, S3ServiceBuilder};
use ::s3s::{Body, S3, S3Request, S3Response, S3Result};
use http::{Request, StatusCode};

use crate::{Subject, ready, sigv4};

/// A store whose objects are all empty.
struct Empty;

#[async_trait::async_trait]
impl S3 for Empty {
    async fn get_object(&self, _: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        Ok(S3Response::new(GetObjectOutput::default()))
    }
}

/// The signed request, and the same without a signature.
pub(crate) fn subjects() -> [Subject; 2] {
    let mut locked = builder();
    locked.set_auth(SimpleAuth::from_single(sigv4::ACCESS_KEY, sigv4::SECRET));
    let locked = locked.build();
    let signed = sigv4::signed(sigv4::PATH);
    assert_eq!(ask(&locked, &signed), StatusCode::OK);
    assert_eq!(ask(&locked, &sigv4::signed(sigv4::OTHER_PATH)), StatusCode::FORBIDDEN);

    // A service without keys takes requests without a signature, and does everything else the same.
    let open = builder().build();
    let unsigned = sigv4::unsigned(sigv4::PATH);
    [
        Subject::new(
            "s3s_unsigned",
            move |_| assert_eq!(ask(&open, black_box(&unsigned)), StatusCode::OK),
            sigv4::limit(),
        ),
        Subject::new(
            "s3s_signed",
            move |_| assert_eq!(ask(&locked, black_box(&signed)), StatusCode::OK),
            sigv4::limit(),
        )
        .includes("s3s_unsigned"),
    ]
}

fn builder() -> S3ServiceBuilder {
    let mut config = S3Config::default();
    // It reads the clock itself, and the example is of 2013.
    config.presigned_url_max_skew_time_secs = u32::MAX;
    let mut builder = S3ServiceBuilder::new(Empty);
    builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
    builder.set_host(SingleDomain::new(sigv4::DOMAIN).unwrap());
    builder
}

fn ask(service: &S3Service, request: &Request<()>) -> StatusCode {
    ready(service.call(request.clone().map(|()| Body::empty()))).unwrap().status()
}
