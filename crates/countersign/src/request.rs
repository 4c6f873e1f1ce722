//! A request as it stood on the wire.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName};
use http::request::Parts;

use crate::bytes::{ESCAPE, NOT_IN_TARGETS, kinds_in};
use crate::canonical::{Parameters, decode};
use crate::claim::Claim;
use crate::refusal::Malformed;
use crate::scheme::{ReadError, Scheme};

/// A request as it stood on the wire: nothing decoded, nothing normalized.
///
/// Whoever makes one hands over the target as it was received. What a scheme decodes to build its string to sign is
/// its own view; routes are to be chosen by the raw path.
#[derive(Clone)]
pub struct Request<'r> {
    method: &'r str,
    path: &'r str,
    query: Option<&'r str>,
    headers: &'r HeaderMap,
    body: Body<'r>,
    /// The first `Authorization`: nearly all that looks at a request asks for it.
    authorization: Option<&'r [u8]>,
    /// The kinds of all bytes of the path.
    path_kinds: u8,
    /// The query, taken apart once: to tell the scheme, to read and to canonicalize take it alike.
    parameters: Parameters<'r>,
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
    #[inline(always)]
    pub fn new(method: &'r str, target: &'r str, headers: &'r HeaderMap, body: Body<'r>) -> Self {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        Self::whole(method, path, query, headers, body)
    }

    /// A request from the head that the `http` crate holds of it.
    #[inline(always)]
    pub fn of(head: &'r Parts, body: Body<'r>) -> Self {
        Self::whole(head.method.as_str(), head.uri.path(), head.uri.query(), &head.headers, body)
    }

    #[inline(always)]
    fn whole(
        method: &'r str,
        path: &'r str,
        query: Option<&'r str>,
        headers: &'r HeaderMap,
        body: Body<'r>,
    ) -> Self {
        Self {
            method,
            path,
            query,
            headers,
            body,
            authorization: headers.get(AUTHORIZATION).map(|value| value.as_bytes()),
            path_kinds: kinds_in(path.as_bytes()),
            parameters: Parameters::of_query(query.unwrap_or_default()),
            with_form: OnceCell::new(),
            claim: OnceCell::new(),
        }
    }

    /// Its claim by the scheme that reads it, which is the same each time.
    pub(crate) fn claim(&self, scheme: &dyn Scheme) -> &Result<Claim<'r>, ReadError> {
        self.claim.get_or_init(|| {
            if self.parameters.is_cut() {
                let why = "it has more than 65,535 parameters, or is longer than 256 MiB";
                return Err(Malformed::unreadable("the query", why).into());
            }
            scheme.read(self)
        })
    }

    /// The method.
    pub fn method(&self) -> &'r str {
        self.method
    }

    /// The target up to the first `?`.
    pub fn path(&self) -> &'r str {
        self.path
    }

    /// The path, decoded.
    pub(crate) fn decoded_path(&self) -> Cow<'r, [u8]> {
        let path = self.path.as_bytes();
        if self.path_holds(ESCAPE) { decode(path) } else { Cow::Borrowed(path) }
    }

    /// Whether the path holds a byte of these kinds.
    pub(crate) fn path_holds(&self, kinds: u8) -> bool {
        self.path_kinds & kinds != 0
    }

    /// Whether the query holds a byte of these kinds.
    pub(crate) fn query_holds(&self, kinds: u8) -> bool {
        self.query.is_some_and(|query| kinds_in(query.as_bytes()) & kinds != 0)
    }

    /// The header fields.
    pub fn headers(&self) -> &'r HeaderMap {
        self.headers
    }

    /// Whether some header field stands there more than once. Most requests have none that does.
    pub(crate) fn repeats_fields(&self) -> bool {
        self.headers.len() > self.headers.keys_len()
    }

    /// The first `Authorization`.
    pub(crate) fn authorization(&self) -> Option<&'r [u8]> {
        self.authorization
    }

    /// How much of the body is in hand.
    pub fn body(&self) -> Body<'r> {
        self.body
    }

    /// The target after the first `?`, where there is one.
    pub fn query(&self) -> Option<&'r str> {
        self.query
    }

    /// The parameters of the query, in the order in which they were sent.
    pub fn parameters(&self) -> &Parameters<'r> {
        &self.parameters
    }

    /// The parameters of the query, and behind them those of the body, which is a form.
    pub(crate) fn parameters_with_form(&self) -> &Parameters<'r> {
        self.with_form.get_or_init(|| {
            let mut all = Box::new(Parameters::of_query(self.query.unwrap_or_default()));
            if let Body::Whole(form) = self.body {
                all.add_form(form);
            }
            all
        })
    }

    /// Whether the query has a parameter of this name.
    #[inline(always)]
    pub fn has_parameter(&self, name: &str) -> bool {
        self.parameters.last(name).is_some()
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
        let is_odd = self.path_holds(NOT_IN_TARGETS) || self.query_holds(NOT_IN_TARGETS);
        if !self.path.starts_with('/') || is_odd {
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
        if self.repeats_fields() && self.headers.get_all(name).iter().nth(1).is_some() {
            return Err(Malformed::Repeated(name.to_string()));
        }
        Ok(self.headers.get(name).map(|value| value.as_bytes()))
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
