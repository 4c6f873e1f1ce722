//! Verifying by each scheme with a shared secret, beside what it cannot do without: the MAC of the string to sign by a key
//! that is ready, and the hashes of the canonical request and of the body where the scheme signs them.

use std::hint::black_box;

use countersign::crypto::{Hash, HmacSha1, HmacSha256, sha256};
use countersign::{
    AccessKeySecret, Algorithm, Body, Credential, Payload, Place, Request, Scheme, SignOptions, StringToSign,
    Timestamp, schemes, sign,
};
use countersign_accounts::random;
use countersign_accounts::verifier::{Context, Demands, Verdict, Verifier};
use http::header::HOST;
use http::request::Parts;

use crate::keyring;
use crate::measure::{Beside, CALLS, time};
use crate::verify::pair;

const BODY: &[u8] = b"{\"name\":\"a thing of some length, as a small call to an API has it\",\"size\":4711}";

/// A request as its clients send it, signed.
struct Sent {
    head: Parts,
    body: &'static [u8],
}

impl Sent {
    fn request(&self) -> Request<'_> {
        Request::of(&self.head, Body::Whole(self.body))
    }
}

/// Each scheme but the one that has figures of its own.
pub(crate) fn figures() -> impl Iterator<Item = Beside> {
    schemes::ALL.iter().filter(|scheme| scheme.name() != schemes::ODPS.name()).map(|scheme| beside(*scheme))
}

fn beside(scheme: &'static dyn Scheme) -> Beside {
    let (id, secret) = pair();
    let credential = Credential { id: id.clone(), secret: secret.clone() };
    let now = Timestamp::parse_rfc3339("2026-11-21T23:23:13Z").unwrap();
    // Each is verified once in a round: a nonce is used once.
    let sent: Vec<Sent> = (0..CALLS).map(|call| send(scheme, &credential, now, call)).collect();
    let limit = limit(scheme, &sent[0], &secret);
    let keyring = keyring::of([(id, secret)]);
    let demands = Demands::at("");
    let round = move || {
        let verifier = Verifier::new(std::sync::Arc::clone(&keyring), &mut random::from_system());
        let verify = |call: usize| {
            let context = Context { now, demands: &demands, peer: None };
            let request = sent[call].request();
            let verdict = verifier.verify(black_box(&request), &context);
            assert!(matches!(verdict, Verdict::Verified(_)), "{}: {verdict:?}", scheme.name());
        };
        (time(verify), time(&limit))
    };
    Beside::new(format!("verify_{}", scheme.name().replace('-', "_")), round)
}

fn send(scheme: &dyn Scheme, credential: &Credential, now: Timestamp, call: usize) -> Sent {
    let rpc = scheme.name() == schemes::ACS_RPC.name();
    let target = if rpc {
        "/?Action=CreateUser&Version=2015-05-01&Format=JSON&RegionId=cn-hangzhou&UserName=alice"
    } else {
        "/bucket/reports/2026/november.csv?part=3&versions"
    };
    // A body that RPC does not sign is none of its business.
    let body = if rpc { b"" } else { BODY };
    let (mut head, ()) = http::Request::post(target)
        .header(HOST, "service.cn-hangzhou.example.com")
        .header("user-agent", "AlibabaCloud (linux; x86_64) Python/3.12 Core/1.0 TeaDSL/2")
        .header("accept", "application/json")
        .header("connection", "keep-alive")
        .header("content-type", "application/json; charset=utf-8")
        .header("content-length", body.len())
        .body(())
        .unwrap()
        .into_parts();
    let options = SignOptions {
        region: Some("cn-hangzhou".to_owned()),
        service: Some("s3".to_owned()),
        nonce: Some(format!("7b3c6f3e-9f0e-4b7e-8f5d-{call:012}")),
        ..SignOptions::at(now)
    };
    sign(scheme, Place::at(""), &mut head, body, credential, &options).unwrap();
    Sent { head, body }
}

/// Calls of what verifying cannot do without.
fn limit(scheme: &dyn Scheme, sent: &Sent, secret: &AccessKeySecret) -> impl Fn(usize) + use<> {
    let request = sent.request();
    let claim = scheme.read(&request).unwrap();
    let mut text = StringToSign::new();
    assert!(scheme.write(scheme.readings()[0], Place::at(""), &request, &claim, &mut text));
    let hashed = match claim.payload {
        Payload::Digest(hash, _) => Some((hash, sent.body)),
        _ => None,
    };
    // With which key makes no difference to the time.
    let (sha1, sha256_mac) =
        (HmacSha1::new(secret.expose().as_bytes()), HmacSha256::new(secret.expose().as_bytes()));
    let by_sha1 = claim.algorithm == Algorithm::Hmac(Hash::Sha1);
    move |_| {
        if !text.canonical_request().is_empty() {
            black_box(sha256(black_box(text.canonical_request())));
        }
        if let Some((hash, body)) = hashed {
            black_box(hash.digest(black_box(body)));
        }
        let signed = black_box(text.as_bytes());
        if by_sha1 {
            black_box(sha1.mac(signed));
        } else {
            black_box(sha256_mac.mac(signed));
        }
    }
}
