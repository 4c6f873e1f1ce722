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
pub struct Refusals(Mutex<HashMap<Kind, Count>>);

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    account: AccountId,
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
    /// Notes that a request was refused that named this AccessKey of this account; whether it came from its owner nobody
    /// knows. `reason` is the code of the answer.
    pub fn note(
        &self,
        account: &AccountId,
        access_key: &str,
        reason: &'static str,
        peer: Option<IpAddr>,
        now: Timestamp,
    ) {
        let Ok(access_key) = AccessKeyId::new(access_key) else { return };
        let peer = peer.map(|peer| peer.to_canonical());
        let kind = Kind { account: account.clone(), access_key, reason, peer };
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = refused.len() < MOST;
        match refused.get_mut(&kind) {
            Some(known) => *known = Count { count: known.count.saturating_add(1), last: now.max(known.last) },
            None if room => _ = refused.insert(kind, Count { count: 1, last: now }),
            None => {}
        }
    }

    /// Writes what has been noted. On an error it is kept for the next time.
    pub async fn write(&self, store: &Store) -> Result<(), StoreError> {
        let batch = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if batch.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = batch
            .iter()
            .map(|(kind, count)| RefusedRequests {
                account: kind.account.clone(),
                access_key: kind.access_key.clone(),
                reason: kind.reason.to_owned(),
                address: kind.peer.map(|peer| peer.to_string()).unwrap_or_default(),
                count: count.count,
                last: count.last,
            })
            .collect();
        let written = store.note_refusals(&rows).await;
        if written.is_err() {
            let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
    fn memory_is_bounded() {
        let (refusals, owner) = (Refusals::default(), AccountId::from_text("acc_1"));
        for n in 0..10_000u32 {
            let peer = IpAddr::from(n.to_be_bytes());
            refusals.note(&owner, "K", "SignatureNotMatch", Some(peer), Timestamp::from_unix_millis(0));
        }
        assert_eq!(refusals.0.lock().unwrap().len(), MOST);
    }
}
