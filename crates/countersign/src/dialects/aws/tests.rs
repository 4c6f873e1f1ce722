use std::time::Duration;

use super::*;
use crate::dialects::testing::{every_refusal, occasion};
use crate::request::Body;
use crate::time::Timestamp;

fn headers(service: &str, kind: &str) -> HeaderMap {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=CSAK1/20261121/eu-central-1/{service}/aws4_request, SignedHeaders=host, \
         Signature=5fa0"
    );
    let mut headers = HeaderMap::new();
    headers.insert("authorization", authorization.parse().unwrap());
    if !kind.is_empty() {
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
    }
    headers
}

fn said(refusal: &Refusal, headers: &HeaderMap) -> (u16, Spoken, String) {
    let request = Request::new("GET", "/", headers, Body::Unread);
    let spoken = speak(refusal, &Occasion { request, ..occasion() });
    (spoken.status.as_u16(), spoken.clone(), String::from_utf8(spoken.body.to_vec()).unwrap())
}

fn mismatch() -> Refusal {
    Refusal::SignatureMismatch {
        string_to_sign: "AWS4\n<".to_owned(),
        canonical_request: Some("GET\n&".to_owned()),
    }
}

#[test]
fn s3_is_told_in_its_own_elements_what_the_server_would_have_signed() {
    let (status, spoken, body) = said(&mismatch(), &headers("s3", ""));
    assert_eq!((status, spoken.code), (403, "SignatureDoesNotMatch"));
    assert_eq!(
        body,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>SignatureDoesNotMatch</Code><Message>The request \
         signature we calculated does not match the signature you provided. Check your key and signing method.</Message>\
         <AWSAccessKeyId>CSAK1</AWSAccessKeyId><StringToSign>AWS4\n&lt;</StringToSign>\
         <SignatureProvided>5fa0</SignatureProvided><StringToSignBytes>41 57 53 34 0a 3c</StringToSignBytes>\
         <CanonicalRequest>GET\n&amp;</CanonicalRequest><CanonicalRequestBytes>47 45 54 0a 26</CanonicalRequestBytes>\
         <RequestId>5C72047D38FEF58A549C872A</RequestId><HostId>h:1</HostId></Error>"
    );
    assert_eq!(spoken.headers[S3_REQUEST_ID], "5C72047D38FEF58A549C872A");
}

#[test]
fn a_wrong_clock_is_told_both_times_and_the_window() {
    let signed_at = Timestamp::parse_rfc3339("2026-11-21T23:23:13Z").unwrap();
    let now = Timestamp::parse_rfc3339("2026-11-22T00:23:13Z").unwrap();
    let stale = Refusal::Stale { signed_at, now, window: Duration::from_secs(900) };
    let (status, _, body) = said(&stale, &headers("s3", ""));
    assert_eq!(status, 403);
    assert!(body.contains(
        "<Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and the current time is too \
         large.</Message><RequestTime>20261121T232313Z</RequestTime><ServerTime>2026-11-22T00:23:13Z</ServerTime>\
         <MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>"
    ));
    let (_, _, body) = said(&stale, &headers("sts", ""));
    assert!(body.contains(
        "Signature expired: 20261121T232313Z is now earlier than 20261122T000813Z (20261122T002313Z - 15 min.)"
    ));
    let early = Refusal::Stale { signed_at: now, now: signed_at, window: Duration::from_secs(900) };
    let (_, _, body) = said(&early, &headers("sts", ""));
    assert!(body.contains(
        "Signature not yet current: 20261122T002313Z is still later than 20261121T233813Z (20261121T232313Z + 15 min.)"
    ));
}

#[test]
fn an_expired_url_is_told_when_it_expired() {
    let headers = HeaderMap::new();
    let target = "/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=CSAK1%2F20261121%2Fr%2Fs3%2Faws4_request\
                  &X-Amz-Expires=60&X-Amz-Signature=5fa0";
    let at = Timestamp::parse_rfc3339("2026-11-21T23:24:13Z").unwrap();
    let request = Request::new("GET", target, &headers, Body::Unread);
    let spoken = speak(&Refusal::Expired { at, now: at }, &Occasion { request, ..occasion() });
    let body = String::from_utf8(spoken.body.to_vec()).unwrap();
    assert!(body.contains(
        "<Code>AccessDenied</Code><Message>Request has expired</Message><X-Amz-Expires>60</X-Amz-Expires>\
         <Expires>2026-11-21T23:24:13Z</Expires><ServerTime>2026-11-21T23:24:13Z</ServerTime>"
    ));
}

#[test]
fn other_services_are_told_in_the_protocol_that_the_client_speaks() {
    let (status, spoken, body) =
        said(&mismatch(), &headers("sts", "application/x-www-form-urlencoded; charset=utf-8"));
    assert_eq!((status, spoken.code), (403, "SignatureDoesNotMatch"));
    assert!(body.starts_with(
        "<ErrorResponse>\n  <Error>\n    <Type>Sender</Type>\n    <Code>SignatureDoesNotMatch</Code>"
    ));
    assert!(body.contains("The String-to-Sign should have been\n'AWS4\n&lt;'"), "{body}");
    assert_eq!(spoken.headers[REQUEST_ID], "5C72047D38FEF58A549C872A");
    assert_eq!(spoken.headers[ERROR_TYPE], "SignatureDoesNotMatch");

    let (status, spoken, body) = said(&mismatch(), &headers("dynamodb", "application/x-amz-json-1.0"));
    let value: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &value["__type"]), (400, &"InvalidSignatureException".into()));
    assert!(value["message"].as_str().unwrap().contains("should have been\n'GET\n&'"));
    assert_eq!(spoken.headers[CONTENT_TYPE], "application/x-amz-json-1.0");

    let (status, ..) = said(&mismatch(), &headers("lambda", "application/json"));
    assert_eq!(status, 403);
}

#[test]
fn a_header_field_that_is_not_signed_is_named_to_s3() {
    let refusal = Refusal::Malformed(Malformed::NotSigned("x-amz-acl".to_owned()));
    let (status, _, body) = said(&refusal, &headers("s3", ""));
    assert_eq!(status, 403);
    assert!(body.contains(
        "<Code>AccessDenied</Code><Message>There were headers present in the request which were not signed</Message>\
         <HeadersNotSigned>x-amz-acl</HeadersNotSigned>"
    ));
}

#[test]
fn every_refusal_is_an_error_in_every_form_and_its_words_stay_in_their_elements() {
    let forms =
        [("s3", ""), ("sts", ""), ("dynamodb", "application/x-amz-json-1.1"), ("lambda", "application/json")];
    for (service, kind) in forms {
        let headers = headers(service, kind);
        for refusal in every_refusal() {
            let (status, spoken, body) = said(&refusal, &headers);
            assert!((400..=503).contains(&status) && !spoken.code.is_empty(), "{refusal:?}");
            if kind.is_empty() {
                assert!(!body.contains("<&"), "{body}");
                assert!(body.contains(&format!("<Code>{}</Code>", spoken.code)), "{body}");
            } else {
                let value: serde_json::Value = serde_json::from_str(&body).unwrap();
                assert_eq!(value["__type"], spoken.code);
            }
        }
    }
}
