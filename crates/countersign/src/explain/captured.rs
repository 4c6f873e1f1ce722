//! A request as someone captured it: from a log, a recording proxy, or `curl -v`.

use std::borrow::Cow;
use std::fmt;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::request::{Body, Request};

/// How long the head of a request may be, in bytes. Servers take far less.
pub(super) const HEAD_LIMIT: usize = 1 << 20;

/// A request as it was captured, with all that it consists of.
#[derive(Clone)]
pub struct Captured {
    pub method: String,
    /// In origin form: `/api/projects?name=a`.
    pub target: String,
    pub headers: HeaderMap,
    /// `None`: it was not captured.
    pub body: Option<Vec<u8>>,
}

/// Why a text is not an HTTP request. It holds nothing of the text, which may hold credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct NotARequest {
    /// Counted from 1.
    pub line: usize,
    pub why: &'static str,
}

impl Captured {
    /// Reads a request of HTTP/1: the request line, the header fields, a blank line, the body.
    ///
    /// Lines end in CR LF or LF. Of what `curl -v` prints, the lines that begin with `>` are taken, up to the end of
    /// the first request; the body is not among them. A body of another length than `Content-Length` says, or in
    /// chunks, counts as not captured; what stands behind the body is left alone.
    ///
    /// # Errors
    ///
    /// [`NotARequest`], with the line.
    pub fn from_http(bytes: &[u8]) -> Result<Self, NotARequest> {
        let from_curl = printed_by_curl(bytes);
        let mut rest = bytes;
        let mut number = 0;
        let mut head: Option<Self> = None;
        while let Some(line) = next_line(&mut rest) {
            number += 1;
            let because = |why| NotARequest { line: number, why };
            let line = match (from_curl, line.strip_prefix(b">")) {
                (false, _) => line,
                (true, Some(line)) => line.strip_prefix(b" ").unwrap_or(line),
                (true, None) => continue,
            };
            if bytes.len() - rest.len() > HEAD_LIMIT {
                return Err(because("the head of a request is not longer than 1 MiB"));
            }
            match &mut head {
                None if line.is_empty() => {}
                None => head = Some(request_line(line).map_err(because)?),
                Some(_) if line.is_empty() => break,
                Some(captured) => header_field(line, &mut captured.headers).map_err(because)?,
            }
        }
        let mut captured = head.ok_or(NotARequest {
            line: number.max(1),
            why: "there is no request; it begins with a line such as `GET /api/tenants HTTP/1.1`",
        })?;
        captured.body = body(&captured.headers, if from_curl { b"" } else { rest });
        Ok(captured)
    }

    /// The request as schemes read it.
    pub fn request(&self) -> Request<'_> {
        let body = self.body.as_deref().map_or(Body::Unread, Body::Whole);
        Request::new(&self.method, &self.target, &self.headers, body)
    }

    /// Bytes of all but the body.
    pub(super) fn head_length(&self) -> usize {
        let fields = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        self.method.len() + self.target.len() + fields.sum::<usize>()
    }
}

/// Header values stay out: they hold credentials.
impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Captured({:?})", self.request())
    }
}

/// A target in origin form, as a server's router sees it: `/a?b` of `http://host/a?b`.
///
/// # Errors
///
/// What is wrong with it.
pub fn origin_form(target: &str) -> Result<Cow<'_, str>, &'static str> {
    if target.bytes().any(|byte| byte == b' ' || byte.is_ascii_control()) {
        return Err("the target holds a blank or a control character; on the wire these are percent-encoded");
    }
    // HTTP has no fragment on the wire; a server drops it before it looks at anything.
    let target = target.split('#').next().unwrap_or_default();
    if target.starts_with('/') {
        return Ok(Cow::Borrowed(target));
    }
    let lower = target.get(..8).unwrap_or(target).to_ascii_lowercase();
    let behind = if lower.starts_with("http://") || lower.starts_with("https://") {
        target.split_once("://").map(|(_, behind)| behind)
    } else {
        None
    };
    let Some(behind) = behind else {
        return Err("the target begins neither with `/` nor with `http://` or `https://`");
    };
    let at = behind.find(['/', '?']).unwrap_or(behind.len());
    let (_, target) = behind.split_at_checked(at).unwrap_or((behind, ""));
    Ok(if target.starts_with('/') { Cow::Borrowed(target) } else { Cow::Owned(format!("/{target}")) })
}

/// Takes a line off the front, without its end.
fn next_line<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    if rest.is_empty() {
        return None;
    }
    let at = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (line, behind) = rest.split_at_checked(at).unwrap_or((rest, &[]));
    *rest = behind.get(1..).unwrap_or_default();
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

/// Whether the first line that could begin a request is one that curl marked as sent.
fn printed_by_curl(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(line) = next_line(&mut rest) {
        if line.starts_with(b"> ") {
            return true;
        }
        let said_by_curl = [&b"*"[..], b"<", b"{", b"}", b" ", b"Note:"];
        if !line.is_empty() && !said_by_curl.iter().any(|start| line.starts_with(start)) {
            return false;
        }
    }
    false
}

fn request_line(line: &[u8]) -> Result<Captured, &'static str> {
    let line = std::str::from_utf8(line).map_err(|_| "the request line is not UTF-8")?;
    if line.starts_with("HTTP/") {
        return Err("this is an answer, not a request");
    }
    let form = "a request line reads like `GET /api/tenants HTTP/1.1`";
    let (method, rest) = line.split_once(' ').ok_or(form)?;
    let (target, version) = rest.trim_end().rsplit_once(' ').ok_or(form)?;
    if !version.starts_with("HTTP/") {
        return Err(form);
    }
    let target = origin_form(target)?.into_owned();
    let method = http::Method::from_bytes(method.as_bytes()).map_err(|_| form)?;
    Ok(Captured { method: method.as_str().to_owned(), target, headers: HeaderMap::new(), body: None })
}

fn header_field(line: &[u8], headers: &mut HeaderMap) -> Result<(), &'static str> {
    if line.starts_with(b" ") || line.starts_with(b"\t") {
        return Err("a header field may not go on in a second line (RFC 9112, section 5.2): write it in one");
    }
    let at = line.iter().position(|byte| *byte == b':').ok_or("a header field reads `Name: value`")?;
    let (name, value) = line.split_at_checked(at).unwrap_or((line, b""));
    let name = HeaderName::from_bytes(name)
        .map_err(|_| "the name of this header field holds a character that names do not have")?;
    let value = HeaderValue::from_bytes(value.get(1..).unwrap_or_default().trim_ascii())
        .map_err(|_| "the value of this header field holds a control character")?;
    headers.try_append(name, value).map_err(|_| "there are too many header fields")?;
    Ok(())
}

/// The body, if what stands behind the head can be one.
fn body(headers: &HeaderMap, rest: &[u8]) -> Option<Vec<u8>> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return None;
    }
    let Some(length) = headers.get(CONTENT_LENGTH) else { return Some(rest.to_vec()) };
    let length = length.to_str().ok()?.parse().ok()?;
    rest.get(..length).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Captured {
        Captured::from_http(text.as_bytes()).unwrap()
    }

    fn fails(text: &str) -> NotARequest {
        Captured::from_http(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn line_ends_and_forms_of_the_target_make_no_difference() {
        for text in [
            "PUT /a%20b?c HTTP/1.1\r\nDate:  x \r\nA:1\r\na: 2\r\nContent-Length: 2\r\n\r\nhi",
            "PUT /a%20b?c HTTP/1.1\nDate: x\nA: 1\nA: 2\ncontent-length: 2\n\nhi\n",
            "\n\nPUT HTTPS://h:1/a%20b?c HTTP/1.0\nDate: x\nA: 1\nA: 2\ncontent-length: 2\n\nhi and more",
        ] {
            let captured = read(text);
            assert_eq!((captured.method.as_str(), captured.target.as_str()), ("PUT", "/a%20b?c"));
            assert_eq!(captured.headers["date"], "x");
            assert_eq!(captured.headers.get_all("a").iter().collect::<Vec<_>>(), ["1", "2"]);
            assert_eq!(captured.body.as_deref(), Some(&b"hi"[..]), "{text}");
        }
        assert_eq!(read("GET http://h HTTP/1.1").target, "/");
        assert_eq!(read("GET http://h?a HTTP/1.1").target, "/?a");
    }

    #[test]
    fn header_values_are_bytes() {
        let captured = Captured::from_http(b"GET / HTTP/1.1\nx-odps-a: \xe4\xff\n\n").unwrap();
        assert_eq!(captured.headers["x-odps-a"].as_bytes(), b"\xe4\xff");
    }

    #[test]
    fn of_what_curl_prints_only_the_first_request_is_taken() {
        let captured = read(
            "  % Total    % Received\n* Trying 127.0.0.1:8640...\n* Connected\n> POST /api/a HTTP/1.1\r\n> Host: h\r\n\
             > Content-Length: 2\r\n>\u{20}\r\n} [2 bytes data]\n* upload completely sent\n< HTTP/1.1 302 Found\r\n\
             < Location: /b\r\n<\r\n> GET /b HTTP/1.1\r\n> X: y\r\n>\r\n",
        );
        assert_eq!((captured.method.as_str(), captured.target.as_str()), ("POST", "/api/a"));
        assert_eq!(captured.headers.len(), 2);
        assert_eq!(captured.body, None);
        assert_eq!(read("> GET / HTTP/2\n> Host: h\n>\n< HTTP/2 200\n").body.as_deref(), Some(&b""[..]));
    }

    #[test]
    fn a_body_that_is_not_all_there_was_not_captured() {
        for text in [
            "PUT / HTTP/1.1\nContent-Length: 3\n\nhi",
            "PUT / HTTP/1.1\nContent-Length: x\n\nhi",
            "PUT / HTTP/1.1\nTransfer-Encoding: chunked\n\n2\r\nhi\r\n0\r\n\r\n",
        ] {
            assert_eq!(read(text).body, None, "{text}");
        }
    }

    #[test]
    fn what_is_no_request_is_told_with_its_line() {
        let cases = [
            ("", 1, "there is no request"),
            ("\n\n", 2, "there is no request"),
            ("* only\n* talk\n", 1, "a request line reads like"),
            ("hello\n", 1, "a request line reads like"),
            ("GET / HTTP\n", 1, "a request line reads like"),
            ("GET /\n", 1, "a request line reads like"),
            ("G\u{e4}T / HTTP/1.1\n", 1, "a request line reads like"),
            ("HTTP/1.1 200 OK\n", 1, "this is an answer"),
            ("GET /a b HTTP/1.1\n", 1, "the target holds a blank"),
            ("GET a HTTP/1.1\n", 1, "the target begins neither"),
            ("GET / HTTP/1.1\nno colon\n", 2, "a header field reads"),
            ("GET / HTTP/1.1\nA: b\n c\n", 3, "a header field may not go on"),
            ("GET / HTTP/1.1\nA b: c\n", 2, "the name of this header field"),
            ("GET / HTTP/1.1\nA: \u{1}\n", 2, "the value of this header field"),
        ];
        for (text, line, why) in cases {
            let found = fails(text);
            assert!(found.line == line && found.why.starts_with(why), "{text:?}: {found}");
        }
        let long = format!("GET / HTTP/1.1\nA: {}\n", "a".repeat(HEAD_LIMIT));
        assert_eq!(fails(&long).why, "the head of a request is not longer than 1 MiB");
        let many = format!("GET / HTTP/1.1\n{}", "A:\n".repeat(200_000));
        assert!(Captured::from_http(many.as_bytes()).is_ok_and(|captured| captured.headers.len() == 200_000));
        let names: String = (0..40_000).map(|number| format!("a{number}:\n")).collect();
        assert_eq!(fails(&format!("GET / HTTP/1.1\n{names}")).why, "there are too many header fields");
    }

    #[test]
    fn it_does_not_print_credentials() {
        let text = format!("{:?}", read("GET /a HTTP/1.1\nAuthorization: ODPS a:b\n\n"));
        assert_eq!(text, "Captured(Request(GET /a, 1 header fields))");
    }
}
