//! Whether time tells what a verdict does not. Long, and for a quiet machine: `make soak`.

use std::hint::black_box;
use std::time::Instant;

use countersign::{Body, Request, SignOptions};
use countersign_accounts::verifier::{Context, Demands, Verifier};

use crate::verifier::{Signed, now, signed, verifier};

const ROUNDS: usize = 12_000;
const CALLS: usize = 20;

/// Nanoseconds for one refusal, in turns with others, so that a machine that slows down slows all.
fn sample(calls: &mut [&mut dyn FnMut()]) -> Vec<Vec<f64>> {
    let mut times = vec![Vec::with_capacity(ROUNDS); calls.len()];
    for round in 0..ROUNDS {
        for at in 0..calls.len() {
            // Each comes first in turn: what runs before leaves its traces in the caches.
            let at = (at + round) % times.len();
            let began = Instant::now();
            (0..CALLS).for_each(|_| calls[at]());
            times[at].push(began.elapsed().as_nanos() as f64 / CALLS as f64);
        }
    }
    times
}

/// How far two samples are apart, in standard errors: Welch's t, without the slowest tenth, which is the scheduler's.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    let trimmed = |sample: &[f64]| {
        let mut sample = sample.to_vec();
        sample.sort_by(f64::total_cmp);
        sample.truncate(sample.len() * 9 / 10);
        let count = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / count;
        let variance = sample.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    };
    let ((one, spread), (other, other_spread)) = (trimmed(a), trimmed(b));
    (one - other).abs() / (spread + other_spread).sqrt()
}

fn refuse(verifier: &Verifier, signed: &Signed, demands: &Demands) {
    let request = Request::new("POST", &signed.target, &signed.headers, Body::Unread);
    black_box(verifier.verify(black_box(&request), &Context { now: now(), demands, peer: None }));
}

#[test]
fn case_42_time_does_not_tell_an_unknown_key_from_a_wrong_secret() {
    if std::env::var_os("COUNTERSIGN_LONG").is_none() {
        return;
    }
    let verifier = verifier();
    let demands = Demands { hide_unknown_keys: true, ..Demands::at("/api") };
    // The control does one MAC more, over less than is signed here: the least that an early end would spare.
    let key = countersign::crypto::HmacSha1::new(b"guess");
    // Ids of one length: they are hashed.
    for (known, unknown) in [("GOOD", "NEVR"), ("DISABLED", "NEVERWAS")] {
        let [known_signed, unknown_signed] =
            [known, unknown].map(|key| signed(key, "guess", "/api/tenants", &[], &SignOptions::at(now())));
        let mut control = || {
            refuse(&verifier, &unknown_signed, &demands);
            black_box(key.mac(black_box(&[0; 40])));
        };
        let times = sample(&mut [
            &mut || refuse(&verifier, &known_signed, &demands),
            &mut || refuse(&verifier, &unknown_signed, &demands),
            &mut control,
        ]);
        let (told, seen) = (apart(&times[0], &times[1]), apart(&times[2], &times[1]));
        println!("{known}: {told:.1} standard errors from unknown; one MAC more: {seen:.1}");
        assert!(seen > 10.0, "too noisy a machine: one MAC more is only {seen:.1} standard errors away");
        assert!(told < seen / 3.0, "{known}: {told:.1} standard errors, and one MAC more {seen:.1}");
    }
}
