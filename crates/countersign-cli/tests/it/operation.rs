//! The server as its operator meets it: signals, configuration read again, TLS, the admin listener, the request log,
//! systemd, and whether the documents say what is so.

mod admin;
mod documents;
mod request_log;
pub(crate) mod serving;
mod signals;
mod systemd;
mod tls;
