//! What a form has to say on the page that follows it. It travels in a cookie, for one page, and never in the address:
//! whoever sends somebody a link does not put words into this console's mouth.

use axum::response::{IntoResponse, Redirect, Response};
use countersign::AccessKeyId;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

use super::cookies::{self, NOTICE};
use super::messages::Value;
use super::visit::Visit;

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    what: &'static str,
    /// What it is about, such as an AccessKey id or a project.
    about: String,
    /// The revision and after how many tenths of a millisecond this node judged by it.
    in_force: Option<(String, u64)>,
}

/// What can be said, each by the id of its message.
const KNOWN: &[&str] = &[
    "notice-disabled",
    "notice-enabled",
    "notice-deleted",
    "notice-restored",
    "notice-project-created",
    "notice-project-deleted",
    "notice-account-opened",
    "notice-password-reset",
    "notice-email-changed",
    "notice-language",
    "notice-password-changed",
    "notice-email-sent",
    "notice-factor-added",
    "notice-factor-removed",
    "notice-session-ended",
    "notice-sessions-ended",
    "notice-real-name-submitted",
    "notice-closed",
    "notice-signed-out",
    "notice-registration",
    "notice-invited",
    "notice-mail-test",
    "notice-suspended",
    "notice-resumed",
    "notice-limit",
    "notice-appointed",
    "notice-dismissed",
    "notice-real-name-approved",
    "notice-real-name-rejected",
    "said-access-key-limit",
    "said-already-so",
    "said-description",
    "said-email",
    "said-email-taken",
    "said-factor-limit",
    "said-in-recycle-bin",
    "said-last-administrator",
    "said-networks",
    "said-not-suspended",
    "said-number",
    "said-password-guessable",
    "said-password-long",
    "said-password-short",
    "said-project-name",
    "said-project-taken",
    "said-real-name",
    "said-real-name-needed",
    "said-recycle-bin-over",
    "said-registration-closed",
    "said-second-factor",
    "said-sent-twice",
    "said-sign-in",
    "said-still-enabled",
    "said-suspended",
    "said-wrong-password",
    "said-expiry-past",
];

impl Notice {
    /// A notice about something. `what` is the id of a message that is known here.
    pub(super) fn new(what: &'static str, about: &str) -> Self {
        Self { what, about: about.to_owned(), in_force: None }
    }

    /// The same, of a change that this node judges by.
    pub(super) fn in_force(self, revision: String, tenths: u64) -> Self {
        Self { in_force: Some((revision, tenths)), ..self }
    }

    /// The notice in a request's cookie.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut parts = cookies::get(headers, NOTICE)?.split('~');
        let what = parts.next()?;
        let what = KNOWN.iter().find(|known| **known == what)?;
        let about = parts.next().filter(|about| about.is_empty() || AccessKeyId::new(about).is_ok())?;
        let in_force = parts.next().zip(parts.next()).and_then(|(revision, tenths)| {
            let (epoch, seq) = revision.split_once('.')?;
            let (epoch, seq): (u32, u64) = (epoch.parse().ok()?, seq.parse().ok()?);
            Some((format!("{epoch}.{seq}"), tenths.parse().ok()?))
        });
        Some(Self { what, about: about.to_owned(), in_force })
    }

    /// The answer that goes on to a page, where it is said.
    pub(super) fn on(&self, path: &str) -> Response {
        ([(SET_COOKIE, self.cookie())], Redirect::to(path)).into_response()
    }

    /// The cookie that carries it.
    pub(super) fn cookie(&self) -> HeaderValue {
        let Self { what, about, in_force } = self;
        match in_force {
            Some((revision, tenths)) => {
                cookies::passing(NOTICE, &format!("{what}~{about}~{revision}~{tenths}"))
            }
            None => cookies::passing(NOTICE, &format!("{what}~{about}")),
        }
    }

    /// Whether it says that something could not be done.
    pub(super) fn is_refusal(&self) -> bool {
        self.what.starts_with("said-")
    }

    /// What it says.
    pub(super) fn text(&self, visit: &Visit) -> String {
        let number = self.about.parse().unwrap_or_default();
        visit.say(self.what, &[("about", Value::Text(&self.about)), ("n", Value::Number(number))])
    }

    /// Since when it is in force.
    pub(super) fn detail(&self, visit: &Visit) -> Option<String> {
        let (revision, tenths) = self.in_force.as_ref()?;
        let took = format!("{}.{}", tenths / 10, tenths % 10);
        Some(visit.say("notice-in-force", &[("ms", Value::Text(&took)), ("revision", Value::Text(revision))]))
    }
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::*;

    #[test]
    fn a_notice_comes_back_as_it_was_and_nothing_else_does() {
        let notice = Notice::new("notice-disabled", "CSAK1").in_force("1.7".to_owned(), 54);
        let read = |cookie: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_str(cookie).unwrap());
            Notice::of(&headers)
        };
        let cookie = notice.cookie();
        let pair = cookie.to_str().unwrap().split(';').next().unwrap();
        assert_eq!(read(pair), Some(notice));
        assert_eq!(read("__Host-notice=notice-disabled~<b>"), None);
        assert_eq!(read("__Host-notice=anything~CSAK1"), None);
        assert_eq!(read("__Host-notice=notice-enabled~A~x~y").unwrap().in_force, None);
    }
}
