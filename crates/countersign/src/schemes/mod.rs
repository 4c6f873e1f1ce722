//! The signature schemes, one file each.

mod odps;
mod oss;
mod oss4;

use crate::claim::Claim;
use crate::request::Request;
use crate::scheme::{Marks, ReadError, Scheme};

/// MaxCompute (ODPS), versions 2 and 4.
pub const ODPS: &dyn Scheme = &odps::Odps;

/// Alibaba Cloud OSS, version 1.
pub const OSS: &dyn Scheme = &oss::Oss;

/// Alibaba Cloud OSS, version 2.
pub const OSS2: &dyn Scheme = &oss::Oss2;

/// Alibaba Cloud OSS, version 4.
pub const OSS4: &dyn Scheme = &oss4::Oss4;

/// Every scheme. A request is read by the first whose marks it bears: what stands in `Authorization` goes before what
/// stands in the query, and that before what may stand in the body.
pub const ALL: &[&dyn Scheme] = &[ODPS, OSS4, OSS2, OSS];

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
