//! Judges signed requests in front of a service: as a `tower` layer, inside a program of yours.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use axum::{Extension, Router, routing::get};
//! use countersign::{AccessKeyId, AccessKeySecret};
//! use countersign_accounts::access_key::KeyMaterial;
//! use countersign_accounts::keyring::{Keyring, Snapshot};
//! use countersign_accounts::verifier::{Demands, Verifier};
//! use countersign_accounts::{id::AccountId, random};
//! use countersign_gate::{Caller, VerifyLayer};
//!
//! async fn hello(Extension(caller): Extension<Caller>) -> String {
//!     format!("hello, {}\n", caller.account)
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let secret = KeyMaterial::Secret(AccessKeySecret::new("the secret"));
//!     let keys = [(AccountId::from_text("acc_1"), AccessKeyId::new("CSAKexample")?, secret)];
//!     let keys = Snapshot::from_keys(keys);
//!     let verifier = Verifier::new(Arc::new(Keyring::new(keys)), &mut random::from_system());
//!     let app = Router::new()
//!         .route("/hello", get(hello))
//!         .layer(VerifyLayer::new(Arc::new(verifier), Demands::at("")));
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//!     Ok(axum::serve(listener, app).await?)
//! }
//! ```
//!
//! The layer belongs on the outermost router: one that is nested sees a path without its beginning, which is not the one
//! that was signed. What is said of bodies, and of what the signature does not cover, stands at [`VerifyLayer`].

mod body;
mod identity;
mod layer;

pub use body::{BodyError, GateBody};
pub use identity::{Caller, Coverage};
pub use layer::{Verify, VerifyLayer};
