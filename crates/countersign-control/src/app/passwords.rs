//! Passwords: changed by who knows them, and set anew by who reads the account's mails.

use countersign::Timestamp;
use countersign_accounts::account::{Account, Email};
use countersign_accounts::change::Change;
use countersign_accounts::link::{Link, Purpose};
use countersign_accounts::password::{Password, PasswordError};
use countersign_accounts::session::Session;
use countersign_accounts::token::Token;
use countersign_store::{Beside, Conflict, Secret};
use rand_core::CryptoRng;

use super::desk::{Desk, Visitor};
use super::mail::{Mail, MailKind};
use super::{Asked, Failure, parse_email, sign_in};

/// A password that was set anew. Nobody is signed in by that: the password, and a second factor where there is one, are
/// to be shown.
#[derive(Debug)]
pub struct Reset {
    pub account: Account,
    /// For the device cookie, where the browser has none yet: whoever reads the account's mails is no stranger to it.
    pub device: Option<Token>,
    pub mails: Vec<Mail>,
}

/// Whether a password may become that of whoever has this address.
pub fn check(password: &Password, email: &Email) -> Result<(), PasswordError> {
    password.check(&[email.as_str(), email.local_part(), "countersign"])
}

/// Changes the password of a session that was proven lately. Other sessions end.
pub async fn change(
    desk: &Desk,
    session: &Session,
    account: &Account,
    password: Password,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Mail, Failure> {
    desk.must_be_proven(session, now)?;
    check(&password, &account.email)?;
    let hash = desk.hasher.hash(password, random).await?;
    let change = Change::PasswordSet { account: account.id.clone() };
    let secrets = vec![Secret::Password(account.id.clone(), hash)];
    let beside = vec![Beside::EndSessions { account: account.id.clone(), but: Some(session.id.clone()) }];
    Asked::by_owner(&account.id, now, random)
        .commit_beside(&desk.store, vec![change], secrets, beside)
        .await?;
    Ok(Mail::to(account, MailKind::PasswordChanged { at: now }))
}

/// Makes a link to set a password anew, for the account of an address. Where nobody has the address, or the account is
/// suspended, there is no mail, and everything else is the same.
pub async fn forgot(
    desk: &Desk,
    visitor: &Visitor<'_>,
    email: &str,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Option<Mail>, Failure> {
    desk.admit(visitor, now)?;
    let email = parse_email(email)?;
    desk.admit_mail(&email, Purpose::Password, now)?;
    let account = desk.store.find_account_by_email(&email).await?.filter(Account::in_force);
    let (link, expires) = (Token::generate(random), now.plus(desk.rules.reset_link));
    let kept = Link {
        purpose: Purpose::Password,
        account: account.as_ref().map(|account| account.id.clone()),
        email,
        password: None,
        language: visitor.language,
        created: now,
        expires,
    };
    desk.store.create_link(&link.hash(), &kept).await?;
    Ok(account.map(|account| Mail::to(&account, MailKind::PasswordReset { link, expires })))
}

/// The account whose password a link sets. To look does not use the link up.
///
/// # Errors
///
/// [`Conflict::LinkUsed`] where it does nothing any more.
pub async fn look(desk: &Desk, link: &Token, now: Timestamp) -> Result<Account, Failure> {
    let found = desk.store.find_link(&link.hash(), now).await?;
    let account = found.filter(|link| link.purpose == Purpose::Password).and_then(|link| link.account);
    let account = match account {
        Some(account) => desk.store.find_account(&account).await?.filter(Account::in_force),
        None => None,
    };
    account.ok_or_else(|| Conflict::LinkUsed.into())
}

/// Sets a password anew by a link, which is used up. All sessions of the account end.
pub async fn reset(
    desk: &Desk,
    visitor: &Visitor<'_>,
    link: &Token,
    password: Password,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Reset, Failure> {
    desk.admit(visitor, now)?;
    let account = look(desk, link, now).await?;
    check(&password, &account.email)?;
    let hash = desk.hasher.hash(password, random).await?;
    let change = Change::PasswordSet { account: account.id.clone() };
    let secrets = vec![Secret::Password(account.id.clone(), hash)];
    let beside =
        vec![Beside::UseLink(link.hash()), Beside::EndSessions { account: account.id.clone(), but: None }];
    Asked::by_owner(&account.id, now, random)
        .commit_beside(&desk.store, vec![change], secrets, beside)
        .await?;
    // That the browser may be new is no news beside that the password is.
    let (device, _) = sign_in::meet(desk, &account, visitor, now, random).await?;
    let mails = vec![Mail::to(&account, MailKind::PasswordChanged { at: now })];
    Ok(Reset { account, device, mails })
}
