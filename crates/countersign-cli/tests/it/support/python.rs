//! PyODPS from PyPI, in the virtual environment that `scripts/setup-tests` makes.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::{Key, root, skip, target};

/// The Python of the tests' environment. `None`, with a word on what is missing, where a package is not in it, which shows
/// by a program that comes with it.
pub(crate) fn python(package: &str, program: &str) -> Option<PathBuf> {
    let programs = target().join("venv/bin");
    if !programs.join(program).exists() {
        skip(package, "run `scripts/setup-tests`");
        return None;
    }
    Some(programs.join("python"))
}

/// A script of tests/clients/pyodps, ready to run.
pub(crate) struct Script(Command);

impl Script {
    /// `None`, with a word on what is missing, where PyODPS is not installed.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let python = python("PyODPS", "pyou")?;
        let mut command = Command::new(python);
        command.arg(root().join("tests/clients/pyodps").join(name)).env_remove("ODPS_ENDPOINT");
        Some(Self(command))
    }

    /// Signing by this key at this endpoint, in the project `demo`.
    pub(crate) fn signing_as(self, key: &Key, endpoint: &str) -> Self {
        self.with("ENDPOINT", endpoint)
            .with("ACCESS_ID", &key.id)
            .with("ACCESS_KEY", &key.secret)
            .with("PROJECT", "demo")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// With its clock off by so many seconds. `None` where libfaketime is not installed.
    pub(crate) fn with_clock(self, seconds: i64) -> Option<Self> {
        let library = faketime()?;
        Some(self.with("LD_PRELOAD", &library).with("FAKETIME", &format!("{seconds:+}s")))
    }

    /// Runs it to its end and returns what it reported.
    pub(crate) fn run(mut self) -> Value {
        let output = self.0.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs it beside the test.
    pub(crate) fn spawn(self) -> std::thread::JoinHandle<Value> {
        std::thread::spawn(move || self.run())
    }
}

/// The path of libfaketime.
pub(crate) fn faketime() -> Option<String> {
    let found = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
        .iter()
        .map(|arch| format!("/usr/lib/{arch}/faketime/libfaketime.so.1"))
        .find(|path| std::path::Path::new(path).exists());
    if found.is_none() {
        skip("libfaketime", "apt-get install faketime");
    }
    found
}
