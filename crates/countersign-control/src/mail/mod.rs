//! Mail: what is written to people, and how it is sent.
//!
//! A mail waits in memory until a server has taken it, for some minutes at most, and is never stored: the links in it
//! open doors. Whoever asks for one is not told whether it arrived.

mod letters;
mod smtp;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use countersign::Timestamp;
use countersign_accounts::account::Email;
use tokio::sync::mpsc;

pub use self::letters::write;
pub(crate) use self::letters::{remind, test};
pub use self::smtp::{Encryption, SmtpError, SmtpSettings};

/// How many mails may wait to be sent.
const WAITING: usize = 256;
/// How many mails are kept where they are shown instead of sent.
const KEPT: usize = 100;

/// A mail of plain text. Addresses are checked when they are taken as such, and no line of the head holds anything that
/// somebody wrote into a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub to: Email,
    pub subject: String,
    pub text: String,
}

/// A mail that is shown instead of sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptMail {
    pub at: Timestamp,
    pub letter: Letter,
}

/// Why a mail was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    #[error("no mail server is configured: see `[console.smtp]`")]
    Off,
    #[error("too many mails are waiting to be sent")]
    Full,
}

/// What takes mails. Clones are the same.
#[derive(Clone, Debug)]
pub struct Mailer(Way);

#[derive(Clone, Debug)]
enum Way {
    Off,
    Kept(Arc<Mutex<VecDeque<KeptMail>>>),
    Smtp(mpsc::Sender<Letter>),
}

impl Mailer {
    /// One that takes none.
    pub fn off() -> Self {
        Self(Way::Off)
    }

    /// One that keeps the latest, for a page that shows them.
    pub fn kept() -> Self {
        Self(Way::Kept(Arc::default()))
    }

    /// One that sends them to a server, from a task of its own that ends with the last clone. It must be called within a
    /// runtime.
    pub fn smtp(settings: &SmtpSettings) -> Result<Self, SmtpError> {
        let (sender, waiting) = mpsc::channel(WAITING);
        let transport = smtp::Transport::new(settings)?;
        tokio::spawn(smtp::send_all(transport, waiting));
        Ok(Self(Way::Smtp(sender)))
    }

    /// Whether mails go anywhere.
    pub fn is_on(&self) -> bool {
        !matches!(self.0, Way::Off)
    }

    /// Takes a mail to be sent. It does not wait.
    pub fn post(&self, letter: Letter, now: Timestamp) -> Result<(), NotTaken> {
        match &self.0 {
            Way::Off => Err(NotTaken::Off),
            Way::Kept(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == KEPT {
                    kept.pop_front();
                }
                kept.push_back(KeptMail { at: now, letter });
                Ok(())
            }
            Way::Smtp(sender) => sender.try_send(letter).map_err(|_| NotTaken::Full),
        }
    }

    /// The mails that were kept, the latest first. None where they are sent.
    pub fn list(&self) -> Option<Vec<KeptMail>> {
        match &self.0 {
            Way::Kept(kept) => {
                Some(kept.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect())
            }
            Way::Off | Way::Smtp(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_mails_are_kept() {
        let mailer = Mailer::kept();
        let to = Email::new("a@example.com").unwrap();
        for number in 0..=KEPT {
            let letter = Letter { to: to.clone(), subject: number.to_string(), text: String::new() };
            mailer.post(letter, Timestamp::from_unix_millis(0)).unwrap();
        }
        let kept = mailer.list().unwrap();
        assert_eq!((kept.len(), kept[0].letter.subject.as_str()), (KEPT, "100"));
        assert_eq!(kept.last().unwrap().letter.subject, "1");
    }
}
