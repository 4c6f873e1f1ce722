//! Passkeys (WebAuthn): what a browser is asked, and what it answers.
//!
//! They are bound to the host of `public_url`, so there are none where that is an address and no name. What this side
//! must remember between the question and the answer waits with the session, for one answer.

use countersign_accounts::account::Account;
use countersign_accounts::random;
use countersign_accounts::session::Session;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use webauthn_rs::prelude::{
    CreationChallengeResponse, Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, RequestChallengeResponse, Url, Uuid,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use super::site::Site;
use super::trouble::Trouble;
use super::visit::Visit;
use crate::app::Failure;
use crate::app::second_factors::{self, Added};

/// What the question was for. An answer to one is none to another.
const ADDING: &str = "passkey-adding ";
const SHOWING: &str = "passkey-showing ";

/// Whether there can be passkeys here.
pub(super) fn are_possible(site: &Site) -> bool {
    relying_party(site).is_some()
}

/// Asks a browser to make a passkey for an account.
pub(super) async fn ask_to_add(
    site: &Site,
    session: &Session,
    account: &Account,
) -> Result<CreationChallengeResponse, Trouble> {
    let party = relying_party(site).ok_or(Trouble::NotFound)?;
    let known = second_factors::passkeys(&site.desk, account).await?;
    let known = known.iter().filter_map(|passkey| read::<Passkey>(&passkey.known).ok());
    let known = known.map(|passkey| passkey.cred_id().clone()).collect();
    let email = account.email.as_str();
    let (question, state) = party
        .start_passkey_registration(user(account), email, email, Some(known))
        .map_err(|error| Trouble::Broken(error.to_string()))?;
    keep(site, session, ADDING, &state).await?;
    Ok(question)
}

/// Adds the passkey that a browser made.
///
/// # Errors
///
/// [`Failure::SecondFactor`] where it is no answer to what was asked last.
pub(super) async fn add(
    site: &Site,
    session: &Session,
    account: &Account,
    name: &str,
    answer: &str,
    visit: &Visit,
) -> Result<Added, Failure> {
    let party = relying_party(site).ok_or(Failure::SecondFactor)?;
    let state: PasskeyRegistration = kept(site, session, ADDING).await?;
    let answer: RegisterPublicKeyCredential = read(answer.as_bytes())?;
    let passkey = party.finish_passkey_registration(&answer, &state).map_err(|_| Failure::SecondFactor)?;
    let (known, random) = (written(&passkey)?, &mut random::from_system());
    second_factors::add_passkey(&site.desk, session, account, name, &known, visit.now, random).await
}

/// Asks a browser to show a passkey of an account. None where it has none.
pub(super) async fn ask_to_show(
    site: &Site,
    session: &Session,
    account: &Account,
) -> Result<Option<RequestChallengeResponse>, Trouble> {
    let Some(party) = relying_party(site) else { return Ok(None) };
    let known = second_factors::passkeys(&site.desk, account).await?;
    let known: Vec<Passkey> = known.iter().filter_map(|passkey| read(&passkey.known).ok()).collect();
    if known.is_empty() {
        return Ok(None);
    }
    let (question, state) =
        party.start_passkey_authentication(&known).map_err(|error| Trouble::Broken(error.to_string()))?;
    keep(site, session, SHOWING, &state).await?;
    Ok(Some(question))
}

/// Fails where what a browser showed is no passkey of the account, or no answer to what was asked last.
pub(super) async fn check(
    site: &Site,
    session: &Session,
    account: &Account,
    answer: &str,
    visit: &Visit,
) -> Result<(), Failure> {
    let party = relying_party(site).ok_or(Failure::SecondFactor)?;
    let state: PasskeyAuthentication = kept(site, session, SHOWING).await?;
    let answer: PublicKeyCredential = read(answer.as_bytes())?;
    let shown = party.finish_passkey_authentication(&answer, &state).map_err(|_| Failure::SecondFactor)?;
    for stored in second_factors::passkeys(&site.desk, account).await? {
        let mut passkey: Passkey = read(&stored.known)?;
        if passkey.update_credential(&shown).is_some() {
            let (known, random) = (written(&passkey)?, &mut random::from_system());
            return second_factors::passkey_used(&site.desk, &stored, &known, visit.now, random).await;
        }
    }
    Err(Failure::SecondFactor)
}

/// Whether an account has a passkey that can be shown here.
pub(super) async fn has_any(site: &Site, account: &Account) -> Result<bool, Failure> {
    Ok(are_possible(site) && !second_factors::passkeys(&site.desk, account).await?.is_empty())
}

fn relying_party(site: &Site) -> Option<Webauthn> {
    let origin = Url::parse(&site.settings().public_url).ok()?;
    let host = origin.domain()?.to_owned();
    WebauthnBuilder::new(&host, &origin).ok()?.rp_name("Countersign").build().ok()
}

/// What authenticators know an account by: it tells nothing about it to whoever finds one.
fn user(account: &Account) -> Uuid {
    let digest = Sha256::digest(account.id.as_str().as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.iter()).for_each(|(byte, of_digest)| *byte = *of_digest);
    Uuid::from_bytes(bytes)
}

async fn keep(site: &Site, session: &Session, what: &str, state: &impl Serialize) -> Result<(), Trouble> {
    let state = serde_json::to_string(state).map_err(|error| Trouble::Broken(error.to_string()))?;
    Ok(site.state.store.put_challenge(&session.id, &format!("{what}{state}")).await?)
}

async fn kept<T: DeserializeOwned>(site: &Site, session: &Session, what: &str) -> Result<T, Failure> {
    let kept = site.state.store.take_challenge(&session.id).await?;
    let kept = kept.as_deref().and_then(|kept| kept.strip_prefix(what)).ok_or(Failure::SecondFactor)?;
    read(kept.as_bytes())
}

fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(text).map_err(|_| Failure::SecondFactor)
}

fn written(passkey: &Passkey) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(passkey).map_err(|_| Failure::SecondFactor)
}
