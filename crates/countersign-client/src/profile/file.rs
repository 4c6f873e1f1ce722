//! Reading a file that holds secrets.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::{Loaded, Profile};
use crate::error::{ProfileError, Warning};
use crate::properties;

/// Reads a file whole and hands it to `read`. One byte more than is allowed is taken, so that a longer file is seen to
/// be one. A file that holds a secret and is open to others is warned of.
pub(super) fn open(
    path: &Path,
    read: impl FnOnce(&[u8]) -> Result<Loaded, ProfileError>,
) -> Result<Loaded, ProfileError> {
    let unreadable = |source| ProfileError::Unreadable { path: path.into(), source };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;

    // Reserved whole, as a buffer that grows leaves copies of the secret behind.
    let most = properties::MAX_LEN + 1;
    let expected = usize::try_from(metadata.len()).unwrap_or(most).saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected.min(most)));
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;

    let mut loaded = read(&bytes)
        .map_err(|source| ProfileError::InFile { path: path.into(), source: Box::new(source) })?;
    if let Some(mode) = open_to_others(&metadata).filter(|_| holds_a_secret(&loaded.profile)) {
        loaded.warnings.push(Warning::OpenToOthers { path: path.into(), mode });
    }
    Ok(loaded)
}

/// The text of a file that is to be UTF-8, without the mark that some editors put before it.
pub(super) fn text(bytes: &[u8]) -> Result<&str, ProfileError> {
    if bytes.len() > properties::MAX_LEN {
        return Err(properties::Malformed::TooLarge.into());
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(ProfileError::Utf16);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|_| ProfileError::NotUtf8)
}

fn holds_a_secret(profile: &Profile) -> bool {
    profile.access_key_secret.is_some() || profile.security_token.is_some()
}

/// The permissions of a file that others than its owner may use in some way.
#[cfg(unix)]
fn open_to_others(metadata: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(metadata.permissions().mode() & 0o777).filter(|mode| mode & 0o077 != 0)
}

#[cfg(not(unix))]
fn open_to_others(_: &Metadata) -> Option<u32> {
    None
}
