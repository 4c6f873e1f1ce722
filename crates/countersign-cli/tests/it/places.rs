//! Data that is not there, not ours, or not in order: a clear error at once, and nothing altered.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

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
fn a_password_comes_from_a_file_of_its_owners_alone() {
    let data = Data::nowhere();
    let password = data.directory.path().join("password");
    fs::write(&password, "correct horse battery\n").unwrap();
    let file = password.to_str().unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(data.fails(&["init", "--email", "a@b.com", "--password-file", file]).contains("chmod 600"));
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    data.ok(&["init", "--email", "a@b.com", "--password-file", file]);
    data.ok(&["account", "create", "--email", "c@d.com", "--password-file", file]);
    assert_eq!(data.json(&["account", "list"]).as_array().unwrap().len(), 2);

    // It is kept as a hash, and only so.
    let rows = fs::read(data.path().join("countersign.db")).unwrap();
    let has = |text: &[u8]| rows.windows(text.len()).any(|found| found == text);
    assert!(!has(b"correct horse battery"));
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
    assert!(
        data.fails(&["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"])
            .contains("sealed under master key")
    );
    fs::remove_file(&key).unwrap();
    assert!(
        data.fails(&["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"])
            .contains("data.master-key")
    );
    assert!(!key.exists(), "a new master key beside old data would only hide what is wrong");
}

#[test]
fn data_of_another_program_is_left_alone() {
    let data = Data::nowhere();
    fs::create_dir(data.path()).unwrap();
    let file = data.path().join("countersign.db");
    fs::write(&file, "these are not the rows you are looking for").unwrap();
    for arguments in [
        &["account", "list"][..],
        &["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"],
        &["init", "--email", "a@b.com"],
    ] {
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

/// Where `serve` with this configuration finds its data: the directory whose files it has open.
fn served_from(config: &Path, flags: &[&str], variable: Option<&Data>) -> Vec<PathBuf> {
    let mut command = program();
    if let Some(data) = variable {
        command.env("COUNTERSIGN_DATA", data.path());
    }
    command
        .args(["serve", "--console", "127.0.0.1:0", "--config"])
        .arg(config)
        .args(flags)
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let open = fs::read_dir(format!("/proc/{}/fd", child.id())).unwrap();
    let open = open.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok()).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.contains("countersign serves"), "{line}");
    open
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let (flag, variable, file) = (Data::new(), Data::new(), Data::new());
    let config = file.directory.path().join("config.toml");
    let text = format!("[store]\ndata = {:?}\n[endpoint]\nlisten = \"127.0.0.1:0\"\n", file.path());
    fs::write(&config, text).unwrap();
    let path = flag.path();
    let by_flag = ["--data", path.to_str().unwrap()];
    let cases: [(&[&str], Option<&Data>, &Data); 4] = [
        (&[], None, &file),
        (&[], Some(&variable), &variable),
        (&by_flag, None, &flag),
        (&by_flag, Some(&variable), &flag),
    ];
    for (flags, variable, expected) in cases {
        let open = served_from(&config, flags, variable);
        assert!(open.iter().any(|file| file.starts_with(expected.path())), "{flags:?}: {open:?}");
    }
    // The key is looked up apart from the data.
    let key = file.directory.path().join("data.master-key");
    let moved = file.directory.path().join("moved");
    fs::rename(&key, &moved).unwrap();
    let open = served_from(&config, &["--master-key-file", moved.to_str().unwrap()], None);
    assert!(open.iter().any(|open| open.starts_with(file.path())), "{open:?}");
}
