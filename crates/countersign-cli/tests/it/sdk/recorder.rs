//! What stands between a client and the server: it passes on what either says, and remembers it.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One request with its answer, as they went over the wire.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    /// What the client was about to do.
    pub(super) step: String,
    pub(super) request: Vec<u8>,
    pub(super) status: u16,
    pub(super) body: String,
}

/// A listener before the server, for as long as the test runs.
pub(super) struct Recorder {
    pub(super) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    step: String,
    exchanges: Vec<Exchange>,
}

impl Recorder {
    pub(super) fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let recorder = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let (server, state) = (server.to_owned(), Arc::clone(&recorder.state));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (server, state) = (server.clone(), Arc::clone(&state));
                std::thread::spawn(move || converse(&client, &server, &state));
            }
        });
        recorder
    }

    /// What has gone through so far.
    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        self.state.lock().unwrap().exchanges.clone()
    }
}

/// Passes on requests and answers until either side has had enough.
fn converse(client: &TcpStream, server: &str, state: &Mutex<State>) -> Option<()> {
    let mut from_client = BufReader::new(client);
    let mut server = BufReader::new(TcpStream::connect(server).ok()?);
    loop {
        let mut request = read_head(&mut from_client)?;
        let head = String::from_utf8_lossy(&request).into_owned();
        if let Some(step) = head.strip_prefix("GET /-/step/") {
            state.lock().unwrap().step = step.split(' ').next()?.to_owned();
            (&mut &*client).write_all(b"HTTP/1.1 204 No Content\r\n\r\n").ok()?;
            if closes(&head) {
                return None;
            }
            continue;
        }
        let step = state.lock().unwrap().step.clone();
        server.get_mut().write_all(&request).ok()?;
        let mut answer = Vec::new();
        if field(&head, "expect").is_some() {
            // The client waits for this word, but not for long.
            answer = read_head(&mut server)?;
            if answer.starts_with(b"HTTP/1.1 100 ") {
                (&mut &*client).write_all(&answer).ok()?;
            }
        }
        if answer.is_empty() || answer.starts_with(b"HTTP/1.1 100 ") {
            let body = read_body(&mut from_client, &head)?;
            server.get_mut().write_all(&body).ok()?;
            request.extend_from_slice(&body);
            answer = read_head(&mut server)?;
        }
        let answered = String::from_utf8_lossy(&answer).into_owned();
        let body = if head.starts_with("HEAD ") { Vec::new() } else { read_body(&mut server, &answered)? };
        let exchange = Exchange {
            step,
            request,
            status: answered.split(' ').nth(1)?.parse().ok()?,
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        state.lock().unwrap().exchanges.push(exchange);
        // Once the client has the answer, it begins its next step, or the test asks for what was exchanged.
        answer.extend_from_slice(&body);
        (&mut &*client).write_all(&answer).ok()?;
        if closes(&head) || closes(&answered) {
            return None;
        }
    }
}

/// Whether nothing follows on this connection.
fn closes(head: &str) -> bool {
    field(head, "connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
}

/// Reads to the empty line.
fn read_head(from: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if from.read_until(b'\n', &mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head)
}

/// Reads the body that stands behind a head, as it is on the wire.
fn read_body(from: &mut impl BufRead, head: &str) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    if field(head, "transfer-encoding").is_some() {
        loop {
            let mut line = Vec::new();
            from.read_until(b'\n', &mut line).ok()?;
            let length = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).ok()?;
            body.append(&mut line);
            from.take(length as u64 + 2).read_to_end(&mut body).ok()?;
            if length == 0 {
                return Some(body);
            }
        }
    }
    let length = field(head, "content-length").map_or(Some(0), |length| length.parse().ok())?;
    from.take(length).read_to_end(&mut body).ok()?;
    Some(body)
}

fn field<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
