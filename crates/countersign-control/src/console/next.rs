//! Where to go on after signing in or choosing a language: a page of this console, never another site.

use serde::Deserialize;

/// A path of this console, with its query. What is none is the first page.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) struct Next(String);

impl Next {
    /// The path, such as `/access-keys?q=1`. It begins with exactly one slash.
    pub(super) fn path(&self) -> &str {
        &self.0
    }

    /// Whether it leads anywhere but to the first page.
    pub(super) fn is_some(&self) -> bool {
        self.0 != "/"
    }
}

impl Default for Next {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

/// Browsers take a backslash for a slash, leave out tabs and line ends, and read two slashes as the beginning of a host:
/// none of these is let through.
impl From<String> for Next {
    fn from(text: String) -> Self {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#');
        let local = text.starts_with('/') && !text.starts_with("//");
        if plain && local && text.len() <= 1024 { Self(text) } else { Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_leads_away_from_the_console() {
        for text in [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "javascript:alert(1)",
            " /access-keys",
            "access-keys",
            "",
            "/\u{2028}",
        ] {
            assert_eq!(Next::from(text.to_owned()), Next::default(), "{text:?}");
        }
        assert_eq!(Next::from("/activity?key=A&next=//x".to_owned()).path(), "/activity?key=A&next=//x");
    }
}
