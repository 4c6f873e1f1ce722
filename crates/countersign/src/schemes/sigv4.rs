//! AWS Signature Version 4, as AWS and those who speak like it have it.
//!
//! ```text
//! Authorization: AWS4-HMAC-SHA256 Credential=<AccessKey id>/<scope>, SignedHeaders=<names>, Signature=<hex>
//! ?X-Amz-Algorithm=…&X-Amz-Credential=…&X-Amz-Date=…&X-Amz-Expires=…&X-Amz-SignedHeaders=…&X-Amz-Signature=…
//! ```
//!
//! The string to sign holds the hash of a canonical request; the key is derived from the secret for a day, a region and
//! a service, which make the scope:
//!
//! ```text
//! AWS4-HMAC-SHA256 \n <date> \n <day>/<region>/<service>/aws4_request \n <hash of the canonical request>
//!
//! METHOD \n path \n query \n { name:value \n }* \n names \n <hash of the body>
//! ```
//!
//! For S3 and its kin the path is percent-encoded once, for every other service it is normalized, and the path as it
//! stands on the wire is encoded once more. The scope, which is signed, tells which.
//!
//! Covered: method, path, query, `host`, every `x-amz-` header field, the time, and what else the signer names. AWS does
//! not ask for a signed `Content-Type`, and presigned URLs have none; a verifier that needs one asks for it. The body is
//! covered by its hash; not at all where `x-amz-content-sha256` is `UNSIGNED-PAYLOAD` or
//! `STREAMING-UNSIGNED-PAYLOAD-TRAILER`; and piece by piece by signed chunks. A service other than S3 takes the hash of the
//! body where the request names none, so that reading the claim needs the body.
//!
//! A security token may have been added after signing, as some services have it: it is read, named as not judged, and
//! covered only if it is signed.
//!
//! Sources: "Create a signed AWS API request", IAM user guide; "Authenticating Requests (AWS Signature Version 4)", Amazon
//! S3 API reference; botocore `auth.py`; AWS's signature version 4 test suite.

mod canonical;
mod claim;
mod signing;

use http::request::Parts;
use smallvec::smallvec;

pub(crate) use self::claim::{Caller, caller};

use crate::claim::{Claim, Scope};
use crate::crypto::{Hash, derive};
use crate::dialects::Dialect;
use crate::key::{AccessKeyId, Key, SigningKey, SigningKeys};
use crate::refusal::{Ambiguity, Malformed};
use crate::request::Request;
use crate::scheme::{Marks, Place, ReadError, Reading, Scheme, SignOptions, StringToSign};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
const CONTENT_SHA256: &str = "x-amz-content-sha256";
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const SIGNED_CHUNKS: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";

/// See the module.
#[derive(Debug)]
pub(super) struct SigV4;

impl Scheme for SigV4 {
    fn name(&self) -> &'static str {
        "sigv4"
    }

    fn dialect(&self) -> Dialect {
        Dialect::Aws
    }

    fn is_borne(&self, marks: &Marks<'_, '_>) -> bool {
        marks.authorization("AWS4-")
            || marks.request().has_parameter("X-Amz-Signature")
            || marks.request().has_parameter("X-Amz-Algorithm")
    }

    fn read<'r>(&self, request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
        claim::read(request)
    }

    fn readings(&self) -> &'static [Reading] {
        &canonical::READINGS
    }

    fn write(
        &self,
        reading: Reading,
        _: Place<'_>,
        request: &Request<'_>,
        claim: &Claim<'_>,
        out: &mut StringToSign,
    ) -> bool {
        canonical::write(reading, request, claim, out)
    }

    fn keys(&self, key: Key<'_>, claim: &Claim<'_>) -> SigningKeys {
        let (Some(secret), Some(scope)) = (key.secret_bytes(), &claim.scope) else {
            return SigningKeys::new();
        };
        let parts = [&*scope.date, &*scope.region, &*scope.service, &*scope.terminator];
        smallvec![SigningKey::hmac(Hash::Sha256, derive(&[b"AWS4", secret], &parts).as_slice())]
    }

    fn ambiguity(&self, _: Place<'_>, request: &Request<'_>, claim: &Claim<'_>) -> Option<Ambiguity> {
        canonical::ambiguity(request, claim)
    }

    fn line_name(&self, line: usize, _: &str) -> &'static str {
        match line {
            0 => "algorithm",
            1 => "date",
            2 => "credential scope",
            _ => "hash of the canonical request",
        }
    }

    fn canonical_line_name(&self, line: usize, text: &str) -> &'static str {
        match line {
            0 => "method",
            1 => "path",
            2 => "query",
            _ if text.is_empty() => "end of the header fields",
            _ if text.contains(':') => "header field",
            _ if text.contains("PAYLOAD") || text.len() == 64 && !text.contains([';', '-']) => {
                "hash of the body"
            }
            _ => "names of the signed header fields",
        }
    }

    fn prepare(
        &self,
        parts: &mut Parts,
        body: &[u8],
        id: &AccessKeyId,
        options: &SignOptions,
    ) -> Result<(), Malformed> {
        signing::prepare(parts, body, id, options)
    }

    fn attach(&self, parts: &mut Parts, signature: &[u8]) -> Result<(), Malformed> {
        signing::attach(parts, signature)
    }
}

/// Whether the service signs its paths encoded once, and as they are.
pub(crate) fn is_s3(service: &str) -> bool {
    // botocore's endpoint rules disable double encoding for these, and for no other.
    matches!(service, "s3" | "s3express" | "s3-outposts" | "s3-object-lambda")
}

/// The same of a claim.
fn is_for_s3(scope: Option<&Scope<'_>>) -> bool {
    scope.is_some_and(|scope| is_s3(&scope.service))
}
