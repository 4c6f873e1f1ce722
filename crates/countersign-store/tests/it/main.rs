//! The store on both engines.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests say what is wrong by panicking"
)]

mod access_keys;
mod accounts;
mod concurrency;
mod conformance;
mod following;
mod kit;
mod law;
mod lost;
mod migrations;
mod opening;
mod people;
mod postgres;
mod prepare;
mod ring_keys;
mod sessions;
