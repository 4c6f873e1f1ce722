//! The endpoint listener: connections in, answers out.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign_accounts::clock;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};

use crate::endpoint::Endpoint;

/// How long a client may take for the head of a request, the wait between two requests included.
const HEAD_WITHIN: Duration = Duration::from_secs(75);
/// How many header fields a request may have.
const HEADER_FIELDS: usize = 100;
/// How large the head of a request may be, in bytes.
const HEAD_BYTES: usize = 64 * 1024;
/// How long requests that are being answered may take once the server is told to stop.
const DRAIN_WITHIN: Duration = Duration::from_secs(30);

/// Serves connections until `stop` comes, then lets the requests under way finish.
pub async fn serve(listener: TcpListener, endpoint: Arc<Endpoint>, stop: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => connect(stream, peer, Arc::clone(&endpoint), &graceful),
            Err(error) => {
                // Out of file descriptors, most likely: wait for some to come back instead of spinning.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_WITHIN, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            "some requests were not answered within {} s of being told to stop",
            DRAIN_WITHIN.as_secs()
        );
    }
}

fn connect(stream: TcpStream, peer: SocketAddr, endpoint: Arc<Endpoint>, graceful: &GracefulShutdown) {
    // Answers are small and whole: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let endpoint = Arc::clone(&endpoint);
        async move { Ok::<_, Infallible>(endpoint.answer(request, Some(peer.ip()), clock::now()).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_headers(HEADER_FIELDS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%peer, %error, "a connection ended early");
        }
    });
}
