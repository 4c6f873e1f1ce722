//! Verifying one request in process, beside the MAC that it cannot do without.

use std::hint::black_box;
use std::time::{Duration, Instant};

use countersign::crypto::HmacSha1;
use countersign::{
    AccessKeyId, AccessKeySecret, Body, Request, SigningKey, Timestamp, schemes, string_to_sign,
};
use countersign_accounts::random;
use countersign_accounts::verifier::{Context, Demands, Verdict, Verifier};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use crate::{allocations, figure, keyring, median};

const ROUNDS: usize = 61;
const CALLS: usize = 2000;
const MANY: usize = 1_000_000;
/// How many requests there are by the many keys: more than the caches hold the keys of.
const MANY_CALLS: usize = 16_000;
/// How many of them come at once.
const AT_ONCE: usize = 16;

/// A captured request: a POST by PyODPS with four header fields of its own.
struct Captured {
    method: String,
    target: String,
    headers: HeaderMap,
    id: String,
    secret: String,
}

impl Captured {
    fn py_025() -> Self {
        let text = include_str!("../../vectors/odps/pyodps.json");
        let file: serde_json::Value = serde_json::from_str(text).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        let vector = vectors.iter().find(|vector| vector["id"] == "py-025").unwrap();
        let text = |name: &str| vector[name].as_str().unwrap().to_owned();
        let mut headers = HeaderMap::new();
        for pair in vector["headers"].as_array().unwrap() {
            let (name, value) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
            let name: http::HeaderName = name.to_ascii_lowercase().parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        let (method, target) = (text("method"), text("request_target"));
        Self { method, target, headers, id: text("access_id"), secret: text("secret") }
    }

    fn request(&self) -> Request<'_> {
        Request::new(&self.method, &self.target, &self.headers, Body::Unread)
    }

    fn string_to_sign(&self) -> String {
        let request = self.request();
        let (_, claim) = schemes::read(&request).unwrap();
        string_to_sign(schemes::ODPS, "/api", &request, &claim.unwrap())
    }

    /// The credential of the same request, signed by another key.
    fn signed_by(&self, (id, secret): &(AccessKeyId, AccessKeySecret)) -> HeaderValue {
        use base64::Engine as _;
        let key = SigningKey::HmacSha1(HmacSha1::new(secret.expose().as_bytes()));
        let signature = key.sign(self.string_to_sign().as_bytes());
        let signature = base64::engine::general_purpose::STANDARD.encode(signature);
        format!("ODPS {id}:{signature}").parse().unwrap()
    }
}

/// Nanoseconds for one of many calls.
fn time(mut call: impl FnMut(usize)) -> f64 {
    let began = Instant::now();
    (0..CALLS).for_each(&mut call);
    began.elapsed().as_nanos() as f64 / CALLS as f64
}

/// The same for requests that bear one credential after another, some at a time: the requests themselves are warm, as
/// what has just come from the wire is. What is cold is what verifying has to look for.
fn time_of(credentials: &[HeaderValue], requests: &mut [HeaderMap], verify: impl Fn(&HeaderMap)) -> f64 {
    let mut took = Duration::ZERO;
    for credentials in credentials.chunks_exact(requests.len()) {
        for (headers, credential) in requests.iter_mut().zip(credentials) {
            headers.insert(AUTHORIZATION, credential.clone());
            black_box(credential.as_bytes().iter().max());
        }
        let began = Instant::now();
        requests.iter().for_each(&verify);
        took += began.elapsed();
    }
    took.as_nanos() as f64 / credentials.len() as f64
}

/// The ratio of a call to a limit, the median of rounds in which they take turns, and what it is of.
fn ratio(mut product: impl FnMut() -> f64, mut limit: impl FnMut() -> f64) -> (f64, String) {
    let (mut products, mut limits, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    (product(), limit());
    for _ in 0..ROUNDS {
        let (product, limit) = (product(), limit());
        products.push(product);
        limits.push(limit);
        ratios.push(product / limit);
    }
    (median(ratios), format!("{:.0} ns to {:.0} ns", median(products), median(limits)))
}

pub(crate) fn run() {
    let captured = Captured::py_025();
    let now = Timestamp::parse_http_date(captured.headers["date"].to_str().unwrap()).unwrap();
    let demands = Demands::at("/api");
    let context = Context { now, demands: &demands };
    let text = captured.string_to_sign();
    let mac = HmacSha1::new(captured.secret.as_bytes());
    let limit = || time(|_| _ = black_box(mac.mac(black_box(text.as_bytes()))));

    let own = (AccessKeyId::new(&captured.id).unwrap(), AccessKeySecret::new(captured.secret.as_str()));
    let verifier = Verifier::new(keyring::of([own]), &mut random::from_system());
    let request = captured.request();
    let verify = |_| assert!(matches!(verifier.verify(black_box(&request), &context), Verdict::Verified(_)));
    let (one, from) = ratio(|| time(verify), limit);
    figure("verify_odps_v2", one, &from);
    let before = allocations::count();
    time(verify);
    figure("allocations_per_verify", (allocations::count() - before) as f64 / CALLS as f64, "one key");

    // A million keys, and requests by random ones of them: each finds its key's memory cold.
    let pairs: Vec<_> = (0..MANY).map(|_| keyring::pair()).collect();
    let of_all = |at: usize| &pairs[at * 7919 % MANY];
    let credentials: Vec<_> = (0..MANY_CALLS).map(|at| captured.signed_by(of_all(at))).collect();
    let mut requests = vec![captured.headers.clone(); AT_ONCE];
    let before = allocations::live();
    let keyring = keyring::of(pairs.iter().cloned());
    let bytes = (allocations::live() - before) as f64 / MANY as f64;
    let verifier = Verifier::new(keyring, &mut random::from_system());
    let verify = |headers: &HeaderMap| {
        let request = Request::new(&captured.method, &captured.target, headers, Body::Unread);
        assert!(matches!(verifier.verify(black_box(&request), &context), Verdict::Verified(_)));
    };
    let (many, from) = ratio(|| time_of(&credentials, &mut requests, verify), limit);
    figure("verify_odps_v2_1e6_keys", many, &from);
    figure("bytes_per_key", bytes, "in the keyring, the allocator's own bytes included");
}
