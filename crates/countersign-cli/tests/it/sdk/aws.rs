//! Clients of AWS.

use super::{Report, run_python, run_rust};

/// What presigned URLs of S3 and streams with an unsigned trailer need.
const BODY_UNSIGNED: &str = "danger_unsigned = [\"body\"]\n";
const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
const UNKNOWN: &str = "The AWS Access Key Id you provided does not exist in our records.";
const DISABLED: &str = "The AWS Access Key Id you provided is disabled.";
const SKEWED: &str = "The difference between the request time and the current time is too large.";

/// A request whose signature covers what every signature of version 4 does, and the body so.
fn assert_covered(report: &Report, step: &str, body: &str) {
    let told = report.accepted(step, "sigv4");
    assert_eq!((told.algorithm.as_str(), told.body.as_str()), ("HMAC-SHA256", body), "{step}");
    assert_eq!(told.parts, "method path query authority", "{step}");
    assert!(told.covers("host"), "{step}: {told:?}");
}

#[test]
fn boto3_signs_in_for_s3_and_other_services_and_raises_its_own() {
    let Some(report) = run_python("aws.py", BODY_UNSIGNED) else { return };
    for (step, body) in [
        ("put", "SHA-256"),
        ("put-signed-body", "SHA-256"),
        ("get", "SHA-256"),
        ("list", "SHA-256"),
        ("url-get", "no"),
        ("url-put", "no"),
        ("dynamodb", "SHA-256"),
        ("sts", "SHA-256"),
        ("streamed", "no"),
    ] {
        assert_covered(&report, step, body);
    }
    assert!(report.accepted("put", "sigv4").covers("x-amz-meta-author"));
    report.accepted_head("head");

    report.raises("wrong", "ClientError", "SignatureDoesNotMatch", MISMATCH);
    report.raises("unknown", "ClientError", "InvalidAccessKeyId", UNKNOWN);
    report.raises("disabled", "ClientError", "InvalidAccessKeyId", DISABLED);
    // Without a body there is only the status, as from S3.
    report.raises("wrong-head", "ClientError", "403", "Forbidden");
    let secret = "Check your AWS Secret Access Key and signing method.";
    report.raises("dynamodb-wrong", "ClientError", "InvalidSignatureException", secret);
    report.raises("sts-wrong", "ClientError", "SignatureDoesNotMatch", secret);
    report.skewed("", "sigv4", |step| report.raises(step, "ClientError", "RequestTimeTooSkewed", SKEWED));
}

#[test]
fn what_boto3_sends_without_a_signed_body_is_refused_unless_it_is_allowed() {
    let Some(report) = run_python("aws.py", "") else { return };
    for step in ["url-put", "streamed"] {
        let exchange = report.exchange(step);
        assert_eq!(exchange.status, 403, "{step}: {exchange:#?}");
        assert!(exchange.body.contains("a digest of the body must be signed here"), "{step}: {exchange:#?}");
    }
    report.raises("streamed", "AccessDenied", "AccessDenied", "a digest of the body must be signed here");
    for step in ["put", "url-get"] {
        report.accepted(step, "sigv4");
    }
}

#[test]
fn reqsign_and_aws_sigv4_sign_in() {
    let Some(report) = run_rust(BODY_UNSIGNED) else { return };
    for step in ["aws-put", "aws-get", "aws-list", "aws-url-get", "sigv4-url-get"] {
        assert_covered(&report, step, "no");
    }
    for step in ["sigv4-put", "sigv4-list", "sigv4-other", "sigv4-other-url"] {
        assert_covered(&report, step, "SHA-256");
    }
    for library in ["aws", "sigv4"] {
        // What is not S3's is refused in the form of other services.
        let (wrong, unknown) = match library {
            "aws" => ("<Code>SignatureDoesNotMatch</Code>", "<Code>InvalidAccessKeyId</Code>"),
            _ => ("<Code>SignatureDoesNotMatch</Code>", "<Code>InvalidClientTokenId</Code>"),
        };
        report.raises(&format!("{library}-wrong"), "", "", wrong);
        report.raises(&format!("{library}-unknown"), "", "", unknown);
        report.raises(&format!("{library}-disabled"), "", "", unknown);
    }
    report.skewed("aws", "sigv4", |step| report.raises(step, "", "", "<Code>RequestTimeTooSkewed</Code>"));
    report.skewed("sigv4", "sigv4", |step| {
        let words = if step.contains('+') { "Signature not yet current: " } else { "Signature expired: " };
        report.raises(step, "", "", words);
    });
}
