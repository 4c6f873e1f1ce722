//! What stands on the caller's side: the profiles that people already have, and signed requests.
//!
//! [`Profile`] reads them from `odps_config.ini`, `~/.aliyun/config.json`, `~/.aws` and the environment, lays one over the
//! other, and gives one to other programs ([`environment`]). [`properties`] is the file format of the first, exactly as
//! Java reads it.
//!
//! [`Signer`] puts a signature of any scheme on an [`http::Request`], [`SigningMiddleware`] on what `reqwest` sends.
//! [`Client`] signs by a profile and sends.
//!
//! Nothing here prints, and nothing reads the environment or the clock by itself.

mod error;
mod middleware;
mod profile;
pub mod properties;
mod signer;
mod transport;

pub use error::{ProfileError, Warning};
pub use middleware::{NotSigned, SigningMiddleware};
pub use profile::environment::{Family, Variable, environment};
pub use profile::{Loaded, Profile, SecurityToken, write_odps_config};
pub use signer::Signer;
pub use transport::{Answer, Client, ClientError, Signed};
