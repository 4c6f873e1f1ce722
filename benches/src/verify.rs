//! Verifying one request in process, beside the MAC that it cannot do without.

use std::hint::black_box;
use std::time::Instant;

use base64::Engine as _;
use countersign::crypto::HmacSha1;
use countersign::{AccessKeyId, AccessKeySecret, Body, Request, SigningKey};
use countersign_accounts::random;
use countersign_accounts::verifier::{Context, Demands, Verdict, Verifier};
use http::HeaderValue;
use http::header::AUTHORIZATION;

use crate::captured::Captured;
use crate::measure::{Beside, CALLS, figure, time};
use crate::{allocations, keyring};

const MANY: usize = 1_000_000;
/// How many of them send requests: enough that their keys do not stay in a cache.
const SENDERS: usize = 16_000;

/// An AccessKey, id and secret.
pub(crate) type Pair = (AccessKeyId, AccessKeySecret);

/// A new AccessKey.
pub(crate) fn pair() -> Pair {
    let random = &mut random::from_system();
    (AccessKeyId::generate("CSAK", random).unwrap(), AccessKeySecret::generate(random))
}

/// The credential of a request, signed by another key.
fn signed_by((id, secret): &Pair, captured: &Captured) -> HeaderValue {
    let key = SigningKey::HmacSha1(HmacSha1::new(secret.expose().as_bytes()));
    let signature = key.sign(captured.string_to_sign().as_bytes()).unwrap();
    let signature = base64::engine::general_purpose::STANDARD.encode(signature);
    format!("ODPS {id}:{signature}").parse().unwrap()
}

/// One key, and a million of them.
pub(crate) fn figures() -> Vec<Beside> {
    let captured: &'static Captured = Box::leak(Box::new(Captured::py_025()));
    let (verify, limit) = (captured.verification(), captured.limit());
    let before = allocations::count();
    time(&verify);
    figure("allocations_per_verify", (allocations::count() - before) as f64 / CALLS as f64, "one key");
    let one = Beside::new("verify_odps_v2".to_owned(), move || (time(&verify), time(&limit)));
    vec![one, among_many(captured)]
}

/// A million keys, and requests by random ones of them. The requests themselves are warm, as what has just come from the
/// wire is; each finds its key's memory cold.
fn among_many(captured: &'static Captured) -> Beside {
    let pairs: Vec<_> = (0..MANY).map(|_| pair()).collect();
    let credentials: Vec<_> = (0..SENDERS).map(|at| signed_by(&pairs[at * 7919 % MANY], captured)).collect();
    let before = allocations::live();
    let keyring = keyring::of(pairs.iter().cloned());
    let bytes = (allocations::live() - before) as f64 / MANY as f64;
    figure("bytes_per_key", bytes, "in the keyring, the allocator's own bytes included");
    let verifier = Verifier::new(keyring, &mut random::from_system());
    let demands = Demands::at("/api");
    let (now, limit) = (captured.now(), captured.limit());
    let mut heads = vec![captured.head.clone(); CALLS];
    let mut next = 0;
    let round = move || {
        for head in &mut heads {
            let credential = &credentials[next % SENDERS];
            next += 1;
            head.headers.insert(AUTHORIZATION, credential.clone());
            black_box(credential.as_bytes().iter().max());
        }
        let verify = |call: usize| {
            let context = Context { now, demands: &demands, peer: None };
            let request = Request::of(&heads[call], Body::Unread);
            assert!(matches!(verifier.verify(black_box(&request), &context), Verdict::Verified(_)));
        };
        (time(verify), time(&limit))
    };
    figure("cold_load_ns", cold_load(), "a load from memory that waits for another; finding a key takes two");
    Beside::new("verify_odps_v2_1e6_keys".to_owned(), round)
}

/// Nanoseconds for a load from as much memory as a million keys take, at an address that the load before it told. To
/// find a key takes two of them at least: its slot, and what that points to.
fn cold_load() -> f64 {
    const PLACES: usize = 25_000_000;
    const LOADS: usize = 100_000;
    let memory: Vec<u64> = (0..PLACES as u64).map(|place| place * 2_654_435_761 % PLACES as u64).collect();
    let began = Instant::now();
    let last = (0..LOADS).fold(1, |place, load| (memory[place] as usize * 7919 + load) % PLACES);
    black_box(last);
    began.elapsed().as_nanos() as f64 / LOADS as f64
}
