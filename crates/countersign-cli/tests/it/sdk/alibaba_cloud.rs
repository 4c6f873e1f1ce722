//! Alibaba Cloud's SDKs for its management APIs.

use super::{Report, run_node, run_python};

const SKEW: &str = "Specified time stamp or date value is expired.";
const MISMATCH: &str = "Specified signature is not matched with our calculation. server string to sign is:";

/// A request whose signature holds is taken once, by the nonce that it has or by the signature itself.
fn assert_taken_once(report: &Report, step: &str) {
    let (status, answer) = report.replay(step);
    assert_eq!(status, 400, "{step}: {answer}");
    assert!(answer.contains("SignatureNonceUsed"), "{step}: {answer}");
}

#[test]
fn aliyun_python_sdk_core_signs_in_by_rpc_and_roa_and_raises_its_own() {
    let Some(report) = run_python("core.py", "") else { return };
    for step in ["rpc-get", "rpc-post"] {
        let told = report.succeeds(step, "acs-rpc");
        assert_eq!(
            (told.algorithm.as_str(), told.parts.as_str()),
            ("HMAC-SHA1", "method path query"),
            "{step}"
        );
        assert!(told.headers.is_empty(), "{told:?}");
        assert_taken_once(&report, step);
    }
    assert_eq!(report.accepted("rpc-post", "acs-rpc").body, "signed");
    for step in ["roa-get", "roa-post"] {
        let told = report.succeeds(step, "acs-roa");
        assert_eq!(
            (told.algorithm.as_str(), told.parts.as_str()),
            ("HMAC-SHA1", "method path query"),
            "{step}"
        );
        assert!(told.covers("x-acs-version") && told.covers("date"), "{told:?}");
    }
    assert_eq!(report.accepted("roa-post", "acs-roa").body, "MD5");

    // The SDK compares the server's string to sign with its own, and finds out by itself that it is the secret.
    let secret = "The AccessKeySecret is incorrect. Please check your AccessKeyId and AccessKeySecret.";
    report.raises("wrong", "ServerException", "InvalidAccessKeySecret", secret);
    report.raises("roa-wrong", "ServerException", "SignatureDoesNotMatch", MISMATCH);
    let unknown = "Specified access key is not found.";
    report.raises("unknown", "ServerException", "InvalidAccessKeyId.NotFound", unknown);
    report.raises(
        "disabled",
        "ServerException",
        "InvalidAccessKeyId.Inactive",
        "Specified access key is disabled.",
    );
    report.skewed("", "acs-rpc", |step| {
        report.raises(step, "ServerException", "InvalidTimeStamp.Expired", SKEW);
    });
}

/// What alibabacloud-tea-openapi and @alicloud/openapi-client have in common.
fn assert_openapi(report: &Report) {
    for (step, algorithm, body) in [
        ("acs3", "HMAC-SHA256", "SHA-256"),
        ("acs3-form", "HMAC-SHA256", "SHA-256"),
        ("acs3-json", "HMAC-SHA256", "SHA-256"),
        ("sm3", "HMAC-SM3", "SM3"),
    ] {
        let told = report.succeeds(step, "acs3");
        assert_eq!((told.algorithm.as_str(), told.body.as_str()), (algorithm, body), "{step}");
        assert_eq!(told.parts, "method path query authority", "{step}");
        for name in ["x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce"] {
            assert!(told.covers(name), "{step}: {name}: {told:?}");
        }
        assert_taken_once(report, step);
    }
    let told = report.succeeds("v2-rpc", "acs-rpc");
    assert_eq!((told.parts.as_str(), told.body.as_str()), ("method path query", "signed"));
    assert_taken_once(report, "v2-rpc");
    let told = report.succeeds("v2-roa", "acs-roa");
    assert_eq!((told.parts.as_str(), told.body.as_str()), ("method path query", "no"));
    assert_taken_once(report, "v2-roa");
}

#[test]
fn alibabacloud_tea_openapi_signs_in_by_every_algorithm_and_raises_its_own() {
    let Some(report) = run_python("tea.py", "") else { return };
    assert_openapi(&report);
    if !report.keys["rsa"].is_null() {
        // With a private key in the place of the secret.
        let told = report.accepted_by("rsa", "rsa", "acs3");
        assert_eq!((told.algorithm.as_str(), told.body.as_str()), ("RSA-SHA256", "SHA-256"));
    }
    let mismatch =
        "Specified signature does not match our calculation. server StringToSign is [ACS3-HMAC-SHA256";
    report.raises("wrong", "ClientException", "SignatureDoesNotMatch", mismatch);
    report.raises("v2-wrong", "ClientException", "SignatureDoesNotMatch", MISMATCH);
    let unknown = "Specified access key is not found.";
    report.raises("unknown", "ClientException", "InvalidAccessKeyId.NotFound", unknown);
    report.raises("v2-unknown", "ClientException", "InvalidAccessKeyId.NotFound", unknown);
    let disabled = "Specified access key is disabled.";
    report.raises("disabled", "ClientException", "InvalidAccessKeyId.Inactive", disabled);
    report.skewed("", "acs3", |step| {
        report.raises(step, "ClientException", "InvalidTimeStamp.Expired", SKEW);
    });
}

#[test]
fn openapi_client_for_node_signs_in_by_every_algorithm_and_throws_its_own() {
    let Some(report) = run_node("openapi.js", "") else { return };
    assert_openapi(&report);
    let mismatch =
        "Specified signature does not match our calculation. server StringToSign is [ACS3-HMAC-SHA256";
    report.raises("wrong", "Error", "SignatureDoesNotMatch", mismatch);
    report.raises("v2-wrong", "Error", "SignatureDoesNotMatch", MISMATCH);
    let unknown = "Specified access key is not found.";
    report.raises("unknown", "Error", "InvalidAccessKeyId.NotFound", unknown);
    let disabled = "Specified access key is disabled.";
    report.raises("disabled", "Error", "InvalidAccessKeyId.Inactive", disabled);
    report.skewed("", "acs3", |step| {
        report.raises(step, "Error", "InvalidTimeStamp.Expired", SKEW);
    });
}

#[test]
fn pop_core_for_node_signs_in_by_rpc_and_roa_and_throws_its_own() {
    let Some(report) = run_node("pop-core.js", "") else { return };
    for step in ["rpc-get", "rpc-post"] {
        let told = report.succeeds(step, "acs-rpc");
        assert_eq!(
            (told.algorithm.as_str(), told.parts.as_str()),
            ("HMAC-SHA1", "method path query"),
            "{step}"
        );
        assert_taken_once(&report, step);
    }
    for step in ["roa-get", "roa-post"] {
        let told = report.succeeds(step, "acs-roa");
        assert_eq!(told.parts, "method path query", "{step}");
        assert!(told.covers("x-acs-signature-nonce"), "{told:?}");
        assert_taken_once(&report, step);
    }
    assert_eq!(report.accepted("roa-post", "acs-roa").body, "MD5");
    report.raises("wrong", "SignatureDoesNotMatchError", "SignatureDoesNotMatch", MISMATCH);
    report.raises("rpc-post-wrong", "SignatureDoesNotMatchError", "SignatureDoesNotMatch", MISMATCH);
    report.raises("roa-wrong", "SignatureDoesNotMatchError", "SignatureDoesNotMatch", MISMATCH);
    let unknown = "Specified access key is not found.";
    report.raises("unknown", "InvalidAccessKeyId.NotFoundError", "InvalidAccessKeyId.NotFound", unknown);
    let disabled = "Specified access key is disabled.";
    report.raises("disabled", "InvalidAccessKeyId.InactiveError", "InvalidAccessKeyId.Inactive", disabled);
    report.skewed("", "acs-rpc", |step| {
        report.raises(step, "InvalidTimeStamp.ExpiredError", "InvalidTimeStamp.Expired", SKEW);
    });
}
