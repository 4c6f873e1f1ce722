//! A mail server, aiosmtpd from PyPI, that keeps the mails that it gets.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;
use tempfile::TempDir;

use super::python::python;
use super::{eventually, root};

/// A mail server on this machine. It ends when dropped.
pub(crate) struct Smtp {
    child: Child,
    kept: TempDir,
    pub(crate) port: u16,
}

/// A mail that arrived.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Mail {
    /// To whom the server was told to deliver it, whatever the mail itself says.
    pub(crate) recipients: Vec<String>,
    pub(crate) sender: String,
    headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Smtp {
    /// `None`, with a word on what is missing, where aiosmtpd is not installed.
    pub(crate) fn start() -> Option<Self> {
        let python = python("aiosmtpd", "aiosmtpd")?;
        let kept = TempDir::new().unwrap();
        let mut child = Command::new(python)
            .arg(root().join("tests/clients/smtp/server.py"))
            .arg(kept.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap_or_else(|_| panic!("the mail server said {line:?}"));
        Some(Self { child, kept, port })
    }

    /// All mails that arrived, the first one first.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        let entries = fs::read_dir(self.kept.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.filter(|path| path.extension().is_some()).collect();
        files.sort();
        files.iter().map(|file| serde_json::from_slice(&fs::read(file).unwrap()).unwrap()).collect()
    }

    /// The mails to an address, the first one first.
    pub(crate) fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.mails().into_iter().filter(|mail| mail.recipients == [address]).collect()
    }

    /// Waits for a mail to an address whose text has a link with this path, such as `/sign-up/`. Of several it is the last.
    pub(crate) fn link_to(&self, address: &str, path: &str) -> String {
        eventually(&format!("a mail to {address} with a link to {path}"), || {
            self.mails_to(address).iter().rev().find_map(|mail| mail.link(path))
        })
    }
}

impl Mail {
    /// The first link with this path.
    pub(crate) fn link(&self, path: &str) -> Option<String> {
        let words = self.text.split_whitespace();
        words.filter(|word| word.starts_with("http")).find(|word| word.contains(path)).map(str::to_owned)
    }

    /// All values of a header field.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let fields = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        fields.map(|(_, value)| value.as_str()).collect()
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
