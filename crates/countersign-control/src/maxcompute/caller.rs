//! Who asks: an AccessKey by its signature, or by a bearer token that it was used to obtain.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use countersign::{Body, Malformed, Refusal, schemes};
use countersign_accounts::account::Account;
use countersign_accounts::keyring::AccessKeyInForce;
use countersign_accounts::project::ProjectName;
use countersign_accounts::verifier::{Context, Verdict};
use http::HeaderName;
use http::header::{AUTHORIZATION, USER_AGENT};

use super::bearer_token::BearerToken;
use super::failure::Failure;
use super::policy::Action;
use crate::arrival::{Arrival, Seen};
use crate::body;
use crate::metrics::BEARER_TOKEN as BEARER_TOKEN_SCHEME;
use crate::state::State;

const BEARER_TOKEN: HeaderName = HeaderName::from_static("x-odps-bearer-token");
const ODPS_USER_AGENT: HeaderName = HeaderName::from_static("x-odps-user-agent");
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

/// The head is judged first, then the body is read, and where the signature covers it, all is judged again.
async fn by_signature<B: hyper::body::Body<Data = Bytes> + Unpin>(
    state: &State,
    arrival: &Arrival<'_>,
    body: &mut B,
    seen: &mut Seen,
) -> Result<(Caller, Bytes), Failure> {
    let judged = judge(state, arrival, Body::Unread, seen)?;
    let body = body::read(body).await?;
    let access_key = match judged {
        Some(access_key) => Some(access_key),
        None => judge(state, arrival, Body::Whole(&body), seen)?,
    };
    // A body in hand is never asked for again.
    let access_key = access_key.ok_or(Failure::BodyIncomplete)?;
    Ok((Caller { access_key, token: None }, body))
}

/// The AccessKey that signed; none where the body is needed to tell.
fn judge(
    state: &State,
    arrival: &Arrival<'_>,
    body: Body<'_>,
    seen: &mut Seen,
) -> Result<Option<Arc<AccessKeyInForce>>, Failure> {
    let request = arrival.request(body);
    let context = Context { now: arrival.now, demands: &arrival.settings.maxcompute, peer: arrival.peer };
    let began = Instant::now();
    let verdict = state.verifier.verify(&request, &context);
    seen.judged_for(began.elapsed());
    match verdict {
        Verdict::NeedsBody => Ok(None),
        Verdict::Verified(verified) => {
            let scheme = verified.proven.scheme().name();
            seen.scheme = Some(scheme);
            seen.reading = Some(verified.proven.reading().name);
            seen.access_key_id = Some(verified.access_key.id().to_owned());
            seen.verified = true;
            seen.revision = Some(verified.revision);
            note(state, &verified.access_key, scheme, arrival);
            Ok(Some(verified.access_key))
        }
        Verdict::Refused(refused) => {
            if let Some((scheme, claim)) = schemes::read(&request) {
                seen.scheme = Some(scheme.name());
                seen.access_key_id = claim.ok().map(|claim| claim.access_key_id.into_owned());
            }
            // It has an `Authorization`, only not one that any scheme knows.
            let unreadable = || Malformed::Unreadable {
                what: "Authorization".to_owned(),
                why: "it should read `ODPS <AccessKey id>:<signature>`",
            };
            let refusal = refused.scheme.map_or_else(|| unreadable().into(), |_| refused.refusal);
            Err(refusal.into())
        }
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
    note(state, &access_key, BEARER_TOKEN_SCHEME, arrival);
    Ok(Caller { access_key, token: Some(token) })
}

fn note(state: &State, access_key: &AccessKeyInForce, scheme: &'static str, arrival: &Arrival<'_>) {
    state.usage.note(access_key.id(), scheme, user_agent(arrival), arrival.peer, arrival.now);
}

fn user_agent<'a>(arrival: &Arrival<'a>) -> Option<&'a str> {
    let headers = &arrival.parts.headers;
    let value = headers.get(ODPS_USER_AGENT).or_else(|| headers.get(USER_AGENT))?;
    std::str::from_utf8(value.as_bytes()).ok()
}
