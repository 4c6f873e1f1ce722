//! Data that is not there, not ours, or not in order: a clear error at once, and nothing altered.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Data, program};

#[test]
fn a_store_is_made_by_init_and_found_by_nothing_else() {
    let data = Data::nowhere();
    for arguments in [&["account", "list"][..], &["access-key", "create"], &["doctor"]] {
        let output = data.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(!data.path().exists(), "{arguments:?} made something");
    }
    assert!(data.fails(&["account", "list"]).contains("countersign init"));
    let output = program().args(["account", "list"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("--data DIR"));
}

#[test]
fn init_leaves_nothing_behind_when_it_refuses() {
    let data = Data::nowhere();
    let password = data.directory.path().join("password");
    fs::write(&password, "short\n").unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    let password = password.to_str().unwrap();
    assert!(data.fails(&["init", "--email", "a@b@c.com"]).contains("exactly one `@`"));
    assert!(data.fails(&["init", "--email", "a@b.com", "--password-file", password]).contains("at least 12"));
    let left: Vec<_> = fs::read_dir(data.directory.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["password"]);
}

#[test]
fn the_master_key_lies_beside_the_data_and_is_its_owners_alone() {
    let data = Data::new();
    let key = data.directory.path().join("data.master-key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(data.path()).unwrap().permissions().mode() & 0o777, 0o700);
    for entry in fs::read_dir(data.path()).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o077, 0);
    }

    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(data.fails(&["access-key", "create"]).contains("chmod 600"));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    data.ok(&["access-key", "create"]);

    // Another installation's key is named as such, not taken for damage.
    let other = Data::new();
    fs::copy(other.directory.path().join("data.master-key"), &key).unwrap();
    let said = data.fails(&["access-key", "create"]);
    assert!(said.contains("sealed under master key"), "{said}");
    assert!(data.fails(&["serve", "--listen", "127.0.0.1:0"]).contains("sealed under master key"));
    fs::remove_file(&key).unwrap();
    assert!(data.fails(&["serve", "--listen", "127.0.0.1:0"]).contains("data.master-key"));
    assert!(!key.exists(), "a new master key beside old data would only hide what is wrong");
}

#[test]
fn data_of_another_program_is_left_alone() {
    let data = Data::nowhere();
    fs::create_dir(data.path()).unwrap();
    let file = data.path().join("countersign.db");
    fs::write(&file, "these are not the rows you are looking for").unwrap();
    for arguments in
        [&["account", "list"][..], &["serve", "--listen", "127.0.0.1:0"], &["init", "--email", "a@b.com"]]
    {
        assert_eq!(data.run(arguments).status.code(), Some(1), "{arguments:?}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "these are not the rows you are looking for");
}

#[test]
fn a_configuration_is_checked() {
    let data = Data::nowhere();
    let file = data.directory.path().join("config.toml");
    let check = |text: &str| {
        fs::write(&file, text).unwrap();
        let output = program().args(["config", "check"]).arg(&file).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let sample = program().args(["config", "sample"]).output().unwrap().stdout;
    assert_eq!(check(&String::from_utf8(sample).unwrap()).0, Some(0));
    let (status, said) = check("[endpoint]\nlisten = \"0.0.0.0:8640\"\n");
    assert_eq!(status, Some(1));
    assert!(said.contains("danger_plain_http"), "{said}");
}
