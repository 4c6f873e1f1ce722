use countersign::Key;
use countersign_accounts::access_key::{AccessKeyKind, KeyMaterial};
use countersign_accounts::change::Change;
use countersign_accounts::keyring::{Snapshot, Standing};
use countersign_accounts::network::Networks;
use countersign_accounts::seal::{Ring, SealError, Sealed};
use proptest::prelude::*;

use crate::{account, created, created_of, id, opened, public_key, revision, ring};

/// What can be seen of a snapshot, in an order of its own.
fn seen(snapshot: &Snapshot) -> Vec<(String, AccessKeyKind, String, Standing, bool, String)> {
    let mut keys: Vec<_> = snapshot
        .iter()
        .map(|key| {
            let suspended = snapshot.is_suspended(&key.account);
            let networks = snapshot.networks(key).map(ToString::to_string).unwrap_or_default();
            (key.id().to_owned(), key.kind(), key.account.to_string(), key.standing, suspended, networks)
        })
        .collect();
    keys.sort_by(|a, b| a.0.cmp(&b.0));
    keys
}

fn numbered(
    changes: &[(Change, Option<Sealed>)],
    from: u64,
) -> Vec<(countersign_accounts::change::Revision, Change, Option<Sealed>)> {
    changes
        .iter()
        .zip(from..)
        .map(|((change, sealed), seq)| (revision(seq), change.clone(), sealed.clone()))
        .collect()
}

fn change(ring: &Ring, kind: u8, owner: u8, key: u8) -> (Change, Option<Sealed>) {
    let (owner, key) = (format!("acc_{}", owner % 3), format!("K{}", key % 6));
    let (account, access_key) = (account(&owner), id(&key));
    let change = match kind % 12 {
        0 => return created(ring, &owner, &key),
        1 => {
            let (mut change, sealed) = created(ring, &owner, &key);
            if let Change::AccessKeyCreated { networks, .. } = &mut change {
                *networks = Networks::from_text("10.0.0.0/8").unwrap();
            }
            return (change, sealed);
        }
        2 => Change::AccessKeyDisabled { account, access_key },
        3 => Change::AccessKeyEnabled { account, access_key },
        4 => Change::AccessKeyDeleted { account, access_key },
        5 => Change::AccessKeyRestored { account, access_key },
        6 => Change::AccountSuspended { account },
        7 => Change::AccessKeyPurged { account, access_key },
        8 => Change::AccountClosed { account },
        9 => return created_of(ring, &owner, &key, &KeyMaterial::Public(public_key())),
        10 => {
            let (mut change, sealed) = created(ring, &owner, &key);
            if let Change::AccessKeyCreated { disabled, .. } = &mut change {
                *disabled = true;
            }
            return (change, sealed);
        }
        _ => Change::AccountResumed { account },
    };
    (change, None)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn all_changes_at_once_are_the_first_n_and_then_the_rest(
        kinds in proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let ring = ring();
        let mut changes = vec![(opened("acc_0"), None), (opened("acc_1"), None), (opened("acc_2"), None)];
        changes.extend(kinds.into_iter().map(|(kind, owner, key)| change(&ring, kind, owner, key)));
        let cut = cut.index(changes.len() + 1);

        let at_once = Snapshot::empty().after(&numbered(&changes, 1), &ring).unwrap();
        let first = Snapshot::empty().after(&numbered(&changes[..cut], 1), &ring).unwrap();
        let before = seen(&first);
        let then = first.after(&numbered(&changes[cut..], cut as u64 + 1), &ring).unwrap();
        prop_assert_eq!(seen(&at_once), seen(&then));
        prop_assert_eq!(at_once.revision(), then.revision());
        // A snapshot does not change under whoever holds it.
        prop_assert_eq!(seen(&first), before);
    }
}

#[test]
fn a_suspended_account_takes_its_keys_along_and_those_that_come_later() {
    let ring = ring();
    let suspended = Change::AccountSuspended { account: account("acc_0") };
    let changes = [
        (opened("acc_0"), None),
        created(&ring, "acc_0", "A"),
        (suspended, None),
        created(&ring, "acc_0", "B"),
    ];
    let snapshot = Snapshot::from_full_state(revision(4), &changes, &ring).unwrap();
    assert!(snapshot.is_suspended(&snapshot.get("A").unwrap().account));
    assert!(snapshot.is_suspended(&snapshot.get("B").unwrap().account));
    let resumed = Change::AccountResumed { account: account("acc_0") };
    let snapshot = snapshot.after(&[(revision(5), resumed, None)], &ring).unwrap();
    assert!(!snapshot.is_suspended(&snapshot.get("A").unwrap().account));
    assert_eq!(snapshot.revision(), revision(5));
}

#[test]
fn a_purged_key_is_gone_and_one_without_a_secret_never_comes() {
    let ring = ring();
    let (mut without, _) = created(&ring, "acc_0", "A");
    if let Change::AccessKeyCreated { networks, .. } = &mut without {
        *networks = Networks::from_text("10.0.0.0/8").unwrap();
    }
    let purged = Change::AccessKeyPurged { account: account("acc_0"), access_key: id("B") };
    let changes = [(opened("acc_0"), None), (without, None), created(&ring, "acc_0", "B"), (purged, None)];
    let snapshot = Snapshot::from_full_state(revision(4), &changes, &ring).unwrap();
    assert!(snapshot.is_empty(), "{:?}", seen(&snapshot));
}

#[test]
fn a_restored_backup_does_not_bring_back_a_key_that_was_seen_disabled() {
    let ring = ring();
    let public = |key| created_of(&ring, "acc_0", key, &KeyMaterial::Public(public_key()));
    let keys = [created(&ring, "acc_0", "A"), public("B"), created(&ring, "acc_0", "C"), public("D")];
    let mut changes = vec![(opened("acc_0"), None)];
    changes.extend(keys.iter().cloned());
    let backup = Snapshot::from_full_state(revision(5), &changes, &ring).unwrap();

    let disabled = |key| (Change::AccessKeyDisabled { account: account("acc_0"), access_key: id(key) }, None);
    let deleted = |key| (Change::AccessKeyDeleted { account: account("acc_0"), access_key: id(key) }, None);
    let later = [disabled("A"), disabled("B"), deleted("B"), disabled("C")];
    let seen = backup.after(&numbered(&later, 6), &ring).unwrap();

    let (taken, mut held) = backup.clone().taking_over(&seen);
    held.sort();
    assert_eq!(held, [id("A"), id("B"), id("C")]);
    for (key, standing) in [("A", Standing::Disabled), ("B", Standing::Disabled), ("D", Standing::Enabled)] {
        assert_eq!(taken.get(key).unwrap().standing, standing, "{key}");
    }
    assert_eq!(taken.revision(), revision(5));
    // An account that was seen suspended stays so too.
    let suspended = Change::AccountSuspended { account: account("acc_0") };
    let (still, _) =
        backup.clone().taking_over(&backup.after(&[(revision(6), suspended, None)], &ring).unwrap());
    assert!(still.is_suspended(&account("acc_0")));
    // Somebody decides.
    let enabled = Change::AccessKeyEnabled { account: account("acc_0"), access_key: id("A") };
    let decided = taken.after(&[(revision(6), enabled, None)], &ring).unwrap();
    assert_eq!(decided.get("A").unwrap().standing, Standing::Enabled);
}

#[test]
fn a_public_key_is_held_as_such_and_one_that_began_disabled_is_refused() {
    let ring = ring();
    let (mut began, sealed) = created(&ring, "acc_0", "D");
    if let Change::AccessKeyCreated { disabled, .. } = &mut began {
        *disabled = true;
    }
    let public = created_of(&ring, "acc_0", "P", &KeyMaterial::Public(public_key()));
    let changes = [(opened("acc_0"), None), created(&ring, "acc_0", "S"), public, (began, sealed)];
    let snapshot = Snapshot::from_full_state(revision(4), &changes, &ring).unwrap();
    let (secret, public) = (snapshot.get("S").unwrap(), snapshot.get("P").unwrap());
    assert_eq!((secret.kind(), secret.public_key()), (AccessKeyKind::Secret, None));
    assert_eq!(secret.key().secret_bytes(), Some(&b"secret of S"[..]));
    assert_eq!(
        (public.id(), public.kind(), public.public_key()),
        ("P", AccessKeyKind::Public, Some(&public_key()))
    );
    assert!(matches!(public.key(), Key::Public(key) if *key == public_key()));
    assert_eq!(snapshot.get("D").unwrap().standing, Standing::Disabled);
}

#[test]
fn a_public_key_never_becomes_a_secret_nor_a_secret_a_public_key() {
    let ring = ring();
    for (material, other) in [
        (KeyMaterial::Public(public_key()), AccessKeyKind::Secret),
        (KeyMaterial::Secret(countersign::AccessKeySecret::new("a secret")), AccessKeyKind::Public),
    ] {
        let (mut change, sealed) = created_of(&ring, "acc_0", "A", &material);
        if let Change::AccessKeyCreated { kind, .. } = &mut change {
            *kind = other;
        }
        let changes = [(opened("acc_0"), None), (change, sealed)];
        let refused = Snapshot::from_full_state(revision(2), &changes, &ring).unwrap_err();
        assert_eq!(refused, SealError::OtherKind(id("A")));
    }
}

#[test]
fn an_entry_stays_small() {
    // A million of them are in memory: what a public key needs more stands elsewhere. With the two counts of its `Arc`, and
    // the one word of glibc's allocator, it fills 192 bytes, which come in steps of 16.
    assert!(size_of::<countersign_accounts::keyring::AccessKeyInForce>() <= 168);
}
