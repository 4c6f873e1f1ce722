//! A request as it stood on the wire.

use std::fmt;

use http::HeaderMap;
use http::header::HeaderName;

use crate::canonical::any;
use crate::refusal::Malformed;

/// A request as it stood on the wire: nothing decoded, nothing normalized.
///
/// Whoever makes one hands over the target as it was received. What a scheme decodes to build its string to sign is
/// its own view; routes are to be chosen by the raw path.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    pub method: &'r str,
    /// The target up to the first `?`.
    pub path: &'r str,
    /// The target after the first `?`, where there is one.
    pub query: Option<&'r str>,
    pub headers: &'r HeaderMap,
    pub body: Body<'r>,
}

/// How much of the body is in hand.
#[derive(Clone, Copy)]
pub enum Body<'r> {
    Whole(&'r [u8]),
    /// It has not been read yet. A verdict that depends on it asks for it.
    Unread,
}

impl<'r> Request<'r> {
    /// A request from its target, such as `/api/projects?name=a`.
    pub fn new(method: &'r str, target: &'r str, headers: &'r HeaderMap, body: Body<'r>) -> Self {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        Self { method, path, query, headers, body }
    }

    /// Whether the method is a token and the target a path and a query of printable ASCII (RFC 9112, section 3). For
    /// schemes that sign both as they stand: a line end in one would be a line more.
    ///
    /// # Errors
    ///
    /// [`Malformed::Unreadable`], where they are not.
    pub(crate) fn check_line(&self) -> Result<(), Malformed> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if self.method.is_empty() || !self.method.bytes().all(is_token) {
            return Err(Malformed::unreadable("the method", "it holds characters that methods do not have"));
        }
        let is_odd =
            |text: &str| any(text.as_bytes(), |byte| (byte <= b' ') | (byte > b'~') | (byte == b'#'));
        if !self.path.starts_with('/') || is_odd(self.path) || is_odd(self.query.unwrap_or_default()) {
            return Err(Malformed::unreadable(
                "the target",
                "it should be a path and a query in ASCII, without a fragment; write other characters as `%XX`",
            ));
        }
        Ok(())
    }

    /// The value of a header field that may stand once. Twice is malformed: signer and server might take different
    /// ones.
    pub fn header(&self, name: &HeaderName) -> Result<Option<&'r [u8]>, Malformed> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next();
        if values.next().is_some() {
            return Err(Malformed::Repeated(name.to_string()));
        }
        Ok(first.map(|value| value.as_bytes()))
    }

    /// The same for a field whose value must be text.
    pub fn text_header(&self, name: &HeaderName) -> Result<Option<&'r str>, Malformed> {
        let Some(value) = self.header(name)? else { return Ok(None) };
        match std::str::from_utf8(value) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(Malformed::unreadable(name.as_str(), "it is not UTF-8")),
        }
    }
}

/// Header values stay out: they hold credentials.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {}, {} header fields)", self.method, self.path, self.headers.len())
    }
}

/// Its length only: a body is the caller's business.
impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
            Self::Unread => f.write_str("Unread"),
        }
    }
}
