//! The program on PostgreSQL: the same commands, the same server.

use std::fs;

use serde_json::Value;

use crate::postgres;
use crate::support::{Data, Server, eventually, program, write_profile};

/// Runs a command on a database.
fn run(url: &str, key: &std::path::Path, arguments: &[&str]) -> std::process::Output {
    let mut command = program();
    command.args(arguments).arg("--master-key-file").arg(key);
    // By the environment, as a URL with a password would be given.
    command.env("COUNTERSIGN_DATABASE", url).output().unwrap()
}

#[test]
fn a_store_in_postgresql_is_made_served_and_followed() {
    let Some(url) = postgres::database() else { return };
    let data = Data::nowhere();
    let key_file = data.directory.path().join("master-key");
    let ok = |arguments: &[&str]| -> String {
        let output = run(&url, &key_file, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    ok(&["init", "--email", "owner@example.com"]);
    let again = run(&url, &key_file, &["init", "--email", "owner@example.com"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("there is already a store"));
    ok(&["project", "create", "demo"]);
    let created: Value = serde_json::from_str(&ok(&["access-key", "create", "--output", "json"])).unwrap();
    let text = |name: &str| created[name].as_str().unwrap().to_owned();
    let key = crate::support::Key { id: text("access_key_id"), secret: text("access_key_secret") };

    let database_file = data.directory.path().join("database");
    fs::write(&database_file, &url).unwrap();
    fs::set_permissions(&database_file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let config = format!(
        "[store]\ndatabase_file = {database_file:?}\nmaster_key_file = {key_file:?}\n[endpoint]\nlisten = \"127.0.0.1:0\"\n"
    );
    let server = Server::start_config(program(), &data, &config);
    let profile = data.directory.path().join("odps_config.ini");
    write_profile(&profile, &key, &server.endpoint);
    let request = || {
        let output =
            program().args(["request", "GET", "/projects/demo", "--profile"]).arg(&profile).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert!(request().0);
    ok(&["access-key", "disable", &key.id]);
    eventually("the disabled key is refused", || request().1.contains("AccessKeyDisabled").then_some(()));
    ok(&["access-key", "enable", &key.id]);
    eventually("the enabled key is accepted", || request().0.then_some(()));
    assert!(ok(&["doctor"]).contains("all 1 open"));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_refused_init_leaves_no_master_key_behind() {
    let Some(url) = postgres::database() else { return };
    let data = Data::nowhere();
    let (first, second) = (data.directory.path().join("first"), data.directory.path().join("second"));
    assert!(run(&url, &first, &["init", "--email", "a@example.com"]).status.success());
    assert!(!run(&url, &second, &["init", "--email", "b@example.com"]).status.success());
    assert!(first.exists() && !second.exists());
    assert!(!run(&url, &second, &["access-key", "create"]).status.success());
    assert!(!second.exists());
}
