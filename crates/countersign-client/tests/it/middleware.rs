use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use countersign::{Scheme, schemes};
use countersign_client::{Signer, SigningMiddleware};
use http::{HeaderName, HeaderValue, Request};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{SECRET, credential, judge_by_secret, now};

fn client(signer: Signer) -> ClientWithMiddleware {
    static NONCE: AtomicU32 = AtomicU32::new(0);
    let beneath = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let nonce = || format!("nonce-{}", NONCE.fetch_add(1, Ordering::Relaxed));
    ClientBuilder::new(beneath.user_agent("tests").build().unwrap())
        .with(SigningMiddleware::new(signer, now, nonce))
        .build()
}

/// Takes one request as it stands on the wire, and answers it.
async fn take(listener: &TcpListener) -> Request<Bytes> {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    let head = loop {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break String::from_utf8(bytes[..end].to_vec()).unwrap();
        }
    };
    let mut lines = head.lines();
    let mut start = lines.next().unwrap().split(' ');
    let mut request = Request::builder().method(start.next().unwrap()).uri(start.next().unwrap());
    let mut length = 0;
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        let (name, value): (HeaderName, HeaderValue) = (name.parse().unwrap(), value.trim().parse().unwrap());
        if name == "content-length" {
            length = value.to_str().unwrap().parse().unwrap();
        }
        request = request.header(name, value);
    }
    let begin = head.len() + 4;
    while bytes.len() < begin + length {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0);
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await.unwrap();
    request.body(Bytes::copy_from_slice(&bytes[begin..])).unwrap()
}

#[tokio::test]
async fn what_reqwest_sends_is_what_was_signed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    for scheme in schemes::ALL {
        let client = client(Signer {
            region: Some("cn-hangzhou".to_owned()),
            service: Some("s3".to_owned()),
            ..Signer::new(*scheme, credential())
        });
        let requests = [
            match scheme.name() {
                // Its requests have no path.
                "acs-rpc" => client.get(format!("{origin}/?x=1&q='ü'#part")),
                _ => client.get(format!("{origin}/a/../b c/%41?x=1&q='ü'#part")),
            },
            client.post(format!("{origin}/")).header("content-type", "application/json").body("{}"),
            client.put(&origin).body(""),
        ];
        for request in requests {
            // What is not sent ends the test here.
            let sent = async { request.send().await.unwrap().status() };
            let (status, taken) = tokio::join!(sent, take(&listener));
            assert_eq!(status, 204);
            let (parts, body) = taken.into_parts();
            let read = judge_by_secret(&parts, &body, SECRET).map(Scheme::name);
            assert_eq!(read, Ok(scheme.name()), "{parts:?}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_signed_is_not_sent() {
    let signer =
        Signer { presign: Some(Duration::from_secs(60)), ..Signer::new(schemes::ODPS, credential()) };
    // Nobody listens there.
    let error = client(signer).get("http://127.0.0.1:1/").send().await.unwrap_err();
    assert!(error.to_string().contains("no presigned URLs"), "{error}");
}
