//! A server whose every word is kept, and requests to it, signed here.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign::{AccessKeyId, AccessKeySecret, Credential, SignOptions, Timestamp, schemes, sign};
use serde_json::Value;

use crate::support::{Data, Key, eventually, program, read_answer};

/// A running server. It is killed when dropped.
pub(crate) struct Serving {
    pub(crate) child: Child,
    config: PathBuf,
    said: Arc<Mutex<Vec<String>>>,
}

/// The configuration of a test: the store, and an endpoint and an admin listener on ports that the system chooses. What
/// a section may still hold goes to its `+`.
pub(crate) fn config(data: &Data, endpoint: &str, admin: &str, more: &str) -> String {
    format!(
        "[store]\ndata = {:?}\n[endpoint]\nlisten = \"127.0.0.1:0\"\n{endpoint}\n[admin]\nlisten = \"127.0.0.1:0\"\n\
         {admin}\n{more}\n",
        data.path()
    )
}

impl Serving {
    /// With nothing but defaults.
    pub(crate) fn start(data: &Data) -> Self {
        Self::configured(data, &config(data, "", "", ""))
    }

    /// With this configuration, up and serving.
    pub(crate) fn configured(data: &Data, config: &str) -> Self {
        Self::run(program(), data, config).up()
    }

    /// With this configuration, by a command that may be wrapped, and perhaps not up yet.
    pub(crate) fn run(mut command: Command, data: &Data, text: &str) -> Self {
        let config = data.directory.path().join("operation.toml");
        fs::write(&config, text).unwrap();
        command.args(["serve", "--config"]).arg(&config);
        if !text.contains("[console]") {
            command.args(["--console", "127.0.0.1:0"]);
        }
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let (lines, keep) = (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&said));
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| keep.lock().unwrap().push(line))
        });
        Self { child, config, said }
    }

    /// The same once it serves.
    pub(crate) fn up(mut self) -> Self {
        eventually("it serves", || {
            assert!(self.child.try_wait().unwrap().is_none(), "it ended: {:?}", self.said());
            self.said().iter().any(|line| line.starts_with("countersign serves ")).then_some(())
        });
        self
    }

    /// All lines so far.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// The first line after so many that holds these words.
    pub(crate) fn says_after(&self, before: usize, words: &str) -> String {
        eventually(words, || self.said().into_iter().skip(before).find(|line| line.contains(words)))
    }

    pub(crate) fn says(&self, words: &str) -> String {
        self.says_after(0, words)
    }

    /// The lines of its request log, once there are so many; a moment later there are no more.
    pub(crate) fn requests(&self, count: usize) -> Vec<String> {
        let requests = || -> Vec<String> {
            let is_one =
                |line: &String| line.contains("\"target\":\"request\"") || line.contains(" request: ");
            self.said().into_iter().filter(is_one).collect()
        };
        eventually("the request log", || (requests().len() >= count).then_some(()));
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(requests().len(), count, "{:#?}", requests());
        requests()
    }

    /// Such as `http://127.0.0.1:41234/api`.
    pub(crate) fn endpoint(&self) -> String {
        self.says("countersign serves ").rsplit(' ').next().unwrap().to_owned()
    }

    /// Such as `127.0.0.1:41234`.
    pub(crate) fn address(&self) -> String {
        address(&self.endpoint())
    }

    pub(crate) fn admin_address(&self) -> String {
        address(self.says("countersign admin ").rsplit(' ').next().unwrap())
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(&self.address()).unwrap()
    }

    /// Sends a request over a connection of its own, and returns the status and the whole answer.
    pub(crate) fn ask(&self, request: &str) -> (u16, String) {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        read_answer(&mut stream)
    }

    /// What `GET` of a path of the admin listener gives: the status and the body.
    pub(crate) fn admin(&self, path: &str) -> (u16, String) {
        let mut stream = connect(&self.admin_address()).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: admin\r\n\r\n").unwrap();
        let (status, answer) = read_answer(&mut stream);
        (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    pub(crate) fn readiness(&self) -> (u16, Value) {
        let (status, body) = self.admin("/readyz");
        (status, serde_json::from_str(&body).unwrap())
    }

    /// Changes the configuration, tells the server to read it, and returns what it logged about that.
    pub(crate) fn reload(&self, text: &str) -> Vec<String> {
        fs::write(&self.config, text).unwrap();
        let before = self.said().len();
        self.signal("HUP");
        self.says_after(before, "the configuration was read again");
        self.said().split_off(before)
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Waits for it to end by itself.
    pub(crate) fn end(&mut self) -> Option<i32> {
        eventually("the end of the server", || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address(url: &str) -> String {
    url.split("://").nth(1).unwrap().split('/').next().unwrap().to_owned()
}

pub(crate) fn connect(address: &str) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(40)))?;
    Ok(stream)
}

/// A request to be signed.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    /// As it is signed, behind `/api`.
    pub(crate) target: &'a str,
    pub(crate) body: &'a str,
    /// Sign in version 4, for this region.
    pub(crate) region: Option<&'a str>,
    /// How far the signer's clock is off.
    pub(crate) seconds: i64,
}

/// Reads the project that every test has.
pub(crate) const GET: Ask<'static> =
    Ask { method: "GET", target: "/projects/demo", body: "", region: None, seconds: 0 };

/// Asks who asks: a request with a body.
pub(crate) const WHOAMI: Ask<'static> = Ask {
    method: "POST",
    target: "/projects/demo/authorization",
    body: "<Authorization><Query>whoami</Query><ResponseInJsonFormat>true</ResponseInJsonFormat></Authorization>",
    region: None,
    seconds: 0,
};

impl Ask<'_> {
    /// The text of the request, without its body.
    pub(crate) fn head(&self, key: &Key) -> String {
        let request = http::Request::builder().method(self.method).uri(format!("/api{}", self.target));
        let (mut parts, ()) = request.header("host", "h").body(()).unwrap().into_parts();
        if !self.body.is_empty() {
            parts.headers.insert("content-length", self.body.len().into());
        }
        let credential = Credential {
            id: AccessKeyId::new(key.id.as_str()).unwrap(),
            secret: AccessKeySecret::new(key.secret.as_str()),
        };
        let mut options = SignOptions::at(now(self.seconds));
        options.region = self.region.map(str::to_owned);
        sign(
            schemes::ODPS,
            countersign::Place::at("/api"),
            &mut parts,
            self.body.as_bytes(),
            &credential,
            &options,
        )
        .unwrap();
        let mut head = format!("{} {} HTTP/1.1\r\n", parts.method, parts.uri);
        for (name, value) in &parts.headers {
            head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        head + "\r\n"
    }

    /// The text of the request.
    pub(crate) fn signed(&self, key: &Key) -> String {
        self.head(key) + self.body
    }
}

fn now(off: i64) -> Timestamp {
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    Timestamp::from_unix_millis(i64::try_from(millis).unwrap() + off * 1000)
}
