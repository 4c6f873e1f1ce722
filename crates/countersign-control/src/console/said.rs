//! What visitors are told when what they asked for cannot be done as things stand, in their language.

use axum::response::Response;
use countersign::crypto::NotAKey;
use countersign_accounts::password::PasswordError;
use countersign_store::{Conflict, StoreError};

use super::messages::Value;
use super::notice::Notice;
use super::sign_up;
use super::trouble::Trouble;
use super::visit::Visit;
use crate::app::Failure;

/// The id of the message, and the number in it, for what a visitor can do something about. None: it is no matter of
/// theirs.
pub(super) fn message(failure: &Failure) -> Option<(&'static str, i64)> {
    let plain = |id| Some((id, 0));
    match failure {
        Failure::Description(_) => plain("said-description"),
        Failure::ExpiryInThePast(_) => plain("said-expiry-past"),
        Failure::ProjectName(..) => plain("said-project-name"),
        Failure::Networks(_) => plain("said-networks"),
        Failure::PublicKey(_) | Failure::PublicKeyNeeded(_) => plain(of_public_key(failure)),
        Failure::Email(..) => plain("said-email"),
        Failure::Password(PasswordError::TooShort) => plain("said-password-short"),
        Failure::Password(PasswordError::TooLong) => plain("said-password-long"),
        Failure::Password(PasswordError::Guessable) => plain("said-password-guessable"),
        Failure::SignIn => plain("said-sign-in"),
        Failure::WrongPassword => plain("said-wrong-password"),
        Failure::SecondFactor => plain("said-second-factor"),
        Failure::RealName => plain("said-real-name"),
        Failure::RealNameNeeded => plain("said-real-name-needed"),
        Failure::RegistrationClosed => plain("said-registration-closed"),
        Failure::Store(StoreError::Conflict(conflict)) => match conflict {
            Conflict::AccessKeyLimit { limit } => Some(("said-access-key-limit", i64::from(*limit))),
            Conflict::StillEnabled(_) => plain("said-still-enabled"),
            Conflict::InRecycleBin(_) => plain("said-in-recycle-bin"),
            Conflict::RecycleBinOver(_) => plain("said-recycle-bin-over"),
            Conflict::AlreadyEnabled(_)
            | Conflict::AlreadyDisabled(_)
            | Conflict::AlreadyDeleted(_)
            | Conflict::NotDeleted(_)
            | Conflict::NoSuchProject { .. } => plain("said-already-so"),
            Conflict::RequestUsed(_) => plain("said-sent-twice"),
            Conflict::ProjectTaken(_) => plain("said-project-taken"),
            Conflict::AccountSuspended(_) => plain("said-suspended"),
            Conflict::NotSuspended(_) => plain("said-not-suspended"),
            Conflict::AlreadySuspended(_)
            | Conflict::AlreadyAdministrator(_)
            | Conflict::NotAdministrator(_)
            | Conflict::NoSuchFactor { .. }
            | Conflict::RealNameApproved(_)
            | Conflict::NoRealNameSubmitted(_) => plain("said-already-so"),
            Conflict::LastAdministrator(_) => plain("said-last-administrator"),
            Conflict::EmailTaken(_) => plain("said-email-taken"),
            Conflict::FactorLimit => plain("said-factor-limit"),
            _ => None,
        },
        _ => None,
    }
}

/// The id of the message for what is wrong with a public key.
pub(super) fn of_public_key(failure: &Failure) -> &'static str {
    match failure {
        Failure::PublicKey(NotAKey::Private) => "said-private-key",
        Failure::PublicKeyNeeded(_) => "said-public-key-missing",
        _ => "said-public-key",
    }
}

/// The sentence itself, or the trouble that it is.
pub(super) fn sentence(visit: &Visit, failure: Failure) -> Result<String, Trouble> {
    match message(&failure) {
        Some((id, number)) => Ok(visit.say(id, &[("n", Value::Number(number))])),
        None => Err(failure.into()),
    }
}

/// The same as a notice on the page that follows, or the trouble that it is.
pub(super) fn notice(failure: Failure) -> Result<Notice, Trouble> {
    match message(&failure) {
        Some((id, number)) => Ok(Notice::new(id, &number.to_string())),
        None => Err(failure.into()),
    }
}

/// The page that says that a link does nothing any more, where that is it, or the trouble that it is.
pub(super) fn over(visit: &Visit, failure: Failure) -> Result<Response, Trouble> {
    match failure {
        Failure::Store(StoreError::Conflict(Conflict::LinkUsed | Conflict::EmailTaken(_)))
        | Failure::RegistrationClosed
        | Failure::InvitationNeeded => sign_up::over(visit),
        other => Err(other.into()),
    }
}
