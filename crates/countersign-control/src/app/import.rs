//! AccessKeys that were made elsewhere: ids and secrets that programs hold already, so that none of these is touched.

use std::collections::BTreeSet;

use countersign::{AccessKeyId, AccessKeySecret, Timestamp};
use countersign_accounts::access_key::{AccessKeyKind, AccessKeyStatus, Description};
use countersign_accounts::account::Account;
use countersign_accounts::change::{Change, Revision};
use countersign_accounts::network::Networks;
use countersign_accounts::seal::Ring;
use countersign_store::{Conflict, Secret, Store, StoreError};
use rand_core::CryptoRng;

use super::{Asked, Failure};
use crate::import::{Pair, Standing};

/// How many characters a secret has at least and at most. Whoever sees one signed request can try secrets at leisure;
/// eight is what MinIO asks for.
const SECRET: std::ops::RangeInclusive<usize> = 8..=1024;
/// What a reference to a secret begins with in place of the secret: Kong's vaults, decK's variables, APISIX's secrets
/// and variables.
const REFERENCES: [&str; 5] = ["{vault://", "${{", "$secret://", "$env://", "$ENV://"];

/// What became of one pair.
#[derive(Debug)]
pub struct Outcome {
    /// Where in the file it stands.
    pub place: String,
    /// None where it has no id that could be one: what stands in its place may be a secret.
    pub id: Option<AccessKeyId>,
    pub done: Result<Imported, Skipped>,
}

/// A pair that is an AccessKey now, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    pub disabled: bool,
    pub expires: Option<Timestamp>,
    /// None where nothing was written.
    pub revision: Option<Revision>,
}

/// Why a pair was left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Skipped {
    #[error("it has no id")]
    NoId,
    #[error("its id is not 1 to 128 letters, digits, `.`, `_` or `-`")]
    NotAnId,
    #[error("it has no secret")]
    NoSecret,
    #[error("its secret is a reference to another place: put the secret itself there")]
    Reference,
    #[error("its secret is shorter than {} characters", SECRET.start())]
    Short,
    #[error("its secret is longer than {} characters", SECRET.end())]
    Long,
    #[error("its secret is a key in PEM: register the public one with `access-key create --public-key`")]
    Pem,
    #[error("it is neither enabled nor disabled")]
    Standing,
    #[error("its expiration is not a time")]
    Expiration,
    #[error("it expired at {0}")]
    Expired(Timestamp),
    #[error("the file has this id twice: the first one counts")]
    Twice,
    #[error("there is an AccessKey of this id already")]
    Present,
    #[error("an AccessKey of this id is in the recycle bin: restore it there")]
    InRecycleBin,
    #[error("an AccessKey of this id was deleted for good, and its id is not used again")]
    Purged,
    #[error(
        "the account has as many AccessKeys as it may have, {limit}: `countersign account limit` raises that"
    )]
    Limit { limit: u32 },
}

impl Skipped {
    /// A name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoId => "no_id",
            Self::NotAnId => "not_an_id",
            Self::NoSecret => "no_secret",
            Self::Reference => "reference",
            Self::Short => "short_secret",
            Self::Long => "long_secret",
            Self::Pem => "pem",
            Self::Standing => "unknown_status",
            Self::Expiration => "unknown_expiration",
            Self::Expired(_) => "expired",
            Self::Twice => "twice",
            Self::Present => "present",
            Self::InRecycleBin => "in_recycle_bin",
            Self::Purged => "purged",
            Self::Limit { .. } => "limit",
        }
    }
}

/// What became of all pairs that were tried.
#[derive(Debug)]
pub struct Report {
    pub outcomes: Vec<Outcome>,
    /// Why it was broken off. What was imported by then is; asked again, it goes on.
    pub broken_off: Option<Failure>,
}

/// A pair that can be an AccessKey, as far as it tells itself.
struct Sound {
    id: AccessKeyId,
    secret: AccessKeySecret,
    description: Description,
    expires: Option<Timestamp>,
    disabled: bool,
}

/// Where AccessKeys are imported to.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'d> {
    pub store: &'d Store,
    pub ring: &'d Ring,
    pub account: &'d Account,
    /// Whether to write nothing, and to say what would be done.
    pub dry_run: bool,
}

/// Makes AccessKeys of an account out of pairs, each by a change of its own or not at all, and its secret sealed.
pub async fn import(
    to: Destination<'_>,
    pairs: Vec<Pair>,
    mut asked: impl FnMut() -> Asked,
    random: &mut impl CryptoRng,
) -> Result<Report, Failure> {
    let Destination { store, account, dry_run, .. } = to;
    let now = asked().at;
    let ids: BTreeSet<_> = pairs.iter().filter_map(|pair| AccessKeyId::new(&pair.id).ok()).collect();
    let purged = if ids.is_empty() { BTreeSet::new() } else { store.purged_among(&ids).await? };
    let counts = |status: AccessKeyStatus| !matches!(status, AccessKeyStatus::Deleted(_));
    let listed = store.list_access_keys(&account.id).await?;
    let mut count = listed.iter().filter(|listed| counts(listed.key.status)).count();
    let limit = account.access_key_limit;

    let mut report = Report { outcomes: Vec::with_capacity(pairs.len()), broken_off: None };
    let mut seen = BTreeSet::new();
    for pair in pairs {
        let place = pair.place.clone();
        let id = AccessKeyId::new(&pair.id).ok();
        let sound = match judge(pair, now) {
            Ok(sound) if !seen.insert(sound.id.clone()) => Err(Skipped::Twice),
            Ok(sound) if purged.contains(&sound.id) => Err(Skipped::Purged),
            Ok(sound) => match store.find_access_key(&sound.id).await {
                Ok(None) if dry_run && count >= usize::try_from(limit).unwrap_or(usize::MAX) => {
                    Err(Skipped::Limit { limit })
                }
                Ok(None) => Ok(sound),
                Ok(Some(found)) if counts(found.key.status) => Err(Skipped::Present),
                Ok(Some(_)) => Err(Skipped::InRecycleBin),
                Err(error) => {
                    report.broken_off = Some(error.into());
                    break;
                }
            },
            Err(skipped) => Err(skipped),
        };
        let done = match sound {
            Err(skipped) => Err(skipped),
            Ok(sound) => {
                let mut imported =
                    Imported { disabled: sound.disabled, expires: sound.expires, revision: None };
                let written = match dry_run {
                    true => Ok(None),
                    false => write(to, sound, asked(), random).await.map(Some),
                };
                match written {
                    Ok(revision) => {
                        count += 1;
                        imported.revision = revision;
                        Ok(imported)
                    }
                    // Somebody else was quicker, or the limit is reached.
                    Err(Failure::Store(StoreError::Conflict(Conflict::AccessKeyIdTaken(_)))) => {
                        Err(Skipped::Present)
                    }
                    Err(Failure::Store(StoreError::Conflict(Conflict::AccessKeyLimit { limit }))) => {
                        Err(Skipped::Limit { limit })
                    }
                    Err(failure) => {
                        report.broken_off = Some(failure);
                        break;
                    }
                }
            }
        };
        report.outcomes.push(Outcome { place, id, done });
    }
    Ok(report)
}

/// What can be told of a pair without looking anywhere.
fn judge(pair: Pair, now: Timestamp) -> Result<Sound, Skipped> {
    if pair.id.is_empty() {
        return Err(Skipped::NoId);
    }
    let id = AccessKeyId::new(&pair.id).map_err(|_| Skipped::NotAnId)?;
    let secret = pair.secret.filter(|secret| !secret.expose().is_empty()).ok_or(Skipped::NoSecret)?;
    let text = secret.expose();
    if REFERENCES.iter().any(|beginning| text.starts_with(beginning)) {
        return Err(Skipped::Reference);
    }
    if text.contains("-----BEGIN ") {
        return Err(Skipped::Pem);
    }
    match text.chars().count() {
        length if length < *SECRET.start() => return Err(Skipped::Short),
        length if length > *SECRET.end() => return Err(Skipped::Long),
        _ => {}
    }
    let disabled = match pair.standing {
        Standing::Enabled => false,
        Standing::Disabled => true,
        Standing::Unknown => return Err(Skipped::Standing),
    };
    let expires = match pair.expires {
        None => None,
        Some(text) => Some(Timestamp::parse_rfc3339(&text).ok_or(Skipped::Expiration)?),
    };
    if let Some(expires) = expires.filter(|expires| *expires <= now) {
        return Err(Skipped::Expired(expires));
    }
    Ok(Sound { id, secret, description: description(&pair.description), expires, disabled })
}

/// As much of a text as a description holds, in one line.
fn description(text: &str) -> Description {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(128).collect();
    Description::new(&line).unwrap_or_default()
}

async fn write(
    to: Destination<'_>,
    sound: Sound,
    asked: Asked,
    random: &mut impl CryptoRng,
) -> Result<Revision, Failure> {
    let account = to.account.id.clone();
    let sealed = to.ring.seal_secret(&sound.id, &account, &sound.secret, random);
    let change = Change::AccessKeyCreated {
        account,
        access_key: sound.id.clone(),
        description: sound.description,
        expires: sound.expires,
        replaces: None,
        networks: Networks::default(),
        kind: AccessKeyKind::Secret,
        disabled: sound.disabled,
    };
    asked.commit_with(to.store, vec![change], vec![Secret::AccessKey(sound.id, sealed)]).await
}
