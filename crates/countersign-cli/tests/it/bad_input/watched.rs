//! A server that is watched: what it says, how much memory it holds, and whether it serves others meanwhile.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use countersign::{AccessKeyId, AccessKeySecret, Credential, SignOptions, schemes, sign};
use countersign_accounts::clock;

use crate::support::{Data, Key, eventually, program};

/// The longest that anybody else may have to wait for an answer, whatever strangers do.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running server. When dropped it must still be alive and not have panicked.
pub(super) struct Watched {
    child: Child,
    said: PathBuf,
    address: String,
    key: Key,
    _data: Data,
}

/// What came back on a connection.
pub(super) struct Heard {
    pub(super) bytes: Vec<u8>,
    /// Whether the server closed the connection.
    pub(super) closed: bool,
}

/// Signs a request every tenth of a second, for as long as it lives.
pub(super) struct Probe {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(usize, Duration)>,
}

impl Watched {
    /// A server with these lines of configuration for its endpoint.
    pub(super) fn start(endpoint: &str) -> Self {
        let data = Data::new();
        let key = data.create_key();
        let config = data.directory.path().join("config.toml");
        let text =
            format!("[store]\ndata = {:?}\n[endpoint]\nlisten = \"127.0.0.1:0\"\n{endpoint}\n", data.path());
        fs::write(&config, text).unwrap();
        let said = data.directory.path().join("said");
        let child = program()
            .args(["serve", "--console", "127.0.0.1:0", "--config"])
            .arg(&config)
            .stderr(File::create(&said).unwrap())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let address = eventually("the server starts", || {
            let text = fs::read_to_string(&said).unwrap();
            let (_, url) = text.split_once("countersign serves http://")?;
            url.split_once('/').map(|(address, _)| address.to_owned())
        });
        Self { child, said, address, key, _data: data }
    }

    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// A request as its client would send it: signed, with these header fields besides, and a body that may follow.
    pub(super) fn signed(&self, method: &str, target: &str, fields: &[(&str, &str)]) -> String {
        signed(&self.key, method, target, fields)
    }

    /// Sends bytes, ends the sending half, and takes all that comes back until the server closes.
    pub(super) fn send(&self, bytes: &[u8]) -> Heard {
        let mut stream = self.connect();
        // The server may have heard enough before the end, and closed.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        hear(&mut stream)
    }

    /// Resident memory in bytes; none where the system does not tell.
    pub(super) fn memory(&self) -> Option<usize> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix(" kB")?.parse::<usize>().ok().map(|kib| kib * 1024)
    }

    /// The memory must not be more than so many bytes above what it was.
    pub(super) fn assert_grown_by_at_most(&self, before: Option<usize>, most: usize, what: &str) {
        let (Some(before), Some(now)) = (before, self.memory()) else { return };
        let grown = now.saturating_sub(before);
        eprintln!(
            "{what}: {} MiB resident before, {} MiB now; {} MiB more are allowed",
            before >> 20,
            now >> 20,
            most >> 20
        );
        assert!(grown <= most, "{what}: it grew by {grown} bytes, which is more than {most}");
    }

    /// Begins to ask for something that is served, all the time.
    pub(super) fn probe(&self) -> Probe {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, address, key) = (Arc::clone(&stop), self.address.clone(), self.key.clone());
        let thread = std::thread::spawn(move || {
            let (mut asked, mut longest) = (0, Duration::ZERO);
            while !stopped.load(Ordering::Relaxed) {
                let request = signed(&key, "GET", "/api/tenants", &[]);
                let began = Instant::now();
                let mut stream = TcpStream::connect(&address).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
                stream.write_all(request.as_bytes()).unwrap();
                let (status, answer) = crate::support::read_answer(&mut stream);
                assert_eq!(status, 200, "{answer}");
                longest = longest.max(began.elapsed());
                asked += 1;
                std::thread::sleep(Duration::from_millis(100));
            }
            (asked, longest)
        });
        Probe { stop, thread }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let alive = self.child.try_wait().is_ok_and(|status| status.is_none());
        let _ = self.child.kill();
        let _ = self.child.wait();
        let said = String::from_utf8_lossy(&fs::read(&self.said).unwrap_or_default()).into_owned();
        if std::thread::panicking() {
            return;
        }
        assert!(alive, "the server is gone: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

impl Probe {
    /// Nobody must have waited for long.
    pub(super) fn assert_served(self) {
        self.stop.store(true, Ordering::Relaxed);
        let (asked, longest) = self.thread.join().unwrap();
        eprintln!("meanwhile {asked} others were served, each within {longest:?}");
        assert!(asked > 0 && longest < PATIENCE, "somebody waited for {longest:?}");
    }
}

impl Heard {
    /// The status of each answer.
    pub(super) fn statuses(&self) -> Vec<u16> {
        let mut found = Vec::new();
        let mut rest = self.bytes.as_slice();
        while let Some(behind) = rest.strip_prefix(b"HTTP/1.") {
            let status: u16 = std::str::from_utf8(&behind[2..5]).unwrap().parse().unwrap();
            found.push(status);
            let end = rest.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
            let head = String::from_utf8_lossy(&rest[..end]).to_ascii_lowercase();
            let length = head
                .split_once("content-length: ")
                .map_or(0, |(_, behind)| behind.split("\r\n").next().unwrap().parse().unwrap());
            rest = rest.get(end + length..).expect("an answer that is cut off");
        }
        assert!(rest.is_empty(), "not an answer: {:?}", String::from_utf8_lossy(rest));
        found
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// Takes all that comes until the server closes.
pub(super) fn hear(stream: &mut TcpStream) -> Heard {
    let mut heard = Heard { bytes: Vec::new(), closed: false };
    let mut chunk = [0; 4096];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return Heard { closed: true, ..heard },
            Ok(read) => heard.bytes.extend_from_slice(&chunk[..read]),
            // Closed with bytes of ours unread.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                return Heard { closed: true, ..heard };
            }
            Err(_) => return heard,
        }
    }
}

/// A head, signed now.
pub(super) fn signed(key: &Key, method: &str, target: &str, fields: &[(&str, &str)]) -> String {
    let (mut parts, ()) = http::Request::builder().method(method).uri(target).body(()).unwrap().into_parts();
    let credential = Credential {
        id: AccessKeyId::new(&key.id).unwrap(),
        secret: AccessKeySecret::new(key.secret.as_str()),
    };
    let options = SignOptions::at(clock::now());
    sign(schemes::ODPS, countersign::Place::at("/api"), &mut parts, b"", &credential, &options).unwrap();
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: h\r\n");
    let own = parts.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    for (name, value) in own.chain(fields.iter().copied()) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head + "\r\n"
}
