//! What may be wrong with a profile. No message holds a value read from one: whoever swapped id and secret would find
//! the secret in it.

use std::io;
use std::path::PathBuf;

use countersign::NotAnAccessKeyId;

use crate::properties::Malformed;

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The file could not be read.
    #[error("cannot read the profile `{}`", path.display())]
    Unreadable { path: PathBuf, source: io::Error },

    /// The file was read, and something is wrong with what it says.
    #[error("the profile `{}` is no good", path.display())]
    InFile { path: PathBuf, source: Box<ProfileError> },

    /// Windows editors call this encoding Unicode. Every reader of such profiles would find none of its keys.
    #[error("this is UTF-16 text: save it as plain text")]
    Utf16,

    #[error("this is not UTF-8 text")]
    NotUtf8,

    /// Lines and columns count from 1.
    #[error("it is not JSON, or not that of a profile: see line {line}, column {column}")]
    Json { line: usize, column: usize },

    /// Lines count from 1.
    #[error("line {line} is neither `[section]` nor, behind one, `name = value`")]
    Line { line: usize },

    /// The file has profiles, and not this one.
    #[error("there is no profile `{name}`: {}", listed(known))]
    NoSuchProfile { name: String, known: Vec<String> },

    /// The text breaks the rules of Java properties.
    #[error(transparent)]
    Malformed(#[from] Malformed),

    /// What stands where an AccessKey id belongs is none. `name` is the key or variable.
    #[error("`{name}` holds no AccessKey id{}", comment_hint(*comment))]
    AccessKeyId { name: &'static str, comment: bool, source: NotAnAccessKeyId },
}

fn listed(known: &[String]) -> String {
    if known.is_empty() {
        return "there are none".to_owned();
    }
    let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    format!("there are {}", known.join(", "))
}

fn comment_hint(comment: bool) -> &'static str {
    if comment { " (what follows a value is part of it: give a comment its own line)" } else { "" }
}

/// What its owner should know of a profile that can be used nevertheless.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// Java takes the mark for a part of the first key, so odpscmd misses that key; here it was skipped.
    #[error(
        "the profile begins with a byte order mark, which hides its first key from odpscmd: save it without one"
    )]
    ByteOrderMark,

    /// The profile says how to get an AccessKey, and holds none.
    #[error(
        "the profile `{profile}` has no AccessKey of its own: it gets one by `{by}`, which is not done here"
    )]
    NoAccessKey { profile: String, by: &'static str },

    /// The file holds a secret, and its mode lets others than its owner at it.
    #[error("`{0}` holds a secret and is open to others on this machine (mode {mode:03o}): chmod 600 `{0}`", path.display())]
    OpenToOthers { path: PathBuf, mode: u32 },
}
