//! Signatures by private keys, over the string to sign of ODPS and of RPC.

use super::*;

fn signed_by(algorithm: Algorithm) -> Result<Message, Malformed> {
    let options = SignOptions { algorithm: Some(algorithm), region: Some("r".to_owned()), ..options() };
    signed_with(schemes::ODPS, ("GET", "/api/projects/p?a=b%20c", ""), &[("x-odps-a", "1")], &options)
}

#[test]
fn odps_is_signed_by_a_private_key_in_a_form_of_its_own() {
    let message = signed_by(Algorithm::RsaSha256).unwrap();
    assert!(message.authorization().starts_with("ODPS-RSA-SHA256 CSAK1:"), "{}", message.authorization());
    assert_eq!(judge_public(&message.request(), PUBLIC_KEY, DEFAULT), Ok("strict"));
    assert_eq!(read(&message.request()).unwrap().1.algorithm, Algorithm::RsaSha256);
    for changed in [
        message.replaced("b%20c", "b%20d"),
        message.replaced("/p?", "/q?"),
        message.with("x-odps-a", "2"),
        message.with("date", "Sat, 21 Nov 2026 23:23:14 GMT"),
        Message { method: "PUT".to_owned(), ..message.clone() },
        message.with("authorization", &message.authorization().replace("SHA256", "SHA1")),
    ] {
        let refused = judge_public(&changed.request(), PUBLIC_KEY, Readings::Every);
        assert!(matches!(refused, Err(Refusal::SignatureMismatch { .. })), "{changed:?}");
    }
    // By a shared secret, nothing that names a public key is proven.
    assert!(matches!(verdict(&message), Err(Refusal::SignatureMismatch { .. })));
}

#[test]
fn sha_1_is_verified_and_not_signed_with() {
    for refused in [
        signed_by(Algorithm::RsaSha1),
        signed_with(
            schemes::ACS_RPC,
            ("GET", "/?a=1", ""),
            &[],
            &SignOptions { algorithm: Some(Algorithm::RsaSha1), ..options() },
        ),
    ] {
        assert!(matches!(refused.unwrap_err(), Malformed::Unreadable { what, .. } if what == "the secret"));
    }
    for (id, algorithm) in [
        ("own-odps-rsa-sha1", Algorithm::RsaSha1),
        ("own-rpc-SHA1withRSA", Algorithm::RsaSha1),
        ("own-odps-rsa-sha256", Algorithm::RsaSha256),
        ("own-rpc-SHA256withRSA", Algorithm::RsaSha256),
    ] {
        let vector = vector(id);
        let message = vector.message();
        let request = message.request();
        assert_eq!(read(&request).unwrap().1.algorithm, algorithm, "{id}");
        assert_eq!(vector.judge(&request, DEFAULT), Ok("strict"), "{id}");
    }
}

#[test]
fn case_08_an_algorithm_of_odps_that_is_not_known_is_none() {
    let message = signed_by(Algorithm::RsaSha256).unwrap();
    for name in ["ODPS-RSA-MD5", "ODPS-RSA-", "ODPS-RSA-SHA256x", "ODPS-RSA-sha256"] {
        let message =
            message.with("authorization", &message.authorization().replace("ODPS-RSA-SHA256", name));
        assert_eq!(malformed(&message), Malformed::UnknownAlgorithm(name.to_owned()));
    }
    let refused = signed_by(Algorithm::HMAC_SHA256);
    assert_eq!(refused.unwrap_err(), Malformed::UnknownAlgorithm("HMAC-SHA256".to_owned()));
}

#[test]
fn case_27_a_signature_by_rsa_has_one_spelling_and_its_length() {
    let message = signed_by(Algorithm::RsaSha256).unwrap();
    let (before, signature) = message.authorization().rsplit_once(':').unwrap();
    let scope = message.authorization().replace("CSAK1", "CSAK1/20261121/r/odps/aliyun_v4_request");
    for text in [
        format!("{before}:"),
        format!("{before}:AAAA"),
        format!("{before}:{}", signature.trim_end_matches('=')),
        "ODPS-RSA-SHA256".to_owned(),
        "ODPS-RSA-SHA256 x".to_owned(),
        scope,
    ] {
        assert!(is_unreadable(&message.with("authorization", &text), "Authorization"), "{text}");
    }
}
