//! What people do with their own account: another address, another language, the end of it.

use countersign::Timestamp;
use countersign_accounts::account::{Account, Language};
use countersign_accounts::change::{Change, Revision};
use countersign_accounts::link::{Link, Purpose};
use countersign_accounts::session::Session;
use countersign_accounts::token::Token;
use countersign_store::{Beside, Conflict};
use rand_core::CryptoRng;

use super::desk::{Desk, Visitor};
use super::mail::{Mail, MailKind};
use super::{Asked, Failure, parse_email, sign_up};

/// Asks for another address: the mail goes to it, and its link makes it the account's. Where somebody has it already, that
/// mailbox alone is told so.
pub async fn request_email_change(
    desk: &Desk,
    visitor: &Visitor<'_>,
    session: &Session,
    account: &Account,
    email: &str,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Mail, Failure> {
    desk.admit(visitor, now)?;
    desk.must_be_proven(session, now)?;
    let email = parse_email(email)?;
    desk.admit_mail(&email, Purpose::Email, now)?;
    let known = desk.store.find_account_by_email(&email).await?;
    let (link, expires) = (Token::generate(random), now.plus(desk.rules.reset_link));
    let kept = Link {
        purpose: Purpose::Email,
        account: Some(account.id.clone()),
        email: email.clone(),
        password: None,
        language: account.language,
        created: now,
        expires,
    };
    desk.store.create_link(&link.hash(), &kept).await?;
    Ok(match known {
        Some(known) => Mail::to(&known, MailKind::AlreadyRegistered),
        None => Mail { to: email, language: account.language, kind: MailKind::EmailChange { link, expires } },
    })
}

/// Makes the address of a link the account's, for whoever is signed in to that account. The link is used up, and the old
/// address is told.
pub async fn confirm_email_change(
    desk: &Desk,
    account: &Account,
    link: &Token,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<(Revision, Mail), Failure> {
    let found = sign_up::look(desk, link, Purpose::Email, now).await?;
    if found.account.as_ref() != Some(&account.id) {
        return Err(Conflict::LinkUsed.into());
    }
    let change = Change::EmailChanged { account: account.id.clone(), email: found.email.clone() };
    let asked = Asked::by_owner(&account.id, now, random);
    let beside = vec![Beside::UseLink(link.hash())];
    let revision = asked.commit_beside(&desk.store, vec![change], Vec::new(), beside).await?;
    Ok((revision, Mail::to(account, MailKind::EmailChanged { now: found.email })))
}

/// Sets what the account's mails are written in.
pub async fn set_language(desk: &Desk, account: &Account, language: Language) -> Result<(), Failure> {
    Ok(desk.store.set_language(&account.id, language).await?)
}

/// Closes the account for good: its AccessKeys are refused from the revision that is returned on.
pub async fn close(
    desk: &Desk,
    session: &Session,
    account: &Account,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<(Revision, Mail), Failure> {
    desk.must_be_proven(session, now)?;
    let change = Change::AccountClosed { account: account.id.clone() };
    let revision = Asked::by_owner(&account.id, now, random).commit(&desk.store, change).await?;
    Ok((revision, Mail::to(account, MailKind::AccountClosed)))
}
