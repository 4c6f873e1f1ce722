//! Real-name verification: who an account's person says to be, and what an administrator says to that.

use countersign::Timestamp;

use crate::access_key::Description;
use crate::change::Actor;
use crate::id::AccountId;

/// How far the verification of an account's real name has come. What was submitted is sealed, and kept apart from this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealName {
    pub account: AccountId,
    pub state: RealNameState,
    pub submitted: Timestamp,
    pub decided: Option<Timestamp>,
    pub decided_by: Option<Actor>,
    /// Why it was rejected.
    pub reason: Option<Description>,
}

/// The states of a real name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RealNameState {
    /// It waits for an administrator.
    Submitted,
    Approved,
    /// It may be submitted again.
    Rejected,
}

impl RealNameState {
    /// The word for a row.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// Reads the word of a row.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Submitted, Self::Approved, Self::Rejected].into_iter().find(|state| state.as_str() == text)
    }
}
