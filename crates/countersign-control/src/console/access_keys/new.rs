//! Creating an AccessKey: what it is for, until when, from where, and whether with a secret or for a public key.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Form, State};
use axum::response::Response;
use countersign::Timestamp;
use countersign::crypto::PublicKey;
use countersign_accounts::access_key::DEFAULT_ID_PREFIX;
use countersign_accounts::network::Networks;
use countersign_accounts::random;
use http::StatusCode;
use serde::Deserialize;

use super::super::page::{self, Page, Part};
use super::super::said;
use super::super::signed_in::SignedIn;
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::super::visit::Visit;
use super::created;
use super::pasted::Pasted;
use crate::app::access_keys::{self, Wanted};

const HERE: &str = "/access-keys/new";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What was filled in. It comes back with the page where something is wrong with it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filled {
    description: String,
    /// `never`, a number of days, or `date`.
    expiry: String,
    /// The last day on which it is accepted, in UTC: `2027-01-31`.
    expiry_date: String,
    /// Source networks, one a line.
    networks: String,
    /// `public` for a public key; otherwise a secret is made.
    kind: String,
    public_key: Pasted,
    agreed: String,
    /// The name of the change: the form sent twice makes one AccessKey.
    request: String,
}

#[derive(Template)]
#[template(path = "access_keys/new.html")]
struct NewPage {
    page: Page,
    filled: Filled,
    problem: Option<String>,
    choices: [&'static str; 4],
    address: Option<String>,
    tomorrow: String,
}

/// `GET /access-keys/new`.
pub(super) async fn show(State(site): State<Arc<Site>>, who: SignedIn) -> Result<Response, Trouble> {
    who.must_be_proven(&site, HERE)?;
    let request = who.asks().request;
    let (expiry, kind) = ("never".to_owned(), "secret".to_owned());
    let filled = Filled { expiry, kind, request, ..Filled::default() };
    form(who, filled, None)
}

/// `POST /access-keys/new`: answers with the secret, which is shown this once.
pub(super) async fn create(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    who.must_be_proven(&site, HERE)?;
    let public_key = match public_key(&filled) {
        Ok(key) => key,
        Err(problem) => {
            let problem = who.visit.say(problem, &[]);
            return form(who, filled, Some(problem));
        }
    };
    let wanted = match wanted(&filled, &who.visit) {
        Ok(wanted) => Wanted { real_name_required: site.settings().require_real_name, ..wanted },
        Err(problem) => {
            let problem = who.visit.say(problem, &[]);
            return form(who, filled, Some(problem));
        }
    };
    let mut asked = who.asks();
    if is_request(&filled.request) {
        asked.request = filled.request.clone();
    }
    let (state, account) = (&site.state, who.account.id.clone());
    let random = &mut random::from_system();
    let (store, ring, prefix) = (&state.store, &state.ring, DEFAULT_ID_PREFIX);
    let failure = match public_key {
        None => match access_keys::create(store, ring, asked, account, prefix, wanted, random).await {
            Ok(created) => return created::show(&site, who, created, None).await,
            Err(failure) => failure,
        },
        Some(key) => {
            let named = (prefix, key);
            match access_keys::register(store, ring, asked, account, named, wanted, random).await {
                Ok(registered) => return created::show_registered(&site, who, registered, None).await,
                Err(failure) => failure,
            }
        }
    };
    let problem = said::sentence(&who.visit, failure)?;
    form(who, filled, Some(problem))
}

/// The public key that is to be registered, or the id of the message that says what is wrong with it.
fn public_key(filled: &Filled) -> Result<Option<PublicKey>, &'static str> {
    // A private key is told to be one wherever it was meant to go.
    let pasted = filled.public_key.read().map_err(|failure| said::of_public_key(&failure))?;
    match (filled.kind.as_str(), pasted) {
        ("public", None) => Err("said-public-key-missing"),
        ("public", key) => Ok(key),
        (_, None) => Ok(None),
        (_, Some(_)) => Err("said-public-key-unused"),
    }
}

fn form(who: SignedIn, filled: Filled, problem: Option<String>) -> Result<Response, Trouble> {
    let address = who.visit.peer.map(|peer| peer.to_string());
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let tomorrow = who.visit.now.plus(DAY).iso8601();
    let template = NewPage {
        tomorrow: tomorrow.split('T').next().unwrap_or_default().to_owned(),
        page: who.page(Part::AccessKeys),
        filled,
        problem,
        choices: ["30", "90", "180", "365"],
        address,
    };
    let mut response = page::html(&template)?;
    *response.status_mut() = status;
    Ok(response)
}

/// What a form asks for, or the id of the message that says what is wrong with it.
fn wanted(filled: &Filled, visit: &Visit) -> Result<Wanted, &'static str> {
    if filled.agreed != "yes" {
        return Err("said-not-agreed");
    }
    let description = filled.description.trim().to_owned();
    if description.is_empty() {
        return Err("said-description-missing");
    }
    let expires = match filled.expiry.as_str() {
        "never" | "" => None,
        "date" => {
            let end = format!("{}T23:59:59Z", filled.expiry_date);
            Some(Timestamp::parse_rfc3339(&end).ok_or("said-expiry-date")?)
        }
        days => {
            let days: u32 = days.parse().map_err(|_| "said-expiry-date")?;
            Some(visit.now.plus(DAY.saturating_mul(days)))
        }
    };
    let networks = Networks::from_text(&filled.networks).map_err(|_| "said-networks")?;
    Ok(Wanted { description, expires, networks, ..Wanted::default() })
}

/// Whether a text is a request id, of the form in which pages hand them out.
fn is_request(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
