use std::convert::Infallible;
use std::fmt::{self, Write as _};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::world::{World, ask};

/// A body that does not come.
struct Never;

impl Body for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

/// Keeps the request log as lines of `name=value`.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "request"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn each_request_has_one_line_and_no_line_has_a_secret() {
    let world = World::new().await;
    let lines = Lines::default();
    // `tracing` remembers whether anybody listens. The line is met once, so that it is known, and then asked about from
    // this thread, the only one that listens.
    world.unsigned(&ask("GET", "/projects")).await;
    let _guard = tracing::subscriber::set_default(lines.clone());
    tracing::callsite::rebuild_interest_cache();

    let get = ask("GET", "/projects/demo?curr_project=private");
    let signed = world.signed("ALICE", &get);
    let signature =
        signed.headers()["authorization"].to_str().unwrap().rsplit(':').next().unwrap().to_owned();
    let answer = world.send(signed).await;
    let id = answer.header("x-odps-request-id").to_owned();
    let forged = world.send(world.signed_with("BOB", "guess", &get)).await;
    assert_eq!(forged.status, 401);
    let body = r#"{"policy":{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}}"#;
    let token =
        world.alice(&ask("POST", "/projects/demo/authorization?sign_bearer_token").body(body)).await.result();
    world.unsigned(&ask("GET", "/projects/demo").header("x-odps-bearer-token", &token)).await;
    world.unsigned(&ask("GET", "/projects/demo").header("authorization", "Bearer private")).await;

    // Two clients that go away before their bodies are here: one who proved who it is, and one who did not.
    for signed in [true, false] {
        let post = ask("POST", "/projects/demo/authorization").body(body);
        let request = if signed { world.signed("ALICE", &post) } else { world.request(&post) };
        let answering = world.send(request.map(|_| Never));
        assert!(tokio::time::timeout(Duration::from_millis(50), answering).await.is_err());
    }

    let lines = lines.0.lock().unwrap().clone();
    assert_eq!(lines.len(), 7, "{lines:?}");
    let expected = format!(
        "request_id=\"{id}\" method=\"GET\" path=\"/api/projects/demo\" status=200 code=\"OK\" verdict=\"verified\" \
         scheme=\"odps\" reading=\"strict\" access_key_id=\"ALICE\" peer=\"192.0.2.7\" revision=\"{}\" seconds=",
        answer.header("x-countersign-revision")
    );
    assert!(lines[0].starts_with(&expected), "{}", lines[0]);
    let refused =
        "status=401 code=\"SignatureNotMatch\" verdict=\"refused\" scheme=\"odps\" access_key_id=\"BOB\"";
    assert!(lines[1].contains(refused), "{}", lines[1]);
    assert!(lines[3].contains("verdict=\"verified\" scheme=\"odps-bearer-token\" access_key_id=\"ALICE\""));
    for (line, verdict) in lines[5..].iter().zip(["verified", "aborted"]) {
        assert!(line.contains(&format!("verdict=\"{verdict}\"")) && !line.contains("status"), "{line}");
    }
    for line in &lines {
        for secret in ["private", "Bearer", "guess", "secret", signature.as_str(), token.as_str()] {
            assert!(!line.contains(secret), "{secret} in {line}");
        }
    }
}
