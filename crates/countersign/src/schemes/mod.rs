//! The signature schemes, one file each.

mod acs;
mod acs3;
mod acs_roa;
mod acs_rpc;
mod apisix;
mod cavage;
mod kong;
mod odps;
mod oss;
mod oss4;
mod rfc9421;
pub(crate) mod sigv4;

use crate::claim::Claim;
use crate::request::Request;
use crate::scheme::{Marks, ReadError, Scheme};

/// MaxCompute (ODPS), versions 2 and 4.
pub const ODPS: &dyn Scheme = &odps::Odps;

/// Alibaba Cloud's management APIs, signature version 3.
pub const ACS3: &dyn Scheme = &acs3::Acs3;

/// Alibaba Cloud's older management APIs with paths.
pub const ACS_ROA: &dyn Scheme = &acs_roa::AcsRoa;

/// Alibaba Cloud's older management APIs without: all stands in parameters.
pub const ACS_RPC: &dyn Scheme = &acs_rpc::AcsRpc;

/// Alibaba Cloud OSS, version 1.
pub const OSS: &dyn Scheme = &oss::Oss;

/// Alibaba Cloud OSS, version 2.
pub const OSS2: &dyn Scheme = &oss::Oss2;

/// Alibaba Cloud OSS, version 4.
pub const OSS4: &dyn Scheme = &oss4::Oss4;

/// AWS Signature Version 4.
pub const SIGV4: &dyn Scheme = &sigv4::SigV4;

/// The HMAC dialect of Kong's plugin hmac-auth.
pub const KONG: &dyn Scheme = &kong::Kong;

/// The HMAC dialect of APISIX's plugin hmac-auth.
pub const APISIX: &dyn Scheme = &apisix::Apisix;

/// HTTP Message Signatures (RFC 9421).
pub const RFC9421: &dyn Scheme = &rfc9421::Rfc9421;

/// Every scheme. A request is read by the first whose marks it bears: what stands in `Authorization` goes before what
/// stands in the query, and that before what may stand in the body: any form that is posted to `/` may be signed by RPC,
/// which is the last therefore.
pub const ALL: &[&dyn Scheme] =
    &[ODPS, ACS3, ACS_ROA, OSS4, OSS2, OSS, SIGV4, KONG, APISIX, RFC9421, ACS_RPC];

/// The claim of a request, read once by the scheme whose marks it bears; `None` where it bears no scheme's.
#[inline]
pub fn read<'a, 'r>(
    request: &'a Request<'r>,
) -> Option<(&'static dyn Scheme, Result<&'a Claim<'r>, ReadError>)> {
    let marks = Marks::of(request);
    let scheme = ALL.iter().find(|scheme| scheme.is_borne(&marks))?;
    Some((*scheme, request.claim(*scheme).as_ref().map_err(ReadError::clone)))
}

/// The scheme of this name.
pub fn named(name: &str) -> Option<&'static dyn Scheme> {
    ALL.iter().find(|scheme| scheme.name() == name).copied()
}

/// What a request is signed with whose `Authorization` no scheme here reads, where that is known: the schemes of Alibaba
/// Cloud's log service, and the one of its newest gateways.
pub fn known_but_unsupported(authorization: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&str, &str); 4] = [
        ("ACS4-HMAC-SHA256 ", "ACS4-HMAC-SHA256"),
        ("ACS4-HMAC-SM3 ", "ACS4-HMAC-SM3"),
        ("LOG ", "SLS version 1 (`LOG`)"),
        ("SLS4-HMAC-SHA256 ", "SLS4-HMAC-SHA256"),
    ];
    KNOWN.iter().find(|(start, _)| authorization.starts_with(start.as_bytes())).map(|(_, name)| *name)
}
