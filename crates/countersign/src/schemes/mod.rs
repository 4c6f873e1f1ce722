//! The signature schemes, one file each.

mod apisix;
mod cavage;
mod kong;
mod odps;
mod rfc9421;

use crate::claim::Claim;
use crate::request::Request;
use crate::scheme::{Marks, ReadError, Scheme};

/// MaxCompute (ODPS), versions 2 and 4.
pub const ODPS: &dyn Scheme = &odps::Odps;

/// The HMAC dialect of Kong's plugin hmac-auth.
pub const KONG: &dyn Scheme = &kong::Kong;

/// The HMAC dialect of APISIX's plugin hmac-auth.
pub const APISIX: &dyn Scheme = &apisix::Apisix;

/// HTTP Message Signatures (RFC 9421).
pub const RFC9421: &dyn Scheme = &rfc9421::Rfc9421;

/// Every scheme. A request is read by the first whose marks it bears: what stands in `Authorization` goes before what
/// stands in the query, and that before what may stand in the body.
pub const ALL: &[&dyn Scheme] = &[ODPS, KONG, APISIX, RFC9421];

/// Reads the claim of a request by the scheme whose marks it bears; `None` where it bears no scheme's.
#[inline]
pub fn read<'r>(request: &Request<'r>) -> Option<(&'static dyn Scheme, Result<Claim<'r>, ReadError>)> {
    let marks = Marks::of(request);
    let scheme = ALL.iter().find(|scheme| scheme.is_borne(&marks))?;
    Some((*scheme, scheme.read(request)))
}

/// The scheme of this name.
pub fn named(name: &str) -> Option<&'static dyn Scheme> {
    ALL.iter().find(|scheme| scheme.name() == name).copied()
}
