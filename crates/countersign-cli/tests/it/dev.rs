//! `countersign dev`: what it prints is true, and what it says to paste works.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::program;
use crate::support::python::python;

struct Running {
    child: Child,
    directory: TempDir,
    transcript: String,
}

impl Running {
    fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let mut command = program();
        command.current_dir(directory.path()).args([
            "dev",
            "--listen",
            "127.0.0.1:0",
            "--console",
            "127.0.0.1:0",
        ]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut transcript = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            transcript.push_str(&line);
            transcript.push('\n');
            if line.contains("Ctrl-C") {
                break;
            }
        }
        Self { child, directory, transcript }
    }

    /// What stands in the transcript after some words, to the end of the line.
    fn after(&self, words: &str) -> &str {
        let (_, rest) =
            self.transcript.split_once(words).unwrap_or_else(|| panic!("{words}: {}", self.transcript));
        rest.lines().next().unwrap().trim()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_shows_a_request_accepted_refused_and_its_key_disabled_and_enabled() {
    let running = Running::start();
    let text = &running.transcript;
    for words in [
        "accepted  GET /projects/demo, signed: 200 OK",
        "refused   GET /projects/dema, one byte changed on the way: 401 Unauthorized",
        "line 6 of the string to sign differs, the canonical resource:",
        "signed    /projects/demo",
        "received  /projects/dema",
        ", refused after ",
        ", accepted after ",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn what_it_says_to_paste_works() {
    let mut running = Running::start();
    let here = running.directory.path().to_owned();

    let line = running.after("A signed request from here:\n\n");
    let pasted = Command::new("sh").args(["-c", line]).current_dir(&here).output().unwrap();
    assert!(pasted.status.success(), "{line}: {}", String::from_utf8_lossy(&pasted.stderr));
    assert!(String::from_utf8_lossy(&pasted.stdout).contains("<Name>demo</Name>"));

    let line = running.after("from another terminal:\n\n");
    let pasted = Command::new("sh").args(["-c", line]).current_dir(&here).output().unwrap();
    assert!(pasted.status.success(), "{line}: {}", String::from_utf8_lossy(&pasted.stderr));

    for (title, with, wanted) in [
        ("PyODPS", "pyou", "ALIYUN$you@example.com"),
        ("An SDK of Alibaba Cloud (alibabacloud-tea-openapi)", "jp.py", "'IdentityType': 'Account'"),
        ("oss2", "jp.py", "<Scheme>oss4</Scheme>"),
        ("boto3", "jp.py", "<Scheme>sigv4</Scheme>"),
    ] {
        let Some(python) = python(title, with) else { continue };
        let (_, snippet) = running.transcript.split_once(&format!("\n{title}:\n\n")).unwrap();
        let lines = snippet.lines().take_while(|line| !line.is_empty());
        let snippet: String = lines.map(|line| format!("{}\n", line.strip_prefix("  ").unwrap())).collect();
        // As it stands: nothing else tells the SDK anything.
        let output = Command::new(python).args(["-c", &snippet]).current_dir(&here).output().unwrap();
        assert!(output.status.success(), "{snippet}: {}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains(wanted), "{snippet}: {printed}");
    }

    // It leaves nothing behind but the profile, which it may write again.
    let data = running.after("access-key list --data ").to_owned();
    let pid = running.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
    assert!(!std::path::Path::new(&data).exists(), "{data}");
    assert!(here.join("conf/odps_config.ini").exists());
}

#[test]
fn somebody_elses_profile_is_left_alone() {
    let directory = TempDir::new().unwrap();
    fs::create_dir(directory.path().join("conf")).unwrap();
    let profile = directory.path().join("conf/odps_config.ini");
    fs::write(&profile, "project_name=mine\n").unwrap();
    let output = program()
        .current_dir(directory.path())
        .args(["dev", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--profile FILE"));
    assert_eq!(fs::read_to_string(&profile).unwrap(), "project_name=mine\n");
}
