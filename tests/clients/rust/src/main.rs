//! Signs requests with other people's libraries, sends them, and reports what came back. It is `../python/harness.py` in
//! another language: see there for what the environment says. These libraries only sign, so that what a program sees of a
//! refusal is the answer itself.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    sign, PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode,
};
use aws_sigv4::sign::v4;
use http::request::Parts;
use http::Request;
use reqsign_aliyun_oss::{RequestSigner as OssSigner, SigningVersion, StaticCredentialProvider as OssKey};
use reqsign_aws_v4::{RequestSigner as AwsSigner, StaticCredentialProvider as AwsKey};
use reqsign_core::{Context as Reqsign, Signer, SigningCredential};
use serde_json::{json, Value};

type Outcome = Result<Value, Box<dyn Error>>;

const OBJECT: &str = "/demo-bucket/reports/2026%20%C3%BC%2B~%2A.txt";
const LIST: &str = "/demo-bucket/?prefix=reports%2F&delimiter=%2F&max-keys=7";
const BODY: &[u8] = b"what is put";

/// An AccessKey, and where to send what it signs.
#[derive(Clone)]
struct Client {
    address: String,
    id: String,
    secret: String,
}

struct Run {
    address: String,
    keys: Value,
    steps: BTreeMap<String, Value>,
}

impl Run {
    fn from_environment() -> Result<Self, Box<dyn Error>> {
        let address = env::var("ENDPOINT")?.trim_start_matches("http://").to_owned();
        Ok(Self { address, keys: serde_json::from_str(&env::var("KEYS")?)?, steps: BTreeMap::new() })
    }

    fn client(&self, key: &str) -> Client {
        let text = |name: &str| self.keys[key][name].as_str().unwrap_or_default().to_owned();
        Client { address: self.address.clone(), id: text("id"), secret: text("secret") }
    }

    /// Calls, and keeps what came of it under this name.
    fn step(&mut self, name: &str, key: &str, call: impl Fn(&Client) -> Outcome) {
        let client = self.client(key);
        let told = Request::get(format!("http://{}/-/step/{name}", self.address)).body(());
        let told = told.map_err(Into::into).and_then(|told| send(&told.into_parts().0, b""));
        let outcome = told.and_then(|_| call(&client));
        let outcome = outcome.unwrap_or_else(|error| json!({"error": {"class": "", "text": error.to_string()}}));
        self.steps.insert(name.to_owned(), outcome);
    }

    /// Makes one call with each AccessKey that is refused, and with clocks that are too far off and nearly so.
    fn refusals(&mut self, library: &str, call: impl Fn(&Client) -> Outcome + Copy) {
        for key in ["wrong", "unknown", "disabled"] {
            self.step(&format!("{library}-{key}"), key, call);
        }
        if env::var("CLOCK").is_ok_and(|clock| !clock.is_empty()) {
            for seconds in ["+899s", "-899s", "+901s", "-901s"] {
                // Early in a second, what the server sees is the offset and not its neighbour.
                while SystemTime::now().duration_since(UNIX_EPOCH).is_ok_and(|now| now.subsec_millis() >= 500) {
                    sleep(Duration::from_millis(10));
                }
                env::set_var("FAKETIME", seconds);
                self.step(&format!("{library}{seconds}"), "good", call);
                env::set_var("FAKETIME", "+0s");
            }
        }
    }
}

/// Sends a request over a connection of its own. An answer that is no success is an error.
fn send(head: &Parts, body: &[u8]) -> Outcome {
    let address = head.uri.authority().ok_or("no authority")?.as_str();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut bytes = format!("{} {target} HTTP/1.1\r\nconnection: close\r\n", head.method).into_bytes();
    if !head.headers.contains_key("host") {
        write!(bytes, "host: {address}\r\n")?;
    }
    if !body.is_empty() {
        write!(bytes, "content-length: {}\r\n", body.len())?;
    }
    for (name, value) in &head.headers {
        bytes.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.write_all(&bytes)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    let status: u16 = head.split(' ').nth(1).ok_or("no status")?.parse()?;
    Ok(match status {
        200..=299 => json!({"result": body}),
        _ => json!({"error": {"class": "", "status": status, "text": body}}),
    })
}

/// reqsign never waits for anything here: its keys are at hand.
fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

fn request(client: &Client, method: &str, target: &str) -> Result<Request<()>, http::Error> {
    let request = Request::builder().method(method).uri(format!("http://{}{target}", client.address));
    match method {
        "PUT" => request.header("content-type", "text/plain").body(()),
        _ => request.body(()),
    }
}

fn body(method: &str) -> &'static [u8] {
    if method == "PUT" { BODY } else { b"" }
}

fn reqsign<K: SigningCredential>(
    signer: Signer<K>,
    client: &Client,
    method: &str,
    target: &str,
    presign: bool,
) -> Outcome {
    let (mut head, ()) = request(client, method, target)?.into_parts();
    now(signer.sign(&mut head, presign.then_some(Duration::from_secs(60))))?;
    send(&head, body(method))
}

fn oss(client: &Client, version: SigningVersion, method: &str, target: &str, presign: bool) -> Outcome {
    let signer = OssSigner::new("demo-bucket").with_region("cn-hangzhou").with_signing_version(version);
    let signer = Signer::new(Reqsign::new(), OssKey::new(&client.id, &client.secret), signer);
    reqsign(signer, client, method, target, presign)
}

fn aws(client: &Client, method: &str, target: &str, presign: bool) -> Outcome {
    let signer = AwsSigner::new("s3", "eu-central-1");
    let signer = Signer::new(Reqsign::new(), AwsKey::new(&client.id, &client.secret), signer);
    reqsign(signer, client, method, target, presign)
}

/// aws-sigv4, as the SDK for Rust uses it for S3 and, unless `s3`, for everything else.
fn sigv4(client: &Client, s3: bool, method: &str, target: &str, presign: bool) -> Outcome {
    let mut settings = SigningSettings::default();
    if s3 {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    if presign {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(60));
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
    }
    let identity = Credentials::from_keys(&client.id, &client.secret, None).into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-central-1")
        .name(if s3 { "s3" } else { "execute-api" })
        .time(SystemTime::now())
        .settings(settings)
        .build()?
        .into();
    let mut request = request(client, method, target)?;
    request.headers_mut().insert("host", client.address.parse()?);
    let payload = if presign && s3 { SignableBody::UnsignedPayload } else { SignableBody::Bytes(body(method)) };
    let uri = request.uri().to_string();
    let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()));
    let signable = SignableRequest::new(method, uri, headers, payload)?;
    let (instructions, _) = sign(signable, &parameters)?.into_parts();
    instructions.apply_to_request_http1x(&mut request);
    send(&request.into_parts().0, body(method))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut run = Run::from_environment()?;
    let versions = [("v1", SigningVersion::V1), ("v2", SigningVersion::V2), ("v4", SigningVersion::V4)];
    for (name, version) in versions {
        let step = |what: &str| format!("oss-{name}-{what}");
        run.step(&step("put"), "good", |client| oss(client, version, "PUT", OBJECT, false));
        run.step(&step("get"), "good", |client| oss(client, version, "GET", OBJECT, false));
        run.step(&step("list"), "good", |client| oss(client, version, "GET", LIST, false));
        run.step(&step("url-get"), "good", |client| oss(client, version, "GET", OBJECT, true));
        run.step(&step("url-put"), "good", |client| oss(client, version, "PUT", OBJECT, true));
    }
    run.refusals("oss", |client| oss(client, SigningVersion::V4, "GET", OBJECT, false));

    run.step("aws-put", "good", |client| aws(client, "PUT", OBJECT, false));
    run.step("aws-get", "good", |client| aws(client, "GET", OBJECT, false));
    run.step("aws-list", "good", |client| aws(client, "GET", LIST, false));
    run.step("aws-url-get", "good", |client| aws(client, "GET", OBJECT, true));
    run.refusals("aws", |client| aws(client, "GET", OBJECT, false));

    run.step("sigv4-put", "good", |client| sigv4(client, true, "PUT", OBJECT, false));
    run.step("sigv4-list", "good", |client| sigv4(client, true, "GET", LIST, false));
    run.step("sigv4-url-get", "good", |client| sigv4(client, true, "GET", OBJECT, true));
    run.step("sigv4-other", "good", |client| sigv4(client, false, "PUT", "/orders/a%20b/c?x=1&y", false));
    run.step("sigv4-other-url", "good", |client| sigv4(client, false, "GET", "/orders/a%20b?x=1&y", true));
    run.refusals("sigv4", |client| sigv4(client, false, "GET", "/orders", false));
    println!("{}", serde_json::to_string(&run.steps)?);
    Ok(())
}
