//! Requests that were refused in the name of an AccessKey that is there: for its owner, who may find out why, or that
//! somebody tries. They are counted, kept beside the change log and written in batches.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use countersign::{AccessKeyId, Timestamp};
use countersign_accounts::id::AccountId;
use countersign_store::{RefusedRequests, Store, StoreError};

/// How many kinds of refusals wait to be written at most. Those beyond are not counted.
const MOST: usize = 4096;

/// The refused requests that have not been written yet.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    of_keys: HashMap<Kind, Count>,
    /// Those that named a key that is not there. They are noted in the same way, so that time does not tell whether it
    /// is, and forgotten.
    of_none: HashMap<Kind, Count>,
}

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    /// None where there is no such key.
    account: Option<AccountId>,
    access_key: AccessKeyId,
    reason: &'static str,
    peer: Option<IpAddr>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    count: u64,
    last: Timestamp,
}

impl Refusals {
    /// Notes that a request was refused that named this AccessKey of this account, none where there is no such key; whether
    /// it came from its owner nobody knows. `reason` is the code of the answer.
    pub fn note(
        &self,
        account: Option<&AccountId>,
        access_key: &str,
        reason: &'static str,
        peer: Option<IpAddr>,
        now: Timestamp,
    ) {
        let Ok(access_key) = AccessKeyId::new(access_key) else { return };
        let peer = peer.map(|peer| peer.to_canonical());
        let kind = Kind { account: account.cloned(), access_key, reason, peer };
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = match account {
            Some(_) => &mut noted.of_keys,
            None => &mut noted.of_none,
        };
        let room = refused.len() < MOST;
        match refused.get_mut(&kind) {
            Some(known) => *known = Count { count: known.count.saturating_add(1), last: now.max(known.last) },
            None if room => _ = refused.insert(kind, Count { count: 1, last: now }),
            None => {}
        }
    }

    /// Writes what has been noted. On an error it is kept for the next time.
    pub async fn write(&self, store: &Store) -> Result<(), StoreError> {
        let noted = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let batch = noted.of_keys;
        if batch.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = batch
            .iter()
            .filter_map(|(kind, count)| {
                Some(RefusedRequests {
                    account: kind.account.clone()?,
                    access_key: kind.access_key.clone(),
                    reason: kind.reason.to_owned(),
                    address: kind.peer.map(|peer| peer.to_string()).unwrap_or_default(),
                    count: count.count,
                    last: count.last,
                })
            })
            .collect();
        let written = store.note_refusals(&rows).await;
        if written.is_err() {
            let refused = &mut self.0.lock().unwrap_or_else(PoisonError::into_inner).of_keys;
            for (kind, before) in batch {
                let room = refused.len() < MOST;
                match refused.get_mut(&kind) {
                    Some(known) => known.count = known.count.saturating_add(before.count),
                    None if room => _ = refused.insert(kind, before),
                    None => {}
                }
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_what_names_no_key_takes_none_of_it_away() {
        let (refusals, owner) = (Refusals::default(), AccountId::from_text("acc_1"));
        for n in 0..10_000u32 {
            let peer = Some(IpAddr::from(n.to_be_bytes()));
            let now = Timestamp::from_unix_millis(0);
            refusals.note(None, "X", "SignatureNotMatch", peer, now);
            refusals.note(Some(&owner), "K", "SignatureNotMatch", peer, now);
        }
        let noted = refusals.0.lock().unwrap();
        assert_eq!((noted.of_keys.len(), noted.of_none.len()), (MOST, MOST));
        assert!(noted.of_keys.keys().all(|kind| kind.account.as_ref() == Some(&owner)));
    }
}
