//! The languages that the console speaks, and which of them a browser gets.

use axum::extract::Form;
use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderMap;
use http::header::{ACCEPT_LANGUAGE, SET_COOKIE};
use serde::Deserialize;

use super::cookies::{self, LANGUAGE};
use super::next::Next;

pub(crate) use countersign_accounts::account::Language;

/// What a language calls itself.
pub(crate) fn name(language: Language) -> &'static str {
    match language {
        Language::English => "English",
        Language::SimplifiedChinese => "简体中文",
    }
}

/// The language for a browser: the one that was chosen here, else the one that it asks for, else English.
pub(crate) fn of(headers: &HeaderMap) -> Language {
    let chosen = cookies::get(headers, LANGUAGE).and_then(Language::from_tag);
    let asked = || headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).map(accepted);
    chosen.or_else(asked).unwrap_or_default()
}

/// The language that an `Accept-Language` field prefers (RFC 9110, section 12.5.4). Of Chinese there is one.
fn accepted(field: &str) -> Language {
    let mut best = (0.0, Language::default());
    for range in field.split(',').take(32) {
        let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
        let weight: f32 = weight.trim().strip_prefix("q=").and_then(|q| q.parse().ok()).unwrap_or(0.0);
        let primary = tag.trim().split('-').next().unwrap_or_default();
        let language = match primary.to_ascii_lowercase().as_str() {
            "en" => Language::English,
            "zh" => Language::SimplifiedChinese,
            _ => continue,
        };
        if weight > best.0 {
            best = (weight, language);
        }
    }
    best.1
}

/// What the form that chooses a language says.
#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    language: String,
    #[serde(default)]
    next: Next,
}

/// `POST /language`: remembers the choice, and goes back to the page.
pub(super) async fn choose(Form(choice): Form<Choice>) -> Response {
    let back = Redirect::to(choice.next.path());
    match Language::from_tag(&choice.language) {
        Some(language) => {
            let cookie = cookies::lasting(LANGUAGE, language.tag());
            ([(SET_COOKIE, cookie)], back).into_response()
        }
        None => back.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_gets_what_it_prefers_of_what_there_is() {
        for (field, expected) in [
            ("", Language::English),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::SimplifiedChinese),
            ("de, en;q=0.5, zh;q=0.4", Language::English),
            ("fr;q=1, ZH-Hant;q=0.2", Language::SimplifiedChinese),
            ("zh;q=0, de", Language::English),
            ("zh;q=x", Language::English),
            ("*", Language::English),
        ] {
            assert_eq!(accepted(field), expected, "{field:?}");
        }
    }
}
