//! Alibaba Cloud OSS, versions 1 and 2.
//!
//! ```text
//! Authorization: OSS <AccessKey id>:<signature>                                                 version 1
//! ?OSSAccessKeyId=<AccessKey id>&Expires=<seconds since 1970>&Signature=<signature>
//!
//! Authorization: OSS2 AccessKeyId:<AccessKey id>[,AdditionalHeaders:a;b],Signature:<signature>  version 2
//! ?x-oss-signature-version=OSS2&x-oss-access-key-id=<AccessKey id>&x-oss-expires=<seconds since 1970>
//!  [&x-oss-additional-headers=a;b]&x-oss-signature=<signature>
//! ```
//!
//! Version 1 is HMAC-SHA1 in base 64 over this, version 2 HMAC-SHA256:
//!
//! ```text
//! METHOD \n Content-MD5 \n Content-Type \n x-oss-date, or else Date, or else Expires \n { name:value \n }*  resource
//! ```
//!
//! The header fields are those that begin with `x-oss-`, and in version 2 the additional ones, whose names follow in a
//! line of their own. The resource is `/bucket/key`, wherever the bucket stands ([`address`]). Version 1 has it decoded,
//! and of the query only sub-resources, decoded, sorted: all other parameters are anybody's. Version 2 has it encoded,
//! with all of the query. Neither covers `Host`, nor the body but for a `Content-MD5` that the client sends.
//!
//! Sources: oss2 2.19.1 `oss2/auth.py`, `ProviderAuth` and `ProviderAuthV2`; ali-oss 6.23 `lib/common/signUtils.js`;
//! Alibaba Cloud's pages "Include signatures in the Authorization header" and "Add signatures to URLs".

pub(super) mod address;
mod authorization;
pub(super) mod parts;
pub(super) mod query;
pub(super) mod signing;
mod sub_resources;
mod v1;
mod v2;

pub(super) use self::authorization::{ADDITIONAL_PARAMETER, Form};
pub(super) use self::v1::Oss;
pub(super) use self::v2::{Oss2, is_version_2};
