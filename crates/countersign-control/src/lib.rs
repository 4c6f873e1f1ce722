//! What people and programs change: use cases once, in `app`, and the faces on them.

pub mod app;
mod arrival;
mod body;
pub mod endpoint;
mod maxcompute;
pub mod node;
pub mod server;
pub mod state;
pub mod usage;
