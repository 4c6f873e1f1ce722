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
mod accounts;
mod bad_input;
mod clocks;
mod console;
mod dev;
mod documents;
mod durability;
mod help;
mod import;
mod keys_at_rest;
mod operation;
mod places;
#[path = "../../../countersign-store/tests/it/postgres.rs"]
mod postgres;
mod postgresql;
mod public_keys;
mod pyodps;
mod replies;
mod rotation;
mod sdk;
mod signing;
mod support;
mod tamper;
mod vectors;
