//! `POST /projects/{p}/authorization`: who the caller is, and with `sign_bearer_token` a token to hand on.

use countersign::Timestamp;
use countersign::dialects::{Spoken, odps::escaped};
use serde::Deserialize;
use serde_json::json;

use super::bearer_token::BearerToken;
use super::caller::Caller;
use super::failure::Failure;
use super::policy::Policy;
use super::projects::{self, owner_name};
use super::{answer, security_query};
use crate::arrival::Arrival;
use crate::state::State;

/// For how long a token may be good, in hours: what the Java SDK asks for is the most.
const HOURS: std::ops::RangeInclusive<f64> = 1.0..=720.0;
/// For how long where the client does not say.
const DEFAULT_HOURS: f64 = 24.0;

/// What a client sends for a bearer token.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    expires_in_hours: Option<f64>,
    policy: Policy,
}

/// Answers a query of the security language. `whoami` is the one that is served.
pub(super) async fn query(
    state: &State,
    arrival: &Arrival<'_>,
    caller: &Caller,
    project: &str,
    body: &[u8],
) -> Result<Spoken, Failure> {
    let project = projects::find(state, caller, project).await?;
    let query = security_query::read(body).map_err(|why| Failure::InvalidXml(why.to_owned()))?;
    let query = query.trim_matches([' ', '\t', '\r', '\n', ';']);
    if !query.eq_ignore_ascii_case("whoami") {
        return Err(Failure::QueryNotServed(query.to_owned()));
    }
    let account = caller.account(state).await?;
    let base = arrival.settings.maxcompute.base.trim_end_matches('/');
    // Clients parse it as JSON whatever they asked for.
    let who = json!({
        "DisplayName": owner_name(&account),
        "ID": account.id.as_str(),
        "EndPoint": format!("{}{base}", arrival.origin()),
        "SourceIP": arrival.peer.map(|peer| peer.to_string()).unwrap_or_default(),
        "ProjectName": project.name.as_str(),
        "Schema": "",
    });
    Ok(result(&who.to_string()))
}

/// Makes a bearer token for the caller's AccessKey, this project and a policy.
pub(super) async fn sign_bearer_token(
    state: &State,
    arrival: &Arrival<'_>,
    caller: &Caller,
    project: &str,
    body: &[u8],
) -> Result<Spoken, Failure> {
    let project = projects::find(state, caller, project).await?;
    let wanted: Wanted = serde_json::from_slice(body)
        .map_err(|error| Failure::InvalidArgument(format!("the body cannot be read: {error}")))?;
    wanted.policy.check().map_err(Failure::InvalidArgument)?;
    let hours = wanted.expires_in_hours.unwrap_or(DEFAULT_HOURS);
    if !HOURS.contains(&hours) {
        return Err(Failure::InvalidArgument(format!(
            "`expires_in_hours` should be from {} to {}",
            HOURS.start(),
            HOURS.end()
        )));
    }
    let expires = arrival.now.plus(std::time::Duration::from_secs_f64(hours * 3600.0));
    let token = BearerToken {
        account: caller.access_key.account.clone(),
        project: project.name,
        access_key: caller.access_key.id().to_owned(),
        // To the second, as the token has it.
        expires: Timestamp::from_unix_millis(expires.unix_seconds() * 1000),
        policy: wanted.policy,
    };
    let token = token
        .write(&state.ring)
        .map_err(|error| Failure::InvalidArgument(format!("the policy cannot be written: {error}")))?;
    Ok(result(&token))
}

fn result(text: &str) -> Spoken {
    answer::xml(&format!("<Authorization><Result>{}</Result></Authorization>", escaped(text)))
}
