//! Keyrings to measure.

use std::sync::Arc;

use countersign::{AccessKeyId, AccessKeySecret};
use countersign_accounts::access_key::Description;
use countersign_accounts::account::Email;
use countersign_accounts::change::{Change, Revision};
use countersign_accounts::id::AccountId;
use countersign_accounts::keyring::{Keyring, Snapshot};
use countersign_accounts::random;
use countersign_accounts::seal::{MasterKey, Ring, RingKey};

/// A keyring of one account with these keys.
pub(crate) fn of(keys: impl IntoIterator<Item = (AccessKeyId, AccessKeySecret)>) -> Arc<Keyring> {
    let random = &mut random::from_system();
    let master = MasterKey::generate(random);
    let row = RingKey::generate(1, random).seal("bench", &master, true, random);
    let ring = Ring::open("bench", &master, &[row]).unwrap();
    let account = AccountId::generate(random);
    let email = Email::new("bench@example.com").unwrap();
    let opened = Change::AccountOpened { account: account.clone(), email, access_key_limit: u32::MAX };
    let revision = |seq| Revision { epoch: 1, seq, tag: seq };
    let mut snapshot = Snapshot::empty().after(&[(revision(1), opened, None)], &ring).unwrap();
    let mut seq = 1;
    let mut keys = keys.into_iter().peekable();
    while keys.peek().is_some() {
        let page: Vec<_> = keys
            .by_ref()
            .take(1000)
            .map(|(access_key, secret)| {
                seq += 1;
                let sealed = ring.seal_secret(&access_key, &account, &secret, random);
                let change = Change::AccessKeyCreated {
                    account: account.clone(),
                    access_key,
                    description: Description::default(),
                    expires: None,
                    replaces: None,
                    networks: countersign_accounts::network::Networks::default(),
                    kind: countersign_accounts::access_key::AccessKeyKind::Secret,
                    disabled: false,
                };
                (revision(seq), change, Some(sealed))
            })
            .collect();
        snapshot = snapshot.after(&page, &ring).unwrap();
    }
    Arc::new(Keyring::new(snapshot))
}
