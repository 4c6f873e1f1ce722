//! The signature schemes, one file each.

mod odps;
pub(crate) mod sigv4;

use crate::claim::Claim;
use crate::request::Request;
use crate::scheme::{Marks, ReadError, Scheme};

/// MaxCompute (ODPS), versions 2 and 4.
pub const ODPS: &dyn Scheme = &odps::Odps;

/// AWS Signature Version 4.
pub const SIGV4: &dyn Scheme = &sigv4::SigV4;

/// Every scheme. A request is read by the first whose marks it bears: what stands in `Authorization` goes before what
/// stands in the query, and that before what may stand in the body.
pub const ALL: &[&dyn Scheme] = &[ODPS, SIGV4];

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
