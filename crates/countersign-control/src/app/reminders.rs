//! What people are reminded of before it stops working, or because it is old: each once in a while, whichever process
//! looks.

use std::time::Duration;

use countersign::{AccessKeyId, Timestamp};
use countersign_accounts::access_key::Description;
use countersign_accounts::account::{Account, Email, Language};
use countersign_store::{ListedAccessKey, Store};

use super::Failure;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long before something ends its owner is reminded.
const BEFORE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How many rows are read at a time.
const PAGE: u32 = 500;

/// How old things may become before their owners are reminded to replace them. None: however old they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ages {
    pub access_key: Option<Duration>,
    pub password: Option<Duration>,
}

/// A mail that reminds somebody of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    pub to: Email,
    pub language: Language,
    pub kind: ReminderKind,
}

/// What somebody is reminded of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReminderKind {
    /// From `at` on it is refused.
    AccessKeyExpires {
        access_key: AccessKeyId,
        description: Description,
        at: Timestamp,
    },
    /// It is as old as keys may become, or will be within a week.
    AccessKeyOld {
        access_key: AccessKeyId,
        description: Description,
        created: Timestamp,
    },
    PasswordOld {
        set: Timestamp,
    },
}

/// The reminders that are due. Each is noted as sent: whoever gets it sends it. Of an expiry somebody is reminded once, of
/// age every 30 days.
pub async fn due(store: &Store, ages: &Ages, now: Timestamp) -> Result<Vec<Reminder>, Failure> {
    let mut due = Vec::new();
    keys(store, ages, now, &mut due).await?;
    if let Some(age) = ages.password {
        passwords(store, now.minus(age), now, &mut due).await?;
    }
    Ok(due)
}

async fn keys(store: &Store, ages: &Ages, now: Timestamp, due: &mut Vec<Reminder>) -> Result<(), Failure> {
    let expires_before = now.plus(BEFORE);
    // Before this, it is or soon will be too old.
    let created_before =
        ages.access_key.map_or(Timestamp::from_unix_millis(i64::MIN), |age| expires_before.minus(age));
    let mut last: Option<AccessKeyId> = None;
    loop {
        let page =
            store.list_ageing_access_keys(now, expires_before, created_before, last.as_ref(), PAGE).await?;
        for ListedAccessKey { key, .. } in &page {
            let Some(owner) = store.find_account(&key.account).await?.filter(Account::in_force) else {
                continue;
            };
            let (access_key, description) = (key.id.clone(), key.description.clone());
            let kind = match key.expires.filter(|expires| *expires <= expires_before) {
                Some(at) if first(store, key.id.as_str(), "expiry", now, DAY * 366).await? => {
                    ReminderKind::AccessKeyExpires { access_key, description, at }
                }
                None if first(store, key.id.as_str(), "age", now, DAY * 30).await? => {
                    ReminderKind::AccessKeyOld { access_key, description, created: key.created }
                }
                _ => continue,
            };
            due.push(Reminder { to: owner.email, language: owner.language, kind });
        }
        last = page.last().map(|listed| listed.key.id.clone());
        if page.len() < PAGE as usize {
            return Ok(());
        }
    }
}

async fn passwords(
    store: &Store,
    set_before: Timestamp,
    now: Timestamp,
    due: &mut Vec<Reminder>,
) -> Result<(), Failure> {
    let mut last = None;
    loop {
        let page = store.list_old_passwords(set_before, last.as_ref(), PAGE).await?;
        last = page.last().map(|account| account.id.clone());
        let more = page.len() >= PAGE as usize;
        for account in page {
            if let Some(set) = account.password_set
                && first(store, account.id.as_str(), "password", now, DAY * 30).await?
            {
                let kind = ReminderKind::PasswordOld { set };
                due.push(Reminder { to: account.email, language: account.language, kind });
            }
        }
        if !more {
            return Ok(());
        }
    }
}

/// Whether nobody was reminded of this for so long.
async fn first(
    store: &Store,
    subject: &str,
    kind: &str,
    now: Timestamp,
    again: Duration,
) -> Result<bool, Failure> {
    Ok(store.note_reminder(subject, kind, now, now.minus(again)).await?)
}
