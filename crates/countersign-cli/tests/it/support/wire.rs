//! Requests as they stand on the wire, to be altered byte by byte, and a connection that is good for many of them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A request, in the parts that a test alters.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) method: String,
    pub(crate) target: Vec<u8>,
    pub(crate) version: &'static str,
    pub(crate) fields: Vec<Field>,
    pub(crate) body: Vec<u8>,
}

/// A line of the head, with the blanks in it.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// From the colon to the value.
    pub(crate) colon: String,
    pub(crate) value: String,
    /// What follows the value.
    pub(crate) end: String,
}

impl Field {
    pub(crate) fn new(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), colon: ": ".to_owned(), value: value.to_owned(), end: String::new() }
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

impl Wire {
    pub(crate) fn new(method: &str, target: &str, fields: &[(&str, &str)], body: &[u8]) -> Self {
        Self {
            method: method.to_owned(),
            target: target.as_bytes().to_vec(),
            version: "HTTP/1.1",
            fields: fields.iter().map(|(name, value)| Field::new(name, value)).collect(),
            body: body.to_vec(),
        }
    }

    pub(crate) fn target_text(&self) -> String {
        String::from_utf8_lossy(&self.target).into_owned()
    }

    /// The value of the first field of this name.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.is(name)).map(|field| field.value.as_str())
    }

    /// Puts a field in place of all of its name.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.fields.retain(|field| !field.is(name));
        self.fields.push(Field::new(name, value));
    }

    /// The request with another target.
    pub(crate) fn to(&self, target: impl AsRef<[u8]>) -> Self {
        Self { target: target.as_ref().to_vec(), ..self.clone() }
    }

    /// The bytes, with a `Content-Length` where the body needs one and none stands there.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.method.clone().into_bytes();
        bytes.push(b' ');
        bytes.extend_from_slice(&self.target);
        bytes.extend_from_slice(format!(" {}\r\n", self.version).as_bytes());
        for field in &self.fields {
            for part in [&field.name, &field.colon, &field.value, &field.end] {
                bytes.extend_from_slice(part.as_bytes());
            }
            bytes.extend_from_slice(b"\r\n");
        }
        if !self.body.is_empty() && self.value("content-length").is_none() {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// What became of a request, as far as its answer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// The signature holds, whatever came of the request afterwards.
    Accepted,
    /// Refused for its signature or credential.
    Refused,
    /// Not for this endpoint, or of a form that it does not take, so nothing judged it and nothing served it.
    Outside,
    /// Refused by the HTTP library as no request at all.
    NotHttp,
}

impl Answer {
    /// What became of `request`, sent to an endpoint with this base path.
    pub(crate) fn judged(&self, request: &Wire, base: &str) -> Judged {
        let xml = self.body.contains("<Code>");
        if request.method == "HEAD" && self.head.contains("application/xml") {
            // There is no body to look at. Once a request to describe a project is verified, 404 is all it can meet.
            let below =
                String::from_utf8_lossy(&request.target).strip_prefix(base).map(|rest| rest.starts_with('/'));
            return match self.status {
                400 | 401 | 403 => Judged::Refused,
                404 if below != Some(true) => Judged::Outside,
                _ => Judged::Accepted,
            };
        }
        if self.status == 400 && self.body.is_empty() {
            return Judged::NotHttp;
        }
        if ["InvalidEndpoint", "InvalidRequest"]
            .iter()
            .any(|code| self.body.contains(&format!("<Code>{code}</Code>")))
        {
            return Judged::Outside;
        }
        if xml && self.body.contains("<![CDATA[ODPS-0410") {
            assert!((400..500).contains(&self.status), "{self:?}");
            return Judged::Refused;
        }
        assert!(self.status != 401 && self.status < 500, "{self:?}");
        Judged::Accepted
    }
}

/// A connection that is kept, and made anew where the server closed it.
pub(crate) struct Connection {
    address: String,
    open: Option<BufReader<TcpStream>>,
}

impl Connection {
    pub(crate) fn to(address: &str) -> Self {
        Self { address: address.to_owned(), open: None }
    }

    /// Sends a request and reads its answer.
    pub(crate) fn exchange(&mut self, request: &Wire) -> Answer {
        self.try_exchange(request).unwrap_or_else(|error| panic!("{error}: {request:?}"))
    }

    /// The same, where the server may be gone.
    pub(crate) fn try_exchange(&mut self, request: &Wire) -> std::io::Result<Answer> {
        let mut stream = match self.open.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(&self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(Duration::from_secs(20)))?;
                BufReader::new(stream)
            }
        };
        stream.get_mut().write_all(&request.bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head)? == 0 {
                return Err(std::io::Error::other(format!("closed without an answer: {head:?}")));
            }
        }
        let field = |name: &str| {
            head.lines().find_map(|line| {
                let (found, value) = line.split_once(':')?;
                found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let length = field("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; if request.method == "HEAD" { 0 } else { length }];
        stream.read_exact(&mut body)?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        if field("connection").is_none_or(|value| value != "close") && request.version == "HTTP/1.1" {
            self.open = Some(stream);
        }
        Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned(), head })
    }
}
