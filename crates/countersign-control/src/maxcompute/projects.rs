//! `/projects` and what stands below it, for the account that asks. Another account's project is answered as one that
//! does not exist: the same status, the same words, the same work.

use countersign::dialects::{Spoken, odps::escaped};
use countersign_accounts::account::{Account, Email};
use countersign_accounts::project::{Project, ProjectName};
use http::header::{HeaderName, LAST_MODIFIED};
use http::{HeaderMap, HeaderValue};

use super::answer;
use super::caller::Caller;
use super::failure::Failure;
use super::query::Parameters;
use crate::state::State;

const OWNER: HeaderName = HeaderName::from_static("x-odps-owner");
const CREATION_TIME: HeaderName = HeaderName::from_static("x-odps-creation-time");

/// What stands before the e-mail address in the name of an account's owner.
const PROVIDER: &str = "ALIYUN$";
/// How many projects a page has at most.
const PAGE: u32 = 1000;
/// Parameters of `GET /projects/{p}` that may come without a value. Any other such parameter names a part of the
/// project, of which none is served.
const NOT_PARTS: [&str; 5] = ["curr_project", "current_project", "curr_schema", "properties", "extended"];

/// The name of an account's owner, as MaxCompute writes it.
pub(super) fn owner_name(account: &Account) -> String {
    format!("{PROVIDER}{}", account.email)
}

/// The caller's own project of this name.
pub(super) async fn find(state: &State, caller: &Caller, name: &str) -> Result<Project, Failure> {
    let found = match ProjectName::new(name) {
        Ok(name) => state.store.find_project(&name).await?,
        Err(_) => None,
    };
    let own = found.filter(|project| project.account == caller.access_key.account);
    own.ok_or_else(|| Failure::NoSuchProject(name.to_owned()))
}

/// `GET /projects`: a page of the caller's projects by name, from behind `marker` on. Parameters that are not known
/// are ignored, as MaxCompute ignores them.
pub(super) async fn list(state: &State, caller: &Caller, parameters: &Parameters) -> Result<Spoken, Failure> {
    let limit = match parameters.get("maxitems") {
        None => PAGE,
        // Who asks for more than a page gets a page, and a marker to go on with.
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| *limit > 0)
            .map(|limit: u32| limit.min(PAGE))
            .ok_or_else(|| Failure::InvalidArgument("`maxitems` should be a number from 1".to_owned()))?,
    };
    let after = parameters.get("marker").map(ProjectName::new).transpose().map_err(|_| {
        Failure::InvalidArgument("`marker` should be the one that came with the page before".to_owned())
    })?;
    // Names fold case, and hold nothing else.
    let prefix = parameters.get("name").unwrap_or_default().to_ascii_lowercase();
    let possible = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');

    let account = caller.account(state).await?;
    let mut found = Vec::new();
    if possible && parameters.get("owner").is_none_or(|owner| is_owner(&account, owner)) {
        // One more than asked for tells whether there is another page.
        found = state.store.list_projects(&account.id, after.as_ref(), &prefix, limit + 1).await?;
    }
    let limit_reached = found.len() > limit as usize;
    found.truncate(limit as usize);
    let marker = found.last().filter(|_| limit_reached).map(|project| project.name.as_str());

    let owner = escaped(&owner_name(&account));
    let projects: String = found
        .iter()
        .map(|project| format!("<Project><Name>{}</Name><Owner>{owner}</Owner></Project>", project.name))
        .collect();
    // Java fails without a marker; an empty one ends the listing.
    let marker = marker.map_or("<Marker/>".to_owned(), |marker| format!("<Marker>{marker}</Marker>"));
    Ok(answer::xml(&format!("<Projects>{marker}<MaxItems>{limit}</MaxItems>{projects}</Projects>")))
}

/// Whether this text names the account's owner: its e-mail address, with or without the provider before it.
fn is_owner(account: &Account, text: &str) -> bool {
    let email = match text.split_at_checked(PROVIDER.len()) {
        Some((provider, email)) if provider.eq_ignore_ascii_case(PROVIDER) => email,
        _ => text,
    };
    Email::new(email).is_ok_and(|email| email == account.email)
}

/// `GET /projects/{p}`. Java takes `Properties` and PyODPS the three header fields for granted.
pub(super) async fn describe(
    state: &State,
    caller: &Caller,
    name: &str,
    parameters: &Parameters,
) -> Result<Spoken, Failure> {
    let project = find(state, caller, name).await?;
    if let Some(part) = parameters.bare().find(|name| !NOT_PARTS.contains(name)) {
        return Err(Failure::NotServed(format!("?{part}")));
    }
    let owner = owner_name(&caller.account(state).await?);
    // PyODPS cannot do with an answer to `extended` that lacks them.
    let extended = if parameters.has("extended") { "<ExtendedProperties/>" } else { "" };
    let mut spoken = answer::xml(&format!(
        "<Project><Name>{}</Name><Owner>{}</Owner><State>AVAILABLE</State><Properties/>{extended}</Project>",
        project.name,
        escaped(&owner)
    ));
    let created = project.created.http_date();
    set(&mut spoken.headers, OWNER, &owner);
    set(&mut spoken.headers, CREATION_TIME, &created);
    set(&mut spoken.headers, LAST_MODIFIED, &created);
    Ok(spoken)
}

/// `GET /projects/{p}/tables`: there are none.
pub(super) async fn list_tables(state: &State, caller: &Caller, name: &str) -> Result<Spoken, Failure> {
    find(state, caller, name).await?;
    Ok(answer::xml(&format!("<Tables><Marker/><MaxItems>{PAGE}</MaxItems></Tables>")))
}

/// `PUT /projects/{p}/logs`: what clients report of their own use. It is read and thrown away.
pub(super) async fn take_logs(state: &State, caller: &Caller, name: &str) -> Result<Spoken, Failure> {
    find(state, caller, name).await?;
    Ok(answer::text("received, and not kept\n".to_owned()))
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // A date and an e-mail address are ASCII without control characters.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
