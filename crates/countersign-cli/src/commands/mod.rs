//! The commands, one file each.

pub(crate) mod access_key;
pub(crate) mod account;
pub(crate) mod config;
pub(crate) mod dev;
pub(crate) mod doctor;
pub(crate) mod exec;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod master_key;
pub(crate) mod migrate;
pub(crate) mod project;
pub(crate) mod request;
pub(crate) mod ring_key;
pub(crate) mod serve;
pub(crate) mod sign;
mod signing;
pub(crate) mod whoami;
