//! Changes: everything that alters an account, a project or an AccessKey, and the order in which it happened.

use std::fmt;

use countersign::{AccessKeyId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::access_key::{AccessKeyKind, Description};
use crate::account::{Email, Registration};
use crate::factor::FactorKind;
use crate::id::{AccountId, FactorId};
use crate::network::Networks;
use crate::project::ProjectName;

/// One thing that happened to an account, a project or an AccessKey. It never holds a secret: whoever reads the log
/// fetches a sealed secret from its row.
///
/// The names and fields are a stored format (JSON in the change log): they may be added to, never renamed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    AccountOpened {
        account: AccountId,
        email: Email,
        access_key_limit: u32,
    },
    AccountSuspended {
        account: AccountId,
    },
    AccountResumed {
        account: AccountId,
    },
    /// For good. Its address is free from then on, and its AccessKeys are refused. What belongs to signing in goes with
    /// it: sessions, devices, links, second factors, and the real name.
    AccountClosed {
        account: AccountId,
    },
    EmailChanged {
        account: AccountId,
        email: Email,
    },
    AccessKeyLimitSet {
        account: AccountId,
        access_key_limit: u32,
    },
    AdministratorAppointed {
        account: AccountId,
    },
    AdministratorDismissed {
        account: AccountId,
    },
    /// Who may open an account by themselves, for the whole installation. `account` is the administrator who said so.
    RegistrationSet {
        account: AccountId,
        mode: Registration,
    },
    /// The password itself, hashed, goes to the account's row beside the change.
    PasswordSet {
        account: AccountId,
    },
    /// Its sealed secret goes to its row.
    SecondFactorAdded {
        account: AccountId,
        factor: FactorId,
        kind: FactorKind,
    },
    /// With the last of them go the recovery codes.
    SecondFactorRemoved {
        account: AccountId,
        factor: FactorId,
    },
    /// In place of those that there were. Their hashes go to rows.
    RecoveryCodesMade {
        account: AccountId,
    },
    /// What was submitted goes, sealed, to its row.
    RealNameSubmitted {
        account: AccountId,
    },
    RealNameApproved {
        account: AccountId,
        /// When that was submitted which the administrator saw, in milliseconds since 1970.
        #[serde(with = "as_instant")]
        submitted: Timestamp,
    },
    RealNameRejected {
        account: AccountId,
        /// As with the approval.
        #[serde(with = "as_instant")]
        submitted: Timestamp,
        reason: Description,
    },
    ProjectCreated {
        account: AccountId,
        project: ProjectName,
    },
    ProjectDeleted {
        account: AccountId,
        project: ProjectName,
    },
    AccessKeyCreated {
        account: AccountId,
        #[serde(with = "as_text")]
        access_key: AccessKeyId,
        description: Description,
        /// Milliseconds since 1970.
        #[serde(default, with = "as_millis")]
        expires: Option<Timestamp>,
        /// The AccessKey that this one is to replace. A successor may exceed the account's limit by one.
        #[serde(default, with = "as_optional_text")]
        replaces: Option<AccessKeyId>,
        /// Where it may be used from; entries that say nothing of it mean anywhere.
        #[serde(default, skip_serializing_if = "Networks::is_empty")]
        networks: Networks,
        /// What it is verified with, which goes sealed to its row; entries that say nothing of it mean a secret.
        #[serde(default, skip_serializing_if = "AccessKeyKind::is_secret")]
        kind: AccessKeyKind,
        /// Whether it begins disabled, as one that was disabled where it was imported from.
        #[serde(default, skip_serializing_if = "is_false")]
        disabled: bool,
    },
    AccessKeyDisabled {
        account: AccountId,
        #[serde(with = "as_text")]
        access_key: AccessKeyId,
    },
    AccessKeyEnabled {
        account: AccountId,
        #[serde(with = "as_text")]
        access_key: AccessKeyId,
    },
    AccessKeyDeleted {
        account: AccountId,
        #[serde(with = "as_text")]
        access_key: AccessKeyId,
    },
    AccessKeyRestored {
        account: AccountId,
        #[serde(with = "as_text")]
        access_key: AccessKeyId,
    },
    /// Its days in the recycle bin were over: the row and the sealed secret are gone.
    AccessKeyPurged {
        account: AccountId,
        #[serde(with = "as_text")]
        access_key: AccessKeyId,
    },
}

impl Change {
    /// The account that the change is about.
    pub fn account(&self) -> &AccountId {
        match self {
            Self::AccountOpened { account, .. }
            | Self::AccountSuspended { account }
            | Self::AccountResumed { account }
            | Self::AccountClosed { account }
            | Self::EmailChanged { account, .. }
            | Self::AccessKeyLimitSet { account, .. }
            | Self::AdministratorAppointed { account }
            | Self::AdministratorDismissed { account }
            | Self::RegistrationSet { account, .. }
            | Self::PasswordSet { account }
            | Self::SecondFactorAdded { account, .. }
            | Self::SecondFactorRemoved { account, .. }
            | Self::RecoveryCodesMade { account }
            | Self::RealNameSubmitted { account }
            | Self::RealNameApproved { account, .. }
            | Self::RealNameRejected { account, .. }
            | Self::ProjectCreated { account, .. }
            | Self::ProjectDeleted { account, .. }
            | Self::AccessKeyCreated { account, .. }
            | Self::AccessKeyDisabled { account, .. }
            | Self::AccessKeyEnabled { account, .. }
            | Self::AccessKeyDeleted { account, .. }
            | Self::AccessKeyRestored { account, .. }
            | Self::AccessKeyPurged { account, .. } => account,
        }
    }
}

/// A place in the change log. `seq` counts changes in the order in which they became visible, without gaps; `epoch`
/// says which life of the log it counts in; `tag`, 64 random bits of the change at `seq`, tells a fork.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Revision {
    pub epoch: u32,
    pub seq: u64,
    pub tag: u64,
}

/// `1.4712`: the epoch and the number. The tag is for machines.
impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.seq)
    }
}

/// A change as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub revision: Revision,
    pub at: Timestamp,
    pub by: Actor,
    /// The request that asked for it. A caller that lost the answer finds by it whether the change was made.
    pub request: String,
    pub change: Change,
}

/// Whoever made a recorded change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The command line, by the name of the operating system's user.
    CommandLine(String),
    /// The owner of the account, signed in or signing.
    Owner(AccountId),
    /// Countersign itself: the demonstration, the recycle bin.
    System,
}

/// For what is left out where it is not so. The signature is serde's.
fn is_false(flag: &bool) -> bool {
    !flag
}

mod as_text {
    use countersign::AccessKeyId;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(id: &AccessKeyId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(id.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<AccessKeyId, D::Error> {
        AccessKeyId::new(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

mod as_optional_text {
    use countersign::AccessKeyId;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(id: &Option<AccessKeyId>, to: S) -> Result<S::Ok, S::Error> {
        id.as_ref().map(AccessKeyId::as_str).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<AccessKeyId>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| AccessKeyId::new(&text).map_err(serde::de::Error::custom)).transpose()
    }
}

mod as_instant {
    use countersign::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        at.unix_millis().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(from).map(Timestamp::from_unix_millis)
    }
}

mod as_millis {
    use countersign::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        at.map(Timestamp::unix_millis).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<i64>::deserialize(from)?.map(Timestamp::from_unix_millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_is_fixed() {
        let change = Change::AccessKeyCreated {
            account: AccountId::from_text("acc_1"),
            access_key: AccessKeyId::new("CSAK1").unwrap(),
            description: Description::new("nightly job").unwrap(),
            expires: Some(Timestamp::from_unix_millis(1000)),
            replaces: None,
            networks: Networks::default(),
            kind: AccessKeyKind::Secret,
            disabled: false,
        };
        let text = serde_json::to_string(&change).unwrap();
        assert_eq!(
            text,
            r#"{"change":"access_key_created","account":"acc_1","access_key":"CSAK1","description":"nightly job","expires":1000,"replaces":null}"#
        );
        assert_eq!(serde_json::from_str::<Change>(&text).unwrap(), change);

        let account = || AccountId::from_text("acc_1");
        let factor = || FactorId::from_text("fac_1");
        let submitted = Timestamp::from_unix_millis(7);
        let reason = Description::new("unreadable").unwrap();
        for (change, text) in [
            (
                Change::AccountClosed { account: account() },
                r#"{"change":"account_closed","account":"acc_1"}"#,
            ),
            (
                Change::RegistrationSet { account: account(), mode: Registration::Invitation },
                r#"{"change":"registration_set","account":"acc_1","mode":"invitation"}"#,
            ),
            (
                Change::SecondFactorAdded { account: account(), factor: factor(), kind: FactorKind::Totp },
                r#"{"change":"second_factor_added","account":"acc_1","factor":"fac_1","kind":"totp"}"#,
            ),
            (
                Change::RealNameRejected { account: account(), submitted, reason },
                r#"{"change":"real_name_rejected","account":"acc_1","submitted":7,"reason":"unreadable"}"#,
            ),
            (
                Change::AccessKeyCreated {
                    account: account(),
                    access_key: AccessKeyId::new("CSAK1").unwrap(),
                    description: Description::default(),
                    expires: None,
                    replaces: None,
                    networks: Networks::from_text("10.0.0.0/8 ::1").unwrap(),
                    kind: AccessKeyKind::Secret,
                    disabled: false,
                },
                r#"{"change":"access_key_created","account":"acc_1","access_key":"CSAK1","description":"","expires":null,"replaces":null,"networks":["10.0.0.0/8","::1/128"]}"#,
            ),
            (
                Change::AccessKeyCreated {
                    account: account(),
                    access_key: AccessKeyId::new("CSAK1").unwrap(),
                    description: Description::default(),
                    expires: None,
                    replaces: None,
                    networks: Networks::default(),
                    kind: AccessKeyKind::Public,
                    disabled: true,
                },
                r#"{"change":"access_key_created","account":"acc_1","access_key":"CSAK1","description":"","expires":null,"replaces":null,"kind":"public","disabled":true}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&change).unwrap(), text);
            assert_eq!(serde_json::from_str::<Change>(text).unwrap(), change);
        }
    }
}
