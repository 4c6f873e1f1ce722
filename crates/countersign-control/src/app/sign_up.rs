//! Opening an account by oneself. There is no account until whoever asks for one has shown that the address is theirs.

use countersign::Timestamp;
use countersign_accounts::account::{Account, DEFAULT_ACCESS_KEY_LIMIT, Email, Registration};
use countersign_accounts::change::{Actor, Change};
use countersign_accounts::id::AccountId;
use countersign_accounts::link::{Link, Purpose};
use countersign_accounts::password::{Password, PasswordHash};
use countersign_accounts::session::Stage;
use countersign_accounts::token::Token;
use countersign_store::{Beside, Conflict, Secret};
use rand_core::CryptoRng;

use super::desk::{Desk, Visitor};
use super::mail::{Mail, MailKind};
use super::sign_in::{self, SignedIn};
use super::{Asked, Failure, administration, parse_email, passwords};

/// What stands in the link for the first administrator, who gives an address when opening it.
const NO_ADDRESS: &str = "first-administrator@countersign.invalid";

/// Asks for an account: the mail that is to be sent has a link to open it, or says that there is one already. Which of the
/// two tells the mailbox alone: everything else, and the work, is the same.
///
/// # Errors
///
/// [`Failure::RegistrationClosed`] and [`Failure::InvitationNeeded`]; what is wrong with the password; that it was asked
/// too often.
pub async fn request(
    desk: &Desk,
    visitor: &Visitor<'_>,
    email: &str,
    password: Password,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Mail, Failure> {
    desk.admit(visitor, now)?;
    must_be_open(desk).await?;
    let email = parse_email(email)?;
    passwords::check(&password, &email)?;
    desk.admit_mail(&email, Purpose::SignUp, now)?;
    let password = desk.hasher.hash(password, random).await?;
    let known = desk.store.find_account_by_email(&email).await?;
    let (link, expires) = (Token::generate(random), now.plus(desk.rules.sign_up_link));
    let kept = Link {
        purpose: Purpose::SignUp,
        account: None,
        email: email.clone(),
        password: Some(password),
        language: visitor.language,
        created: now,
        expires,
    };
    desk.store.create_link(&link.hash(), &kept).await?;
    Ok(match known {
        Some(account) => Mail::to(&account, MailKind::AlreadyRegistered),
        None => Mail { to: email, language: visitor.language, kind: MailKind::SignUp { link, expires } },
    })
}

/// The link of a token, for a page that says what it does. To look does not use it up.
///
/// # Errors
///
/// [`Conflict::LinkUsed`] where it does nothing any more, or is for something else.
pub async fn look(desk: &Desk, link: &Token, purpose: Purpose, now: Timestamp) -> Result<Link, Failure> {
    let found = desk.store.find_link(&link.hash(), now).await?.filter(|link| link.purpose == purpose);
    found.ok_or_else(|| Conflict::LinkUsed.into())
}

/// Opens the account that was asked for, and signs in. The password is the one that it was asked for with: whoever reads
/// the mail, but did not ask for it, opens no account for somebody else who knows the password.
///
/// # Errors
///
/// [`Failure::WrongPassword`], after which the link is as good as before; [`Conflict::LinkUsed`].
pub async fn confirm(
    desk: &Desk,
    visitor: &Visitor<'_>,
    link: &Token,
    password: Password,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<SignedIn, Failure> {
    desk.admit(visitor, now)?;
    must_be_open(desk).await?;
    let found = look(desk, link, Purpose::SignUp, now).await?;
    if !desk.hasher.verify(found.password.clone(), password).await? {
        return Err(Failure::WrongPassword);
    }
    let hash = found.password.ok_or(Failure::WrongPassword)?;
    let new = New { email: found.email, password: hash, administrator: false };
    open(desk, visitor, link, new, now, random).await
}

/// Invites somebody, by the leave of an administrator or operator.
pub async fn invite(
    desk: &Desk,
    visitor: &Visitor<'_>,
    asked: Asked,
    email: &str,
    random: &mut impl CryptoRng,
) -> Result<Mail, Failure> {
    administration::must_administer(&desk.store, &asked.by).await?;
    if desk.store.registration().await? == Registration::Closed {
        return Err(Failure::RegistrationClosed);
    }
    let email = parse_email(email)?;
    if desk.store.find_account_by_email(&email).await?.is_some() {
        return Err(Conflict::EmailTaken(email).into());
    }
    let (link, expires) = (Token::generate(random), asked.at.plus(desk.rules.invitation));
    let kept = Link {
        purpose: Purpose::Invitation,
        account: None,
        email: email.clone(),
        password: None,
        language: visitor.language,
        created: asked.at,
        expires,
    };
    desk.store.create_link(&link.hash(), &kept).await?;
    Ok(Mail { to: email, language: visitor.language, kind: MailKind::Invitation { link, expires } })
}

/// Opens the account of whoever was invited, and signs in.
pub async fn accept_invitation(
    desk: &Desk,
    visitor: &Visitor<'_>,
    link: &Token,
    password: Password,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<SignedIn, Failure> {
    desk.admit(visitor, now)?;
    if desk.store.registration().await? == Registration::Closed {
        return Err(Failure::RegistrationClosed);
    }
    let found = look(desk, link, Purpose::Invitation, now).await?;
    passwords::check(&password, &found.email)?;
    let hash = desk.hasher.hash(password, random).await?;
    let new = New { email: found.email, password: hash, administrator: false };
    open(desk, visitor, link, new, now, random).await
}

/// Makes the link that opens the first administrator's account. None where there is an account already. A link that was
/// made before does nothing from then on.
pub async fn first_administrator_link(
    desk: &Desk,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Option<Token>, Failure> {
    if !desk.store.list_accounts(None, 1).await?.is_empty() {
        return Ok(None);
    }
    desk.store.drop_links(Purpose::FirstAdministrator).await?;
    let link = Token::generate(random);
    let kept = Link {
        purpose: Purpose::FirstAdministrator,
        account: None,
        email: parse_email(NO_ADDRESS)?,
        password: None,
        language: countersign_accounts::account::Language::default(),
        created: now,
        expires: now.plus(desk.rules.invitation),
    };
    desk.store.create_link(&link.hash(), &kept).await?;
    Ok(Some(link))
}

/// Opens the first administrator's account by that link, and signs in. The address is believed: whoever has the link runs
/// the installation.
pub async fn open_first_administrator(
    desk: &Desk,
    visitor: &Visitor<'_>,
    link: &Token,
    email: &str,
    password: Password,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<SignedIn, Failure> {
    desk.admit(visitor, now)?;
    look(desk, link, Purpose::FirstAdministrator, now).await?;
    let email = parse_email(email)?;
    passwords::check(&password, &email)?;
    let hash = desk.hasher.hash(password, random).await?;
    let new = New { email, password: hash, administrator: true };
    open(desk, visitor, link, new, now, random).await
}

async fn must_be_open(desk: &Desk) -> Result<(), Failure> {
    match desk.store.registration().await? {
        Registration::Open => Ok(()),
        Registration::Invitation => Err(Failure::InvitationNeeded),
        Registration::Closed => Err(Failure::RegistrationClosed),
    }
}

/// What an account begins with.
struct New {
    email: Email,
    password: PasswordHash,
    administrator: bool,
}

/// Opens an account and uses the link up, together or not at all; then begins a session.
async fn open(
    desk: &Desk,
    visitor: &Visitor<'_>,
    link: &Token,
    new: New,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<SignedIn, Failure> {
    let id = AccountId::generate(random);
    let account = || id.clone();
    let access_key_limit = DEFAULT_ACCESS_KEY_LIMIT;
    let mut changes = vec![
        Change::AccountOpened { account: account(), email: new.email, access_key_limit },
        Change::PasswordSet { account: account() },
    ];
    if new.administrator {
        changes.push(Change::AdministratorAppointed { account: account() });
    }
    let secrets = vec![Secret::Password(account(), new.password)];
    let asked = Asked::new(Actor::Owner(account()), now, random);
    asked.commit_beside(&desk.store, changes, secrets, vec![Beside::UseLink(link.hash())]).await?;
    desk.store.set_language(&id, visitor.language).await?;
    let account: Account = desk.store.find_account(&id).await?.ok_or(Failure::NoAccount)?;
    sign_in::begin(desk, account, visitor, Stage::SignedIn, now, random).await
}
