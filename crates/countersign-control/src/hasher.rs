//! Where passwords are hashed: never on a thread that serves requests, two at a time, and with so many waiting at most.
//!
//! A hash takes some 20 ms and 19 MiB on purpose. However many sign-ins arrive, what they take is bounded, and the excess
//! is told to come again. The threads that work are always the same ones, for each keeps the memory that it works in.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use countersign_accounts::password::{LONGEST, Password, PasswordHash, Salt};
use rand_core::CryptoRng;
use tokio::sync::{Semaphore, oneshot};
use zeroize::Zeroizing;

use crate::app::Failure;

/// How many hashes are computed at a time.
const AT_ONCE: usize = 2;
/// How many may wait for their turn: about a third of a second of work.
const WAITING: usize = 32;

type Job = Box<dyn FnOnce() + Send>;

/// Hashes passwords and tests them, within bounds.
#[derive(Debug)]
pub struct Hasher {
    /// Whoever holds one works or waits.
    places: Arc<Semaphore>,
    /// Leads to the threads that work, which end with it.
    jobs: mpsc::Sender<Job>,
    /// How many hashes were computed.
    hashed: AtomicU64,
    /// Stands in for the hash of an account that is not there, so that testing takes as long. Nobody knows its password.
    decoy: PasswordHash,
}

impl Hasher {
    /// A hasher. It hashes one password at once.
    pub fn new(random: &mut impl CryptoRng) -> Result<Self, Failure> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        random.fill_bytes(bytes.as_mut_slice());
        let nobody_knows: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let (nobody_knows, salt) = (Password::new(nobody_knows), Salt::generate(random));
        // On a thread that ends, and gives back the memory that it works in.
        let decoy = thread::spawn(move || PasswordHash::salted(&nobody_knows, salt)).join();
        let decoy = decoy.map_err(|_| Failure::TooBusy)??;
        let (jobs, waiting) = mpsc::channel::<Job>();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..AT_ONCE {
            let waiting = Arc::clone(&waiting);
            thread::spawn(move || {
                while let Some(job) = next(&waiting) {
                    // Whoever waits for the outcome is told that there is none; others are worked for.
                    let _ = catch_unwind(AssertUnwindSafe(job));
                }
            });
        }
        Ok(Self {
            places: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            jobs,
            hashed: AtomicU64::new(0),
            decoy,
        })
    }

    /// Hashes a password.
    ///
    /// # Errors
    ///
    /// [`Failure::TooBusy`] at once where too many wait already, or what is wrong with the password's length.
    pub async fn hash(
        &self,
        password: Password,
        random: &mut impl CryptoRng,
    ) -> Result<PasswordHash, Failure> {
        let salt = Salt::generate(random);
        Ok(self.work(move || PasswordHash::salted(&password, salt)).await??)
    }

    /// Whether this is the password of the hash. Without a hash it is not, and takes as long to say.
    ///
    /// # Errors
    ///
    /// [`Failure::TooBusy`] at once where too many wait already.
    pub async fn verify(&self, hash: Option<PasswordHash>, password: Password) -> Result<bool, Failure> {
        let there = hash.is_some() && password.expose().len() <= LONGEST;
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        // What is too long is not hashed, and what stands in for it takes as long.
        let password = if password.expose().len() > LONGEST { Password::new("too long") } else { password };
        let proven = self.work(move || hash.verify(password.expose())).await?;
        Ok(proven && there)
    }

    /// How many passwords were hashed or tested so far.
    pub fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Failure::TooBusy)?;
        let (tell, done) = oneshot::channel();
        let job = move || {
            // It goes along: a caller who goes away frees no place that is still worked at.
            let _held = place;
            let _ = tell.send(work());
        };
        self.jobs.send(Box::new(job)).map_err(|_| Failure::TooBusy)?;
        let done = done.await.map_err(|_| Failure::TooBusy)?;
        self.hashed.fetch_add(1, Ordering::Relaxed);
        Ok(done)
    }
}

/// Waits for something to do. None when nobody is left who could have any.
fn next(waiting: &Mutex<mpsc::Receiver<Job>>) -> Option<Job> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

#[cfg(test)]
mod tests {
    use countersign_accounts::random;

    use super::*;

    #[tokio::test]
    async fn a_password_is_tested_and_nobody_has_the_decoys() {
        let random = &mut random::from_system();
        let hasher = Hasher::new(random).unwrap();
        let password = || Password::new("correct horse battery");
        let hash = hasher.hash(password(), random).await.unwrap();
        assert!(hasher.verify(Some(hash.clone()), password()).await.unwrap());
        assert!(!hasher.verify(Some(hash.clone()), Password::new("another password")).await.unwrap());
        assert!(!hasher.verify(None, password()).await.unwrap());
        assert!(!hasher.verify(Some(hash), Password::new("x".repeat(5000))).await.unwrap());
        let short = hasher.hash(Password::new("short"), random).await;
        assert!(matches!(short, Err(Failure::Password(_))), "{short:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_excess_is_told_to_come_again() {
        let hasher = Arc::new(Hasher::new(&mut random::from_system()).unwrap());
        let asks: Vec<_> = (0..100)
            .map(|_| {
                let hasher = Arc::clone(&hasher);
                tokio::spawn(async move { hasher.verify(None, Password::new("guess")).await })
            })
            .collect();
        let (mut tested, mut busy) = (0, 0);
        for ask in asks {
            match ask.await.unwrap() {
                Ok(false) => tested += 1,
                Err(Failure::TooBusy) => busy += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(tested >= AT_ONCE + WAITING && busy > 0, "{tested} tested, {busy} not");
        assert!(!hasher.verify(None, Password::new("guess")).await.unwrap(), "and then it goes on");
    }
}
