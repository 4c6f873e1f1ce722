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

use countersign::{AccessKeyId, AccessKeySecret};
use countersign_accounts::access_key::Description;
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
    let sealed = ring.seal_secret(&id(key), &account(owner), &secret, &mut random::from_system());
    let change = Change::AccessKeyCreated {
        account: account(owner),
        access_key: id(key),
        description: Description::default(),
        expires: None,
        replaces: None,
        networks: countersign_accounts::network::Networks::default(),
    };
    (change, Some(sealed))
}

pub(crate) fn revision(seq: u64) -> Revision {
    Revision { epoch: 1, seq, tag: seq * 7 }
}
