//! A request as it stood on the wire.

use std::cell::OnceCell;
use std::fmt;

use http::HeaderMap;
use http::header::HeaderName;
use http::request::Parts;

use crate::bytes::{NOT_IN_TARGETS, holds};
use crate::canonical::{Parameters, parameters};
use crate::claim::Claim;
use crate::refusal::Malformed;
use crate::scheme::{ReadError, Scheme};

/// A request as it stood on the wire: nothing decoded, nothing normalized.
///
/// Whoever makes one hands over the target as it was received. What a scheme decodes to build its string to sign is
/// its own view; routes are to be chosen by the raw path.
#[derive(Clone)]
pub struct Request<'r> {
    pub method: &'r str,
    /// The target up to the first `?`.
    pub path: &'r str,
    /// The target after the first `?`, where there is one.
    query: Option<&'r str>,
    pub headers: &'r HeaderMap,
    pub body: Body<'r>,
    /// The query, taken apart when it is first asked for: to tell the scheme, to read and to canonicalize take it alike.
    parameters: OnceCell<Parameters<'r>>,
    /// The same with those of the body, for whoever takes the two together.
    with_form: OnceCell<Box<Parameters<'r>>>,
    /// What it says of itself. It is large, and whoever judges it looks at it here.
    claim: OnceCell<Result<Claim<'r>, ReadError>>,
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
        Self::whole(method, path, query, headers, body)
    }

    /// A request from the head that the `http` crate holds of it.
    pub fn of(head: &'r Parts, body: Body<'r>) -> Self {
        Self::whole(head.method.as_str(), head.uri.path(), head.uri.query(), &head.headers, body)
    }

    fn whole(
        method: &'r str,
        path: &'r str,
        query: Option<&'r str>,
        headers: &'r HeaderMap,
        body: Body<'r>,
    ) -> Self {
        let (parameters, with_form, claim) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { method, path, query, headers, body, parameters, with_form, claim }
    }

    /// Its claim by the scheme that reads it, which is the same each time.
    pub(crate) fn claim(&self, scheme: &dyn Scheme) -> &Result<Claim<'r>, ReadError> {
        self.claim.get_or_init(|| scheme.read(self))
    }

    /// The target after the first `?`, where there is one.
    pub fn query(&self) -> Option<&'r str> {
        self.query
    }

    /// The parameters of the query, in the order in which they were sent.
    pub fn parameters(&self) -> &Parameters<'r> {
        self.parameters.get_or_init(|| parameters(self.query.unwrap_or_default().as_bytes()))
    }

    /// The parameters of the query, and behind them those of the body, which is a form.
    pub(crate) fn parameters_with_form(&self) -> &Parameters<'r> {
        self.with_form.get_or_init(|| {
            let mut all = parameters(self.query.unwrap_or_default().as_bytes());
            if let Body::Whole(form) = self.body {
                all.take_apart(form);
            }
            Box::new(all)
        })
    }

    /// Whether the query has a parameter of this name.
    pub fn has_parameter(&self, name: &str) -> bool {
        // Of a request without a query, nothing is to be taken apart.
        self.query.is_some() && self.parameters().named(name).is_some()
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
        let is_odd = |text: &str| holds(text.as_bytes(), NOT_IN_TARGETS);
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
