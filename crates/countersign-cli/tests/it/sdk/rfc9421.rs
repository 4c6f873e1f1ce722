//! A library for HTTP Message Signatures.

use super::run_python;

#[test]
fn http_message_signatures_signs_in_and_is_told_why_not() {
    let Some(report) = run_python("rfc9421.py", "") else { return };
    for step in ["hmac", "get", "target-uri", "parameter", "expires", "no-nonce"] {
        let told = report.succeeds(step, "rfc9421");
        assert_eq!(told.parts, "method path query authority", "{step}");
        assert!(told.covers("content-type"), "{step}: {told:?}");
        let body = if step == "get" { "no" } else { "SHA-256" };
        assert_eq!((told.algorithm.as_str(), told.body.as_str()), ("HMAC-SHA256", body), "{step}");
    }
    for (key, step, algorithm) in [
        ("ed25519", "ed25519", "Ed25519"),
        ("ecdsa", "ecdsa", "ECDSA-P256-SHA256"),
        ("rsa", "rsa-pss", "RSA-PSS-SHA512"),
    ] {
        if !report.keys[key].is_null() {
            let told = report.accepted_by(key, step, "rfc9421");
            assert_eq!((told.algorithm.as_str(), told.body.as_str()), (algorithm, "SHA-256"), "{step}");
        }
    }
    let (status, answer) = report.replay("hmac");
    assert!(status == 403 && answer.contains("\"Replayed\""), "{status}: {answer}");
    report.raises("wrong", "Refused", "SignatureMismatch", "the signature");
    report.raises("unknown", "Refused", "UnknownAccessKey", "");
    report.raises("disabled", "Refused", "DisabledAccessKey", "");
    report.skewed("", "rfc9421", |step| report.raises(step, "Refused", "Stale", "signed at"));
}
