//! The vectors and the laws of the signature schemes.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod acs;
mod cases;
mod chosen;
mod explain;
mod hmac_auth;
mod laws;
mod oss;
mod oss_cases;
mod oss_laws;
mod rfc9421;
mod sigv4;
mod vectors;
