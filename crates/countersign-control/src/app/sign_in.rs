//! Signing in and out, and what a session may do.

use std::fmt;
use std::time::Duration;

use countersign::Timestamp;
use countersign_accounts::account::{Account, Email};
use countersign_accounts::id::{AccountId, SessionId};
use countersign_accounts::password::Password;
use countersign_accounts::session::{Session, Stage};
use countersign_accounts::token::Token;
use countersign_store::{Conflict, StoreError};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::desk::{Desk, Visitor};
use super::mail::{Mail, MailKind};
use super::{Failure, second_factors};

/// How long somebody may take between the password and the second factor.
const HALF_WAY: Duration = Duration::from_secs(10 * 60);
/// How often it is noted that a session is in use, at most.
const TOUCH: Duration = Duration::from_secs(60);

/// A browser that is signed in; or half way there, where `session.stage` says so: then a second factor is to be shown.
#[derive(Debug)]
pub struct SignedIn {
    pub account: Account,
    pub session: Session,
    /// For the session cookie.
    pub token: Token,
    /// For the device cookie, where the browser has none yet.
    pub device: Option<Token>,
    pub mails: Vec<Mail>,
}

/// What somebody shows beside the password.
pub enum Answer {
    /// What an application for second factors shows.
    Totp(Zeroizing<String>),
    RecoveryCode(Zeroizing<String>),
}

/// Begins a session for whoever knows the password of an account.
///
/// # Errors
///
/// [`Failure::SignIn`] for a wrong password, an address that nobody has, an account that is suspended or closed: with
/// the same work. [`Failure::SlowDown`] and [`Failure::TooBusy`], which do not depend on whether there is such an account.
pub async fn sign_in(
    desk: &Desk,
    visitor: &Visitor<'_>,
    email: &str,
    password: Password,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<SignedIn, Failure> {
    desk.admit(visitor, now)?;
    // Whatever is no address belongs to nobody. It is one allowance with all that is none.
    let email = Email::new(email).ok();
    let account = match &email {
        Some(email) => desk.store.find_account_by_email(email).await?.filter(Account::in_force),
        None => None,
    };
    let what = email.as_ref().map_or("", Email::as_str);
    if !knows_password(desk, visitor, what, account.as_ref(), password, now).await? {
        return Err(Failure::SignIn);
    }
    let Some(account) = account else { return Err(Failure::SignIn) };
    let stage = match desk.store.list_factors(&account.id).await?.is_empty() {
        true => Stage::SignedIn,
        false => Stage::Password,
    };
    begin(desk, account, visitor, stage, now, random).await
}

/// Goes on with a session whose password was right, for whoever shows the second factor too. The session's token is
/// another from then on.
///
/// # Errors
///
/// [`Failure::SecondFactor`] where it is wrong or was used already; [`Failure::SignedOut`] where there is no such session,
/// or it took too long.
pub async fn second_step(
    desk: &Desk,
    visitor: &Visitor<'_>,
    token: &Token,
    answer: &Answer,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<SignedIn, Failure> {
    desk.admit(visitor, now)?;
    let (_, account) = half_way(desk, token, now).await?.ok_or(Failure::SignedOut)?;
    let mails = second_factors::check(desk, visitor, &account, answer, now).await?;
    let mut signed_in = finish(desk, visitor, token, now, random).await?;
    signed_in.mails.extend(mails);
    Ok(signed_in)
}

/// The session that is half way there, with its account: its password was right, and its second factor is to be shown.
pub async fn half_way(
    desk: &Desk,
    token: &Token,
    now: Timestamp,
) -> Result<Option<(Session, Account)>, Failure> {
    let found = find(desk, token, Stage::Password, now).await?;
    Ok(found.filter(|(session, _)| session.created > now.minus(HALF_WAY)))
}

/// Completes a session that is half way there, for whoever has tested its second factor, such as a passkey.
pub async fn finish(
    desk: &Desk,
    visitor: &Visitor<'_>,
    token: &Token,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<SignedIn, Failure> {
    let (session, account) = half_way(desk, token, now).await?.ok_or(Failure::SignedOut)?;
    let token = replace(desk, token, now, random).await?;
    let session = Session { stage: Stage::SignedIn, proved: now, ..session };
    let (device, mails) = meet(desk, &account, visitor, now, random).await?;
    Ok(SignedIn { account, session, token, device, mails })
}

/// The session that a browser is signed in with, and its account. It is noted that it is in use, to the minute.
pub async fn authenticate(
    desk: &Desk,
    visitor: &Visitor<'_>,
    token: &Token,
    now: Timestamp,
) -> Result<Option<(Session, Account)>, Failure> {
    let Some((session, account)) = find(desk, token, Stage::SignedIn, now).await? else {
        return Ok(None);
    };
    if session.seen <= now.minus(TOUCH) {
        desk.store.touch_session(&session.id, now, &visitor.address_text(), &visitor.client_text()).await?;
    }
    Ok(Some((session, account)))
}

/// Shows the password, and the second factor where there is one, again: for what needs a fresh proof. The session's token
/// is another from then on.
///
/// # Errors
///
/// [`Failure::WrongPassword`]; [`Failure::SecondFactor`], also where one is needed and none is shown.
pub async fn prove_again(
    desk: &Desk,
    visitor: &Visitor<'_>,
    token: &Token,
    password: Password,
    answer: Option<&Answer>,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<(Token, Vec<Mail>), Failure> {
    let (_, account) = find(desk, token, Stage::SignedIn, now).await?.ok_or(Failure::SignedOut)?;
    check_password(desk, visitor, &account, password, now).await?;
    let mails = match answer {
        _ if desk.store.list_factors(&account.id).await?.is_empty() => Vec::new(),
        Some(answer) => second_factors::check(desk, visitor, &account, answer, now).await?,
        None => return Err(Failure::SecondFactor),
    };
    Ok((renew(desk, token, now, random).await?, mails))
}

/// Fails where this is not the account's password. Guesses are slowed down as at signing in.
pub async fn check_password(
    desk: &Desk,
    visitor: &Visitor<'_>,
    account: &Account,
    password: Password,
    now: Timestamp,
) -> Result<(), Failure> {
    desk.admit(visitor, now)?;
    match knows_password(desk, visitor, account.email.as_str(), Some(account), password, now).await? {
        true => Ok(()),
        false => Err(Failure::WrongPassword),
    }
}

/// Gives a session that is signed in another token and marks it as proven now: for whoever has tested what there is to
/// show, such as the password and a passkey.
pub async fn renew(
    desk: &Desk,
    token: &Token,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Token, Failure> {
    find(desk, token, Stage::SignedIn, now).await?.ok_or(Failure::SignedOut)?;
    replace(desk, token, now, random).await
}

/// Gives a session another token, signed in and proven now.
async fn replace(
    desk: &Desk,
    token: &Token,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Token, Failure> {
    let new = Token::generate(random);
    match desk.store.replace_session_token(&token.hash(), &new.hash(), Stage::SignedIn, now).await? {
        true => Ok(new),
        false => Err(Failure::SignedOut),
    }
}

/// Ends the session of a token. It need not be there.
pub async fn sign_out(desk: &Desk, token: &Token, now: Timestamp) -> Result<(), Failure> {
    if let Some(session) = desk.store.find_session(&token.hash(), now, &desk.rules.sessions).await? {
        desk.store.end_session(&session.account, &session.id).await?;
    }
    Ok(())
}

/// The sessions of an account, the last used first.
pub async fn list(desk: &Desk, account: &AccountId, now: Timestamp) -> Result<Vec<Session>, Failure> {
    let mut sessions = desk.store.list_sessions(account, now, &desk.rules.sessions).await?;
    sessions.retain(|session| session.stage == Stage::SignedIn);
    Ok(sessions)
}

/// Ends one session of an account. Returns whether there was such a session.
pub async fn revoke(desk: &Desk, account: &AccountId, session: &SessionId) -> Result<bool, Failure> {
    Ok(desk.store.end_session(account, session).await?)
}

/// Ends all sessions of an account but this one.
pub async fn revoke_others(desk: &Desk, session: &Session) -> Result<(), Failure> {
    Ok(desk.store.end_sessions(&session.account, Some(&session.id)).await?)
}

/// Begins a session at this stage.
pub(super) async fn begin(
    desk: &Desk,
    account: Account,
    visitor: &Visitor<'_>,
    stage: Stage,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<SignedIn, Failure> {
    let session = Session {
        id: SessionId::generate(random),
        account: account.id.clone(),
        stage,
        created: now,
        seen: now,
        proved: now,
        address: visitor.address_text(),
        client: visitor.client_text(),
    };
    let token = Token::generate(random);
    match desk.store.create_session(&session, &token.hash()).await {
        Ok(()) => {}
        // Suspended or closed in this very moment.
        Err(StoreError::Conflict(Conflict::AccountSuspended(_) | Conflict::AccountClosed(_))) => {
            return Err(Failure::SignIn);
        }
        Err(error) => return Err(error.into()),
    }
    // Where the password was set anew since it was tested, all sessions ended: before this one began, perhaps.
    let since = desk.store.find_account(&account.id).await?;
    if since.is_none_or(|since| since.password_set != account.password_set) {
        desk.store.end_session(&account.id, &session.id).await?;
        return Err(Failure::SignIn);
    }
    let (device, mails) = match stage {
        Stage::SignedIn => meet(desk, &account, visitor, now, random).await?,
        Stage::Password => (None, Vec::new()),
    };
    Ok(SignedIn { account, session, token, device, mails })
}

/// Remembers the browser. The account's owner is told of one that is new, unless it is the first.
pub(super) async fn meet(
    desk: &Desk,
    account: &Account,
    visitor: &Visitor<'_>,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<(Option<Token>, Vec<Mail>), Failure> {
    let (address, client) = (visitor.address_text(), visitor.client_text());
    let new = visitor.device.is_none().then(|| Token::generate(random));
    let Some(token) = visitor.device.or(new.as_ref()) else { return Ok((None, Vec::new())) };
    let device = token.hash_for(&account.id);
    let mut mails = Vec::new();
    if desk.store.find_device(&device, &account.id).await?.is_none()
        && !desk.store.list_devices(&account.id).await?.is_empty()
    {
        let (address, client) = (address.clone(), client.clone());
        mails.push(Mail::to(account, MailKind::NewDevice { at: now, address, client }));
    }
    desk.store.note_device(&device, &account.id, now, &address, &client).await?;
    Ok((new, mails))
}

/// The session of a token at this stage, and its account, which is in force.
async fn find(
    desk: &Desk,
    token: &Token,
    stage: Stage,
    now: Timestamp,
) -> Result<Option<(Session, Account)>, Failure> {
    let session = desk.store.find_session(&token.hash(), now, &desk.rules.sessions).await?;
    let Some(session) = session.filter(|session| session.stage == stage) else { return Ok(None) };
    let account = desk.store.find_account(&session.account).await?.filter(Account::in_force);
    Ok(account.map(|account| (session, account)))
}

/// Whether this is the password of an account, with the same work where there is none.
async fn knows_password(
    desk: &Desk,
    visitor: &Visitor<'_>,
    what: &str,
    account: Option<&Account>,
    password: Password,
    now: Timestamp,
) -> Result<bool, Failure> {
    let nobody = AccountId::from_text("");
    let id = account.map_or(&nobody, |account| &account.id);
    let guess = desk.admit_guess(what, account.map(|account| &account.id), visitor, now).await?;
    let hash = desk.store.find_password(id).await?;
    let right = desk.hasher.verify(hash, password).await;
    // A guess that was not looked at is none either.
    if !matches!(right, Ok(false)) {
        desk.was_right(guess);
    }
    right
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Totp(_) => "Totp(…)",
            Self::RecoveryCode(_) => "RecoveryCode(…)",
        })
    }
}
