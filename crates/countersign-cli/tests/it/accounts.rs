//! Accounts by the command line: who administers, who may register, and the end of one.

use serde_json::Value;

use crate::support::Data;

fn shown(data: &Data, account: &str) -> Value {
    let output = data.run(&["account", "show", account, "--output", "json"]);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn an_operator_appoints_administrators_and_says_who_may_register() {
    let data = Data::nowhere();
    let says = |arguments: &[&str], words: &str| {
        let output = data.run(arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains(words), "{arguments:?}: {output:?}");
    };
    says(&["init", "--email", "root@example.com"], "");
    says(&["account", "registration"], "registration is closed");
    assert!(data.fails(&["account", "registration", "open"]).contains("appoint one first"));
    says(&["account", "appoint", "root@example.com"], "root@example.com is an administrator, revision ");
    assert_eq!(shown(&data, "root@example.com")["administrator"], true);
    says(&["account", "registration", "open"], "registration is open");
    says(&["account", "registration", "--output", "json"], r#""registration": "open""#);

    for arguments in [["account", "dismiss"], ["account", "suspend"], ["account", "close"]] {
        let told = data.fails(&[arguments[0], arguments[1], "root@example.com"]);
        assert!(told.contains("appoint another first"), "{told}");
    }
    says(&["account", "create", "--email", "alice@example.com"], "acc_");
    says(&["account", "appoint", "alice@example.com"], "");
    says(&["account", "dismiss", "root@example.com"], "is not an administrator");
    says(&["account", "limit", "root@example.com", "--access-keys", "3"], "is active");
    assert_eq!(shown(&data, "root@example.com")["access_key_limit"], 3);

    let id = shown(&data, "root@example.com")["account"].as_str().unwrap().to_owned();
    says(&["account", "close", "root@example.com"], "root@example.com is closed");
    assert_eq!(shown(&data, &id)["status"], "closed");
    assert!(data.fails(&["account", "resume", &id]).contains("is closed, for good"));
    says(&["account", "create", "--email", "root@example.com"], "acc_");
}

#[test]
fn an_operators_password_is_none_that_is_easy_to_guess() {
    let data = Data::nowhere();
    data.run(&["init", "--email", "root@example.com"]);
    let file = data.directory.path().join("password");
    std::fs::write(&file, "password123456\n").unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let file = file.to_str().unwrap();
    let told = data.fails(&["account", "create", "--email", "a@example.com", "--password-file", file]);
    assert!(told.contains("easy to guess"), "{told}");
}
