//! Commands that must end by themselves, files that must stay as they are, and disks and users of the tests' own.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::skip;

/// How long a command may take that has nothing to do but to say what is wrong.
const AT_ONCE: Duration = Duration::from_secs(10);

/// Runs a command that must end soon.
pub(crate) fn run_soon(command: &mut Command) -> Output {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let (id, began) = (child.id().to_string(), Instant::now());
    let (send, ended) = std::sync::mpsc::channel();
    let waiting = std::thread::spawn(move || send.send(child.wait_with_output().unwrap()).unwrap());
    match ended.recv_timeout(AT_ONCE) {
        Ok(output) => {
            waiting.join().unwrap();
            output
        }
        Err(_) => {
            let _ = Command::new("kill").args(["-KILL", &id]).status();
            let output = ended.recv().unwrap();
            panic!(
                "{command:?} hangs for {:?}: {}",
                began.elapsed(),
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
}

/// Runs a command that must be refused with a clear error, and returns it.
pub(crate) fn refused(command: &mut Command) -> String {
    let output = run_soon(command);
    let said = String::from_utf8(output.stderr).unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{command:?}: {said}{out}");
    assert!(!said.contains("panicked") && !said.contains("RUST_BACKTRACE"), "{command:?}: {said}");
    // `doctor` prints what it finds; all others say it in one line.
    let error = said.lines().find(|line| line.starts_with("error: "));
    assert!(error.is_some() || out.contains("WRONG"), "{command:?}: {said}{out}");
    format!("{said}{out}")
}

/// Every file under a directory: what it is, what is in it, and when that was written.
#[derive(PartialEq, Eq)]
pub(crate) struct Frozen(BTreeMap<PathBuf, (u32, i64, i64, Vec<u8>)>);

impl Frozen {
    pub(crate) fn of(directory: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut left = vec![directory.to_owned()];
        while let Some(place) = left.pop() {
            for entry in fs::read_dir(place).unwrap() {
                let path = entry.unwrap().path();
                let found = fs::symlink_metadata(&path).unwrap();
                if found.is_dir() {
                    left.push(path.clone());
                }
                // A directory's own time tells of files that came and went, which is no harm.
                let (seconds, nanos) =
                    if found.is_dir() { (0, 0) } else { (found.mtime(), found.mtime_nsec()) };
                let bytes = if found.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
                files.insert(path, (found.mode(), seconds, nanos, bytes));
            }
        }
        Self(files)
    }

    /// Fails where anything differs.
    #[track_caller]
    pub(crate) fn assert_still(&self, directory: &Path, after: &str) {
        let mut now = Self::of(directory);
        // SQLite's own files beside the database, left behind with no change in them, are no harm either.
        let ending = |path: &Path, ending: &str| path.to_string_lossy().ends_with(ending);
        now.0.retain(|path, (_, _, _, bytes)| {
            let idle = ending(path, ".db-shm") || (ending(path, ".db-wal") && bytes.is_empty());
            self.0.contains_key(path) || !idle
        });
        let names = |frozen: &Self| frozen.0.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(self), names(&now), "after {after}");
        for (path, was) in &self.0 {
            assert!(now.0.get(path) == Some(was), "{} was altered by {after}", path.display());
        }
    }
}

/// A copy of a directory tree, with owners, modes and times.
pub(crate) fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A disk of a few megabytes, in memory.
pub(crate) struct Disk(TempDir);

impl Disk {
    /// `None`, with a word on why, where this user may not mount one.
    pub(crate) fn of(kilobytes: u32) -> Option<Self> {
        let directory = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &format!("size={kilobytes}k,mode=700"), "tmpfs"])
            .arg(directory.path());
        let mounted = is_root() && mount.output().is_ok_and(|output| output.status.success());
        if !mounted {
            skip("leave to mount a tmpfs", "run the tests as root");
            return None;
        }
        Some(Self(directory))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all the room that is left, but for about so many bytes.
    pub(crate) fn fill(&self, but: usize) {
        let file = self.path().join("filler");
        let mut written = 0;
        let mut filler = fs::OpenOptions::new().create(true).append(true).open(&file).unwrap();
        while std::io::Write::write_all(&mut filler, &[0; 4096]).is_ok() {
            written += 4096;
        }
        if but > 0 {
            filler.set_len(u64::try_from(written - but.min(written)).unwrap()).unwrap();
        }
    }

    /// Gives the room back.
    pub(crate) fn clear(&self) {
        fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

/// A user who may do nothing, and a copy of the program that this user can run.
pub(crate) struct Nobody {
    directory: TempDir,
}

impl Nobody {
    /// `None`, with a word on why, where this user cannot become another.
    pub(crate) fn new() -> Option<Self> {
        if !is_root() || Command::new("setpriv").arg("--version").output().is_err() {
            skip("leave to become another user, or setpriv", "run the tests as root");
            return None;
        }
        let directory = TempDir::new().unwrap();
        set_mode(directory.path(), 0o755);
        let program = directory.path().join("countersign");
        fs::copy(env!("CARGO_BIN_EXE_countersign"), &program).unwrap();
        set_mode(&program, 0o755);
        Some(Self { directory })
    }

    /// A place where this user may be.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The program, run by this user.
    pub(crate) fn program(&self) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
        command.arg(self.directory.path().join("countersign"));
        command.env("USER", "nobody").current_dir("/");
        command
    }

    /// Gives a tree to this user.
    pub(crate) fn give(&self, path: &Path) {
        assert!(Command::new("chown").args(["-R", "nobody:nogroup"]).arg(path).status().unwrap().success());
    }
}
