//! The account's MaxCompute projects: names that its clients sign in to.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use countersign_accounts::project::Project;
use http::StatusCode;
use serde::Deserialize;

use super::notice::Notice;
use super::page::{self, Page, Part};
use super::said;
use super::signed_in::SignedIn;
use super::site::Site;
use super::trouble::Trouble;
use crate::app::{Failure, projects};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/projects", get(list).post(create)).route("/projects/{name}/delete", post(delete))
}

#[derive(Template)]
#[template(path = "projects.html")]
struct ProjectsPage {
    page: Page,
    projects: Vec<Project>,
    name: String,
    problem: Option<String>,
}

/// `GET /projects`.
async fn list(State(site): State<Arc<Site>>, who: SignedIn) -> Result<Response, Trouble> {
    shown(&site, who, String::new(), None).await
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

/// `POST /projects`.
async fn create(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Form(named): Form<Named>,
) -> Result<Response, Trouble> {
    let name = named.name.trim().to_ascii_lowercase();
    match projects::create(&site.state.store, who.asks(), who.account.id.clone(), &name).await {
        Ok(_) => Ok(done(Notice::new("notice-project-created", &name))),
        Err(failure) => {
            let problem = said::sentence(&who.visit, failure)?;
            shown(&site, who, named.name, Some(problem)).await
        }
    }
}

/// `POST /projects/{name}/delete`.
async fn delete(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Trouble> {
    match projects::delete(&site.state.store, who.asks(), who.account.id.clone(), &name).await {
        Ok(_) => Ok(done(Notice::new("notice-project-deleted", &name.to_ascii_lowercase()))),
        Err(Failure::ProjectName(..)) => Err(Trouble::NotFound),
        Err(failure) => Ok(done(said::notice(failure)?)),
    }
}

async fn shown(
    site: &Site,
    who: SignedIn,
    name: String,
    problem: Option<String>,
) -> Result<Response, Trouble> {
    let projects = projects::list(&site.state.store, &who.account.id).await?;
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut response = page::html(&ProjectsPage { page: who.page(Part::Projects), projects, name, problem })?;
    *response.status_mut() = status;
    Ok(response)
}

fn done(notice: Notice) -> Response {
    notice.on("/projects")
}
