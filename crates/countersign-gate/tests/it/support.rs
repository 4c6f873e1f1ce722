//! A server behind the layer, and a client that says on the wire what it is told.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::routing::any;
use axum::{Extension, Router};
use countersign::{
    AccessKeyId, AccessKeySecret, Credential, Place, Scheme, SignOptions, Timestamp, schemes, sign,
};
use countersign_accounts::access_key::KeyMaterial;
use countersign_accounts::id::AccountId;
use countersign_accounts::keyring::{Keyring, Snapshot};
use countersign_accounts::random;
use countersign_accounts::verifier::{Demands, Verifier};
use countersign_gate::{Caller, VerifyLayer};
use http::request::Parts;

pub(crate) const SECRET: &str = "the secret";

pub(crate) fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-22T10:00:00Z").unwrap()
}

/// What the service behind has seen of a request.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) caller: Caller,
    pub(crate) headers: HeaderMap,
    /// The body, or the error in its place, and what had come before.
    pub(crate) body: Result<Vec<u8>, (Vec<u8>, String)>,
}

pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) async fn start(alter: impl FnOnce(VerifyLayer) -> VerifyLayer) -> Self {
        let secret = KeyMaterial::Secret(AccessKeySecret::new(SECRET));
        let keys = [(AccountId::from_text("acc_1"), AccessKeyId::new("CSAK1").unwrap(), secret)];
        let keys = Snapshot::from_keys(keys);
        let verifier = Verifier::new(Arc::new(Keyring::new(keys)), &mut random::from_system());
        let layer = alter(VerifyLayer::new(Arc::new(verifier), Demands::at("")).clock(now));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let app = Router::new()
            .route("/head-only", any(|| async { "did not read the body" }))
            .fallback(any(take))
            .with_state(Arc::clone(&seen))
            .layer(layer);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, seen }
    }

    /// Sends pieces, each by itself, and returns the status, the head and the body of the answer.
    pub(crate) async fn send(&self, pieces: Vec<Vec<u8>>) -> (u16, String, String) {
        let address = self.address;
        let answer = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            for piece in pieces {
                // The server may have heard enough.
                if stream.write_all(&piece).is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            String::from_utf8(answer).unwrap()
        });
        let answer = answer.await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, head.to_ascii_lowercase(), body.to_owned())
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn take(
    State(seen): State<Arc<Mutex<Vec<Seen>>>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> String {
    let (parts, body) = request.into_parts();
    let body = read(body).await;
    let answer = format!("{} of {}", caller.access_key_id, caller.account);
    seen.lock().unwrap().push(Seen { caller, headers: parts.headers, body });
    answer
}

async fn read(mut body: Body) -> Result<Vec<u8>, (Vec<u8>, String)> {
    use http_body_util::BodyExt as _;
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => whole.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Err(error) => return Err((whole, error.to_string())),
        }
    }
    Ok(whole)
}

pub(crate) fn credential() -> Credential {
    Credential { id: AccessKeyId::new("CSAK1").unwrap(), secret: AccessKeySecret::new(SECRET) }
}

/// A request signed by a scheme, for this host.
pub(crate) fn signed(
    scheme: &'static dyn Scheme,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Parts {
    let mut request = http::Request::builder().method(method).uri(target).header("host", "a.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    let mut options = SignOptions::at(now());
    options.region = (scheme.name() != schemes::ODPS.name()).then(|| "cn-hangzhou".to_owned());
    options.service = Some("s3".to_owned());
    options.nonce = Some(format!("nonce-{target}"));
    sign(scheme, Place::default(), &mut parts, body, &credential(), &options).unwrap();
    parts
}

/// The head of a request on the wire. The connection ends with the answer.
pub(crate) fn head(parts: &Parts, more: &[&str]) -> Vec<u8> {
    let mut text = format!("{} {} HTTP/1.1\r\nconnection: close\r\n", parts.method, parts.uri);
    for (name, value) in &parts.headers {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    for line in more {
        text.push_str(&format!("{line}\r\n"));
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// A chunk of a chunked body; an empty one ends it.
pub(crate) fn chunk(piece: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()
}

pub(crate) fn md5(body: &[u8]) -> String {
    // RFC 1864 has it in base 64; MaxCompute's Java SDK sends hexadecimal, which the scheme takes too.
    countersign::crypto::Hash::Md5.digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}
