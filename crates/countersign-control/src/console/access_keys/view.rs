//! An AccessKey as pages show it.

use std::time::Duration;

use countersign::Timestamp;
use countersign::crypto::{PublicKey, PublicKeyKind};
use countersign_accounts::access_key::{AccessKeyKind, AccessKeyStatus, LastUsed, RECYCLE_BIN};
use countersign_store::ListedAccessKey;

use super::super::messages::Value;
use super::super::site::ConsoleSettings;
use super::super::visit::Visit;
use super::super::when;

const DAY: u64 = 24 * 60 * 60;
/// A key that nobody used for so long is idle.
const IDLE: Duration = Duration::from_secs(90 * DAY);
/// A key that is older is old, where the operator has set no age.
const OLD: Duration = Duration::from_secs(365 * DAY);
/// An end that is nearer is worth a word.
const SOON: Duration = Duration::from_secs(14 * DAY);

/// An AccessKey as pages show it.
#[derive(Debug)]
pub(super) struct KeyView {
    pub(super) id: String,
    pub(super) description: String,
    /// Whether it is a public key.
    pub(super) public: bool,
    pub(super) enabled: bool,
    pub(super) disabled: bool,
    pub(super) deleted: Option<Timestamp>,
    pub(super) created: Timestamp,
    pub(super) expires: Option<Timestamp>,
    pub(super) last_used: Option<LastUsed>,
    /// Where it may be used from; empty for anywhere.
    pub(super) networks: String,
    /// For how many more days it can be restored.
    pub(super) restorable: String,
    /// Its status first, then what is worth a word.
    pub(super) chips: Vec<Chip>,
}

/// A word on a coloured ground. The colour says nothing that the word does not.
#[derive(Debug)]
pub(super) struct Chip {
    pub(super) kind: &'static str,
    pub(super) text: String,
}

/// A public key as pages show it.
#[derive(Debug)]
pub(super) struct PublicKeyView {
    pub(super) algorithm: &'static str,
    pub(super) fingerprint: String,
    pub(super) pem: String,
    /// The id of the message that says what signs with its private half.
    pub(super) how: &'static str,
}

impl PublicKeyView {
    pub(super) fn of(key: &PublicKey) -> Self {
        Self {
            algorithm: key.kind().name(),
            fingerprint: key.fingerprint(),
            pem: key.to_pem(),
            how: match key.kind() {
                PublicKeyKind::Rsa => "public-how-rsa",
                PublicKeyKind::Ed25519 => "public-how-ed25519",
                PublicKeyKind::EcdsaP256 => "public-how-ecdsa",
            },
        }
    }
}

impl KeyView {
    pub(super) fn of(listed: ListedAccessKey, visit: &Visit, settings: &ConsoleSettings) -> Self {
        let ListedAccessKey { key, last_used } = listed;
        let now = visit.now;
        let chip = |kind, id| Chip { kind, text: visit.say(id, &[]) };
        let over = key.expires.is_some_and(|expires| expires <= now);
        let mut chips = vec![match key.status {
            AccessKeyStatus::Deleted(_) => chip("off", "status-deleted"),
            AccessKeyStatus::Disabled => chip("off", "status-disabled"),
            AccessKeyStatus::Enabled if over => chip("bad", "status-expired"),
            AccessKeyStatus::Enabled => chip("good", "status-enabled"),
        }];
        if key.status == AccessKeyStatus::Enabled && !over {
            if let Some(expires) = key.expires.filter(|expires| *expires < now.plus(SOON)) {
                let left = when::left(visit.language, expires.unix_millis() - now.unix_millis());
                let text = visit.say("chip-expires", &[("span", Value::Text(&left))]);
                chips.push(Chip { kind: "warn", text });
            }
            let used = last_used.as_ref().map_or(key.created, |used| used.at);
            if used < now.minus(IDLE) {
                chips.push(chip("warn", "chip-idle"));
            }
            if key.created < now.minus(settings.max_key_age.unwrap_or(OLD)) {
                chips.push(chip("warn", "chip-old"));
            }
        }
        if key.kind == AccessKeyKind::Public {
            chips.push(chip("plain", "kind-public"));
        }
        let deleted = match key.status {
            AccessKeyStatus::Deleted(at) => Some(at),
            _ => None,
        };
        // Days that have begun count.
        let begun = Duration::from_secs(DAY - 1);
        let left = deleted.map(|at| at.plus(RECYCLE_BIN).plus(begun).unix_millis() - now.unix_millis());
        Self {
            id: key.id.to_string(),
            description: key.description.as_str().to_owned(),
            public: key.kind == AccessKeyKind::Public,
            enabled: key.status == AccessKeyStatus::Enabled,
            disabled: key.status == AccessKeyStatus::Disabled,
            deleted,
            created: key.created,
            expires: key.expires,
            networks: key.networks.to_string(),
            last_used,
            restorable: left.map(|left| when::span(visit.language, left)).unwrap_or_default(),
            chips,
        }
    }
}
