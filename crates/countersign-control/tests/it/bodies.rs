use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use hyper::body::{Body, Frame};

use crate::world::{Ask, World, ask};

const CHUNK: usize = 64 * 1024;

/// So many chunks, then the end, or no end.
struct Chunks {
    left: usize,
    ends: bool,
    taken: Arc<AtomicUsize>,
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                self.taken.fetch_add(1, Ordering::Relaxed);
                Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; CHUNK])))))
            }
            None if self.ends => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

fn chunks(
    world: &World,
    ask: &Ask,
    signed: bool,
    left: usize,
    ends: bool,
) -> (Request<Chunks>, Arc<AtomicUsize>) {
    let request = if signed { world.signed("ALICE", ask) } else { world.request(ask) };
    let (parts, _) = request.into_parts();
    let taken = Arc::new(AtomicUsize::new(0));
    (Request::from_parts(parts, Chunks { left, ends, taken: Arc::clone(&taken) }), taken)
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_4xx() {
    let world = World::new().await;
    let logs = ask("PUT", "/projects/demo/logs");
    let (request, _) = chunks(&world, &logs, true, 16, true);
    assert_eq!(world.send(request).await.status, 200, "1 MiB exactly");
    let (request, taken) = chunks(&world, &logs, true, 1000, true);
    let answer = world.send(request).await;
    assert_eq!(answer.error(), (413, "RequestEntityTooLarge"));
    assert!(answer.message().ends_with("the body is larger than 1048576 bytes"));
    assert!(taken.load(Ordering::Relaxed) <= 35, "it was read on to {taken:?} chunks");
}

#[tokio::test]
async fn a_refused_body_is_read_to_its_end_but_not_for_ever() {
    let world = World::new().await;
    let logs = ask("PUT", "/projects/demo/logs");
    let (request, taken) = chunks(&world, &logs, false, 10, true);
    assert_eq!(world.send(request).await.error(), (400, "AuthorizationRequired"));
    assert_eq!(taken.load(Ordering::Relaxed), 10);
    let (request, taken) = chunks(&world, &logs, false, 10_000, true);
    assert_eq!(world.send(request).await.status, 400);
    assert!(taken.load(Ordering::Relaxed) <= 17, "{taken:?} chunks");
    // Who asks whether to send has not sent, and is not asked to.
    let (request, taken) = chunks(&world, &logs.header("expect", "100-continue"), false, 10, true);
    assert_eq!(world.send(request).await.status, 400);
    assert_eq!(taken.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_refused_body_that_never_ends_is_given_up() {
    let world = World::new().await;
    let (request, _) = chunks(&world, &ask("PUT", "/projects/demo/logs"), false, 1, false);
    let start = std::time::Instant::now();
    assert_eq!(world.send(request).await.status, 400);
    assert!((2..10).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_body_without_a_stated_length_is_a_body() {
    let world = World::new().await;
    let (parts, _) = world.signed_with("ALICE", "guess", &ask("PUT", "/projects/demo/logs")).into_parts();
    let body = Chunks { left: 1, ends: true, taken: Arc::default() };
    let answer = world.send(Request::from_parts(parts, body)).await;
    assert_eq!(answer.error(), (403, "SignatureNotMatch"));
}

#[tokio::test]
async fn a_signed_digest_is_compared_with_the_body() {
    let world = World::new().await;
    let logs = ask("PUT", "/projects/demo/logs").header("content-md5", "9DD4E461268C8034F5C8564E155C67A6");
    assert_eq!(world.alice(&logs.clone().body("x")).await.status, 200);
    let answer = world.alice(&logs.clone().body("y")).await;
    assert_eq!(answer.error(), (400, "SignatureNotMatch"));
    assert!(answer.message().ends_with("Content-MD5 is not that of the body"));
    assert_eq!(world.alice(&logs).await.error(), (400, "SignatureNotMatch"));
    // A stranger's body is not read to see whether it matches.
    let (parts, _) = world
        .signed_with("ALICE", "guess", &ask("PUT", "/projects/demo/logs").header("content-md5", "x"))
        .into_parts();
    let answer =
        world.send(Request::from_parts(parts, Chunks { left: 1, ends: true, taken: Arc::default() })).await;
    assert!(answer.message().contains("User signature does not match"), "{answer:?}");
}
