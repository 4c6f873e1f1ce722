//! AccessKeys by the command line: what it prints, what it refuses, and that a running server follows.

use std::time::Instant;

use serde_json::Value;

use crate::support::{Data, Server, eventually, program, write_profile};

/// What differs from run to run, replaced.
fn settled(text: &str, data: &Data) -> String {
    let text = text.replace(data.directory.path().to_str().unwrap(), "DIR");
    let mut settled = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (before, word) = rest.split_at(at);
        let end =
            word.find(|c: char| !c.is_ascii_alphanumeric() && !"_-:.".contains(c)).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        settled.push_str(before);
        settled.push_str(&match word {
            _ if word.starts_with("CSAK") && word.len() == 18 => "CSAK-ID".to_owned(),
            _ if word.starts_with("CSSK") && word.len() == 44 => "CSSK-SECRET".to_owned(),
            _ if word.starts_with("acc_") => "acc_ID".to_owned(),
            _ if word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                "INSTALLATION".to_owned()
            }
            _ if word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) => "KEY-ID".to_owned(),
            _ if word.starts_with("20") && word.ends_with('Z') => "2026-11-22T10:00:00.000Z".to_owned(),
            _ => word.to_owned(),
        });
        rest = after;
    }
    settled + rest
}

#[test]
fn a_life_of_an_access_key() {
    let data = Data::nowhere();
    let mut transcript = String::new();
    let mut say = |arguments: &[&str]| -> String {
        let output = data.run(arguments);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let text =
            format!("$ countersign {}\n{out}{err}[{}]\n", arguments.join(" "), output.status.code().unwrap());
        transcript.push_str(&settled(&text, &data));
        out.into_owned()
    };
    say(&["init", "--email", "Owner@Example.com"]);
    say(&["init", "--email", "owner@example.com"]);
    say(&["account", "list"]);
    say(&["project", "create", "demo"]);
    say(&["project", "create", "Demo"]);
    say(&["project", "list", "--output", "json"]);
    say(&["access-key", "create", "--description", "nightly job"]);
    say(&["access-key", "create", "--output", "csv"]);
    say(&["access-key", "create", "--output", "env"]);
    say(&["access-key", "create", "--output", "ini"]);
    say(&["access-key", "create", "--expires", "2001-01-01T00:00:00Z"]);
    let created: Value = serde_json::from_str(&say(&["access-key", "create", "--output", "json"])).unwrap();
    let id = created["access_key_id"].as_str().unwrap();
    for step in ["delete", "disable", "disable", "delete", "enable", "restore", "restore", "enable"] {
        say(&["access-key", step, id]);
    }
    say(&["access-key", "rotate", id]);
    say(&["access-key", "rotate", id, "--disable"]);
    say(&["access-key", "rotate", id, "--delete"]);
    say(&["access-key", "show", id, "--output", "json"]);
    say(&["access-key", "list"]);
    say(&["access-key", "disable", "NOSUCHKEY"]);
    say(&["account", "suspend"]);
    say(&["account", "show"]);
    say(&["account", "resume", "owner@example.com"]);
    say(&["account", "show", "nobody@example.com"]);
    say(&["project", "delete", "demo"]);
    say(&["doctor"]);
    insta::assert_snapshot!(transcript);
}

#[test]
fn the_limit_is_ten_and_a_successor_may_exceed_it_by_one() {
    let data = Data::new();
    let keys: Vec<_> = (0..10).map(|_| data.create_key()).collect();
    assert!(data.fails(&["access-key", "create"]).contains("as many AccessKeys as it may have, 10"));
    data.ok(&["access-key", "rotate", &keys[0].id]);
    assert!(data.fails(&["access-key", "rotate", &keys[1].id]).contains("10"));
    let disabled = data.json(&["access-key", "rotate", &keys[0].id, "--disable"]);
    assert_eq!(disabled["status"], "disabled");
    data.ok(&["access-key", "rotate", &keys[0].id, "--delete"]);
    // A deleted one does not count, and one too many is not restored.
    assert!(data.fails(&["access-key", "restore", &keys[0].id]).contains("10"));
    data.ok(&["access-key", "disable", &keys[1].id]);
    data.ok(&["access-key", "delete", &keys[1].id]);
    data.ok(&["access-key", "restore", &keys[0].id]);
    assert_eq!(data.json(&["access-key", "show", &keys[0].id])["status"], "disabled");
}

#[test]
fn a_running_server_follows_what_another_process_does() {
    let data = Data::new();
    let key = data.create_key();
    let server = Server::start(&data);
    let profile = data.directory.path().join("odps_config.ini");
    write_profile(&profile, &key, &server.endpoint);
    let request = || {
        let output =
            program().args(["request", "GET", "/projects/demo", "--profile"]).arg(&profile).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert!(request().0);

    // Refused for the right reason each time, and back again.
    data.ok(&["access-key", "disable", &key.id]);
    let began = Instant::now();
    eventually("the disabled key is refused", || request().1.contains("AccessKeyDisabled").then_some(()));
    eprintln!("refused {:?} after the command returned, the start of a process included", began.elapsed());
    data.ok(&["access-key", "enable", &key.id]);
    eventually("the enabled key is accepted", || request().0.then_some(()));
    data.ok(&["account", "suspend"]);
    eventually("a suspended account is refused", || request().1.contains("AccountSuspended").then_some(()));
    data.ok(&["account", "resume"]);
    eventually("a resumed account is accepted", || request().0.then_some(()));
    data.ok(&["access-key", "disable", &key.id]);
    data.ok(&["access-key", "delete", &key.id]);
    eventually("a deleted key is unknown", || request().1.contains("AccessKeyIdNotFound").then_some(()));

    // A key that was made while the server ran is good at once.
    let later = data.create_key();
    write_profile(&profile, &later, &server.endpoint);
    eventually("a new key is accepted", || request().0.then_some(()));

    // Use is written down in batches.
    let used = eventually("the use is written down", || {
        let shown = data.json(&["access-key", "show", &later.id]);
        (!shown["last_used"].is_null()).then(|| shown["last_used"].clone())
    });
    assert_eq!(used["address"], "127.0.0.1");
    assert_eq!(used["scheme"], "odps");
    assert!(used["client"].as_str().unwrap().starts_with("countersign/"), "{used}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn an_expired_key_is_refused() {
    let data = Data::new();
    let soon =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64 + 1500;
    let soon = countersign::Timestamp::from_unix_millis(soon).to_string();
    let created = data.json(&["access-key", "create", "--expires", &soon]);
    let key = crate::support::Key {
        id: created["access_key_id"].as_str().unwrap().to_owned(),
        secret: created["access_key_secret"].as_str().unwrap().to_owned(),
    };
    let server = Server::start(&data);
    let profile = data.directory.path().join("odps_config.ini");
    write_profile(&profile, &key, &server.endpoint);
    eventually("the key expires", || {
        let output =
            program().args(["request", "GET", "/projects/demo", "--profile"]).arg(&profile).output().unwrap();
        String::from_utf8_lossy(&output.stdout).contains("AccessKeyExpired").then_some(())
    });
}

#[test]
fn an_ini_from_create_logs_in_as_it_is() {
    let data = Data::new();
    let server = Server::start(&data);
    let profile = data.directory.path().join("odps_config.ini");
    let ini = data.ok(&["access-key", "create", "--output", "ini", "--endpoint", &server.endpoint]);
    std::fs::write(&profile, ini).unwrap();
    let who = eventually("the new key is in force", || {
        let output =
            program().args(["whoami", "--output", "json", "--profile"]).arg(&profile).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).ok()
    });
    assert_eq!(who["DisplayName"], "ALIYUN$owner@example.com");
    assert_eq!(who["ProjectName"], "demo");
    assert_eq!(who["SourceIP"], "127.0.0.1");
}
