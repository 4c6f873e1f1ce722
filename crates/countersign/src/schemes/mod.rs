//! The signature schemes, one file each.

mod odps;

use crate::claim::Claim;
use crate::refusal::Malformed;
use crate::request::Request;
use crate::scheme::Scheme;

/// MaxCompute (ODPS), versions 2 and 4.
pub const ODPS: &dyn Scheme = &odps::Odps;

/// Every scheme. A request is read by the first that knows its marks.
pub const ALL: &[&dyn Scheme] = &[ODPS];

/// Reads the claim of a request by the scheme whose marks it bears; `None` where it bears no scheme's.
#[inline]
pub fn read<'r>(request: &Request<'r>) -> Option<(&'static dyn Scheme, Result<Claim<'r>, Malformed>)> {
    for scheme in ALL {
        if let Some(read) = scheme.read(request) {
            return Some((*scheme, read));
        }
    }
    None
}
