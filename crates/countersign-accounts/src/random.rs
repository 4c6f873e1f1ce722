//! The operating system's random generator: the only place that asks it.

use rand_core::{CryptoRng, UnwrapErr};

/// A generator for ids, secrets, keys and nonces.
///
/// # Panics
///
/// Its methods panic where the operating system has no randomness to give. Nothing can be done safely then.
pub fn from_system() -> impl CryptoRng {
    UnwrapErr(getrandom::SysRng)
}
