//! What sign-in and its kin need at hand: one in each process.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign::Timestamp;
use countersign_accounts::account::{Email, Language};
use countersign_accounts::id::AccountId;
use countersign_accounts::link::Purpose;
use countersign_accounts::seal::Ring;
use countersign_accounts::session::{Session, SessionLimits};
use countersign_accounts::token::Token;
use countersign_store::Store;
use rand_core::CryptoRng;

use super::{Failure, housekeeping};
use crate::hasher::Hasher;
use crate::throttle::{Key, Rate, Throttle};

/// What sign-in and its kin need at hand.
#[derive(Debug)]
pub struct Desk {
    pub store: Store,
    pub ring: Arc<Ring>,
    pub hasher: Hasher,
    pub rules: Rules,
    /// Whatever hashes a password or sends a mail, by address.
    addresses: Throttle,
    /// Guesses at an account, by strangers: browsers that it was never used with.
    strangers: Throttle,
    /// Guesses at an account by a browser that it was used with. Strangers cannot use these up, so they lock nobody out.
    devices: Throttle,
    /// Mails to one mailbox that whoever comes along may cause.
    mailboxes: Throttle,
}

/// What the operator has a say in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    pub sessions: SessionLimits,
    /// How long a shown password is proof enough for what needs one, such as creating an AccessKey.
    pub proof_lasts: Duration,
    /// How long links to open an account, and invitations, last.
    pub sign_up_link: Duration,
    pub invitation: Duration,
    /// How long links to set a password or to change an address last.
    pub reset_link: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        const HOUR: u64 = 60 * 60;
        Self {
            sessions: SessionLimits::default(),
            proof_lasts: Duration::from_secs(10 * 60),
            sign_up_link: Duration::from_secs(24 * HOUR),
            invitation: Duration::from_secs(7 * 24 * HOUR),
            reset_link: Duration::from_secs(HOUR),
        }
    }
}

/// Who is at the browser, as far as a request tells.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'v> {
    /// The address; none where it came over a unix socket.
    pub address: Option<IpAddr>,
    /// What the browser says it is.
    pub client: &'v str,
    /// What the device cookie holds.
    pub device: Option<&'v Token>,
    pub language: Language,
}

impl Visitor<'_> {
    /// The address as rows have it.
    pub(super) fn address_text(&self) -> String {
        self.address.map(|address| address.to_canonical().to_string()).unwrap_or_default()
    }

    /// What the browser says it is, fit to be stored and shown.
    pub(super) fn client_text(&self) -> String {
        self.client.chars().filter(|c| !c.is_control()).take(128).collect()
    }
}

/// A guess that was paid for. The right one is given back.
#[derive(Debug)]
#[must_use]
pub(super) struct Guess {
    by_device: bool,
    key: Key,
}

impl Desk {
    /// A desk with these rules. It hashes one password at once.
    pub fn new(
        store: Store,
        ring: Arc<Ring>,
        rules: Rules,
        random: &mut impl CryptoRng,
    ) -> Result<Self, Failure> {
        let rate = |burst, seconds| Throttle::new(Rate { burst, every: Duration::from_secs(seconds) });
        Ok(Self {
            store,
            ring,
            hasher: Hasher::new(random)?,
            rules,
            addresses: rate(30, 2),
            strangers: rate(10, 5 * 60),
            devices: rate(10, 30),
            mailboxes: rate(3, 10 * 60),
        })
    }

    /// Whether a session has shown its password, and second factor, lately.
    ///
    /// # Errors
    ///
    /// [`Failure::ProveAgain`] where it has not.
    pub fn must_be_proven(&self, session: &Session, now: Timestamp) -> Result<(), Failure> {
        match session.proved > now.minus(self.rules.proof_lasts) {
            true => Ok(()),
            false => Err(Failure::ProveAgain),
        }
    }

    /// Pays for something that costs work, by the visitor's address.
    pub(super) fn admit(&self, visitor: &Visitor<'_>, now: Timestamp) -> Result<(), Failure> {
        self.addresses.take(Key::of_address(visitor.address), now).map_err(Failure::SlowDown)
    }

    /// Pays for a mail to somebody who did not ask for it, as far as one can tell. Each purpose has an allowance of its
    /// own: mails of one use up nobody's way to set a password anew.
    pub(super) fn admit_mail(&self, to: &Email, purpose: Purpose, now: Timestamp) -> Result<(), Failure> {
        let key = Key::of(&format!("{} {to}", purpose.as_str()));
        self.mailboxes.take(key, now).map_err(Failure::SlowDown)
    }

    /// Pays for a guess at an account. `what` is guessed at: an address, whether or not anybody has it, so that the
    /// answer tells nothing; or the second factor of an account.
    pub(super) async fn admit_guess(
        &self,
        what: &str,
        account: Option<&AccountId>,
        visitor: &Visitor<'_>,
        now: Timestamp,
    ) -> Result<Guess, Failure> {
        // Somebody who has no account is looked for too: it takes as long.
        let nobody = AccountId::from_text("");
        let account = account.unwrap_or(&nobody);
        let device = match visitor.device {
            Some(device) => self.store.find_device(&device.hash_for(account), account).await?,
            None => None,
        };
        let (throttle, guess) = match device {
            Some(device) => {
                let key = Key::of(&format!("{} {what}", device.token.as_str()));
                (&self.devices, Guess { by_device: true, key })
            }
            None => (&self.strangers, Guess { by_device: false, key: Key::of(what) }),
        };
        throttle.take(guess.key, now).map_err(Failure::SlowDown)?;
        Ok(guess)
    }

    /// The guess was right: it counts as none.
    pub(super) fn was_right(&self, guess: Guess) {
        let throttle = if guess.by_device { &self.devices } else { &self.strangers };
        throttle.give_back(guess.key);
    }
}

/// Forgets what is over: sessions by these rules, and what [`housekeeping::sweep`] forgets. To be done once in a while.
pub async fn sweep(store: &Store, rules: &Rules, now: Timestamp) -> Result<(), Failure> {
    store.purge_sessions(now, &rules.sessions).await?;
    housekeeping::sweep(store, now).await
}
