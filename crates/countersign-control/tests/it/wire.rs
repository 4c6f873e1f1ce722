//! Over a real connection: what a client's system does with what is sent.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::world::{World, ask, now};

/// Serves connections, one after the other, until the test ends.
async fn serve(world: World) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let world = Arc::new(world);
    tokio::spawn(async move {
        while let Ok((stream, peer)) = listener.accept().await {
            let world = Arc::clone(&world);
            let service = service_fn(move |request| {
                let world = Arc::clone(&world);
                async move { Ok::<_, Infallible>(world.endpoint.answer(request, Some(peer.ip()), now()).await) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

/// Sends bytes, and reads until the server closes.
async fn exchange(address: SocketAddr, sent: Vec<u8>) -> String {
    let exchanged = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // A server that closes early breaks the pipe; what it said must still be there to read.
        let _ = stream.write_all(&sent);
        let mut received = Vec::new();
        let _ = stream.read_to_end(&mut received);
        String::from_utf8(received).unwrap()
    });
    exchanged.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_head_has_a_length_and_no_body() {
    let world = World::new().await;
    let request = world.signed("ALICE", &ask("HEAD", "/projects/demo"));
    let mut sent = b"HEAD /api/projects/demo HTTP/1.1\r\nconnection: close\r\n".to_vec();
    for (name, value) in request.headers() {
        sent.extend_from_slice(format!("{name}: {}\r\n", value.to_str().unwrap()).as_bytes());
    }
    sent.extend_from_slice(b"\r\n");
    let address = serve(world).await;
    let received = exchange(address, sent).await.to_lowercase();
    assert!(received.starts_with("http/1.1 200 ok\r\n"), "{received}");
    for field in [
        "content-length: 152\r\n",
        "date: ",
        "x-odps-owner: aliyun$alice@example.com\r\n",
        "x-odps-request-id: ",
    ] {
        assert!(received.contains(field), "{field} in {received}");
    }
    assert!(received.ends_with("\r\n\r\n"), "{received}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_a_large_body_reads_why_it_was_refused() {
    let address = serve(World::new().await).await;
    let mut sent = b"PUT /api/projects/demo/logs HTTP/1.1\r\nhost: h:1\r\nconnection: close\r\n".to_vec();
    sent.extend_from_slice(b"content-length: 1000000\r\n\r\n");
    sent.resize(sent.len() + 1_000_000, b'x');
    let received = exchange(address, sent).await;
    assert!(received.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{received}");
    assert!(received.contains("<Code>AuthorizationRequired</Code>"), "{received}");
    assert!(received.ends_with("<HostId>h:1</HostId>\n</Error>\n"), "{received}");
}
