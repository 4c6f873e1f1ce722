//! The program as people and real clients use it.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking, says what it skips, and reads its environment"
)]

mod access_keys;
mod dev;
mod help;
mod places;
mod pyodps;
mod replies;
mod rotation;
mod support;
mod vectors;
