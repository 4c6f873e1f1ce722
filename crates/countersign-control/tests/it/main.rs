//! The endpoint, asked as its clients ask it, over a store of its own.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod admin;
mod authorization;
mod bearer_token;
mod bodies;
mod cases;
mod console;
mod credentials;
mod echo;
mod paths;
mod people;
mod projects;
mod recorded;
mod recycle_bin;
mod request_log;
mod source_networks;
mod store_failure;
mod wire;
mod world;
