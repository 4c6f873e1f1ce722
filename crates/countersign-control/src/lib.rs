//! What people and programs change: use cases once, in `app`, and the faces on them.

pub mod admin;
pub mod app;
mod arrival;
mod body;
pub mod captured;
pub mod connections;
pub mod console;
mod echo;
pub mod endpoint;
mod form;
pub mod hasher;
pub mod import;
mod judge;
pub mod mail;
mod maxcompute;
pub mod metrics;
pub mod node;
mod ram;
pub mod refusals;
mod request_log;
pub mod server;
pub mod state;
pub mod throttle;
pub mod tls;
pub mod usage;
