//! The file of a SQLite store: whether it is ours to open, told without altering it.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::Access;
use crate::error::StoreError;

/// Marks a SQLite file as a store: the bytes `Cosi`.
pub(crate) const APPLICATION_ID: u32 = 0x436F_7369;

/// The first bytes of every SQLite file, and how long its header is.
const MAGIC: &[u8] = b"SQLite format 3\0";
const HEADER: u64 = 100;

/// Sees to it that there is a file that may be opened as a store, made empty where `access` allows it, and returns its
/// path with every link and `..` resolved.
///
/// It belongs to the user that this process runs as: what another user wrote beside it, its owner could not.
pub(crate) fn prepare(path: &Path, access: Access) -> Result<String, StoreError> {
    match fs::canonicalize(path) {
        Ok(resolved) => {
            examine(&resolved)?;
            // SQLite itself would open a file that it may only read, and whoever brings it up to date means to write.
            if access == Access::Migrate
                && let Err(error) = OpenOptions::new().write(true).open(&resolved)
            {
                return Err(StoreError::NotWritable(format!("`{}`: {error}", resolved.display())));
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound && access == Access::Existing => {
            return Err(StoreError::Missing { place: path.display().to_string() });
        }
        Err(error) if error.kind() == ErrorKind::NotFound => create(path)?,
        Err(error) => return Err(failed("open", path, &error)),
    }
    let resolved = fs::canonicalize(path).map_err(|error| failed("open", path, &error))?;
    resolved
        .into_os_string()
        .into_string()
        .map_err(|_| StoreError::Url("the path of the SQLite database is not UTF-8"))
}

fn examine(path: &Path) -> Result<(), StoreError> {
    let shown = || path.display().to_string();
    let found = fs::metadata(path).map_err(|error| failed("open", path, &error))?;
    if !found.is_file() {
        return Err(StoreError::NotSqlite { path: shown() });
    }
    owned(path, &found)?;
    for ending in ["-wal", "-shm", "-journal"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(ending);
        let beside = PathBuf::from(beside);
        if let Ok(found) = fs::metadata(&beside) {
            owned(&beside, &found)?;
        }
    }
    let mut header = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEADER).read_to_end(&mut header));
    read.map_err(|error| failed("read", path, &error))?;
    // A file of no bytes is an empty database: one that was being made when the machine stopped.
    if header.is_empty() {
        return Ok(());
    }
    let application =
        header.get(68..72).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()).map(u32::from_be_bytes);
    match application {
        _ if (header.len() as u64) < HEADER => Err(StoreError::NotSqlite { path: shown() }),
        Some(APPLICATION_ID) if header.starts_with(MAGIC) => whole(path, &header),
        Some(other) if header.starts_with(MAGIC) => {
            Err(StoreError::OtherApplication { place: shown(), found: format!("application id {other}") })
        }
        _ => Err(StoreError::NotSqlite { path: shown() }),
    }
}

/// Whether the file is as long as its header says. While there is a write-ahead log the header may be ahead of the rest;
/// so the log is looked for after the header was read, and the length is asked for last.
fn whole(path: &Path, header: &[u8]) -> Result<(), StoreError> {
    let number = |at: usize| {
        let bytes = header.get(at..).and_then(|rest| rest.first_chunk::<4>());
        bytes.map_or(0, |bytes| u64::from(u32::from_be_bytes(*bytes)))
    };
    // Two bytes, of which 1 stands for 65536 (sqlite.org/fileformat2.html, section 1.3).
    let page = match number(16) >> 16 {
        1 => 65_536,
        page => page,
    };
    let told = number(28) * page;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if number(24) != number(92) || fs::metadata(PathBuf::from(log)).is_ok_and(|log| log.len() > 0) {
        return Ok(());
    }
    let length = fs::metadata(path).map_err(|error| failed("open", path, &error))?.len();
    if length < told {
        let path = path.display();
        return Err(StoreError::Damaged(format!("`{path}` has {length} bytes of {told}: it was cut short")));
    }
    Ok(())
}

/// Makes an empty file, and its directory, for this user alone.
fn create(path: &Path) -> Result<(), StoreError> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match fs::metadata(directory) {
        // Root may write anywhere, and would leave a file that the directory's owner cannot use.
        Ok(found) if rustix::process::geteuid().is_root() => owned(directory, &found)?,
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
            made.map_err(|error| failed("create the directory", directory, &error))?;
        }
        Err(error) => return Err(failed("open", directory, &error)),
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        // Another process was quicker: what it makes is looked at under the database's own lock.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed("create", path, &error)),
    }
}

fn owned(path: &Path, found: &Metadata) -> Result<(), StoreError> {
    let running = rustix::process::geteuid().as_raw();
    if found.uid() == running {
        return Ok(());
    }
    let (owner, running) = (user_name(found.uid()), user_name(running));
    Err(StoreError::OwnedByAnother { path: path.display().to_string(), owner, running })
}

/// The name of a user of this machine; `#` and the number where it has none.
fn user_name(user: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let number = user.to_string();
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("#{number}"))
}

fn failed(action: &'static str, path: &Path, error: &io::Error) -> StoreError {
    StoreError::File { action, path: path.display().to_string(), reason: error.to_string() }
}
