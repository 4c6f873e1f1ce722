//! An explanation, for people and for programs.

use std::fmt::Write as _;

use countersign::explain::{Difference, Explanation, Line};
use serde_json::{Value, json};

use crate::print::printable;

/// How wide the column of names is.
const NAMES: usize = 26;

/// A line for programs.
pub(super) fn json(id: Option<&str>, explained: &Explanation) -> Value {
    let hypothesis = explained.hypothesis.as_ref();
    json!({
        "id": id,
        "scheme": explained.scheme,
        "access_key_id": explained.access_key_id,
        "signed_at": explained.signed_at.map(|at| at.to_string()),
        "scope": explained.scope,
        "verified": explained.verified,
        "reading": explained.reading,
        "string_to_sign": explained.string_to_sign,
        "canonical_request": explained.canonical_request,
        "reason": explained.reason,
        "accepted_by_serve": explained.accepted_by_serve.as_ref().map(|accepted| accepted.is_ok()),
        "refusal": explained.accepted_by_serve.as_ref().and_then(|accepted| accepted.as_ref().err()),
        "difference": explained.difference.as_ref().map(difference),
        "hypothesis": hypothesis.map(|found| found.name),
        "cause": hypothesis.map(|found| &found.cause),
        "proven": hypothesis.map(|found| found.proven),
        "body_matches": explained.body_matches,
    })
}

fn difference(found: &Difference) -> Value {
    json!({
        "in_canonical_request": found.in_canonical_request,
        "line": found.line,
        "name": found.name,
        "column": found.column,
        "server": found.server,
        "client": found.client,
    })
}

/// Lines for people, none of them blank. Control characters are shown escaped.
pub(super) fn text(id: Option<&str>, explained: &Explanation) -> String {
    let mut text = format!("{}\n", printable(id.unwrap_or("request")));
    for step in &explained.steps {
        field(&mut text, step.name, &step.text);
    }
    lines(&mut text, "canonical request", &explained.canonical_lines);
    lines(&mut text, "string to sign", &explained.lines);

    let name = explained.scheme.map_or("signature".to_owned(), |scheme| format!("signature ({scheme})"));
    let reason = explained.reason.as_deref().unwrap_or_default();
    let verdict = match (explained.verified, explained.reading) {
        (Some(true), reading) => format!("matches (reading `{}`)", reading.unwrap_or_default()),
        (Some(false), _) => format!("does not match: {reason}"),
        (None, _) => format!("not judged: {reason}"),
    };
    field(&mut text, &name, &verdict);
    if let Some(found) = &explained.difference {
        field(&mut text, "first difference", &place(found));
        field(&mut text, "  the server's", found.server.as_deref().unwrap_or("(no such line)"));
        field(&mut text, "  the client's", found.client.as_deref().unwrap_or("(no such line)"));
    }
    if let Some(found) = &explained.hypothesis {
        let likely = if found.proven { "cause" } else { "likely cause" };
        let cause = if found.proven { String::new() } else { format!(": {}", found.cause) };
        field(&mut text, likely, &format!("{}{cause}", found.name));
    }
    match &explained.accepted_by_serve {
        Some(Ok(())) => field(&mut text, "a server", "lets it through, if the AccessKey is in good standing"),
        // Said once is enough.
        Some(Err(_)) if explained.verified == Some(false) => field(&mut text, "a server", "refuses it"),
        Some(Err(reason)) => field(&mut text, "a server", &format!("refuses it: {reason}")),
        None => {}
    }
    text
}

fn lines(text: &mut String, name: &str, lines: &[Line]) {
    if !lines.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name}");
    }
    for line in lines {
        let name = format!("  {}  {}", line.number, line.name);
        field(text, &name, if line.text.is_empty() { "(empty)" } else { &line.text });
    }
}

fn field(text: &mut String, name: &str, value: &str) {
    let line = format!("  {name:NAMES$}  {}", printable(value));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}", line.trim_end());
}

fn place(found: &Difference) -> String {
    let text = if found.in_canonical_request { " of the canonical request" } else { "" };
    format!("line {}{text} ({}), character {}", found.line, found.name, found.column)
}
