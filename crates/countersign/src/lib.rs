//! Signatures on HTTP requests: read a claim, build the string to sign, sign, verify, say refusals in the caller's own
//! protocol, and explain why a signature does not match ([`explain`]).
//!
//! ```text
//!  Request ──read──▶ Claim ──verify(Key)──▶ Proven        or a Refusal ──Dialect──▶ Spoken
//!                      │
//!                      └──write(Reading)──▶ StringToSign ──▶ MAC
//! ```
//!
//! Everything is a plain value. Nothing here opens a socket, reads a clock, or knows where keys come from: the time is
//! an argument, and so is randomness.
//!
//! ```
//! use countersign::{AccessKeyId, AccessKeySecret, Body, Credential, Place, Request, SignOptions, Timestamp};
//! use countersign::{schemes, sign, string_to_sign};
//!
//! let credential =
//!     Credential { id: AccessKeyId::new("CSAKexample")?, secret: AccessKeySecret::new("the secret") };
//! let now = Timestamp::parse_rfc3339("2026-11-21T23:23:13Z").unwrap();
//! let (mut parts, ()) = http::Request::get("http://127.0.0.1:8640/api/tenants").body(())?.into_parts();
//! sign(schemes::ODPS, Place::at("/api"), &mut parts, b"", &credential, &SignOptions::at(now))?;
//!
//! let request = Request::new("GET", "/api/tenants", &parts.headers, Body::Whole(b""));
//! let (scheme, claim) = schemes::read(&request).unwrap();
//! let text = string_to_sign(scheme, Place::at("/api"), &request, claim?);
//! assert_eq!(text, "GET\n\n\nSat, 21 Nov 2026 23:23:13 GMT\n/tenants");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod buffer;
mod bytes;
pub mod canonical;
mod chunks;
mod claim;
pub mod crypto;
pub mod dialects;
pub mod explain;
mod key;
mod refusal;
mod request;
mod scheme;
pub mod schemes;
mod sign;
mod time;
mod verify;

pub use chunks::{ChunkSigner, Chunks};
pub use claim::{BodyCheck, Claim, Covered, HeaderField, Lifetime, Payload, Scope};
pub use key::{
    AccessKeyId, AccessKeySecret, Algorithm, Key, MadeKeys, NotAnAccessKeyId, SecretKey, Signature,
    SigningKey, SigningKeys,
};
pub use refusal::{Ambiguity, Malformed, Refusal};
pub use request::{Body, Request};
pub use scheme::{Marks, Place, ReadError, Reading, Scheme, SignOptions, StringToSign};
pub use sign::{Credential, sign, sign_chunks};
pub use time::Timestamp;
pub use verify::{
    LONGEST_PRESIGNED, Proven, Readings, Unsigned, covers, fresh, mismatch, stands_until, string_to_sign,
    verify,
};
