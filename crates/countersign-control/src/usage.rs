//! When, from where and by what each AccessKey was last used. Use is not a change: it is kept beside the change log
//! and written in batches.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use countersign::{AccessKeyId, Timestamp};
use countersign_accounts::access_key::LastUsed;
use countersign_store::{Store, StoreError};

/// The uses that have not been written yet: the latest of each AccessKey, so never more than there are keys.
#[derive(Debug, Default)]
pub struct Usage(Mutex<HashMap<AccessKeyId, LastUsed>>);

impl Usage {
    /// Notes that a request was accepted from whoever holds this AccessKey, by a signature scheme or in another way
    /// that `scheme` names.
    pub fn note(
        &self,
        id: &str,
        scheme: &'static str,
        user_agent: Option<&str>,
        peer: Option<IpAddr>,
        now: Timestamp,
    ) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let used = || LastUsed {
            at: now,
            address: peer.map(|peer| peer.to_canonical().to_string()).unwrap_or_default(),
            scheme: scheme.to_owned(),
            client: client(user_agent.unwrap_or_default()),
        };
        match uses.get_mut(id) {
            // Once a second is often enough to say where a key is in use.
            Some(known) if known.at.unix_seconds() < now.unix_seconds() => *known = used(),
            Some(_) => {}
            None => _ = AccessKeyId::new(id).map(|id| uses.insert(id, used())),
        }
    }

    /// Writes what has been noted. On an error it is kept for the next time.
    pub async fn write(&self, store: &Store) -> Result<(), StoreError> {
        let batch: Vec<_> = self.0.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        if batch.is_empty() {
            return Ok(());
        }
        let written = store.note_usage(&batch).await;
        if written.is_err() {
            let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (id, used) in batch {
                uses.entry(id).or_insert(used);
            }
        }
        written
    }
}

/// What a client says it is, made fit to be stored and shown: one line of at most 128 characters.
fn client(user_agent: &str) -> String {
    user_agent.chars().filter(|c| !c.is_control()).take(128).collect()
}
