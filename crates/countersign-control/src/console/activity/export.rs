//! The change log of an account as a file, for spreadsheets and for programs.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use countersign_accounts::change::{Actor, Recorded};
use countersign_accounts::id::AccountId;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::{Value, json};

use super::super::signed_in::SignedIn;
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::{Filter, list};

/// How many changes one file holds: the newest. `before` asks for older ones.
const MOST: usize = 10_000;

/// `GET /activity.csv`.
pub(super) async fn csv(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Query(filter): Query<Filter>,
) -> Result<Response, Trouble> {
    let (changes, _) = list(&site, &who.account.id, &filter, MOST).await?;
    let mut text = String::from("time,revision,change,access_key,detail,by,request\r\n");
    for recorded in changes {
        let fields = fields(&recorded, &who.account.id)?;
        let line: Vec<String> = fields.iter().map(|(_, field)| cell(field)).collect();
        text.push_str(&line.join(","));
        text.push_str("\r\n");
    }
    Ok(file("text/csv; charset=utf-8", "activity.csv", text))
}

/// `GET /activity.json`.
pub(super) async fn json(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Query(filter): Query<Filter>,
) -> Result<Response, Trouble> {
    let (changes, _) = list(&site, &who.account.id, &filter, MOST).await?;
    let mut list = Vec::with_capacity(changes.len());
    for recorded in &changes {
        list.push(json!({
            "time": recorded.at.iso8601(),
            "revision": recorded.revision.to_string(),
            "change": change(recorded)?,
            "by": by(&recorded.by, &who.account.id),
            "request": recorded.request,
        }));
    }
    let text = serde_json::to_string_pretty(&list).map_err(broken)?;
    Ok(file("application/json", "activity.json", text + "\n"))
}

fn file(content_type: &'static str, name: &str, text: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, content_type.to_owned()), (CONTENT_DISPOSITION, disposition)], text).into_response()
}

/// The columns of a change.
fn fields(recorded: &Recorded, account: &AccountId) -> Result<[(&'static str, String); 7], Trouble> {
    let mut change = change(recorded)?;
    let mut take = |name: &str| match change.as_object_mut().and_then(|fields| fields.remove(name)) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    let (name, access_key) = (take("change"), take("access_key"));
    take("account");
    let rest = change.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let detail: Vec<String> = rest
        .map(|(name, value)| match value {
            Value::String(text) => format!("{name}: {text}"),
            other => format!("{name}: {other}"),
        })
        .collect();
    Ok([
        ("time", recorded.at.iso8601()),
        ("revision", recorded.revision.to_string()),
        ("change", name),
        ("access_key", access_key),
        ("detail", detail.join("; ")),
        ("by", by(&recorded.by, account).to_owned()),
        ("request", recorded.request.clone()),
    ])
}

fn change(recorded: &Recorded) -> Result<Value, Trouble> {
    serde_json::to_value(&recorded.change).map_err(broken)
}

fn by<'a>(actor: &'a Actor, account: &AccountId) -> &'a str {
    match actor {
        Actor::Owner(owner) if owner == account => "owner",
        Actor::Owner(_) => "administrator",
        Actor::CommandLine(_) => "command line",
        Actor::System => "countersign",
    }
}

/// A cell that every program reads as text: in quotes, and with a mark before what a spreadsheet would compute.
fn cell(text: &str) -> String {
    let computed = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let mark = if computed { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

fn broken(error: serde_json::Error) -> Trouble {
    Trouble::Broken(format!("a change cannot be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_computed_or_breaks_out_of_its_place() {
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        for text in ["+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert!(cell(text).starts_with("\"'"), "{text:?}");
        }
        assert_eq!(cell("a,b\n\"c\""), "\"a,b\n\"\"c\"\"\"");
    }
}
