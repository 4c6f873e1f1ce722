//! Real-name verification, where an operator demands it: people say who they are, and an administrator approves or rejects.

use std::fmt;

use countersign::Timestamp;
use countersign_accounts::account::Account;
use countersign_accounts::change::{Change, Revision};
use countersign_accounts::real_name::{RealName, RealNameState};
use countersign_accounts::seal::{Ring, Sealed, SealedColumn};
use countersign_store::{Secret, Store};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::{Asked, Failure, ring as ring_keys};

/// The longest text, in characters.
const LONGEST: usize = 256;

/// Who somebody says to be. It is sealed at rest, shown to administrators, and printed nowhere.
#[derive(Serialize, Deserialize)]
pub struct Person {
    /// The name as the document has it.
    name: String,
    /// Which document shows it, such as its kind and number.
    document: String,
}

impl Person {
    /// Takes what somebody typed; blanks around it are dropped.
    pub fn new(name: &str, document: &str) -> Result<Self, Failure> {
        let fits = |text: &str| {
            !text.is_empty() && text.chars().count() <= LONGEST && !text.chars().any(char::is_control)
        };
        let (name, document) = (name.trim(), document.trim());
        match fits(name) && fits(document) {
            true => Ok(Self { name: name.to_owned(), document: document.to_owned() }),
            false => Err(Failure::RealName),
        }
    }

    /// The name as the document has it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which document shows it.
    pub fn document(&self) -> &str {
        &self.document
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.name.zeroize();
        self.document.zeroize();
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Submits who somebody is. It may be submitted again until it is approved.
pub async fn submit(
    store: &Store,
    ring: &Ring,
    account: &Account,
    person: &Person,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Revision, Failure> {
    let text = Zeroizing::new(serde_json::to_vec(person).map_err(|_| Failure::RealName)?);
    let sealed = ring.seal_text(SealedColumn::RealName, account.id.as_str(), &account.id, &text, random);
    let change = Change::RealNameSubmitted { account: account.id.clone() };
    let secrets = vec![Secret::RealName(account.id.clone(), sealed)];
    Asked::by_owner(&account.id, now, random).commit_with(store, vec![change], secrets).await
}

/// How an account's verification stands. None where nothing was submitted.
pub async fn find(store: &Store, account: &Account) -> Result<Option<RealName>, Failure> {
    Ok(store.find_real_name(&account.id).await?.map(|(real_name, _)| real_name))
}

/// Whether an account's real name is approved.
pub async fn is_approved(store: &Store, account: &Account) -> Result<bool, Failure> {
    Ok(find(store, account).await?.is_some_and(|found| found.state == RealNameState::Approved))
}

/// Opens what was submitted. Who may see it is for the caller to know: [`super::administration`].
pub(super) async fn open(
    store: &Store,
    ring: &Ring,
    real_name: &RealName,
    sealed: &Sealed,
) -> Result<Person, Failure> {
    let account = &real_name.account;
    let open = || ring.open_text(SealedColumn::RealName, account.as_str(), account, sealed);
    let text = match open() {
        Err(error) if error.is_missing_ring_key() => {
            ring_keys::learn(store, ring).await?;
            open()?
        }
        opened => opened?,
    };
    serde_json::from_slice(&text).map_err(|_| Failure::RealName)
}
