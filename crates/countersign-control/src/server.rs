//! The listeners: connections in, answers out.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign_accounts::clock;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::admin::Admin;
use crate::connections::{Connections, Guarded};
use crate::console::Console;
use crate::endpoint::Endpoint;
use crate::tls::Tls;

/// How many header fields a request may have.
const HEADER_FIELDS: usize = 100;
/// How large the head of a request may be, in bytes.
const HEAD_BYTES: usize = 64 * 1024;
/// How long a client may take for the handshake of TLS.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// How many connections the admin listener holds: probes and scrapes, a few of each.
const ADMIN_CONNECTIONS: usize = 64;
/// How long requests that are being answered may take once the server is told to stop.
const DRAIN_WITHIN: Duration = Duration::from_secs(30);

/// Where connections come in, and whether they speak TLS.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    tls: Option<Tls>,
}

impl Listener {
    /// A listener that speaks TLS where it is given some, and plain HTTP otherwise.
    pub fn new(tcp: TcpListener, tls: Option<Tls>) -> Self {
        Self { tcp, tls }
    }
}

impl From<TcpListener> for Listener {
    fn from(tcp: TcpListener) -> Self {
        Self::new(tcp, None)
    }
}

/// Serves the endpoint's connections until `stop` comes, then lets the requests under way finish. From then on new
/// connections are refused, and those on which nothing is under way are closed.
pub async fn serve(
    listener: impl Into<Listener>,
    endpoint: Arc<Endpoint>,
    connections: Connections,
    stop: impl Future<Output = ()>,
) {
    accept(listener.into(), endpoint, connections, stop).await;
}

/// The same for the admin listener.
pub async fn serve_admin(listener: impl Into<Listener>, admin: Arc<Admin>, stop: impl Future<Output = ()>) {
    accept(listener.into(), admin, Connections::new(ADMIN_CONNECTIONS), stop).await;
}

/// The same for the console.
pub async fn serve_console(
    listener: impl Into<Listener>,
    console: Arc<Console>,
    connections: Connections,
    stop: impl Future<Output = ()>,
) {
    accept(listener.into(), console, connections, stop).await;
}

/// What stands behind a listener.
trait Face: Send + Sync + 'static {
    /// Answers a request.
    fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send;

    /// Holds what is to be held while a connection is open.
    fn connected(&self) -> impl Send {}

    /// Takes note of a request whose head could not be read, and of the status it was answered with.
    fn malformed(&self, _status: Option<StatusCode>, _peer: SocketAddr) {}
}

impl Face for Endpoint {
    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Full<Bytes>> {
        self.answer(request, Some(peer.ip()), clock::now()).await
    }

    fn connected(&self) -> impl Send {
        self.metrics().connection()
    }

    fn malformed(&self, status: Option<StatusCode>, peer: SocketAddr) {
        self.malformed(status, peer.ip(), clock::now());
    }
}

impl Face for Admin {
    async fn answer(&self, request: Request<Incoming>, _: SocketAddr) -> Response<Full<Bytes>> {
        self.answer(request.method(), request.uri().path())
    }
}

impl Face for Console {
    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Full<Bytes>> {
        self.answer(request, Some(peer.ip()), clock::now()).await
    }
}

async fn accept(
    listener: Listener,
    face: Arc<impl Face>,
    connections: Connections,
    stop: impl Future<Output = ()>,
) {
    let Listener { tcp, tls } = listener;
    let graceful = GracefulShutdown::new();
    let (stopping, stopped) = watch::channel(false);
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = tcp.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let place = tokio::select! {
                    place = connections.place() => place,
                    () = &mut stop => break,
                };
                // Answers are small and whole: waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                let (face, watcher) = (Arc::clone(&face), graceful.watcher());
                let (tls, stopped, connections) = (tls.clone(), stopped.clone(), connections.clone());
                tokio::spawn(async move {
                    let _held = (place, face.connected());
                    let Some(tls) = tls else {
                        return converse(connections.guard(stream), peer, &face, watcher).await;
                    };
                    if let Some(stream) = shake_hands(&tls, stream, peer, stopped).await {
                        converse(connections.guard(stream), peer, &face, watcher).await;
                    }
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: wait for some to come back instead of spinning.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(tcp);
    stopping.send_replace(true);
    if tokio::time::timeout(DRAIN_WITHIN, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            "some requests were not answered within {} s of being told to stop",
            DRAIN_WITHIN.as_secs()
        );
    }
}

/// The handshake of TLS, within its time and not beyond the server's own.
async fn shake_hands(
    tls: &Tls,
    stream: TcpStream,
    peer: SocketAddr,
    mut stopped: watch::Receiver<bool>,
) -> Option<impl AsyncRead + AsyncWrite + Unpin + Send + 'static> {
    let handshake = tokio::time::timeout(HANDSHAKE_WITHIN, tls.accept(stream));
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        _ = stopped.wait_for(|stopped| *stopped) => return None,
    };
    match shaken {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => tracing::debug!(%peer, %error, "a handshake failed"),
        Err(_) => tracing::debug!(%peer, "a handshake took too long"),
    }
    None
}

async fn converse<S>(stream: Guarded<S>, peer: SocketAddr, face: &Arc<impl Face>, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let turn = stream.turn();
    let service = service_fn(|request| {
        let answering = turn.begin();
        // In a box: hyper keeps room for it in every connection, idle ones included.
        Box::pin(async move {
            let answer = face.answer(request, peer).await;
            drop(answering);
            Ok::<_, Infallible>(answer)
        })
    });
    // How long a client may take is the stream's to say.
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        // Who has said all there is to say, and closes that half, is answered all the same.
        .half_close(true)
        .max_headers(HEADER_FIELDS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        if error.is_parse() {
            face.malformed(answered_by_hyper(&error), peer);
        }
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

/// What hyper answers by itself to a head that it cannot read.
fn answered_by_hyper(error: &hyper::Error) -> Option<StatusCode> {
    if error.is_parse_too_large() {
        return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    // Whoever begins with HTTP/2 gets no answer that it could read.
    (!error.is_parse_version_h2()).then_some(StatusCode::BAD_REQUEST)
}
