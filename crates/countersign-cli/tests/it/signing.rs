//! `sign`, `request` and `exec` with any scheme, and with the profiles that people have.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use countersign::schemes;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Data, Key, Server, program, skip, write_profile};

/// A program whose home is this directory.
fn program_at(home: &Path) -> Command {
    let mut program = program();
    for (name, _) in std::env::vars() {
        if ["ALI", "AWS_", "OSS_"].iter().any(|prefix| name.starts_with(prefix)) {
            program.env_remove(name);
        }
    }
    program.env("HOME", home);
    program
}

fn write(file: &Path, text: &str, mode: u32) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

/// The files that people have, with this key in each.
fn home_of(key: &Key) -> TempDir {
    let home = TempDir::new().unwrap();
    let Key { id, secret } = key;
    let aliyun = format!(
        r#"{{"current":"default","profiles":[{{"name":"default","mode":"AK","access_key_id":"LTAIother",
        "access_key_secret":"other"}},{{"name":"mine","mode":"AK","access_key_id":"{id}","access_key_secret":"{secret}",
        "region_id":"cn-hangzhou"}}]}}"#
    );
    write(&home.path().join(".aliyun/config.json"), &aliyun, 0o600);
    let credentials = format!("[mine]\naws_access_key_id={id}\naws_secret_access_key={secret}\n");
    write(&home.path().join(".aws/credentials"), &credentials, 0o600);
    write(&home.path().join(".aws/config"), "[profile mine]\nregion=us-east-1\n", 0o644);
    home
}

fn text(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn said(output: &Output) -> String {
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A server that tells the sender of a verified request what it has verified.
fn echoing(data: &Data) -> (Server, String) {
    let server = Server::start_with(program(), data, "[endpoint]\nlisten = \"127.0.0.1:0\"\necho = true\n");
    let origin = format!("http://{}", server.address());
    (server, origin)
}

#[test]
fn request_is_a_signed_curl_for_every_scheme() {
    let data = Data::new();
    let key = data.create_key();
    let (server, origin) = echoing(&data);
    let home = home_of(&key);
    for scheme in schemes::ALL {
        let name = scheme.name();
        // RPC signs parameters alone, so its requests have no path.
        let path = if name == "acs-rpc" { "" } else { "any/things" };
        let url = format!("{origin}/{path}?x=1");
        let profile = if name == "sigv4" { "aws:mine" } else { "aliyun:mine" };
        let request = |more: &[&str]| {
            let mut program = program_at(home.path());
            program.args(["request", "--scheme", name, "--profile", profile, "--service", "s3"]).args(more);
            program.output().unwrap()
        };
        if name == "odps" {
            // Only below its endpoint, which does not echo.
            let error = said(&request(&["GET", &url]));
            assert!(error.contains("no endpoint is known"), "{error}");
            let endpoint = &server.endpoint;
            let answer = text(&request(&["GET", "/projects/demo", "--endpoint", endpoint]));
            assert!(answer.contains("demo"), "{answer}");
            continue;
        }
        let headers = ["-H", "x-acs-action: Describe", "-H", "x-acs-version: 2026-01-01"];
        let answer = text(&request(&[&["GET", &url][..], &headers].concat()));
        assert!(answer.contains(&key.id) && answer.contains(name), "{name}: {answer}");
        let json = ["-H", "Content-Type: application/json", "-d", "{\"a\":1}"];
        let answer = text(&request(&[&["POST", &url][..], &headers, &json].concat()));
        assert!(answer.contains(name), "{name}: {answer}");
        let answer = text(&request(&["GET", &format!("/{path}"), "--endpoint", &origin]));
        assert!(answer.contains(name), "{name}: {answer}");
    }
}

#[test]
fn a_presigned_url_opens_for_whoever_has_it() {
    let data = Data::new();
    let key = data.create_key();
    let (server, origin) = echoing(&data);
    let home = home_of(&key);
    for name in ["oss", "oss4", "sigv4"] {
        if schemes::named(name).is_none() {
            continue;
        }
        let profile = if name == "sigv4" { "aws:mine" } else { "aliyun:mine" };
        let output = program_at(home.path())
            .args(["sign", "--scheme", name, "--profile", profile, "--service", "s3", "--presign", "300"])
            .args(["GET", &format!("{origin}/bucket/key")])
            .output()
            .unwrap();
        let url = text(&output);
        let target = url.trim().strip_prefix(&origin).unwrap();
        let request =
            format!("GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address());
        let (status, answer) = server.exchange(request.as_bytes());
        assert_eq!(status, 200, "{name}: {answer}");
        let (status, _) = server.exchange(request.replace("/bucket", "/other").as_bytes());
        assert_eq!(status, 403, "{name}");
    }
    let output = program_at(home.path())
        .args([
            "sign",
            "--profile",
            "aliyun:mine",
            "--endpoint",
            &server.endpoint,
            "--presign",
            "9",
            "GET",
            "/x",
        ])
        .output()
        .unwrap();
    assert!(said(&output).contains("no presigned URLs"));
}

#[test]
fn a_private_key_signs_and_its_scheme_is_named() {
    let home = TempDir::new().unwrap();
    let pem = home.path().join("key.pem");
    let made = Command::new("openssl")
        .args(["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out"])
        .arg(&pem)
        .stderr(Stdio::null())
        .status();
    if !made.is_ok_and(|status| status.success()) {
        skip("openssl", "apt-get install openssl");
        return;
    }
    fs::set_permissions(&pem, fs::Permissions::from_mode(0o600)).unwrap();
    let sign = |more: &[&str]| {
        let mut program = program_at(home.path());
        program.args(["sign", "--scheme", "acs-rpc", "--access-key-id", "CSAK1", "--private-key-file"]);
        program.arg(&pem).args(["GET", "http://h.example/?Action=A&Version=1"]).args(more).output().unwrap()
    };
    let url = text(&sign(&[]));
    assert!(url.contains("SignatureMethod=SHA256withRSA"), "{url}");
    // It is no shared secret.
    let error = said(&sign(&["--algorithm", "hmac-sha1"]));
    assert!(error.contains("does not sign with a key of this kind"), "{error}");
    fs::set_permissions(&pem, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(said(&sign(&[])).contains("can be read by others"));
}

#[test]
fn profiles_are_found_where_people_have_them() {
    let home = home_of(&Key { id: "CSAK1".to_owned(), secret: "hunter2".to_owned() });
    let sign = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut program = program_at(home.path());
        program.arg("sign").args(arguments).envs(environment.iter().copied());
        program.args(["GET", "http://h.example/?Action=A"]).output().unwrap()
    };
    // The current one, without being named.
    assert!(text(&sign(&["--scheme", "acs-rpc"], &[])).contains("LTAIother"));
    assert!(text(&sign(&["--scheme", "acs-rpc", "--profile", "aliyun:mine"], &[])).contains("CSAK1"));
    // What the environment says goes before a file that nobody has named.
    let environment = [("ALIBABA_CLOUD_ACCESS_KEY_ID", "ENV"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s")];
    assert!(text(&sign(&["--scheme", "acs-rpc"], &environment)).contains("ENV"));
    assert!(
        text(&sign(&["--scheme", "acs-rpc", "--profile", "aliyun:mine"], &environment)).contains("CSAK1")
    );
    let file = home.path().join(".aliyun/config.json");
    assert!(
        text(&sign(&["--scheme", "acs-rpc", "--profile", file.to_str().unwrap()], &[])).contains("LTAIother")
    );
    let error = said(&sign(&["--scheme", "sigv4", "--profile", "aws:mine"], &[]));
    assert!(
        error.contains("the scheme signs the service, and none is known: give `--service NAME`"),
        "{error}"
    );
    // AWS's keys for any scheme, if they are named.
    assert!(text(&sign(&["--scheme", "acs-rpc", "--profile", "aws:mine"], &[])).contains("CSAK1"));
    let error = said(&sign(&["--scheme", "acs-rpc", "--profile", "aws"], &[]));
    assert!(error.contains("there is no profile `default`: there are `mine`"), "{error}");

    let credentials = home.path().join(".aws/credentials");
    fs::set_permissions(&credentials, fs::Permissions::from_mode(0o644)).unwrap();
    let output = sign(&["--scheme", "acs-rpc", "--profile", "aws:mine"], &[]);
    let warning = String::from_utf8_lossy(&output.stderr);
    assert!(warning.contains("is open to others on this machine (mode 644)"), "{warning}");
    assert!(!warning.contains("hunter2"));
}

#[test]
fn exec_gives_a_program_its_key_in_the_environment_alone() {
    let home = home_of(&Key { id: "CSAK1".to_owned(), secret: "hunter2".to_owned() });
    let profile = home.path().join("odps_config.ini");
    write_profile(&profile, &Key { id: "CSAK1".into(), secret: "hunter2".into() }, "http://h:8640/api");
    let output = program_at(home.path())
        .arg("exec")
        .arg("--profile")
        .arg(&profile)
        .args(["--", "python3", "-c"])
        .arg("import json, os, sys; print(json.dumps([dict(os.environ), sys.argv]))")
        .arg("--flag=of the program")
        .envs([
            ("AWS_SESSION_TOKEN", "stale"),
            ("AWS_PROFILE", "other"),
            ("ODPS_STS_TOKEN", "stale"),
            ("KEPT", "1"),
        ])
        .output()
        .unwrap();
    let told: Value = serde_json::from_str(&text(&output)).unwrap();
    let environment = &told[0];
    for (name, value) in [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "CSAK1"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "hunter2"),
        ("ALICLOUD_ACCESS_KEY", "CSAK1"),
        ("ALICLOUD_SECRET_KEY", "hunter2"),
        ("AWS_ACCESS_KEY_ID", "CSAK1"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AWS_ENDPOINT_URL", "http://h:8640"),
        ("ODPS_ACCESS_ID", "CSAK1"),
        ("ODPS_ACCESS_KEY", "hunter2"),
        ("ODPS_ENDPOINT", "http://h:8640/api"),
        ("OSS_ACCESS_KEY_ID", "CSAK1"),
        ("OSS_ACCESS_KEY_SECRET", "hunter2"),
        ("KEPT", "1"),
    ] {
        assert_eq!(environment[name], value, "{name}");
    }
    for name in ["AWS_SESSION_TOKEN", "AWS_PROFILE", "ODPS_STS_TOKEN", "ODPS_STS_ACCESS_KEY_ID"] {
        assert!(environment.get(name).is_none(), "{name}");
    }
    assert_eq!(told[1], serde_json::json!(["-c", "--flag=of the program"]));
    assert!(output.stderr.is_empty());
}

#[test]
fn exec_ends_as_the_program_does() {
    let exec = |command: &[&str]| {
        let mut program = program();
        program.args(["exec", "--access-key-id", "CSAK1", "--access-key-secret-file"]);
        let secret = TempDir::new().unwrap();
        let file = secret.path().join("secret");
        write(&file, "hunter2\n", 0o600);
        program.arg(&file).arg("--").args(command);
        program.output().unwrap()
    };
    assert_eq!(exec(&["true"]).status.code(), Some(0));
    assert_eq!(exec(&["sh", "-c", "exit 7"]).status.code(), Some(7));
    assert_eq!(exec(&["sh", "-c", "kill -KILL $$"]).status.code(), Some(137));
    let missing = exec(&["/no/such/program"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cannot run `/no/such/program`"));
    let without = program().args(["exec", "--", "true"]).output().unwrap();
    assert!(said(&without).contains("no AccessKey is known"));
}

#[test]
fn exec_passes_on_what_asks_it_to_end() {
    let folder = TempDir::new().unwrap();
    let secret = folder.path().join("secret");
    write(&secret, "hunter2\n", 0o600);
    let ready = folder.path().join("ready");
    let script = format!("trap 'exit 9' TERM; touch {}; while :; do sleep 0.05; done", ready.display());
    let mut child = program()
        .args(["exec", "--access-key-id", "CSAK1", "--access-key-secret-file"])
        .arg(&secret)
        .args(["--", "sh", "-c", &script])
        .spawn()
        .unwrap();
    while !ready.exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let command_line = fs::read_to_string(format!("/proc/{}/cmdline", child.id())).unwrap();
    assert!(!command_line.contains("hunter2"));
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(9));
}
