//! Second factors: an authenticator app added and removed, and recovery codes, shown once.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use countersign_accounts::factor::RecoveryCode;
use countersign_accounts::id::FactorId;
use countersign_accounts::random;
use http::StatusCode;
use qrcode::{Color, QrCode};
use serde::Deserialize;

use super::super::notice::Notice;
use super::super::page::{self, Page, Part};
use super::super::said;
use super::super::signed_in::SignedIn;
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::ACCOUNT;
use crate::app::second_factors::{self, Added, Enrolment};

const HERE: &str = "/account/second-factors/new";
/// What applications show beside the address.
const ISSUER: &str = "Countersign";
/// How many blank modules stand around a QR code.
const MARGIN: usize = 4;

#[derive(Template)]
#[template(path = "account/new_factor.html")]
struct NewFactorPage {
    page: Page,
    name: String,
    secret: String,
    /// The dark modules of the QR code, as the path of an SVG.
    qr: String,
    qr_size: usize,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "account/codes.html")]
struct CodesPage {
    page: Page,
    codes: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Filled {
    name: String,
    code: String,
}

/// `GET /account/second-factors/new`: a key for an authenticator app. Each look makes another.
pub(super) async fn show(State(site): State<Arc<Site>>, who: SignedIn) -> Result<Response, Trouble> {
    who.must_be_proven(&site, HERE)?;
    let name = who.visit.say("totp-default-name", &[]);
    form(&site, who, name, None).await
}

/// `POST /account/second-factors/new`: adds it, if the code is one of its.
pub(super) async fn add(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    who.must_be_proven(&site, HERE)?;
    let (desk, now, random) = (&site.desk, who.visit.now, &mut random::from_system());
    let (name, code) = (&filled.name, &filled.code);
    match second_factors::confirm_totp(desk, &who.session, &who.account, name, code, now, random).await {
        Ok(added) => finish(&site, who, added),
        Err(failure) => {
            let problem = said::sentence(&who.visit, failure)?;
            form(&site, who, filled.name, Some(problem)).await
        }
    }
}

/// `POST /account/second-factors/{id}/remove`.
pub(super) async fn remove(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    who.must_be_proven(&site, ACCOUNT)?;
    let (now, random) = (who.visit.now, &mut random::from_system());
    let factor = FactorId::from_text(id);
    match second_factors::remove(&site.desk, &who.session, &who.account, factor, now, random).await {
        Ok(mail) => {
            site.post([mail], &who.visit);
            Ok(Notice::new("notice-factor-removed", "").on(ACCOUNT))
        }
        Err(failure) => Ok(said::notice(failure)?.on(ACCOUNT)),
    }
}

/// `POST /account/recovery-codes`: answers with new ones, which are shown this once.
pub(super) async fn make_codes(State(site): State<Arc<Site>>, who: SignedIn) -> Result<Response, Trouble> {
    who.must_be_proven(&site, ACCOUNT)?;
    let (now, random) = (who.visit.now, &mut random::from_system());
    let (made, mail) =
        second_factors::make_recovery_codes(&site.desk, &who.session, &who.account, now, random).await?;
    site.post([mail], &who.visit);
    codes(who, &made)
}

/// Shows the recovery codes that came with the first factor, or says that it was added.
pub(super) fn finish(site: &Site, who: SignedIn, added: Added) -> Result<Response, Trouble> {
    site.post([added.mail], &who.visit);
    match added.codes.is_empty() {
        true => Ok(Notice::new("notice-factor-added", "").on(ACCOUNT)),
        false => codes(who, &added.codes),
    }
}

fn codes(who: SignedIn, codes: &[RecoveryCode]) -> Result<Response, Trouble> {
    let codes = codes.iter().map(|code| code.expose().to_owned()).collect();
    page::html(&CodesPage { page: who.page(Part::Account), codes })
}

async fn form(
    site: &Site,
    who: SignedIn,
    name: String,
    problem: Option<String>,
) -> Result<Response, Trouble> {
    let random = &mut random::from_system();
    let now = who.visit.now;
    let Enrolment { secret, uri } =
        second_factors::begin_totp(&site.desk, &who.session, &who.account, ISSUER, now, random).await?;
    let code = QrCode::new(uri.as_bytes()).map_err(|error| Trouble::Broken(error.to_string()))?;
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut response = page::html(&NewFactorPage {
        page: who.page(Part::Account),
        name,
        secret: secret.to_string(),
        qr: path(&code),
        qr_size: code.width() + 2 * MARGIN,
        problem,
    })?;
    *response.status_mut() = status;
    Ok(response)
}

/// The dark modules of a code, each a square of one unit.
fn path(code: &QrCode) -> String {
    let width = code.width();
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
    dark.map(|(at, _)| format!("M{} {}h1v1h-1z", at % width + MARGIN, at / width + MARGIN)).collect()
}
