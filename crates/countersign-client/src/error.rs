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

    /// The text breaks the rules of Java properties.
    #[error(transparent)]
    Malformed(#[from] Malformed),

    /// What stands where an AccessKey id belongs is none. `name` is the key or variable.
    #[error("`{name}` holds no AccessKey id{}", comment_hint(*comment))]
    AccessKeyId { name: &'static str, comment: bool, source: NotAnAccessKeyId },
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

    /// The file holds a secret, and its mode lets others than its owner at it.
    #[error("`{0}` holds a secret and is open to others on this machine (mode {mode:03o}): chmod 600 `{0}`", path.display())]
    OpenToOthers { path: PathBuf, mode: u32 },
}
