//! Attack cases that concern all schemes alike.

use std::fs;
use std::path::Path;

use countersign::crypto::equal;
use countersign::{AccessKeyId, Body, ReadError, Request, schemes};
use http::{HeaderMap, HeaderValue};

/// All sources of this crate, with their places.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
            found.push((path.display().to_string(), text));
        }
    }
}

#[test]
fn case_06_signatures_are_compared_in_one_place_and_in_constant_time() {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 30);
    for (place, text) in &found {
        // Only what `SigningKey::proves` says counts, and that asks `crypto::equal` or a library.
        for line in text.lines().filter(|line| line.contains("signature ==") || line.contains("== signature"))
        {
            assert!(line.trim_start().starts_with("//"), "{place}: {line}");
        }
        let judges = text.contains(".proves(");
        let may = ["verify.rs", "key.rs", "explain/mod.rs", "asymmetric.rs", "chunks.rs"];
        assert!(!judges || may.iter().any(|file| place.ends_with(file)), "{place}");
    }
    let bytes: Vec<u8> = (0..64).collect();
    for at in 0..64 {
        let mut other = bytes.clone();
        other[at] ^= 1;
        assert!(!equal(&bytes, &other) && equal(&bytes, &bytes.clone()), "{at}");
    }
}

/// The header fields of a request that names this id, and in which nothing else is wrong. `None` where no field can hold
/// them.
fn naming(scheme: &str, id: &str) -> Option<HeaderMap> {
    let (hex, base, short) = ("0".repeat(64), "A".repeat(43), "A".repeat(27));
    let (authorization, others): (String, &[(&'static str, &'static str)]) = match scheme {
        "odps" => (format!("ODPS {id}:{short}="), &[]),
        "acs3" => (
            format!(
                "ACS3-HMAC-SHA256 Credential={id},SignedHeaders=host;x-acs-content-sha256;x-acs-date;\
                 x-acs-signature-nonce,Signature={hex}"
            ),
            &[
                ("x-acs-date", "2026-11-21T23:23:13Z"),
                ("x-acs-signature-nonce", "1"),
                ("x-acs-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ],
        ),
        "acs-roa" => (format!("acs {id}:{short}="), &[]),
        "oss" => (format!("OSS {id}:{short}="), &[]),
        "oss2" => (format!("OSS2 AccessKeyId:{id},Signature:{base}="), &[]),
        "oss4" => (
            format!("OSS4-HMAC-SHA256 Credential={id}/20261121/cn/oss/aliyun_v4_request,Signature={hex}"),
            &[("x-oss-date", "20261121T232313Z"), ("x-oss-content-sha256", "UNSIGNED-PAYLOAD")],
        ),
        "sigv4" => (
            format!(
                "AWS4-HMAC-SHA256 Credential={id}/20261121/us-east-1/s3/aws4_request,\
                 SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature={hex}"
            ),
            &[("x-amz-date", "20261121T232313Z"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")],
        ),
        "kong-hmac" => (
            format!(
                "hmac username=\"{id}\", algorithm=\"hmac-sha256\", headers=\"date\", signature=\"{base}=\""
            ),
            &[],
        ),
        "apisix-hmac" => (
            format!(
                "Signature keyId=\"{id}\",algorithm=\"hmac-sha256\",headers=\"date\",signature=\"{base}=\""
            ),
            &[],
        ),
        _ => (String::new(), &[]),
    };
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("h"));
    headers.insert("date", HeaderValue::from_static("Sat, 21 Nov 2026 23:23:13 GMT"));
    for (name, value) in others {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    if scheme == "rfc9421" {
        let input = format!("sig=(\"@method\");created=1795303393;keyid=\"{id}\";alg=\"hmac-sha256\"");
        headers.insert("signature-input", HeaderValue::from_str(&input).ok()?);
        headers.insert("signature", HeaderValue::from_str(&format!("sig=:{base}=:")).ok()?);
    } else if scheme != "acs-rpc" {
        headers.insert("authorization", HeaderValue::from_str(&authorization).ok()?);
    }
    Some(headers)
}

/// Where a request goes that names this id: one of RPC names it in its query.
fn target(scheme: &str, id: &str) -> String {
    let mut encoded = Vec::new();
    countersign::canonical::encode(id.as_bytes(), b"", &mut encoded);
    match scheme {
        "acs-rpc" => format!(
            "/?AccessKeyId={}&Signature=AAAAAAAAAAAAAAAAAAAAAAAAAAA%3D&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0\
             &SignatureNonce=1&Timestamp=2026-11-21T23%3A23%3A13Z",
            String::from_utf8(encoded).unwrap()
        ),
        _ => "/".to_owned(),
    }
}

/// A plain id is read by every scheme: it is the id for which the requests below are not.
#[test]
fn a_plain_id_is_read_by_the_scheme_that_names_it() {
    for scheme in schemes::ALL {
        let headers = naming(scheme.name(), "CSAK1").unwrap();
        let target = target(scheme.name(), "CSAK1");
        let request = Request::new("GET", &target, &headers, Body::Whole(b""));
        let (by, read) = schemes::read(&request).unwrap();
        let claim = read.unwrap_or_else(|error| panic!("{}: {error}", scheme.name()));
        assert_eq!((by.name(), claim.access_key_id.as_ref()), (scheme.name(), "CSAK1"));
    }
}

#[test]
fn case_37_an_id_holds_nothing_that_another_language_reads() {
    let ids = ["' OR 1=1 --", "a)(uid=*", "a;b", "../../etc", "${jndi:x}", "a\"b", "a%00", "*"];
    for id in ids {
        assert!(AccessKeyId::new(id).is_err(), "{id}");
        for scheme in schemes::ALL {
            let Some(headers) = naming(scheme.name(), id) else { continue };
            let target = target(scheme.name(), id);
            let request = Request::new("GET", &target, &headers, Body::Whole(b""));
            match schemes::read(&request) {
                None | Some((_, Err(ReadError::Malformed(_)))) => {}
                Some((by, read)) => panic!("{}: {id}: {read:?}", by.name()),
            }
        }
    }
}

#[test]
fn case_35_a_key_id_is_never_an_address_to_fetch() {
    for id in ["https://attacker.example/key", "http://169.254.169.254/", "file:///etc/passwd"] {
        for scheme in schemes::ALL {
            let Some(headers) = naming(scheme.name(), id) else { continue };
            let target = target(scheme.name(), id);
            let request = Request::new("GET", &target, &headers, Body::Whole(b""));
            assert!(!matches!(schemes::read(&request), Some((_, Ok(_)))), "{}: {id}", scheme.name());
        }
    }
}

#[test]
fn case_33_and_35_what_judges_cannot_reach_the_network() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for judge in ["countersign", "countersign-accounts"] {
        let manifest = fs::read_to_string(crates.join(judge).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
        for client in ["reqwest", "hyper", "tokio", "ureq", "curl", "sqlx"] {
            let named = |line: &str| {
                line.starts_with(&format!("{client}.")) || line.starts_with(&format!("{client} "))
            };
            assert!(!dependencies.lines().any(named), "{judge} depends on {client}");
        }
    }
}
