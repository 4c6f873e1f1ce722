//! Second factors: TOTP, passkeys, and recovery codes for when they are lost.

use countersign::Timestamp;
use countersign_accounts::access_key::Description;
use countersign_accounts::account::Account;
use countersign_accounts::change::Change;
use countersign_accounts::factor::{Factor, FactorKind, RECOVERY_CODES, RecoveryCode};
use countersign_accounts::id::FactorId;
use countersign_accounts::seal::{Sealed, SealedColumn};
use countersign_accounts::session::Session;
use countersign_accounts::token::TokenHash;
use countersign_accounts::totp::TotpSecret;
use countersign_store::{Beside, Secret};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::desk::{Desk, Visitor};
use super::mail::{Mail, MailKind};
use super::sign_in::Answer;
use super::{Asked, Failure, ring as ring_keys};

const SECRET: SealedColumn = SealedColumn::SecondFactorSecret;

/// A TOTP secret that waits for its first code.
#[derive(Debug)]
pub struct Enrolment {
    /// The secret in base 32, for people who type it.
    pub secret: Zeroizing<String>,
    /// The `otpauth` URI, for a QR code.
    pub uri: Zeroizing<String>,
}

/// A second factor that was added.
#[derive(Debug)]
pub struct Added {
    pub factor: FactorId,
    /// With the first one come recovery codes, to be shown once.
    pub codes: Vec<RecoveryCode>,
    pub mail: Mail,
}

/// A passkey, and what is known of it.
#[derive(Debug)]
pub struct Passkey {
    pub factor: Factor,
    /// What was given when it was added or last used.
    pub known: Zeroizing<Vec<u8>>,
    sealed: Sealed,
}

/// The second factors of an account, in the order in which they were added.
pub async fn list(desk: &Desk, account: &Account) -> Result<Vec<Factor>, Failure> {
    Ok(desk.store.list_factors(&account.id).await?.into_iter().map(|(factor, _)| factor).collect())
}

/// How many recovery codes are left.
pub async fn codes_left(desk: &Desk, account: &Account) -> Result<u32, Failure> {
    Ok(desk.store.count_recovery_codes(&account.id).await?)
}

/// Makes a TOTP secret for a session that was proven lately. It counts once [`confirm_totp`] has seen a code of it, from
/// the same session. `issuer` is what the application shows beside the address.
pub async fn begin_totp(
    desk: &Desk,
    session: &Session,
    account: &Account,
    issuer: &str,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Enrolment, Failure> {
    desk.must_be_proven(session, now)?;
    let (factor, secret) = (FactorId::generate(random), TotpSecret::generate(random));
    let sealed = desk.ring.seal_text(SECRET, factor.as_str(), &account.id, secret.expose(), random);
    desk.store.put_challenge(&session.id, &format!("totp {factor} {}", sealed.as_str())).await?;
    Ok(Enrolment { secret: secret.to_text(), uri: secret.uri(issuer, account.email.as_str()) })
}

/// Adds the TOTP secret that this session has begun with, if the code is one of it. Other sessions end.
///
/// # Errors
///
/// [`Failure::SecondFactor`] for a wrong code, after which another may be tried, and where nothing was begun.
pub async fn confirm_totp(
    desk: &Desk,
    session: &Session,
    account: &Account,
    name: &str,
    typed: &str,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Added, Failure> {
    desk.must_be_proven(session, now)?;
    let name = Description::new(name)?;
    let begun = desk.store.take_challenge(&session.id).await?.ok_or(Failure::SecondFactor)?;
    let mut parts = begun.split(' ');
    let (Some("totp"), Some(factor), Some(sealed), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Failure::SecondFactor);
    };
    let (factor, sealed) = (FactorId::from_text(factor), Sealed::from_text(sealed));
    let secret =
        TotpSecret::from_bytes(desk.ring.open_text(SECRET, factor.as_str(), &account.id, &sealed)?);
    let Some(step) = secret.step_of(typed, now) else {
        desk.store.put_challenge(&session.id, &begun).await?;
        return Err(Failure::SecondFactor);
    };
    let secret = Secret::Factor { id: factor.clone(), name: name.clone(), sealed, step };
    add(desk, session, account, (factor, FactorKind::Totp, name), secret, now, random).await
}

/// Adds a passkey that was tested. `known` is what is to be known of it when it is used.
pub async fn add_passkey(
    desk: &Desk,
    session: &Session,
    account: &Account,
    name: &str,
    known: &[u8],
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Added, Failure> {
    desk.must_be_proven(session, now)?;
    let (name, factor) = (Description::new(name)?, FactorId::generate(random));
    let sealed = desk.ring.seal_text(SECRET, factor.as_str(), &account.id, known, random);
    let secret = Secret::Factor { id: factor.clone(), name: name.clone(), sealed, step: 0 };
    add(desk, session, account, (factor, FactorKind::Passkey, name), secret, now, random).await
}

/// The passkeys of an account, with what is known of them.
pub async fn passkeys(desk: &Desk, account: &Account) -> Result<Vec<Passkey>, Failure> {
    let mut passkeys = Vec::new();
    for (factor, sealed) in desk.store.list_factors(&account.id).await? {
        if factor.kind == FactorKind::Passkey {
            let known = open(desk, &factor, &sealed).await?;
            passkeys.push(Passkey { factor, known, sealed });
        }
    }
    Ok(passkeys)
}

/// Notes that a passkey was used, and what is known of it since. Where it was used at the same time elsewhere it fails:
/// its counter would not tell a copy.
pub async fn passkey_used(
    desk: &Desk,
    passkey: &Passkey,
    known: &[u8],
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<(), Failure> {
    let factor = &passkey.factor;
    let after = desk.ring.seal_text(SECRET, factor.id.as_str(), &factor.account, known, random);
    match desk.store.use_passkey(&factor.account, &factor.id, &passkey.sealed, &after, now).await? {
        true => Ok(()),
        false => Err(Failure::SecondFactor),
    }
}

/// Removes a second factor. With the last one go the recovery codes.
pub async fn remove(
    desk: &Desk,
    session: &Session,
    account: &Account,
    factor: FactorId,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Mail, Failure> {
    desk.must_be_proven(session, now)?;
    let name =
        list(desk, account).await?.into_iter().find(|known| known.id == factor).map(|known| known.name);
    let change = Change::SecondFactorRemoved { account: account.id.clone(), factor };
    Asked::by_owner(&account.id, now, random).commit(&desk.store, change).await?;
    Ok(Mail::to(account, MailKind::FactorRemoved { name: name.unwrap_or_default() }))
}

/// Makes recovery codes in place of those that there were, to be shown once.
pub async fn make_recovery_codes(
    desk: &Desk,
    session: &Session,
    account: &Account,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<(Vec<RecoveryCode>, Mail), Failure> {
    desk.must_be_proven(session, now)?;
    let (codes, hashes) = recovery_codes(account, random);
    let change = Change::RecoveryCodesMade { account: account.id.clone() };
    let secrets = vec![Secret::RecoveryCodes(account.id.clone(), hashes)];
    Asked::by_owner(&account.id, now, random).commit_with(&desk.store, vec![change], secrets).await?;
    Ok((codes, Mail::to(account, MailKind::RecoveryCodesMade)))
}

/// Fails where what is shown is not a second factor of the account, or was used already. Guesses are slowed down.
pub async fn check(
    desk: &Desk,
    visitor: &Visitor<'_>,
    account: &Account,
    answer: &Answer,
    now: Timestamp,
) -> Result<Vec<Mail>, Failure> {
    let what = format!("second factor of {}", account.id);
    let guess = desk.admit_guess(&what, Some(&account.id), visitor, now).await?;
    let mut mails = Vec::new();
    let right = match answer {
        Answer::Totp(typed) => uses_totp(desk, account, typed, now).await?,
        Answer::RecoveryCode(typed) => match RecoveryCode::from_text(typed) {
            Some(code) => desk.store.use_recovery_code(&account.id, &code.hash(&account.id)).await?,
            None => false,
        },
    };
    if !right {
        return Err(Failure::SecondFactor);
    }
    desk.was_right(guess);
    if matches!(answer, Answer::RecoveryCode(_)) {
        let left = codes_left(desk, account).await?;
        mails.push(Mail::to(account, MailKind::RecoveryCodeUsed { left }));
    }
    Ok(mails)
}

/// Whether this is a code of now that was not used. It is used from then on.
async fn uses_totp(desk: &Desk, account: &Account, typed: &str, now: Timestamp) -> Result<bool, Failure> {
    for (factor, sealed) in desk.store.list_factors(&account.id).await? {
        if factor.kind != FactorKind::Totp {
            continue;
        }
        let secret = TotpSecret::from_bytes(open(desk, &factor, &sealed).await?);
        if let Some(step) = secret.step_of(typed, now)
            && desk.store.use_step(&account.id, &factor.id, step, now).await?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn open(desk: &Desk, factor: &Factor, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let open = || desk.ring.open_text(SECRET, factor.id.as_str(), &factor.account, sealed);
    match open() {
        // By a ring key that came since the last look.
        Err(error) if error.is_missing_ring_key() => {
            ring_keys::learn(&desk.store, &desk.ring).await?;
            Ok(open()?)
        }
        opened => Ok(opened?),
    }
}

/// Adds a factor; with the first one recovery codes. Other sessions end: they have not shown it.
async fn add(
    desk: &Desk,
    session: &Session,
    account: &Account,
    (factor, kind, name): (FactorId, FactorKind, Description),
    secret: Secret,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Added, Failure> {
    let owner = || account.id.clone();
    let mut changes = vec![Change::SecondFactorAdded { account: owner(), factor: factor.clone(), kind }];
    let mut secrets = vec![secret];
    let mut codes = Vec::new();
    if desk.store.list_factors(&account.id).await?.is_empty() {
        let hashes;
        (codes, hashes) = recovery_codes(account, random);
        changes.push(Change::RecoveryCodesMade { account: owner() });
        secrets.push(Secret::RecoveryCodes(owner(), hashes));
    }
    let beside = vec![Beside::EndSessions { account: owner(), but: Some(session.id.clone()) }];
    Asked::by_owner(&account.id, now, random).commit_beside(&desk.store, changes, secrets, beside).await?;
    Ok(Added { factor, codes, mail: Mail::to(account, MailKind::FactorAdded { name }) })
}

fn recovery_codes(account: &Account, random: &mut impl CryptoRng) -> (Vec<RecoveryCode>, Vec<TokenHash>) {
    let codes: Vec<_> = (0..RECOVERY_CODES).map(|_| RecoveryCode::generate(random)).collect();
    let hashes = codes.iter().map(|code| code.hash(&account.id)).collect();
    (codes, hashes)
}
