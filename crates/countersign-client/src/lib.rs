//! What stands on the caller's side: the profiles that people already have.
//!
//! [`Profile`] reads them from `odps_config.ini` and the environment, lays one over the other and writes them.
//! [`properties`] is the file format beneath, exactly as Java reads it. [`Client`] signs by a profile and sends.
//!
//! Nothing here prints, and nothing reads the environment or the clock by itself.

mod error;
mod profile;
pub mod properties;
mod transport;

pub use error::{ProfileError, Warning};
pub use profile::{Loaded, Profile, SecurityToken, VARIABLES, write_odps_config};
pub use transport::{Answer, Client, ClientError, Signed};
