//! A change of the log, in words.

use countersign::{AccessKeyId, Timestamp};
use countersign_accounts::access_key::AccessKeyKind;
use countersign_accounts::account::Registration;
use countersign_accounts::change::{Actor, Change, Recorded};
use countersign_accounts::id::AccountId;

use super::super::messages::Value;
use super::super::visit::Visit;

/// A change as the page shows it.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) at: Timestamp,
    pub(super) text: String,
    pub(super) access_key: Option<String>,
    pub(super) by: String,
    pub(super) request: String,
    pub(super) revision: String,
}

impl Told {
    pub(super) fn of(recorded: Recorded, visit: &Visit, account: &AccountId) -> Self {
        let (id, value) = message(&recorded.change);
        Self {
            at: recorded.at,
            text: visit.say(id, &[("value", Value::Text(&value))]),
            access_key: access_key(&recorded.change).map(|id| id.to_string()),
            by: actor(&recorded.by, visit, account),
            request: recorded.request,
            revision: recorded.revision.to_string(),
        }
    }
}

/// Who did it, as the account's owner may know it. Of another account no more is told than that it administers.
fn actor(by: &Actor, visit: &Visit, account: &AccountId) -> String {
    match by {
        Actor::Owner(owner) if owner == account => visit.say("actor-you", &[]),
        Actor::Owner(_) => visit.say("actor-administrator", &[]),
        Actor::CommandLine(name) => visit.say("actor-command-line", &[("name", Value::Text(name))]),
        Actor::System => "Countersign".to_owned(),
    }
}

/// The AccessKey that a change is about.
pub(super) fn access_key(change: &Change) -> Option<&AccessKeyId> {
    match change {
        Change::AccessKeyCreated { access_key, .. }
        | Change::AccessKeyDisabled { access_key, .. }
        | Change::AccessKeyEnabled { access_key, .. }
        | Change::AccessKeyDeleted { access_key, .. }
        | Change::AccessKeyRestored { access_key, .. }
        | Change::AccessKeyPurged { access_key, .. } => Some(access_key),
        _ => None,
    }
}

/// The message for a change, and what is put into it.
fn message(change: &Change) -> (&'static str, String) {
    let plain = |id| (id, String::new());
    match change {
        Change::AccountOpened { .. } => plain("change-account-opened"),
        Change::AccountSuspended { .. } => plain("change-account-suspended"),
        Change::AccountResumed { .. } => plain("change-account-resumed"),
        Change::AccountClosed { .. } => plain("change-account-closed"),
        Change::EmailChanged { email, .. } => ("change-email", email.to_string()),
        Change::AccessKeyLimitSet { access_key_limit, .. } => ("change-limit", access_key_limit.to_string()),
        Change::AdministratorAppointed { .. } => plain("change-appointed"),
        Change::AdministratorDismissed { .. } => plain("change-dismissed"),
        Change::RegistrationSet { mode, .. } => plain(match mode {
            Registration::Open => "change-registration-open",
            Registration::Invitation => "change-registration-invitation",
            Registration::Closed => "change-registration-closed",
        }),
        Change::PasswordSet { .. } => plain("change-password"),
        Change::SecondFactorAdded { .. } => plain("change-factor-added"),
        Change::SecondFactorRemoved { .. } => plain("change-factor-removed"),
        Change::RecoveryCodesMade { .. } => plain("change-recovery-codes"),
        Change::RealNameSubmitted { .. } => plain("change-real-name-submitted"),
        Change::RealNameApproved { .. } => plain("change-real-name-approved"),
        Change::RealNameRejected { reason, .. } => ("change-real-name-rejected", reason.as_str().to_owned()),
        Change::ProjectCreated { project, .. } => ("change-project-created", project.to_string()),
        Change::ProjectDeleted { project, .. } => ("change-project-deleted", project.to_string()),
        Change::AccessKeyCreated { description, replaces: None, kind: AccessKeyKind::Public, .. } => {
            ("change-key-registered", description.as_str().to_owned())
        }
        Change::AccessKeyCreated { description, replaces: None, .. } => {
            ("change-key-created", description.as_str().to_owned())
        }
        Change::AccessKeyCreated { replaces: Some(old), .. } => ("change-key-replaces", old.to_string()),
        Change::AccessKeyDisabled { .. } => plain("change-key-disabled"),
        Change::AccessKeyEnabled { .. } => plain("change-key-enabled"),
        Change::AccessKeyDeleted { .. } => plain("change-key-deleted"),
        Change::AccessKeyRestored { .. } => plain("change-key-restored"),
        Change::AccessKeyPurged { .. } => plain("change-key-purged"),
    }
}
