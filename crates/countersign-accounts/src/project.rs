//! MaxCompute projects: names that accounts own and clients log in to.

use std::fmt;

use countersign::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::AccountId;

/// A project: a name, unique in the whole installation, and the account that owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    pub name: ProjectName,
    pub account: AccountId,
    pub created: Timestamp,
}

/// The name of a project: 3 to 28 letters, digits and underscores, beginning with a letter, in lower case.
///
/// The rule is MaxCompute's own (its "Create a MaxCompute project" page); names there do not depend on case either.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProjectName(String);

/// Why a text is not the name of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a project's name is 3 to 28 letters, digits or underscores, and begins with a letter")]
pub struct NotAProjectName;

impl ProjectName {
    /// Takes a text as a name; letters become lower case.
    pub fn new(text: &str) -> Result<Self, NotAProjectName> {
        let name = text.to_ascii_lowercase();
        let allowed = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !(3..=28).contains(&name.len())
            || !allowed
            || !name.starts_with(|first: char| first.is_ascii_lowercase())
        {
            return Err(NotAProjectName);
        }
        Ok(Self(name))
    }

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ProjectName {
    type Error = NotAProjectName;
    fn try_from(text: String) -> Result<Self, NotAProjectName> {
        Self::new(&text)
    }
}

impl From<ProjectName> for String {
    fn from(name: ProjectName) -> Self {
        name.0
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_fold_case() {
        assert_eq!(ProjectName::new("Demo_1").unwrap().as_str(), "demo_1");
        for text in ["", "ab", "1abc", "_abc", "a-b-c", "a/b", "dé mo", &"a".repeat(29)] {
            assert_eq!(ProjectName::new(text), Err(NotAProjectName), "{text:?}");
        }
    }
}
