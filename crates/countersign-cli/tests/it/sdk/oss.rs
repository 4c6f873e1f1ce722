//! Clients of OSS.

use super::{Report, run_node, run_python, run_rust};

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided.";
const UNKNOWN: &str = "The OSS Access Key Id you provided does not exist in our records.";
const DISABLED: &str = "The OSS Access Key Id you provided is disabled.";
const SKEWED: &str = "The difference between the request time and the current time is too large.";

fn scheme(version: &str) -> (&'static str, &'static str) {
    match version {
        "v1" => ("oss", "HMAC-SHA1"),
        "v2" => ("oss2", "HMAC-SHA256"),
        _ => ("oss4", "HMAC-SHA256"),
    }
}

/// What a client does with each version: put, get, list, and by presigned URLs get and put.
fn assert_version(report: &Report, before: &str, version: &str) {
    let (scheme, algorithm) = scheme(version);
    let step = |what: &str| format!("{before}{version}-{what}");
    for what in ["put", "get", "list", "url-get", "url-put"] {
        let told = report.accepted(&step(what), scheme);
        assert_eq!(told.algorithm, algorithm, "{what}");
        // Version 1 signs of the query what names a sub-resource, and `prefix` does not.
        assert!(told.parts.starts_with("method path"), "{what}: {told:?}");
        assert_eq!(told.parts.contains("query"), version != "v1", "{what}: {told:?}");
        // Some clients send a digest; a URL has none.
        let body = if told.covers("content-md5") { "MD5" } else { "no" };
        assert_eq!(told.body, body, "{what}: {told:?}");
    }
    for what in ["put", "url-put"] {
        assert!(report.accepted(&step(what), scheme).covers("content-type"), "{version} {what}");
    }
}

#[test]
fn oss2_signs_in_by_versions_1_2_and_4_and_raises_its_own() {
    let Some(report) = run_python("oss.py", "") else { return };
    for version in ["v1", "v2", "v4"] {
        assert_version(&report, "", version);
        report.succeeds(&format!("{version}-get"), scheme(version).0);
        report.succeeds(&format!("{version}-append"), scheme(version).0);
        assert!(report.accepted(&format!("{version}-put"), scheme(version).0).covers("x-oss-meta-author"));
        report.accepted_head(&format!("{version}-head"));
        let wrong = format!("{version}-wrong");
        report.raises(&wrong, "SignatureDoesNotMatch", "SignatureDoesNotMatch", MISMATCH);
        // Of an answer without a body the SDK reads the same from a header field.
        report.raises(&format!("{wrong}-head"), "SignatureDoesNotMatch", "SignatureDoesNotMatch", MISMATCH);
    }
    report.raises("wrong", "SignatureDoesNotMatch", "SignatureDoesNotMatch", MISMATCH);
    report.raises("unknown", "ServerError", "InvalidAccessKeyId", UNKNOWN);
    report.raises("disabled", "ServerError", "InvalidAccessKeyId", DISABLED);
    report.skewed("", "oss4", |step| {
        report.raises(step, "ServerError", "RequestTimeTooSkewed", SKEWED);
    });
}

#[test]
fn alibabacloud_oss_v2_signs_in_by_versions_1_and_4_and_raises_its_own() {
    let Some(report) = run_python("oss_v2.py", "") else { return };
    for version in ["v1", "v4"] {
        assert_version(&report, "", version);
        for what in ["put", "get", "list"] {
            report.succeeds(&format!("{version}-{what}"), scheme(version).0);
        }
        report.accepted_head(&format!("{version}-head"));
        report.raises(&format!("{version}-wrong"), "ServiceError", "SignatureDoesNotMatch", MISMATCH);
    }
    report.raises("unknown", "ServiceError", "InvalidAccessKeyId", UNKNOWN);
    report.raises("disabled", "ServiceError", "InvalidAccessKeyId", DISABLED);
    report.skewed("", "oss4", |step| {
        report.raises(step, "ServiceError", "RequestTimeTooSkewed", SKEWED);
    });
}

#[test]
fn ali_oss_signs_in_by_versions_1_and_4_and_throws_its_own() {
    let Some(report) = run_node("ali-oss.js", "") else { return };
    for version in ["v1", "v4"] {
        assert_version(&report, "", version);
        for what in ["put", "get", "list"] {
            report.succeeds(&format!("{version}-{what}"), scheme(version).0);
        }
        report.accepted_head(&format!("{version}-head"));
        let wrong = format!("{version}-wrong");
        report.raises(&wrong, "SignatureDoesNotMatchError", "SignatureDoesNotMatch", MISMATCH);
        report.raises(
            &format!("{wrong}-head"),
            "SignatureDoesNotMatchError",
            "SignatureDoesNotMatch",
            MISMATCH,
        );
    }
    report.raises("unknown", "InvalidAccessKeyIdError", "InvalidAccessKeyId", UNKNOWN);
    report.raises("disabled", "InvalidAccessKeyIdError", "InvalidAccessKeyId", DISABLED);
    report.skewed("", "oss4", |step| {
        report.raises(step, "RequestTimeTooSkewedError", "RequestTimeTooSkewed", SKEWED);
    });
}

#[test]
fn reqsign_signs_in_by_versions_1_2_and_4() {
    let Some(report) = run_rust("") else { return };
    for version in ["v1", "v2", "v4"] {
        assert_version(&report, "oss-", version);
    }
    // It only signs, so what its user sees is the answer.
    report.raises("oss-wrong", "", "", "<Code>SignatureDoesNotMatch</Code>");
    report.raises("oss-unknown", "", "", "<Code>InvalidAccessKeyId</Code>");
    report.raises("oss-disabled", "", "", DISABLED);
    report.skewed("oss", "oss4", |step| report.raises(step, "", "", "<Code>RequestTimeTooSkewed</Code>"));
}
