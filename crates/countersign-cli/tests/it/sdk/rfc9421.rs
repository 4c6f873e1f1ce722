//! A library for HTTP Message Signatures.

use super::run_python;

#[test]
fn http_message_signatures_signs_in_and_is_told_why_not() {
    let Some(report) = run_python("rfc9421.py", "") else { return };
    for step in ["hmac", "get", "target-uri", "parameter", "expires", "no-nonce"] {
        let told = report.succeeds(step, "rfc9421");
        assert_eq!(told.parts, "method path query authority", "{step}");
        assert!(told.covers("content-type"), "{step}: {told:?}");
    }
}
