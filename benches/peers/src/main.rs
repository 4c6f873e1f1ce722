//! Other verifiers beside Countersign: each verifies one request of its own scheme, as a ratio to the limit of the very
//! bytes of that request. Each line is `name: figure`, with what it was computed from behind it.
//!
//! The requests of the peers are published examples, signature included. Before anything is measured, the texts that
//! the limit is taken over have to give the published signature, and the peer to accept the request and to refuse it
//! with one byte changed. Nobody's allocations are counted here: that would slow down those who make some.

#[path = "../../src/captured.rs"]
mod captured;
mod httpsig;
#[path = "../../src/keyring.rs"]
mod keyring;
#[path = "../../src/measure.rs"]
mod measure;
mod s3s;
mod scratchstack;
mod sigv4;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use captured::Captured;
use measure::{Beside, figure, time};

/// What is measured: calls, and calls of their limit.
pub(crate) struct Subject {
    name: &'static str,
    beside: Beside,
    /// The subject that does what these calls do besides verifying.
    includes: Option<&'static str>,
}

impl Subject {
    pub(crate) fn new(
        name: &'static str,
        mut call: impl FnMut(usize) + 'static,
        mut limit: impl FnMut(usize) + 'static,
    ) -> Self {
        let round = move || (time(&mut call), time(&mut limit));
        Self { name, beside: Beside::new(name.to_owned(), round), includes: None }
    }

    /// The same, to be printed once more without what a subject before it takes.
    pub(crate) fn includes(self, other: &'static str) -> Self {
        Self { includes: Some(other), ..self }
    }
}

const PASSES: usize = 9;

fn main() {
    let captured: &'static Captured = Box::leak(Box::new(Captured::py_025()));
    let mut subjects = vec![Subject::new("verify_odps_v2", captured.verification(), captured.limit())];
    subjects.extend(scratchstack::subjects());
    subjects.extend(s3s::subjects());
    subjects.push(httpsig::subject());

    for _ in 0..PASSES {
        subjects.iter_mut().for_each(|subject| subject.beside.pass());
    }

    let mut ratios: Vec<(&str, f64)> = Vec::new();
    for subject in subjects {
        let Some(ratio) = subject.beside.print() else { continue };
        if let Some(included) = subject.includes {
            let (_, other) = ratios.iter().find(|(name, _)| *name == included).unwrap();
            figure(&format!("{}_net", subject.name), ratio - other, &format!("less {included}"));
        }
        ratios.push((subject.name, ratio));
    }
}

/// What a future comes to that waits for nothing, without an executor's cost.
pub(crate) fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits for something"),
    }
}
