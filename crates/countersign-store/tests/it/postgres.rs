//! Starts PostgreSQL for tests, from the binaries that Debian installs. It uses the standard library alone, so that
//! tests of other crates can take in this file.
//!
//! One server for each process, on a unix socket in a temporary directory. A shell stands over it and reads a pipe
//! that this process holds open: when the process ends, however it ends, the shell stops the server and removes the
//! directory. The empty cluster is made once and kept among the build's own files; each server starts from a copy.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    dead_code,
    reason = "a kit for tests, of which no crate uses all"
)]

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Stands over the server: `$1` is the directory, the rest is the server's command line.
const GUARD: &str = r#"
trap '' INT TERM HUP
directory=$1; shift
"$@" </dev/null >"$directory/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT "$server" 2>/dev/null
wait
rm -rf "$directory"
"#;

/// A running server. It ends with this value, or with the process.
pub(crate) struct Server {
    version: u32,
    binaries: PathBuf,
    directory: PathBuf,
    durable: bool,
    /// The other ends of the pipes that guards read: one, and one more for each restart.
    lives: Vec<ChildStdin>,
}

/// The URL of a new, empty database on a server that all tests of this process share.
///
/// Where PostgreSQL is not installed, it says so and returns none; under continuous integration (`CI` is set) it fails.
pub(crate) fn database() -> Option<String> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    SHARED.get_or_init(|| Server::start(false, false)).as_ref().map(Server::database)
}

/// A server of its own that syncs what it commits, to be killed and started again.
pub(crate) fn durable() -> Option<Server> {
    Server::start(false, true)
}

/// A server of its own that takes no writes: a standby whose primary never comes.
pub(crate) fn standby() -> Option<Server> {
    Server::start(true, false)
}

impl Server {
    fn start(standby: bool, durable: bool) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Some((version, binaries)) = binaries() else {
            #[expect(
                clippy::disallowed_methods,
                reason = "tests are not configured by the program's own list"
            )]
            let must = std::env::var_os("CI").is_some();
            assert!(!must, "PostgreSQL is not installed (apt-get install postgresql)");
            eprintln!("SKIP: PostgreSQL is not installed (apt-get install postgresql)");
            return None;
        };
        let name = format!("countersign-pg-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(name);
        fs::DirBuilder::new().mode(0o755).create(&directory).expect("a temporary directory");
        let template = template(version, &binaries);
        let data = directory.join("data");
        run(Command::new("cp").arg("-a").arg(&template).arg(&data));
        if standby {
            fs::write(data.join("standby.signal"), "").unwrap();
        }
        if is_root() {
            run(Command::new("chown").args(["-R", "postgres:"]).arg(&directory));
        }

        let mut server = Self { version, binaries, directory, durable, lives: Vec::new() };
        server.launch();
        Some(server)
    }

    /// Starts the server's processes, and waits until they answer.
    fn launch(&mut self) {
        let mut guard = Command::new("sh");
        guard.arg("-c").arg(GUARD).arg("sh").arg(&self.directory);
        // The server refuses to run as root. `setpriv` becomes it, so that the guard knows its number.
        if is_root() {
            guard.args(["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        }
        guard.arg(self.binaries.join("postgres")).arg("-D").arg(self.directory.join("data"));
        let durable = if self.durable { "on" } else { "off" };
        for setting in [
            "listen_addresses=",
            &format!("unix_socket_directories={}", self.directory.display()),
            &format!("fsync={durable}"),
            &format!("full_page_writes={durable}"),
            "max_connections=300",
            "shared_buffers=32MB",
        ] {
            guard.arg("-c").arg(setting);
        }
        let guard = guard.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        self.lives.push(guard.spawn().expect("sh").stdin.take().unwrap());
        self.wait();
    }

    /// Kills all processes of the server, as `kill -9` does, and waits until they are gone.
    pub(crate) fn crash(&self) {
        let file = self.directory.join("data/postmaster.pid");
        let first: u32 = fs::read_to_string(file).unwrap().lines().next().unwrap().parse().unwrap();
        // The first one stands still, so that it makes no more of them.
        signal("-STOP", &[first]);
        let mut all = children(first);
        all.push(first);
        signal("-KILL", &all);
        let since = Instant::now();
        while all.iter().any(|process| runs(*process)) {
            assert!(since.elapsed() < Duration::from_secs(20), "PostgreSQL does not die");
            sleep(Duration::from_millis(5));
        }
    }

    /// Starts it again after a crash.
    pub(crate) fn restart(&mut self) {
        self.launch();
    }

    /// The URL of a new, empty database.
    pub(crate) fn database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        // Texts are ordered there as people order them, not by their bytes, as they are where operators choose a locale.
        let order = if self.version >= 15 { " LOCALE_PROVIDER icu ICU_LOCALE 'en-US'" } else { "" };
        let statement = format!("CREATE DATABASE {name} TEMPLATE template0{order}");
        let psql = self.binaries.join("psql");
        let mut psql = Command::new(psql);
        run(psql.arg("-h").arg(&self.directory).args(["-U", "postgres", "-X", "-q", "-c", &statement]));
        self.url(&name)
    }

    /// The URL of a database that is there, such as `postgres`.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user=postgres", self.directory.display())
    }

    fn wait(&self) {
        let since = Instant::now();
        loop {
            let mut ready = Command::new(self.binaries.join("pg_isready"));
            if ready.arg("-q").arg("-h").arg(&self.directory).status().is_ok_and(|status| status.success()) {
                return;
            }
            if since.elapsed() > Duration::from_secs(60) {
                let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
                panic!("PostgreSQL does not start:\n{log}");
            }
            sleep(Duration::from_millis(20));
        }
    }
}

/// The newest that is installed. They are not in the search path.
fn binaries() -> Option<(u32, PathBuf)> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let versions = versions.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let version = versions.max()?;
    let binaries = PathBuf::from(format!("/usr/lib/postgresql/{version}/bin"));
    binaries.join("initdb").exists().then_some((version, binaries))
}

/// An empty cluster, made by whichever process comes first.
fn template(version: u32, binaries: &Path) -> PathBuf {
    let template = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("postgres-{version}"));
    if template.exists() {
        return template;
    }
    let process = std::process::id();
    let made = std::env::temp_dir().join(format!("countersign-initdb-{process}"));
    fs::DirBuilder::new().mode(0o700).create(&made).expect("a temporary directory");
    let mut initdb = if is_root() {
        run(Command::new("chown").arg("postgres:").arg(&made));
        let mut setpriv = Command::new("setpriv");
        setpriv.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(binaries.join("initdb"));
        setpriv
    } else {
        Command::new(binaries.join("initdb"))
    };
    initdb.args(["--no-sync", "-A", "trust", "-U", "postgres", "--locale=C.UTF-8", "--wal-segsize=1", "-D"]);
    run(initdb.arg(&made).current_dir("/"));
    let copied = template.with_extension(process.to_string());
    run(Command::new("cp").arg("-a").arg(&made).arg(&copied));
    let _ = fs::remove_dir_all(&made);
    if fs::rename(&copied, &template).is_err() {
        // Another process was quicker.
        let _ = fs::remove_dir_all(&copied);
    }
    template
}

fn signal(which: &str, processes: &[u32]) {
    run(Command::new("kill").arg(which).args(processes.iter().map(u32::to_string)));
}

/// The state and the parent of a process, from what the kernel says of it.
fn state(process: &str) -> Option<(char, u32)> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

fn children(of: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    all.filter(|process| state(process).is_some_and(|(_, parent)| parent == of))
        .filter_map(|process| process.parse().ok())
        .collect()
}

/// Whether a process is there and has not ended.
fn runs(process: u32) -> bool {
    state(&process.to_string()).is_some_and(|(state, _)| state != 'Z')
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
