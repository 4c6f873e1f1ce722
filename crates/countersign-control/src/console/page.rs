//! What every page has: its language, the name menu, a notice, and how it becomes an answer.

use std::borrow::Borrow;

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use countersign::Timestamp;
use http::Method;

use super::assets::{ICON, SCRIPT, STYLE};
use super::language::{self, Language};
use super::messages::Value;
use super::notice::Notice;
use super::trouble::Trouble;
use super::visit::Visit;
use super::when;

/// Marks an answer that is a page already, whatever its status.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written;

/// What a template has at hand besides its own.
#[derive(Debug)]
pub(crate) struct Page {
    pub(super) visit: Visit,
    /// Who is signed in.
    pub(super) who: Option<Who>,
    /// The part of the console that it belongs to.
    pub(super) part: Part,
    /// What a form had to say before this page.
    pub(super) notice: Option<Notice>,
}

/// What the name menu says.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(super) email: String,
    pub(super) administrator: bool,
}

/// The parts of the console, as its navigation has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Part {
    #[default]
    None,
    AccessKeys,
    Projects,
    Debugger,
    Activity,
    Account,
    Administration,
}

impl Part {
    /// Its name in addresses.
    fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::AccessKeys => "access-keys",
            Self::Projects => "projects",
            Self::Debugger => "debugger",
            Self::Activity => "activity",
            Self::Account => "account",
            Self::Administration => "administration",
        }
    }
}

impl Page {
    /// A page for somebody who need not be signed in.
    pub(super) fn bare(visit: &Visit) -> Self {
        Self { visit: visit.clone(), who: None, part: Part::None, notice: None }
    }

    /// A message.
    pub(super) fn t(&self, id: &str) -> String {
        self.visit.say(id, &[])
    }

    /// A message with a text in it.
    pub(super) fn t1(&self, id: &str, name: &str, text: impl AsRef<str>) -> String {
        self.visit.say(id, &[(name, Value::Text(text.as_ref()))])
    }

    /// A message with a number in it, which is called `n`.
    pub(super) fn n(&self, id: &str, number: impl Borrow<usize>) -> String {
        self.visit.say(id, &[("n", Value::Number(i64::try_from(*number.borrow()).unwrap_or(i64::MAX)))])
    }

    /// How long ago something was, or how long it will be: `3 hours ago`, `in 2 days`.
    pub(super) fn ago(&self, at: &Timestamp) -> String {
        when::relative(self.visit.language, *at, self.visit.now)
    }

    /// How old something is: `3 days`.
    pub(super) fn age(&self, since: &Timestamp) -> String {
        when::span(self.visit.language, self.visit.now.unix_millis() - since.unix_millis())
    }

    /// A time to the minute, in UTC.
    pub(super) fn minute(&self, at: &Timestamp) -> String {
        when::minute(*at)
    }

    /// A text with its control characters escaped.
    pub(super) fn printable(&self, text: &str) -> String {
        printable(text)
    }

    /// The name of a browser and its system, by what it says it is.
    pub(super) fn browser(&self, client: &str) -> String {
        browser(client)
    }

    /// Where choosing a language leads: back here. What was sent as a form is not there to be asked for again.
    pub(super) fn back(&self) -> &str {
        if self.visit.method == Method::GET { &self.visit.here } else { "/" }
    }

    pub(super) fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    pub(super) fn languages(&self) -> [Language; 2] {
        Language::ALL
    }

    pub(super) fn name_of(&self, language: &Language) -> &'static str {
        language::name(*language)
    }

    pub(super) fn style(&self) -> &'static str {
        &STYLE.path
    }

    pub(super) fn script(&self) -> &'static str {
        &SCRIPT.path
    }

    pub(super) fn icon(&self) -> &'static str {
        &ICON.path
    }

    /// `page`, for the navigation's link to the part that the page belongs to.
    pub(super) fn current(&self, part: &str) -> &'static str {
        if self.part.name() == part { "page" } else { "false" }
    }
}

/// The answer that a template makes.
pub(super) fn html(template: &impl Template) -> Result<Response, Trouble> {
    let mut response = Html(template.render()?).into_response();
    response.extensions_mut().insert(Written);
    Ok(response)
}

/// A text with its control characters escaped.
pub(super) fn printable(text: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escaped).collect()
}

/// The name of a browser and its system, by what it says it is; all of that, where neither is known.
fn browser(client: &str) -> String {
    // Most claim to be several others too: the most particular goes first.
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let named = |names: [(&str, &'static str); 6]| {
        names.into_iter().find(|(mark, _)| client.contains(mark)).map(|(_, name)| name)
    };
    match (named(BROWSERS), named(SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ => client.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_known_by_what_they_say() {
        let linux = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) ";
        assert_eq!(browser(&format!("{linux}Chrome/156.0.0.0 Safari/537.36")), "Chrome · Linux");
        assert_eq!(browser(&format!("{linux}Chrome/1 Safari/1 Edg/1")), "Edge · Linux");
        assert_eq!(browser("something else"), "something else");
    }
}
