//! What visitors are told when what they asked for cannot be done as things stand, in their language.

use countersign_store::{Conflict, StoreError};

use super::messages::Value;
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
            _ => None,
        },
        _ => None,
    }
}

/// The sentence itself, or the trouble that it is.
pub(super) fn sentence(visit: &Visit, failure: Failure) -> Result<String, Trouble> {
    match message(&failure) {
        Some((id, number)) => Ok(visit.say(id, &[("n", Value::Number(number))])),
        None => Err(failure.into()),
    }
}
