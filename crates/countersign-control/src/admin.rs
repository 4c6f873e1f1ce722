//! The admin listener's requests: is it alive, is it ready, and what has it counted.
//!
//! ```text
//! GET /livez    200 while the process answers
//! GET /readyz   200 while it should get requests, 503 otherwise; why, as JSON
//! GET /metrics  Prometheus' text format
//! ```
//!
//! None of them asks the database: a node whose database is away goes on judging by the keyring that it has, and taking
//! it out of service would make the outage worse.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use countersign_store::Health;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;
use tokio::sync::watch;

use crate::metrics::Text;
use crate::node::Node;
use crate::state::State;

/// What answers the admin listener's requests. It does so from before the keyring is loaded until the process ends.
#[derive(Debug, Default)]
pub struct Admin {
    running: OnceLock<Running>,
    draining: AtomicBool,
    /// In seconds; 0 is for ever.
    max_age: AtomicU64,
}

/// What there is to tell of once the keyring is loaded.
#[derive(Debug)]
struct Running {
    state: Arc<State>,
    health: watch::Receiver<Health>,
}

/// Whether requests should be sent here, and why.
#[derive(Debug, Serialize)]
pub struct Readiness {
    pub ready: bool,
    /// The revision that the keyring has, such as `1.4712`.
    pub revision: Option<String>,
    /// How many AccessKeys it has.
    pub keys: Option<usize>,
    /// For how long it has not been known to be current.
    pub age_seconds: Option<f64>,
    /// What is wrong. With an error it may be ready nevertheless.
    pub error: Option<String>,
}

impl Admin {
    /// Tells of this node from now on. A second node is not told of.
    pub fn tell_of(&self, node: &Node) {
        self.tell(Arc::clone(&node.state), node.health.clone());
    }

    fn tell(&self, state: Arc<State>, health: watch::Receiver<Health>) {
        let _ = self.running.set(Running { state, health });
    }

    /// Says from now on that no more requests should be sent here.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Says that it is not ready while the keyring has not been known to be current for longer than this; `None` is for
    /// ever. Whole seconds count.
    pub fn set_max_age(&self, max_age: Option<Duration>) {
        self.max_age.store(max_age.map_or(0, |max_age| max_age.as_secs()), Ordering::Relaxed);
    }

    /// Answers a request.
    pub fn answer(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        const PLAIN: &str = "text/plain; charset=utf-8";
        let known = ["/livez", "/readyz", "/metrics"].contains(&path);
        if known && method != Method::GET && method != Method::HEAD {
            let mut refused =
                answer(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "GET and HEAD are served\n".into());
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refused;
        }
        match path {
            "/livez" => answer(StatusCode::OK, PLAIN, "ok\n".to_owned()),
            "/readyz" => {
                let readiness = self.readiness();
                let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                // A struct of texts and numbers does not fail to serialize.
                let body = serde_json::to_string(&readiness).unwrap_or_default() + "\n";
                answer(status, "application/json", body)
            }
            "/metrics" => answer(StatusCode::OK, Text::CONTENT_TYPE, self.metrics()),
            _ => answer(StatusCode::NOT_FOUND, PLAIN, "there are /livez, /readyz and /metrics\n".to_owned()),
        }
    }

    /// Whether requests should be sent here.
    pub fn readiness(&self) -> Readiness {
        let draining = self.draining.load(Ordering::Relaxed);
        let Some(running) = self.running.get() else {
            let error = if draining { "stopping" } else { "the keyring is not loaded yet" };
            let error = Some(error.to_owned());
            return Readiness { ready: false, revision: None, keys: None, age_seconds: None, error };
        };
        let snapshot = running.state.verifier.keyring().snapshot();
        let age = running.age();
        let max_age = match self.max_age.load(Ordering::Relaxed) {
            0 => Duration::MAX,
            seconds => Duration::from_secs(seconds),
        };
        // An age that is not known is that of a keyring which never was complete.
        let too_old = age.is_none_or(|age| age > max_age);
        let error = match running.health.borrow().error.clone() {
            _ if draining => Some("stopping".to_owned()),
            Some(error) => Some(error),
            None if too_old => Some("the keyring is older than it may be".to_owned()),
            None => None,
        };
        Readiness {
            ready: !draining && !too_old,
            revision: Some(snapshot.revision().to_string()),
            keys: Some(snapshot.len()),
            age_seconds: age.map(|age| age.as_millis() as f64 / 1000.0),
            error,
        }
    }

    fn metrics(&self) -> String {
        let mut text = Text::default();
        text.family("countersign_build_info", "gauge", "1, and the version that runs.");
        text.sample("countersign_build_info", &format!("version=\"{}\"", env!("CARGO_PKG_VERSION")), 1);
        if let Some(running) = self.running.get() {
            running.write(&mut text);
        }
        text.into_string()
    }
}

impl Running {
    /// For how long the keyring has not been known to hold all that the log holds.
    fn age(&self) -> Option<Duration> {
        self.health.borrow().current_at.map(|current_at| current_at.elapsed())
    }

    fn write(&self, text: &mut Text) {
        self.state.metrics.write(text);
        let snapshot = self.state.verifier.keyring().snapshot();
        let revision = snapshot.revision();
        text.family(
            "countersign_keyring_epoch",
            "gauge",
            "The epoch of the keyring's revision; restoring a backup begins another.",
        );
        text.sample("countersign_keyring_epoch", "", revision.epoch);
        text.family("countersign_keyring_revision", "gauge", "The last change that the keyring holds.");
        text.sample("countersign_keyring_revision", "", revision.seq);
        text.family("countersign_keyring_keys", "gauge", "AccessKeys in the keyring.");
        text.sample("countersign_keyring_keys", "", snapshot.len());
        let replays = self.state.verifier.replays();
        text.family(
            "countersign_replays_held",
            "gauge",
            "Nonces and signatures that are remembered as used.",
        );
        text.sample("countersign_replays_held", "", replays.len());
        text.family("countersign_replays_capacity", "gauge", "How many can be remembered.");
        text.sample("countersign_replays_capacity", "", replays.capacity());
        if let Some(age) = self.age() {
            text.family(
                "countersign_tail_lag_seconds",
                "gauge",
                "For how long the keyring has not been known to hold all that the change log holds.",
            );
            text.sample("countersign_tail_lag_seconds", "", age.as_secs_f64());
        }
    }
}

fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
