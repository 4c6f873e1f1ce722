//! The console's cookies: what they are called, and how they are read and written.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// Holds the token of a session.
pub(super) const SESSION: &str = "__Host-session";
/// Holds the token of a browser that an account was used with.
pub(super) const DEVICE: &str = "__Host-device";
/// Holds what a form has to say on the page that follows it.
pub(super) const NOTICE: &str = "__Host-notice";
/// Holds the language that was chosen.
pub(super) const LANGUAGE: &str = "__Host-language";

/// A cookie's value. Of several with one name the first counts: browsers send the one with the longest path first, and
/// a `__Host-` cookie has but one path.
pub(super) fn get<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let fields = headers.get_all(COOKIE).iter().filter_map(|field| field.to_str().ok());
    let mut pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// A cookie that ends with the browser. Scripts do not see it, other sites do not cause it to be sent but by a link,
/// and it goes to this host alone.
pub(super) fn passing(name: &str, value: &str) -> HeaderValue {
    written(format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax"))
}

/// The same, for a year.
pub(super) fn lasting(name: &str, value: &str) -> HeaderValue {
    written(format!("{name}={value}; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax"))
}

/// Takes a cookie back.
pub(super) fn gone(name: &str) -> HeaderValue {
    written(format!("{name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"))
}

/// Names and values are this program's own: letters, digits and a few marks.
fn written(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("x__Host-session=1; __Host-session=two; a"));
        headers.append(COOKIE, HeaderValue::from_static("__Host-language=zh-CN"));
        assert_eq!(get(&headers, SESSION), Some("two"));
        assert_eq!(get(&headers, LANGUAGE), Some("zh-CN"));
        assert_eq!(get(&headers, NOTICE), None);
    }

    #[test]
    fn each_cookie_stays_on_this_host_and_away_from_scripts() {
        for cookie in [passing(SESSION, "v"), lasting(LANGUAGE, "en"), gone(NOTICE)] {
            let cookie = cookie.to_str().unwrap();
            for attribute in ["__Host-", "; Path=/;", "; Secure;", "; HttpOnly;", "; SameSite=Lax"] {
                assert!(cookie.contains(attribute), "{cookie}");
            }
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
    }
}
