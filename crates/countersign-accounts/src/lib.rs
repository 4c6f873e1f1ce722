//! Accounts, projects and AccessKeys, what may happen to them, and the keyring that judges requests by them.
//!
//! Nothing here does I/O: what is stored arrives as values, and the clock and randomness arrive as arguments (their
//! one source each is [`clock`] and [`random`]).

pub mod access_key;
pub mod account;
pub mod change;
pub mod clock;
pub mod factor;
pub mod id;
pub mod keyring;
pub mod link;
pub mod network;
pub mod password;
pub mod project;
pub mod random;
pub mod real_name;
pub mod replay;
pub mod seal;
pub mod session;
pub mod token;
pub mod totp;
pub mod verifier;
