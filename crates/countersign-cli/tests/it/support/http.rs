//! Requests to the console without a browser, for what browsers do not send.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Sends requests over connections of their own and keeps cookies, as browsers do.
#[derive(Clone)]
pub(crate) struct Visitor {
    /// `127.0.0.1:41234`.
    address: String,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Sent in place of the address.
    pub(crate) host: Option<String>,
    /// Header fields to send besides.
    pub(crate) fields: Vec<(String, String)>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Visitor {
    pub(crate) fn to(address: &str) -> Self {
        Self { address: address.to_owned(), cookies: BTreeMap::new(), host: None, fields: Vec::new() }
    }

    /// The same, sending a header field besides.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, "")
    }

    /// Sends a form as a page of the console does.
    pub(crate) fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Reply {
        self.send("POST", path, &encoded(form))
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> Reply {
        let bytes = self.bytes(method, path, body);
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(&bytes).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let reply = Reply::read(&answer);
        for cookie in reply.fields("set-cookie") {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            match rest.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        reply
    }

    /// A request as it goes over the wire. Its connection ends with the answer.
    pub(crate) fn bytes(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        let host = self.host.as_deref().unwrap_or(&self.address);
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        if method == "POST" {
            let length = body.len();
            head += "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n";
            head += &format!("Content-Length: {length}\r\n");
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            head += &format!("Cookie: {}\r\n", pairs.join("; "));
        }
        for (name, value) in &self.fields {
            head += &format!("{name}: {value}\r\n");
        }
        format!("{head}\r\n{body}").into_bytes()
    }
}

impl Reply {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// All values of a header field.
    pub(crate) fn fields(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    /// Where it leads.
    pub(crate) fn location(&self) -> &str {
        self.fields("location").first().copied().unwrap_or_default()
    }
}

/// A form as browsers encode it.
pub(crate) fn encoded(form: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs: Vec<_> =
        form.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}
