//! Clients that call without a pause, and count.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use countersign::{AccessKeyId, AccessKeySecret, Credential, SignOptions, schemes, sign};
use countersign_accounts::clock;

use crate::support::{Key, eventually, read_answer};

const CLIENTS: usize = 3;

/// Clients at work.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    uses: Arc<Mutex<Uses>>,
    tally: Arc<Mutex<Tally>>,
    clients: Vec<JoinHandle<()>>,
}

/// What the clients call with, in turn.
#[derive(Default)]
struct Uses {
    keys: Vec<Key>,
    tokens: Vec<String>,
}

/// What the clients were answered.
#[derive(Default)]
struct Tally {
    /// Calls that were accepted, by AccessKey id; those by a token are under `token`.
    accepted: BTreeMap<String, u64>,
    refused: Vec<String>,
}

impl Load {
    pub(super) fn start(address: &str) -> Self {
        let (stop, uses) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Uses::default())));
        let tally = Arc::new(Mutex::new(Tally::default()));
        let client = |number| {
            let (stop, uses, tally) = (Arc::clone(&stop), Arc::clone(&uses), Arc::clone(&tally));
            let address = address.to_owned();
            std::thread::spawn(move || work(number, &address, &stop, &uses, &tally))
        };
        Self { clients: (0..CLIENTS).map(client).collect(), stop, uses, tally }
    }

    pub(super) fn sign_with(&self, key: &Key) {
        self.uses.lock().unwrap().keys.push(key.clone());
    }

    pub(super) fn bear(&self, token: &str) {
        self.uses.lock().unwrap().tokens.push(token.to_owned());
    }

    pub(super) fn stop_bearing(&self, token: &str) {
        self.uses.lock().unwrap().tokens.retain(|other| other != token);
    }

    /// No tokens from now on, those under way included.
    pub(super) fn stop_bearing_all(&self) {
        self.uses.lock().unwrap().tokens.clear();
        std::thread::sleep(Duration::from_millis(200));
    }

    /// Waits until the clients have used each key again, some times.
    pub(super) fn use_again(&self, keys: &[&Key]) {
        let count = |key: &Key| self.tally.lock().unwrap().accepted.get(&key.id).copied().unwrap_or_default();
        let before: Vec<_> = keys.iter().map(|key| count(key)).collect();
        eventually("each key is used again", || {
            let failed = !self.tally.lock().unwrap().refused.is_empty();
            (failed || keys.iter().zip(&before).all(|(key, before)| count(key) >= before + 20)).then_some(())
        });
    }

    /// Ends it: nothing failed.
    pub(super) fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().unwrap();
        }
        let Tally { accepted, refused } = &*self.tally.lock().unwrap();
        eprintln!("{} accepted: {accepted:?}", accepted.values().sum::<u64>());
        assert!(refused.is_empty(), "{} refused: {}", refused.len(), refused[0]);
    }
}

fn work(number: usize, address: &str, stop: &AtomicBool, uses: &Mutex<Uses>, tally: &Mutex<Tally>) {
    let mut stream = connect(address);
    for turn in number.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let (who, request) = {
            let uses = uses.lock().unwrap();
            let all = uses.keys.len() + uses.tokens.len();
            match turn.checked_rem(all).map(|turn| (uses.keys.get(turn), turn)) {
                Some((Some(key), _)) => (key.id.clone(), signed(key, "GET", "/projects/demo", "")),
                Some((None, turn)) => ("token".to_owned(), with_token(&uses.tokens[turn - uses.keys.len()])),
                None => (String::new(), Vec::new()),
            }
        };
        std::thread::sleep(Duration::from_millis(1));
        if request.is_empty() {
            continue;
        }
        // As clients do: a connection that the server has closed is made anew.
        if stream.write_all(&request).is_err() || !matches!(stream.peek(&mut [0]), Ok(1..)) {
            stream = connect(address);
            stream.write_all(&request).unwrap();
        }
        let (status, answer) = read_answer(&mut stream);
        let mut tally = tally.lock().unwrap();
        if status == 200 {
            *tally.accepted.entry(who).or_default() += 1;
        } else {
            tally.refused.push(format!("{who}: {answer}"));
        }
    }
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Sends one request over a connection of its own.
pub(super) fn call(address: &str, request: &[u8]) -> (u16, String) {
    let mut stream = connect(address);
    stream.write_all(request).unwrap();
    read_answer(&mut stream)
}

/// A request to the login surface, signed now, as bytes.
pub(super) fn signed(key: &Key, method: &str, target: &str, body: &str) -> Vec<u8> {
    let request = http::Request::builder().method(method).uri(format!("/api{target}")).header("host", "h");
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    let credential = Credential {
        id: AccessKeyId::new(&key.id).unwrap(),
        secret: AccessKeySecret::new(key.secret.as_str()),
    };
    sign(
        schemes::ODPS,
        countersign::Place::at("/api"),
        &mut parts,
        body.as_bytes(),
        &credential,
        &SignOptions::at(clock::now()),
    )
    .unwrap();
    let mut bytes = format!("{method} {} HTTP/1.1\r\n", parts.uri).into_bytes();
    for (name, value) in &parts.headers {
        bytes.extend_from_slice(format!("{name}: ").as_bytes());
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("content-length: {}\r\n\r\n{body}", body.len()).as_bytes());
    bytes
}

/// A bearer token that a key makes, to read `demo`.
pub(super) fn bearer_token(address: &str, key: &Key) -> String {
    let statement = r#"{"Effect":"Allow","Action":["odps:Read"],"Resource":"acs:odps:*:projects/demo"}"#;
    let body = format!(r#"{{"expires_in_hours":1,"policy":{{"Version":"1","Statement":[{statement}]}}}}"#);
    let target = "/projects/demo/authorization?sign_bearer_token&curr_project=demo";
    let (status, answer) = call(address, &signed(key, "POST", target, &body));
    assert_eq!(status, 200, "{answer}");
    let (_, token) = answer.split_once("<Result>").unwrap();
    token.split_once("</Result>").unwrap().0.to_owned()
}

fn with_token(token: &str) -> Vec<u8> {
    format!(
        "GET /api/projects/demo?curr_project=demo HTTP/1.1\r\nhost: h\r\nx-odps-bearer-token: {token}\r\n\
         x-odps-user-agent: pyodps/0.13.2\r\n\r\n"
    )
    .into_bytes()
}

/// A request that bears a token.
pub(super) fn bearing(address: &str, token: &str) -> (u16, String) {
    call(address, &with_token(token))
}
