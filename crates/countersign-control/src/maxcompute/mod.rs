//! The endpoint that odpscmd, PyODPS and the SDKs log in to: the part of MaxCompute's REST interface that an account
//! service can answer. It holds no tables and runs no SQL.
//!
//! ```text
//! GET  /logview/host  /webconsole/host      hosts.rs
//! GET  /tenants                             tenants.rs
//! GET  /projects                            projects.rs
//! GET  /projects/{p}  /projects/{p}/tables  projects.rs
//! PUT  /projects/{p}/logs                   projects.rs
//! POST /projects/{p}/authorization          authorization.rs
//! ```
//!
//! The steps of an answer: [`caller`] says who asks, [`Operation`] what for, [`caller::Caller::check`] whether it may, and
//! the operation's own function does it. Whatever fails on the way becomes an answer in [`failure`].

mod answer;
mod authorization;
mod bearer_token;
mod caller;
mod failure;
mod hosts;
mod policy;
mod projects;
mod query;
mod security_query;
mod tenants;

use bytes::Bytes;
use countersign::dialects::Spoken;
use hyper::body::Body;

use self::caller::Needs;
use self::failure::Failure;
use self::policy::Action;
use self::query::{Parameters, decode};
use crate::arrival::{Arrival, Seen};
use crate::state::State;

/// Answers a request to a path behind the base path.
pub(crate) async fn answer<B: Body<Data = Bytes> + Unpin>(
    state: &State,
    arrival: &Arrival<'_>,
    path: &str,
    body: &mut B,
    seen: &mut Seen,
) -> Spoken {
    match serve(state, arrival, path, body, seen).await {
        Ok(spoken) => spoken,
        Err(failure) => {
            if failure.is_ours() {
                tracing::error!(request_id = arrival.request_id, error = %failure.in_full(), "a request failed");
            }
            failure.speak(&arrival.occasion())
        }
    }
}

async fn serve<B: Body<Data = Bytes> + Unpin>(
    state: &State,
    arrival: &Arrival<'_>,
    path: &str,
    body: &mut B,
    seen: &mut Seen,
) -> Result<Spoken, Failure> {
    let (caller, body) = caller::admit(state, arrival, body, seen).await?;
    let parameters = Parameters::read(arrival.parts.uri.query().unwrap_or_default());
    // Split first, decoded then: a `%2F` is part of a name, never a separator.
    let segments: Vec<String> = path.split('/').skip(1).map(decode).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = arrival.parts.method.as_str();
    let operation = Operation::find(method, &segments, &parameters, path)?;
    caller.check(operation.needs())?;
    match operation {
        Operation::Host => Ok(hosts::tell(arrival)),
        Operation::Tenant => tenants::describe(state, &caller).await,
        Operation::ListProjects => projects::list(state, &caller, &parameters).await,
        Operation::DescribeProject(project) => projects::describe(state, &caller, project, &parameters).await,
        Operation::ListTables(project) => projects::list_tables(state, &caller, project).await,
        Operation::TakeLogs(project) => projects::take_logs(state, &caller, project).await,
        Operation::Query(project) => authorization::query(state, arrival, &caller, project, &body).await,
        Operation::SignBearerToken(project) => {
            authorization::sign_bearer_token(state, arrival, &caller, project, &body).await
        }
    }
}

/// What is asked for, and of which project, by the name that the client gave.
#[derive(Clone, Copy, Debug)]
enum Operation<'p> {
    Host,
    Tenant,
    ListProjects,
    DescribeProject(&'p str),
    ListTables(&'p str),
    TakeLogs(&'p str),
    Query(&'p str),
    SignBearerToken(&'p str),
}

impl<'p> Operation<'p> {
    fn find(
        method: &str,
        segments: &[&'p str],
        parameters: &Parameters,
        path: &str,
    ) -> Result<Self, Failure> {
        let (operation, allowed) = match *segments {
            ["logview" | "webconsole", "host"] => (Self::Host, "GET, HEAD"),
            ["tenants"] => (Self::Tenant, "GET, HEAD"),
            ["projects"] => (Self::ListProjects, "GET, HEAD"),
            ["projects", project] => (Self::DescribeProject(project), "GET, HEAD"),
            ["projects", project, "tables"] => (Self::ListTables(project), "GET, HEAD"),
            ["projects", project, "logs"] => (Self::TakeLogs(project), "PUT"),
            ["projects", project, "authorization"] if parameters.has("sign_bearer_token") => {
                (Self::SignBearerToken(project), "POST")
            }
            ["projects", project, "authorization"] => (Self::Query(project), "POST"),
            _ => return Err(Failure::NotServed(path.to_owned())),
        };
        if !allowed.split(", ").any(|allowed| allowed == method) {
            return Err(Failure::MethodNotAllowed {
                method: method.to_owned(),
                path: path.to_owned(),
                allowed,
            });
        }
        Ok(operation)
    }

    /// What a caller must have for it. A bearer token stands for one project and for what its policy allows there; an
    /// operation that is about more, that a policy cannot name, or that would make another token, needs a signature.
    fn needs(self) -> Needs<'p> {
        match self {
            // It tells nothing but the address that the client already has, and PyODPS asks for it first of all.
            Self::Host => Needs::AnyCredential,
            Self::Tenant | Self::ListProjects | Self::TakeLogs(_) | Self::SignBearerToken(_) => {
                Needs::Signature
            }
            Self::DescribeProject(project) | Self::Query(project) => Needs::Leave(Action::Read, project),
            Self::ListTables(project) => Needs::Leave(Action::List, project),
        }
    }
}
