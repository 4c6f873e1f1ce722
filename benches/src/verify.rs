//! Verifying one request in process, beside the MAC that it cannot do without.

use std::hint::black_box;
use std::time::Instant;

use countersign::crypto::HmacSha1;
use countersign::{
    AccessKeyId, AccessKeySecret, Body, Request, SigningKey, Timestamp, schemes, string_to_sign,
};
use countersign_accounts::random;
use countersign_accounts::verifier::{Context, Demands, Verdict, Verifier};
use http::HeaderMap;

use crate::{allocations, figure, keyring, median};

const ROUNDS: usize = 61;
const CALLS: usize = 2000;
const MANY: usize = 1_000_000;

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

    /// The header fields of the same request, signed by another key.
    fn signed_by(&self, id: &AccessKeyId, secret: &AccessKeySecret) -> HeaderMap {
        use base64::Engine as _;
        let key = SigningKey::HmacSha1(HmacSha1::new(secret.expose().as_bytes()));
        let signature = key.sign(self.string_to_sign().as_bytes());
        let signature = base64::engine::general_purpose::STANDARD.encode(signature);
        let mut headers = self.headers.clone();
        headers.insert("authorization", format!("ODPS {id}:{signature}").parse().unwrap());
        headers
    }
}

/// Nanoseconds for one of many calls.
fn time(mut call: impl FnMut(usize)) -> f64 {
    let began = Instant::now();
    (0..CALLS).for_each(&mut call);
    began.elapsed().as_nanos() as f64 / CALLS as f64
}

/// The ratio of a call to a limit, the median of rounds in which they take turns, and what it is of.
fn ratio(mut product: impl FnMut(usize), mut limit: impl FnMut(usize)) -> (f64, String) {
    time(&mut product);
    time(&mut limit);
    let (mut products, mut limits, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (product, limit) = (time(&mut product), time(&mut limit));
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
    let context = Context { now, demands: &demands, peer: None };
    let text = captured.string_to_sign();
    let mac = HmacSha1::new(captured.secret.as_bytes());
    let limit = |_| _ = black_box(mac.mac(black_box(text.as_bytes())));

    let own = (AccessKeyId::new(&captured.id).unwrap(), AccessKeySecret::new(captured.secret.as_str()));
    let verifier = Verifier::new(keyring::of([own]), &mut random::from_system());
    let request = captured.request();
    let verify = |_| assert!(matches!(verifier.verify(black_box(&request), &context), Verdict::Verified(_)));
    let (one, from) = ratio(verify, limit);
    figure("verify_odps_v2", one, &from);
    let before = allocations::count();
    time(verify);
    figure("allocations_per_verify", (allocations::count() - before) as f64 / CALLS as f64, "one key");

    // A million keys, and requests by random ones of them: each finds its key's memory cold.
    let pairs: Vec<_> = (0..MANY).map(|_| keyring::pair()).collect();
    let sample: Vec<_> = (0..CALLS * 4)
        .map(|at| captured.signed_by(&pairs[at * 7919 % MANY].0, &pairs[at * 7919 % MANY].1))
        .collect();
    let before = allocations::live();
    let keyring = keyring::of(pairs.iter().cloned());
    let bytes = (allocations::live() - before) as f64 / MANY as f64;
    let verifier = Verifier::new(keyring, &mut random::from_system());
    let mut next = 0;
    let verify = |_| {
        next = (next + 1) % sample.len();
        let request = Request::new(&captured.method, &captured.target, &sample[next], Body::Unread);
        assert!(matches!(verifier.verify(black_box(&request), &context), Verdict::Verified(_)));
    };
    let (many, from) = ratio(verify, limit);
    figure("verify_odps_v2_1e6_keys", many, &from);
    figure("bytes_per_key", bytes, "in the keyring, the allocator's own bytes included");
}
