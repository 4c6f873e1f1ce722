use std::time::Duration;

use bytes::Bytes;
use countersign::crypto::PublicKey;
use countersign::{AccessKeySecret, Algorithm, Credential, Key, Scheme, schemes};
use countersign_client::{SecurityToken, Signer};
use http::Request;
use http::header::CONTENT_TYPE;

use crate::{SECRET, credential, judge, judge_by_secret, now};

fn signer(scheme: &'static dyn Scheme) -> Signer {
    Signer {
        region: Some("cn-hangzhou".to_owned()),
        service: Some("s3".to_owned()),
        ..Signer::new(scheme, credential())
    }
}

/// RPC signs parameters alone, so its requests have no path.
fn has_paths(scheme: &dyn Scheme) -> bool {
    scheme.name() != schemes::ACS_RPC.name()
}

/// Requests of many shapes.
fn requests() -> Vec<Request<Bytes>> {
    let form = "application/x-www-form-urlencoded";
    let request = |method: &str, url: &str| Request::builder().method(method).uri(url);
    vec![
        request("GET", "http://h.example:8640/").body(Bytes::new()).unwrap(),
        request("GET", "https://h.example").body(Bytes::new()).unwrap(),
        request("GET", "https://h.example/a/b%20c?x=1&y=a%2Fb&empty=").body(Bytes::new()).unwrap(),
        request("DELETE", "http://[::1]:8640/x").body(Bytes::new()).unwrap(),
        request("PUT", "http://h.example/object")
            .header(CONTENT_TYPE, "text/plain")
            .body("text".into())
            .unwrap(),
        request("POST", "http://h.example/")
            .header(CONTENT_TYPE, form)
            .body("Action=Go&Version=1".into())
            .unwrap(),
    ]
}

#[test]
fn what_any_scheme_signs_here_the_core_verifies() {
    for scheme in schemes::ALL {
        for mut request in requests() {
            if request.uri().path() != "/" && !has_paths(*scheme) {
                continue;
            }
            let about = format!("{} {} {}", scheme.name(), request.method(), request.uri());
            signer(*scheme).sign_request(&mut request, now(), "5d41402abc4b2a76").expect(&about);
            let (mut parts, body) = request.into_parts();
            let read = judge_by_secret(&parts, &body, SECRET).map(Scheme::name);
            assert_eq!(read, Ok(scheme.name()), "{about}");
            assert!(judge_by_secret(&parts, &body, "another").is_err(), "{about}");
            parts.method = http::Method::PATCH;
            assert!(judge_by_secret(&parts, &body, SECRET).is_err(), "{about}");
        }
    }
}

#[test]
fn presigned_urls_verify_where_a_scheme_has_them() {
    let mut presigning = Vec::new();
    for scheme in schemes::ALL {
        let signer = Signer { presign: Some(Duration::from_secs(300)), ..signer(*scheme) };
        let url = if has_paths(*scheme) { "https://h.example/a%20b?x=1" } else { "https://h.example/?x=1" };
        let mut request = Request::get(url).body(Bytes::new()).unwrap();
        match signer.sign_request(&mut request, now(), "5d41402abc4b2a76") {
            Ok(_) => presigning.push(scheme.name()),
            Err(error) => {
                assert!(error.to_string().contains("presigned"), "{error}");
                continue;
            }
        }
        let (parts, body) = request.into_parts();
        assert!(parts.uri.to_string().starts_with(&format!("{url}&")), "{}", parts.uri);
        assert_eq!(judge_by_secret(&parts, &body, SECRET).map(Scheme::name), Ok(scheme.name()));
    }
    assert_eq!(presigning, PRESIGNING);
}

/// Those of the schemes that put signatures in the query.
const PRESIGNING: [&str; 5] = ["oss4", "oss2", "oss", "sigv4", "acs-rpc"];

#[test]
fn a_security_token_goes_along() {
    for scheme in schemes::ALL {
        let signer = Signer { security_token: Some(SecurityToken::new("the-token")), ..signer(*scheme) };
        let mut request = Request::get("https://h.example/").body(Bytes::new()).unwrap();
        signer.sign_request(&mut request, now(), "5d41402abc4b2a76").unwrap();
        let (parts, body) = request.into_parts();
        assert_eq!(judge_by_secret(&parts, &body, SECRET).map(Scheme::name), Ok(scheme.name()));
        let in_headers = parts.headers.values().any(|value| value == "the-token");
        let goes_along = in_headers || parts.uri.to_string().contains("the-token");
        assert_eq!(goes_along, !WITHOUT_TOKENS.contains(&scheme.name()), "{}", scheme.name());
    }
}

/// Those of the schemes that know nothing of temporary AccessKeys.
const WITHOUT_TOKENS: [&str; 3] = ["kong-hmac", "apisix-hmac", "rfc9421"];

#[test]
fn a_private_key_signs_where_a_scheme_takes_one() {
    let private = include_str!("../../../../vectors/keys/rsa-2048.pem");
    let public = PublicKey::from_pem(include_str!("../../../../vectors/keys/rsa-2048.pub.pem")).unwrap();
    let mut signed = Vec::new();
    for (scheme, algorithm) in schemes::ALL.iter().flat_map(|scheme| {
        [Algorithm::RsaSha256, Algorithm::RsaPssSha512].map(|algorithm| (*scheme, algorithm))
    }) {
        let credential = Credential { secret: AccessKeySecret::new(private), ..credential() };
        let signer = Signer { algorithm: Some(algorithm), credential, ..signer(scheme) };
        let mut request = Request::get("https://h.example/?x=1").body(Bytes::new()).unwrap();
        // It is never taken for a text to make a MAC with.
        if signer.sign_request(&mut request, now(), "5d41402abc4b2a76").is_err() {
            continue;
        }
        let (parts, body) = request.into_parts();
        assert_eq!(judge(&parts, &body, Key::Public(&public), true).map(Scheme::name), Ok(scheme.name()));
        signed.push((scheme.name(), algorithm.name()));
    }
    let rsa = Algorithm::RsaSha256.name();
    let pss = Algorithm::RsaPssSha512.name();
    assert_eq!(signed, [("odps", rsa), ("acs3", rsa), ("rfc9421", rsa), ("rfc9421", pss), ("acs-rpc", rsa)]);
}
