//! What is particular to the RPC scheme.

use super::*;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn get() -> Message {
    signed(schemes::ACS_RPC, ("GET", "/?Action=ListUsers&Version=2015-05-01&Marker=a%20b&Note=1", ""), &[])
}

fn form() -> Message {
    signed(schemes::ACS_RPC, ("POST", "/?Action=CreateUser", "UserName=bob&Comments=a+b"), &[FORM])
}

#[test]
fn all_parameters_may_stand_in_the_form_or_in_the_query() {
    let message = form();
    assert_eq!(verdict(&message), Ok("strict"));
    let (_, query) = message.target.split_once('?').unwrap();
    let all = format!("{query}&{}", String::from_utf8_lossy(&message.body));
    let in_form = Message { target: "/".to_owned(), body: all.clone().into_bytes(), ..message.clone() };
    assert_eq!(verdict(&in_form), Ok("strict"));
    let in_query = Message { target: format!("/?{all}"), body: Vec::new(), ..message.clone() };
    assert_eq!(verdict(&in_query), Ok("strict"));
    // A method that is not POST may have a form too.
    let put = signed(schemes::ACS_RPC, ("PUT", "/?Action=a", "b=1"), &[FORM]);
    assert_eq!(verdict(&put), Ok("strict"));
    assert!(is_mismatch(&Message { body: b"b=2".to_vec(), ..put }));
}

#[test]
fn what_may_stand_in_a_form_is_not_judged_before_the_form_is_read() {
    for message in [form(), vector("@alicloud/pop-core/rpc-post").message()] {
        assert!(matches!(schemes::read(&message.unread()), Some((_, Err(ReadError::NeedsBody)))));
    }
    let capital = signed(
        schemes::ACS_RPC,
        ("POST", "/?Action=a", "b=1"),
        &[("content-type", "Application/X-WWW-Form-Urlencoded ;charset=UTF-8")],
    );
    assert!(matches!(schemes::read(&capital.unread()), Some((_, Err(ReadError::NeedsBody)))));
    assert_eq!(verdict(&capital), Ok("strict"));
    // No other body is covered, so none is needed.
    let json = signed(schemes::ACS_RPC, ("POST", "/?a=1", "{}"), &[("content-type", "application/json")]);
    let request = json.unread();
    let claim = schemes::read(&request).unwrap().1.unwrap();
    assert_eq!(claim.payload, countersign::Payload::Uncovered);
    assert_eq!(read(&form().request()).unwrap().1.payload, countersign::Payload::Form);
}

#[test]
fn a_form_without_a_signature_is_not_signed() {
    let mut message = form();
    message.target = "/".to_owned();
    for body in ["", "a=1", "Action=CreateUser&AccessKeyId=CSAK1"] {
        message.body = body.as_bytes().to_vec();
        assert_eq!(malformed(&message), Malformed::Missing("Signature"), "{body}");
    }
    // No other path is looked at for a form.
    message.target = "/login".to_owned();
    assert!(schemes::read(&message.request()).is_none());
    assert!(
        schemes::read(&Message { method: "GET".to_owned(), target: "/".to_owned(), ..form() }.request())
            .is_none()
    );
}

#[test]
fn each_parameter_of_the_signature_is_needed() {
    for name in ["AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"] {
        let message = get().replaced(&format!("{name}="), "Other=");
        assert_eq!(malformed(&message), Malformed::Missing(name));
    }
    let unsigned = get().replaced("&Signature=", "&Other=");
    assert!(schemes::read(&unsigned.request()).is_none());
}

#[test]
fn what_is_not_in_its_form_is_malformed() {
    for (from, to, name) in [
        ("AccessKeyId=CSAK1", "AccessKeyId=CS%2FAK1", "AccessKeyId"),
        ("AccessKeyId=CSAK1", "AccessKeyId=", "AccessKeyId"),
        ("SignatureVersion=1.0", "SignatureVersion=2.0", "SignatureVersion"),
        ("SignatureNonce=nonce-1", "SignatureNonce=", "SignatureNonce"),
        ("SignatureNonce=nonce-1", "SignatureNonce=%FF", "SignatureNonce"),
        ("Timestamp=2026-11-21T23%3A23%3A13Z", "Timestamp=2026-11-21%2023%3A23%3A13Z", "Timestamp"),
        ("Timestamp=2026-11-21T23%3A23%3A13Z", "Timestamp=1795303393", "Timestamp"),
        ("SignatureMethod=HMAC-SHA1", "SignatureMethod=HMAC-SHA1&SignatureType=PRIVATEKEY", "SignatureType"),
        ("SignatureMethod=HMAC-SHA1", "SignatureMethod=HMAC-SHA1&SignatureType=BEARERTOKEN", "BearerToken"),
    ] {
        assert!(
            is_unreadable(&get().replaced(from, to), name),
            "{to}: {:?}",
            malformed(&get().replaced(from, to))
        );
    }
    let long = get().replaced("nonce-1", &"n".repeat(257));
    assert!(is_unreadable(&long, "SignatureNonce"));
}

#[test]
fn a_fraction_of_a_second_is_taken() {
    let message = get().replaced("23%3A13Z", "23%3A13.250Z");
    assert_eq!(read(&message.request()).unwrap().1.signed_at.unix_millis(), now().unix_millis() + 250);
}

#[test]
fn a_credential_that_is_not_judged_is_named() {
    let with_token = SignOptions { security_token: Some("CAIS/+= x".to_owned()), ..options() };
    let message = signed_with(schemes::ACS_RPC, ("GET", "/?Action=a", ""), &[], &with_token).unwrap();
    let request = message.request();
    let (_, claim) = read(&request).unwrap();
    assert_eq!(claim.unjudged.as_slice(), ["SecurityToken"]);
    assert_eq!(claim.security_token.as_deref(), Some("CAIS/+= x"));
    assert_eq!(verdict(&message), Ok("strict"));

    let message = signed(schemes::ACS_RPC, ("GET", "/?Action=a&BearerToken=x", ""), &[]);
    assert_eq!(read(&message.request()).unwrap().1.unjudged.as_slice(), ["BearerToken"]);
    let bearer =
        Message { target: "/?Action=a&BearerToken=x&SignatureType=BEARERTOKEN".to_owned(), ..message };
    assert!(malformed(&bearer).to_string().contains("bearer tokens are not supported"));
}

#[test]
fn signing_needs_a_nonce_and_the_root() {
    let without = SignOptions { nonce: None, ..options() };
    let refused = signed_with(schemes::ACS_RPC, ("GET", "/?Action=a", ""), &[], &without);
    assert_eq!(refused.unwrap_err(), Malformed::Missing("SignatureNonce"));
    let elsewhere = signed_with(schemes::ACS_RPC, ("GET", "/a", ""), &[], &options());
    assert!(elsewhere.unwrap_err().to_string().contains("goes to `/`"));
    let other = SignOptions { algorithm: Some(Algorithm::HMAC_SHA256), ..options() };
    let refused = signed_with(schemes::ACS_RPC, ("GET", "/", ""), &[], &other);
    assert_eq!(refused.unwrap_err(), Malformed::UnknownAlgorithm("HMAC-SHA256".to_owned()));
    // Signed again, it is signed once.
    let again = signed(schemes::ACS_RPC, ("GET", &get().target, ""), &[]);
    assert_eq!(again.target.matches("Signature=").count(), 1);
    assert_eq!(verdict(&again), Ok("strict"));
}

#[test]
fn case_05_no_part_of_a_signature_is_the_signature() {
    let message = get();
    let (before, signature) = message.target.rsplit_once("Signature=").unwrap();
    for text in ["", "AA%3D%3D", signature.get(..20).unwrap(), &format!("{signature}AAAA")] {
        let message = Message { target: format!("{before}Signature={text}"), ..message.clone() };
        assert!(is_unreadable(&message, "Signature"), "{text}");
    }
}

#[test]
fn case_07_the_names_of_parameters_are_signed() {
    let message = get();
    assert!(is_mismatch(&message.replaced("Marker=", "marker=")));
    assert!(is_mismatch(&message.replaced("Note=1", "Note1=")));
    assert!(is_mismatch(&message.replaced("Note=1", "Not=e1")));
    assert!(is_mismatch(&message.replaced("Action=ListUsers", "Action=ListUsers&Extra=")));
}

#[test]
fn case_08_an_algorithm_that_is_not_known_is_none() {
    for name in ["HMAC-SHA256", "hmac-sha1", "HMAC-MD5", "none", "", "SHA512withRSA"] {
        let message = get().replaced("SignatureMethod=HMAC-SHA1", &format!("SignatureMethod={name}"));
        assert_eq!(malformed(&message), Malformed::UnknownAlgorithm(name.to_owned()));
    }
    let message = get().replaced("SignatureMethod=", "SignatureType=none&SignatureMethod=");
    assert_eq!(malformed(&message), Malformed::UnknownAlgorithm("none".to_owned()));
}

#[test]
fn case_18_whether_there_is_a_form_is_told_once() {
    // One reader takes the body for a form, and another does not.
    let repeated = Malformed::Repeated("content-type".to_owned());
    assert_eq!(malformed(&form().and("content-type", "text/plain")), repeated);
    assert_eq!(malformed(&form().with("content-type", "text/plain").and("content-type", FORM.1)), repeated);
    let in_form = Message { target: "/".to_owned(), ..form().and("content-type", "text/plain") };
    assert_eq!(malformed(&in_form), repeated);
}

#[test]
fn case_19_a_parameter_of_the_signature_stands_once_wherever_it_stands() {
    let message = form();
    for name in [
        "AccessKeyId=x",
        "Signature=x",
        "SignatureMethod=HMAC-SHA1",
        "SignatureNonce=2",
        "SignatureVersion=1.0",
        "Timestamp=2026-11-21T23%3A23%3A14Z",
        "Action=DeleteUser",
    ] {
        let (bare, _) = name.split_once('=').unwrap();
        let repeated = Malformed::Repeated(bare.to_owned());
        let in_query = Message { target: format!("{}&{name}", message.target), ..message.clone() };
        assert_eq!(malformed(&in_query), repeated);
        let first =
            Message { target: message.target.replacen("/?", &format!("/?{name}&"), 1), ..message.clone() };
        assert_eq!(malformed(&first), repeated);
        let mut in_form = message.clone();
        in_form.body.extend_from_slice(format!("&{name}").as_bytes());
        assert_eq!(malformed(&in_form), repeated);
    }
    // Another case is another name, and it is signed.
    assert!(is_mismatch(&Message { target: format!("{}&action=DeleteUser", message.target), ..message }));
}

#[test]
fn case_19_a_repeated_parameter_is_refused_for_its_order_is_not_signed() {
    for (target, body, headers) in [
        ("/?Action=a&k=1&k=2", "", &[][..]),
        ("/?Action=a&k=1", "k=2", &[FORM][..]),
        ("/?Action=a&k=1&%6B=1", "", &[][..]),
    ] {
        let message = signed(schemes::ACS_RPC, ("POST", target, body), headers);
        let refused = verdict(&message);
        let expected = countersign::Ambiguity::RepeatedName("k".to_owned());
        assert_eq!(refused, Err(Refusal::Ambiguous(expected)), "{target}");
    }
}

#[test]
fn case_20_a_signature_in_the_query_goes_with_no_authorization() {
    for value in ["Bearer x", "acs CSAK1:AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "Basic YTpi", "ACS3-HMAC-SHA256 x"] {
        let message = get().with("authorization", value);
        assert_eq!(malformed(&message), Malformed::TwoSignatures, "{value}");
    }
}

#[test]
fn case_21_spellings_of_a_query_that_mean_the_same_have_one_signature() {
    let message = get();
    for (from, to) in [
        ("a%20b", "a+b"),
        ("Note=1", "Note=%31"),
        ("Action=ListUsers&Version=2015-05-01", "Version=2015-05-01&&Action=ListUsers&"),
        ("Action=ListUsers", "Action=ListUs%65rs"),
    ] {
        assert_eq!(verdict(&message.replaced(from, to)), Ok("strict"), "{to}");
    }
    assert!(is_mismatch(&message.replaced("a%20b", "a%2Bb")));
    assert!(is_mismatch(&message.replaced("a%20b&Note=1", "a%20b%26Note=1")));
    assert!(is_mismatch(&message.replaced("a%20b&Note=1", "a%20b;Note=1")));
    let empty = signed(schemes::ACS_RPC, ("GET", "/?Action=a&Empty=&=b", ""), &[]);
    assert_eq!(verdict(&empty.replaced("Empty=", "Empty")), Ok("strict"));
    assert!(is_mismatch(&empty.replaced("Empty=&", "")));
    assert!(is_mismatch(&empty.replaced("&=b", "")));
}

#[test]
fn case_22_a_path_that_is_not_signed_is_the_root() {
    for path in ["/a", "//", "/.", "/%2F", "", "/index.html"] {
        let message = get();
        let target = message.target.replacen('/', path, 1);
        let refused = malformed(&Message { target, ..message });
        assert!(refused.to_string().contains("goes to `/`"), "{path}: {refused}");
    }
    assert!(is_mismatch(&Message { method: "POST".to_owned(), ..get() }));
}

#[test]
fn case_27_a_signature_has_one_spelling() {
    let message = get();
    let (before, signature) = message.target.rsplit_once("Signature=").unwrap();
    // Of the last character before the padding two bits are not used.
    let decoded = signature.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let last = alphabet.iter().position(|byte| *byte == decoded.as_bytes()[26]).unwrap();
    let other = char::from(alphabet[last + 1]);
    let unpadded = decoded.trim_end_matches('=').replace('+', "%2B");
    let url_safe = decoded.replace('+', "-").replace('/', "_");
    let loose = format!("{}{other}%3D", decoded[..26].replace('+', "%2B"));
    for text in [unpadded.as_str(), loose.as_str(), &format!("{signature}%0A"), &format!("%20{signature}")] {
        let message = Message { target: format!("{before}Signature={text}"), ..message.clone() };
        assert!(is_unreadable(&message, "Signature"), "{text}");
    }
    if url_safe != decoded {
        let message = Message { target: format!("{before}Signature={url_safe}"), ..message };
        assert!(is_unreadable(&message, "Signature"));
    }
}

#[test]
fn case_36_more_parameters_than_any_call_has_are_refused() {
    let many = |count: usize| {
        let extra: String = (0..count).map(|number| format!("&k{number}=v")).collect();
        Message { target: format!("{}{extra}", get().target), ..get() }
    };
    assert!(is_mismatch(&many(900)));
    assert!(is_unreadable(&many(1000), "the query"));
    assert!(is_unreadable(&many(100_000), "the query"));
}

#[test]
fn case_38_nothing_is_decrypted_with_a_public_key_and_a_wrong_one_verifies_nothing() {
    let by_rsa = SignOptions { algorithm: Some(Algorithm::RsaSha256), ..options() };
    let message = signed_with(schemes::ACS_RPC, ("GET", "/?Action=a", ""), &[], &by_rsa).unwrap();
    assert_eq!(judge_public(&message.request(), PUBLIC_KEY, DEFAULT), Ok("strict"));
    let other = vector("aliyun-python-sdk-core/rpc-rsa-key-pair").public_key_pem.unwrap();
    assert!(judge_public(&message.request(), &other, Readings::Every).is_err());
    let changed = message.replaced("Action=a", "Action=b");
    assert!(judge_public(&changed.request(), PUBLIC_KEY, Readings::Every).is_err());
}

#[test]
fn case_40_what_is_asked_for_is_signed() {
    let message = get();
    assert!(is_mismatch(&message.replaced("Action=ListUsers", "Action=DeleteUser")));
    assert!(is_mismatch(&message.replaced("Version=2015-05-01", "Version=2015-04-01")));
    assert_eq!(read(&message.request()).unwrap().1.nonce.as_deref(), Some("nonce-1"));
    assert!(is_mismatch(&message.replaced("nonce-1", "nonce-2")));
}
