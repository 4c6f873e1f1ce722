//! Who asks: an AccessKey by its signature, or by a bearer token that it was used to obtain.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use countersign::{Body, Malformed, Refusal};
use countersign_accounts::account::Account;
use countersign_accounts::keyring::AccessKeyInForce;
use countersign_accounts::project::ProjectName;
use countersign_accounts::verifier::Refused;
use http::HeaderName;
use http::header::AUTHORIZATION;

use super::bearer_token::BearerToken;
use super::failure::Failure;
use super::policy::Action;
use crate::arrival::{Arrival, Seen};
use crate::body;
use crate::judge::{Fault, Judged, Keep, judge};
use crate::metrics::BEARER_TOKEN as BEARER_TOKEN_SCHEME;
use crate::state::State;

const BEARER_TOKEN: HeaderName = HeaderName::from_static("x-odps-bearer-token");
/// A second opinion that clients may send with a security query. Nothing here issues one.
const SUPERVISION_TOKEN: &str = "odps-x-supervision-token";
/// Credentials that mean nothing without a signature; with one, the verifier refuses them.
const ALONE: [&str; 4] =
    ["authorization-sts-token", "application-authentication", "sts-authentication", "sts-token"];

/// Who asks, and within which bounds.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) access_key: Arc<AccessKeyInForce>,
    /// Where it is not the key itself that signed.
    token: Option<BearerToken>,
}

/// What an operation asks of its caller.
#[derive(Clone, Copy, Debug)]
pub(super) enum Needs<'p> {
    /// A signature or a bearer token, whatever its policy says.
    AnyCredential,
    /// A signature: no bearer token will do.
    Signature,
    /// A signature, or a bearer token for this project whose policy allows this.
    Leave(Action, &'p str),
}

impl Caller {
    /// The caller's account, from the store.
    pub(super) async fn account(&self, state: &State) -> Result<Account, Failure> {
        let id = &self.access_key.account;
        state.store.find_account(id).await?.ok_or_else(|| Failure::NoAccount(id.clone()))
    }

    /// Whether the caller may do something that needs this. An AccessKey may do everything in its own account; whose a
    /// project is, is another question, which every operation on one asks.
    pub(super) fn check(&self, needs: Needs<'_>) -> Result<(), Failure> {
        let Some(token) = &self.token else { return Ok(()) };
        match needs {
            Needs::AnyCredential => Ok(()),
            Needs::Signature => Err(Failure::NoPermission(
                "a bearer token cannot be used for this: sign the request".to_owned(),
            )),
            Needs::Leave(action, project) if ProjectName::new(project).as_ref() != Ok(&token.project) => {
                Err(Failure::NoPermission(format!(
                    "You have no privilege '{}' on that project: the bearer token is for project {}",
                    action.name(),
                    token.project
                )))
            }
            Needs::Leave(action, _) if token.policy.allows(action, &token.project) => Ok(()),
            Needs::Leave(action, _) => Err(Failure::NoPermission(format!(
                "You have no privilege '{}' on {{acs:odps:*:projects/{}}}: the policy of the bearer token does not \
                 allow it",
                action.name(),
                token.project
            ))),
        }
    }
}

/// Says who asks, and reads the body of one who may. Nobody else's body is kept.
pub(super) async fn admit<B: hyper::body::Body<Data = Bytes> + Unpin>(
    state: &State,
    arrival: &Arrival<'_>,
    body: &mut B,
    seen: &mut Seen,
) -> Result<(Caller, Bytes), Failure> {
    let headers = &arrival.parts.headers;
    if headers.contains_key(SUPERVISION_TOKEN) {
        return Err(Refusal::Unsupported(SUPERVISION_TOKEN).into());
    }
    if headers.contains_key(AUTHORIZATION) {
        if headers.contains_key(BEARER_TOKEN) {
            return Err(Failure::TwoCredentials);
        }
        return by_signature(state, arrival, body, seen).await;
    }
    if let Some(name) = ALONE.into_iter().find(|name| headers.contains_key(*name)) {
        return Err(Refusal::Unsupported(name).into());
    }
    let request = arrival.request(Body::Unread);
    let Some(text) = request.text_header(&BEARER_TOKEN).map_err(Refusal::from)? else {
        return Err(Refusal::Unsigned.into());
    };
    let caller = by_bearer_token(state, arrival, text, seen)?;
    Ok((caller, body::read(body).await?))
}

async fn by_signature<B: hyper::body::Body<Data = Bytes> + Unpin>(
    state: &State,
    arrival: &Arrival<'_>,
    body: &mut B,
    seen: &mut Seen,
) -> Result<(Caller, Bytes), Failure> {
    let demands = &arrival.settings.maxcompute;
    match judge(state, arrival, demands, Keep::Whole, body, seen).await {
        Ok(Judged { access_key, body, .. }) => Ok((Caller { access_key, token: None }, body)),
        // It has an `Authorization`, only not one that any scheme knows.
        Err(Fault::Refused(Refused { scheme: None, .. })) => {
            let why = "it should read `ODPS <AccessKey id>:<signature>`";
            Err(Refusal::from(Malformed::Unreadable { what: "Authorization".to_owned(), why }).into())
        }
        Err(Fault::Refused(refused)) => Err(refused.refusal.into()),
        Err(Fault::Body(error)) => Err(error.into()),
    }
}

/// The token is proven before anything in it is believed. Then the key that it stands for is judged as if it had
/// signed: a token ends with its key.
fn by_bearer_token(
    state: &State,
    arrival: &Arrival<'_>,
    text: &str,
    seen: &mut Seen,
) -> Result<Caller, Failure> {
    let began = Instant::now();
    let judged = judge_bearer_token(state, arrival, text, seen);
    seen.judged_for(began.elapsed());
    judged
}

fn judge_bearer_token(
    state: &State,
    arrival: &Arrival<'_>,
    text: &str,
    seen: &mut Seen,
) -> Result<Caller, Failure> {
    seen.scheme = Some(BEARER_TOKEN_SCHEME);
    let token = BearerToken::read(&state.ring, text).ok_or(Failure::InvalidBearerToken)?;
    seen.access_key_id = Some(token.access_key.clone());
    if token.expires <= state.verifier.not_before(arrival.now) {
        return Err(Failure::ExpiredBearerToken(token.expires));
    }
    // Taken first: the key is judged by this revision or a later one.
    let revision = state.verifier.keyring().snapshot().revision();
    let access_key = state.verifier.in_good_standing(&token.access_key, arrival.now, arrival.peer)?;
    if access_key.account != token.account {
        return Err(Failure::InvalidBearerToken);
    }
    seen.verified = true;
    seen.revision = Some(revision);
    state.usage.note(access_key.id(), BEARER_TOKEN_SCHEME, arrival.user_agent(), arrival.peer, arrival.now);
    Ok(Caller { access_key, token: Some(token) })
}
