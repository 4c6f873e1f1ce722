//! The signature debugger: why does this request not verify? It is judged by the AccessKey that it names only where that
//! is the visitor's own; of any other nothing is told, not even whether it is there. What is shown never holds a secret
//! or the signature that would match.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, State};
use axum::response::Response;
use axum::routing::get;
use countersign::crypto::PublicKey;
use countersign::explain::{About, Captured, Difference, Explanation, Line, explain};
use countersign::{AccessKeySecret, Key};
use countersign_accounts::account::Account;
use countersign_accounts::keyring::Standing;
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::page::{self, Page, Part};
use super::signed_in::SignedIn;
use super::site::Site;
use super::trouble::Trouble;
use crate::captured;

/// How large the form may be, in bytes.
const FORM: usize = 512 * 1024;
/// What is said where the AccessKey is not one of the visitor's.
const FOREIGN: &str = "debug-key-foreign";
/// How many requests are explained at once: each tries some hundreds of guesses.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/debugger", get(show).post(judge)).layer(DefaultBodyLimit::max(FORM))
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Filled {
    request: String,
    base_path: String,
    /// What the client's log shows as its string to sign.
    client_string: String,
}

#[derive(Template)]
#[template(path = "debugger.html")]
struct DebuggerPage {
    page: Page,
    filled: Filled,
    /// Why what was pasted is no request.
    unreadable: Option<String>,
    found: Option<Found>,
}

/// What was found out.
struct Found {
    /// `good`, `bad`, or `warn` where it was not judged.
    kind: &'static str,
    headline: &'static str,
    /// What there is to say about the AccessKey.
    key: Option<&'static str>,
    explanation: Explanation,
    compared: Option<Compared>,
}

/// A text as the server writes it, line by line.
struct Written<'f> {
    id: &'static str,
    heading: &'static str,
    caption: &'static str,
    lines: &'f [Line],
    /// The number of the line in which the two sides part.
    differs: Option<usize>,
}

impl Found {
    /// The canonical request, where the scheme has one, and the string to sign, where there is one.
    fn written(&self) -> Vec<Written<'_>> {
        let differs = |canonical| {
            let compared = self.compared.as_ref().filter(|found| found.in_canonical_request == canonical)?;
            Some(compared.number)
        };
        let texts = [
            Written {
                id: "canonical-request",
                heading: "debug-canonical",
                caption: "debug-canonical-text",
                lines: &self.explanation.canonical_lines,
                differs: differs(true),
            },
            Written {
                id: "string-to-sign",
                heading: "debug-string",
                caption: "debug-string-text",
                lines: &self.explanation.lines,
                differs: differs(false),
            },
        ];
        texts.into_iter().filter(|text| !text.lines.is_empty()).collect()
    }
}

/// Two lines, and where they part.
struct Compared {
    in_canonical_request: bool,
    number: usize,
    name: &'static str,
    server: Option<[String; 2]>,
    client: Option<[String; 2]>,
}

/// `GET /debugger`.
async fn show(State(site): State<Arc<Site>>, who: SignedIn) -> Result<Response, Trouble> {
    let base_path = site.state.settings().maxcompute.base.clone();
    let filled = Filled { base_path, ..Filled::default() };
    page::html(&DebuggerPage { page: who.page(Part::Debugger), filled, unreadable: None, found: None })
}

/// `POST /debugger`. It changes nothing: a request is too long for an address.
async fn judge(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    // Browsers send line ends as CR LF, and a body that was pasted is what it was before.
    let pasted = filled.request.replace("\r\n", "\n");
    let item = captured::items(pasted.as_bytes()).into_iter().next();
    let (unreadable, found) = match item {
        None => (None, None),
        Some(item) => match item.captured {
            Err(why) => (Some(why), None),
            Ok(captured) => {
                let client = Some(filled.client_string.replace("\r\n", "\n")).filter(|text| !text.is_empty());
                let base = filled.base_path.trim().to_owned();
                let found = found(&site, &who.account, captured, base, client.or(item.client_string)).await?;
                (None, Some(found))
            }
        },
    };
    page::html(&DebuggerPage { page: who.page(Part::Debugger), filled, unreadable, found })
}

async fn found(
    site: &Site,
    account: &Account,
    captured: Captured,
    base: String,
    client_string: Option<String>,
) -> Result<Found, Trouble> {
    let place = AT_ONCE.acquire().await.map_err(|error| Trouble::Broken(error.to_string()))?;
    let first = explain(&captured, &About { base: Some(&base), ..About::default() });
    let (own, key) = own(site, account, first.access_key_id.as_deref());
    let bucket_domains = site.state.settings().signatures.bucket_domains.clone();
    let judging = tokio::task::spawn_blocking(move || {
        let about = About {
            base: Some(&base),
            secret: own.secret.as_ref(),
            public_key: own.public_key.as_ref(),
            bucket_domains: &bucket_domains,
            client_string: client_string.as_deref(),
            ..About::default()
        };
        explain(&captured, &about)
    });
    let mut explanation = judging.await.map_err(|error| Trouble::Broken(error.to_string()))?;
    if key == Some(FOREIGN) {
        // That no secret was given is not what there is to say.
        explanation.reason = None;
    }
    drop(place);
    let (kind, headline) = match explanation.verified {
        Some(true) if matches!(explanation.accepted_by_serve, Some(Ok(()))) => ("good", "debug-matches"),
        Some(true) => ("warn", "debug-matches-refused"),
        Some(false) => ("bad", "debug-differs"),
        None => ("warn", "debug-unjudged"),
    };
    let compared = explanation.difference.as_ref().map(compared);
    Ok(Found { kind, headline, key, explanation, compared })
}

/// What signatures by one of the visitor's own AccessKeys are tested with.
#[derive(Default)]
struct Own {
    secret: Option<AccessKeySecret>,
    public_key: Option<PublicKey>,
}

/// The AccessKey of this id, if it is one of this account, and what there is to say about it.
fn own(site: &Site, account: &Account, id: Option<&str>) -> (Own, Option<&'static str>) {
    let Some(id) = id else { return (Own::default(), None) };
    let snapshot = site.state.verifier.keyring().snapshot();
    let Some(key) = snapshot.get(id).filter(|key| key.account == account.id) else {
        return (Own::default(), Some(FOREIGN));
    };
    let secret = key.key().secret_bytes().and_then(|secret| std::str::from_utf8(secret).ok());
    let public_key = match key.key() {
        Key::Public(key) => Some(key.clone()),
        _ => None,
    };
    let own = Own { secret: secret.map(AccessKeySecret::new), public_key };
    let told = match key.standing {
        Standing::Enabled => "debug-key-enabled",
        Standing::Disabled => "debug-key-disabled",
        Standing::Deleted => "debug-key-deleted",
    };
    (own, Some(told))
}

fn compared(difference: &Difference) -> Compared {
    let split = |line: &String| {
        let same: String = line.chars().take(difference.column.saturating_sub(1)).collect();
        let rest: String = line.chars().skip(difference.column.saturating_sub(1)).collect();
        [page::printable(&same), page::printable(&rest)]
    };
    Compared {
        in_canonical_request: difference.in_canonical_request,
        number: difference.line,
        name: difference.name,
        server: difference.server.as_ref().map(split),
        client: difference.client.as_ref().map(split),
    }
}
