//! The keyring and the verifier, as a front uses them.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod keyring;
mod replay;
mod timing;
mod verifier;

use countersign::crypto::PublicKey;
use countersign::{AccessKeyId, AccessKeySecret};
use countersign_accounts::access_key::{Description, KeyMaterial};
use countersign_accounts::account::Email;
use countersign_accounts::change::{Change, Revision};
use countersign_accounts::id::AccountId;
use countersign_accounts::random;
use countersign_accounts::seal::{MasterKey, Ring, RingKey, Sealed};

/// A ring of one key.
pub(crate) fn ring() -> Ring {
    let mut random = random::from_system();
    let master = MasterKey::generate(&mut random);
    let row = RingKey::generate(1, &mut random).seal("test", &master, true, &mut random);
    Ring::open("test", &master, &[row]).unwrap()
}

pub(crate) fn account(name: &str) -> AccountId {
    AccountId::from_text(name)
}

pub(crate) fn id(text: &str) -> AccessKeyId {
    AccessKeyId::new(text).unwrap()
}

pub(crate) fn opened(name: &str) -> Change {
    let email = Email::new(&format!("{name}@example.com")).unwrap();
    Change::AccountOpened { account: account(name), email, access_key_limit: 10 }
}

/// A created key and the sealed secret `secret of ID`.
pub(crate) fn created(ring: &Ring, owner: &str, key: &str) -> (Change, Option<Sealed>) {
    let secret = AccessKeySecret::new(format!("secret of {key}"));
    created_of(ring, owner, key, &KeyMaterial::Secret(secret))
}

/// A created key of this material.
pub(crate) fn created_of(
    ring: &Ring,
    owner: &str,
    key: &str,
    material: &KeyMaterial,
) -> (Change, Option<Sealed>) {
    let sealed = ring.seal_material(&id(key), &account(owner), material, &mut random::from_system());
    let change = Change::AccessKeyCreated {
        account: account(owner),
        access_key: id(key),
        description: Description::default(),
        expires: None,
        replaces: None,
        networks: countersign_accounts::network::Networks::default(),
        kind: material.kind(),
        disabled: false,
    };
    (change, Some(sealed))
}

/// A public key: that of RFC 8410, section 10.1.
pub(crate) fn public_key() -> PublicKey {
    let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    PublicKey::from_pem(pem).unwrap()
}

pub(crate) fn revision(seq: u64) -> Revision {
    Revision { epoch: 1, seq, tag: seq * 7 }
}
