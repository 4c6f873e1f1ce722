//! `countersign access-key import`, with files as people have them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Data, Key, Server, eventually, program, write_profile};

fn file(data: &Data, name: &str, text: &str, mode: u32) -> String {
    let file = data.directory.path().join(name);
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_program_goes_on_with_the_key_that_it_has() {
    let data = Data::new();
    let server = Server::start(&data);
    let key =
        Key { id: "LTAI5tExampleOfAlibaba".to_owned(), secret: "an/old+secret=of 30 characters".to_owned() };
    let csv = format!("\u{feff}AccessKeyId,AccessKeySecret\r\n{},{}\r\n", key.id, key.secret);
    let csv = file(&data, "AccessKey.csv", &csv, 0o600);
    assert!(data.ok(&["access-key", "import", &csv]).contains("imported"));
    let profile = data.directory.path().join("odps_config.ini");
    write_profile(&profile, &key, &server.endpoint);
    eventually("the imported key is accepted", || {
        let request =
            program().args(["request", "GET", "/projects/demo", "--profile"]).arg(&profile).output();
        request.unwrap().status.success().then_some(())
    });
    assert_eq!(data.json(&["access-key", "show", &key.id])["kind"], "secret");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn what_create_prints_can_be_imported_elsewhere() {
    let (one, other) = (Data::new(), Data::new());
    let csv = one.ok(&["access-key", "create", "--output", "csv"]);
    let csv = file(&one, "key.csv", &csv, 0o600);
    other.ok(&["access-key", "import", &csv]);
    assert_eq!(other.json(&["access-key", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn the_report_says_what_became_of_each() {
    let data = Data::new();
    let kong = r#"
_format_version: "3.0"
consumers:
- username: alice
  hmacauth_credentials:
  - {username: alice-key, secret: alices-own-secret}
  - {username: alice-vault, secret: "{vault://env/alice}"}
  - {username: "not an id", secret: some-other-secret}
- username: bob
  hmacauth_credentials:
  - {username: alice-key, secret: once-more-with-feeling}
  - {username: bob-key, secret: short}
"#;
    let kong = file(&data, "kong.yaml", kong, 0o644);
    let dry = data.run(&["access-key", "import", &kong, "--dry-run"]);
    assert_eq!(dry.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&dry.stderr).contains("can be read by others"), "{dry:?}");
    assert!(data.json(&["access-key", "list"]).as_array().unwrap().is_empty());

    let done = data.run(&["access-key", "import", &kong]);
    assert_eq!(done.status.code(), Some(2));
    insta::assert_snapshot!(String::from_utf8(done.stdout).unwrap());
    let again = data.run(&["access-key", "import", &kong, "--output", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((&report["imported"], &report["skipped"]), (&0.into(), &5.into()));
    assert_eq!(report["access_keys"][0]["reason"], "present");
    assert_eq!(report["access_keys"][2]["access_key_id"], serde_json::Value::Null);
    let listed = data.json(&["access-key", "list"]);
    assert_eq!(listed[0]["description"], "alice");
    assert!(data.ok(&["doctor"]).contains("all 1 open"));
}

#[test]
fn disabled_keys_stay_disabled_and_ends_are_kept() {
    let data = Data::new();
    let accounts = r#"{"SVC1":{"parent":"alice","accessKey":"SVC1","secretKey":"service-secret","status":"off",
        "name":"reports","expiration":"2099-01-02T03:04:05Z"}}"#;
    let minio = file(&data, "svcaccts.json", accounts, 0o600);
    let report = data.json(&["access-key", "import", &minio, "--format", "minio"]);
    assert_eq!(report["access_keys"][0]["status"], "disabled");
    let shown = data.json(&["access-key", "show", "SVC1"]);
    assert_eq!(shown["status"], "disabled");
    assert_eq!(shown["expires"], "2099-01-02T03:04:05.000Z");
    assert_eq!(shown["description"], "reports");

    let apisix = r#"{"total":1,"list":[{"key":"/apisix/consumers/jack","value":
        {"username":"jack","plugins":{"hmac-auth":{"key_id":"jack-key","secret_key":"jacks-own-secret"}}}}]}"#;
    let apisix = file(&data, "consumers.json", apisix, 0o600);
    data.ok(&["access-key", "import", &apisix]);
    assert_eq!(data.json(&["access-key", "show", "jack-key"])["description"], "jack");
}

#[test]
fn a_file_that_tells_nothing_is_refused() {
    let data = Data::new();
    let odd = file(&data, "odd", "what is this", 0o600);
    assert!(data.fails(&["access-key", "import", &odd]).contains("`--format`"));
    assert!(data.fails(&["access-key", "import", &odd, "--format", "csv"]).contains("first line"));
    assert!(data.fails(&["access-key", "import", "/no/such/file"]).contains("cannot read"));
    let fine = file(&data, "a.csv", "AccessKeyId,AccessKeySecret\nA,some-long-secret\n", 0o600);
    let foreign = data.fails(&["access-key", "import", &fine, "--account", "nobody@example.com"]);
    assert!(foreign.contains("nobody@example.com"));
}
