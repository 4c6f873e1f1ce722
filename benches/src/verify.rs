//! Verifying one request in process, beside the MAC that it cannot do without.

use std::hint::black_box;

use base64::Engine as _;
use countersign::crypto::HmacSha1;
use countersign::{AccessKeyId, AccessKeySecret, Body, Request, SigningKey};
use countersign_accounts::random;
use countersign_accounts::verifier::{Context, Demands, Verdict, Verifier};
use http::HeaderMap;

use crate::captured::Captured;
use crate::measure::{CALLS, ROUNDS, Turns, figure, time};
use crate::{allocations, keyring};

const MANY: usize = 1_000_000;
/// How many of them send requests: enough that their keys do not stay in a cache.
const SENDERS: usize = 8000;

/// An AccessKey, id and secret.
pub(crate) type Pair = (AccessKeyId, AccessKeySecret);

/// A new AccessKey.
pub(crate) fn pair() -> Pair {
    let random = &mut random::from_system();
    (AccessKeyId::generate("CSAK", random).unwrap(), AccessKeySecret::generate(random))
}

/// The header fields of a request, signed by another key.
fn signed_by((id, secret): &Pair, captured: &Captured) -> HeaderMap {
    let key = SigningKey::HmacSha1(HmacSha1::new(secret.expose().as_bytes()));
    let signature = key.sign(captured.string_to_sign().as_bytes());
    let signature = base64::engine::general_purpose::STANDARD.encode(signature);
    let mut headers = captured.headers.clone();
    headers.insert("authorization", format!("ODPS {id}:{signature}").parse().unwrap());
    headers
}

/// The ratio of a call to a limit, and what it is of.
fn ratio(mut product: impl FnMut(usize), mut limit: impl FnMut(usize)) -> (f64, String) {
    let mut turns = Turns::default();
    for _ in 0..ROUNDS {
        turns.take(&mut product, &mut limit);
    }
    turns.ratio()
}

pub(crate) fn run() {
    let captured = Captured::py_025();
    let limit = captured.limit();

    let verify = captured.verification();
    let (one, from) = ratio(&verify, &limit);
    figure("verify_odps_v2", one, &from);
    let before = allocations::count();
    time(&verify);
    figure("allocations_per_verify", (allocations::count() - before) as f64 / CALLS as f64, "one key");

    // A million keys, and requests by random ones of them: each finds its key's memory cold.
    let pairs: Vec<_> = (0..MANY).map(|_| pair()).collect();
    let sample: Vec<_> = (0..SENDERS).map(|at| signed_by(&pairs[at * 7919 % MANY], &captured)).collect();
    let before = allocations::live();
    let keyring = keyring::of(pairs.iter().cloned());
    let bytes = (allocations::live() - before) as f64 / MANY as f64;
    let verifier = Verifier::new(keyring, &mut random::from_system());
    let demands = Demands::at("/api");
    let context = Context { now: captured.now(), demands: &demands };
    let mut next = 0;
    let verify = |_| {
        next = (next + 1) % sample.len();
        let request = Request::new(&captured.method, &captured.target, &sample[next], Body::Unread);
        assert!(matches!(verifier.verify(black_box(&request), &context), Verdict::Verified(_)));
    };
    let (many, from) = ratio(verify, &limit);
    figure("verify_odps_v2_1e6_keys", many, &from);
    figure("bytes_per_key", bytes, "in the keyring, the allocator's own bytes included");
}
