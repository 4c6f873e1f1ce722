//! The program, started for a test.

pub(crate) mod browser;
pub(crate) mod http;
pub(crate) mod ledger;
pub(crate) mod limits;
pub(crate) mod mutations;
pub(crate) mod python;
pub(crate) mod smtp;
pub(crate) mod wire;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    // A developer's own settings and profiles stay out of it.
    for (name, _) in std::env::vars() {
        if ["COUNTERSIGN_", "ALIBABA_CLOUD_", "ODPS_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.env("USER", "tester").current_dir(std::env::temp_dir());
    command
}

/// The root of the source tree.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Where what is built lies, and what `scripts/setup-tests` installs.
pub(crate) fn target() -> PathBuf {
    // Joining leaves an absolute path as it is.
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// A data directory of its own.
pub(crate) struct Data {
    pub(crate) directory: TempDir,
}

impl Data {
    /// An empty place.
    pub(crate) fn nowhere() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    /// A store with one account, `owner@example.com`, and its project `demo`.
    pub(crate) fn new() -> Self {
        let data = Self::nowhere();
        data.ok(&["init", "--email", "owner@example.com"]);
        data.ok(&["project", "create", "demo"]);
        data
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Runs a command on this data.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        program().args(arguments).arg("--data").arg(self.path()).output().unwrap()
    }

    /// Runs a command that must succeed, and returns what it printed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must fail, and returns what it said.
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        String::from_utf8(output.stderr).unwrap()
    }

    /// The same, of what it prints for programs.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--output", "json"]].concat();
        serde_json::from_str(&self.ok(&arguments)).unwrap()
    }

    /// Creates an AccessKey.
    pub(crate) fn create_key(&self) -> Key {
        let created = self.json(&["access-key", "create", "--description", "a test"]);
        Key {
            id: created["access_key_id"].as_str().unwrap().to_owned(),
            secret: created["access_key_secret"].as_str().unwrap().to_owned(),
        }
    }
}

/// An AccessKey in the hands of a test.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// A running server. It is told to stop when dropped.
pub(crate) struct Server {
    child: Child,
    /// What it has said on standard error since it started.
    said: Arc<Mutex<Vec<String>>>,
    /// Such as `http://127.0.0.1:41234/api`.
    pub(crate) endpoint: String,
}

impl Server {
    /// `countersign serve` on this data.
    pub(crate) fn start(data: &Data) -> Self {
        Self::start_with(program(), data, "")
    }

    /// The same with lines of configuration, run by a command that may be wrapped.
    pub(crate) fn start_with(command: Command, data: &Data, config: &str) -> Self {
        let listen =
            if config.contains("[endpoint]") { "" } else { "[endpoint]\nlisten = \"127.0.0.1:0\"\n" };
        Self::start_config(command, data, &format!("[store]\ndata = {:?}\n{listen}{config}", data.path()))
    }

    /// The same with a configuration that says everything.
    pub(crate) fn start_config(mut command: Command, data: &Data, config: &str) -> Self {
        let file = data.directory.path().join("config.toml");
        fs::write(&file, config).unwrap();
        command.arg("serve").arg("--config").arg(&file);
        if !config.contains("[console]") {
            command.args(["--console", "127.0.0.1:0"]);
        }
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let endpoint = loop {
            let Some(Ok(line)) = lines.next() else { panic!("the server did not start: {said}") };
            if let Some(endpoint) = line.strip_prefix("countersign serves ") {
                break endpoint.to_owned();
            }
            said.push_str(&line);
        };
        // Read on, or the server would wait for room in the pipe.
        let said = Arc::<Mutex<Vec<String>>>::default();
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| heard.lock().unwrap().push(line));
        });
        Self { child, said, endpoint }
    }

    /// Waits until the server says something, and returns what stands behind these words, to the end of the line.
    pub(crate) fn says(&self, words: &str) -> String {
        eventually(&format!("the server says {words:?}"), || {
            let said = self.said.lock().unwrap();
            said.iter().find_map(|line| line.split_once(words)).map(|(_, rest)| rest.trim().to_owned())
        })
    }

    /// The most memory that it has held at a time, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// `127.0.0.1:41234`.
    pub(crate) fn address(&self) -> &str {
        let rest = self.endpoint.strip_prefix("http://").unwrap();
        rest.split('/').next().unwrap()
    }

    /// Sends bytes as they are and returns the status and the whole answer.
    pub(crate) fn exchange(&self, request: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request).unwrap();
        if request.starts_with(b"HEAD ") {
            // Its answer has the length of a body that does not come.
            let mut head = String::new();
            let mut lines = BufReader::new(stream);
            while !head.ends_with("\r\n\r\n") {
                assert!(lines.read_line(&mut head).unwrap() > 0, "{head:?}");
            }
            return (status(&head), head);
        }
        read_answer(&mut stream)
    }

    /// Stops the server as an init system would, and returns its exit status.
    pub(crate) fn stop(mut self) -> Option<i32> {
        self.terminate();
        self.child.wait().unwrap().code()
    }

    fn terminate(&self) {
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
    }

    /// Tells the server to read its configuration again.
    pub(crate) fn hang_up(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Reads one answer of HTTP/1.1 with a Content-Length, without waiting for the connection to close.
pub(crate) fn read_answer(stream: &mut TcpStream) -> (u16, String) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")
                    .map(|n| n.parse::<usize>().unwrap())
            });
            if length.is_none_or(|length| body.len() >= length) {
                return (status(head), text);
            }
        }
        let read = stream.read(&mut chunk).unwrap();
        assert!(read > 0, "the connection was closed without a whole answer: {text:?}");
        bytes.extend_from_slice(&chunk[..read]);
    }
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// A profile file for a key, as odpscmd reads it.
pub(crate) fn write_profile(file: &Path, key: &Key, endpoint: &str) {
    let text =
        format!("project_name=demo\naccess_id={}\naccess_key={}\nend_point={endpoint}\n", key.id, key.secret);
    // By a rename, so that whoever reads it while it changes finds one or the other.
    let next = file.with_extension("next");
    fs::write(&next, text).unwrap();
    fs::set_permissions(&next, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(&next, file).unwrap();
}

/// Waits until something holds.
pub(crate) fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Says that a test is skipped for want of a program; on CI nothing may be missing.
pub(crate) fn skip(missing: &str, how: &str) {
    let ci = std::env::var("CI").is_ok_and(|ci| !["", "0", "false"].contains(&ci.as_str()));
    assert!(!ci, "{missing} is missing: {how}");
    eprintln!("SKIP: {missing} is missing: {how}");
}
