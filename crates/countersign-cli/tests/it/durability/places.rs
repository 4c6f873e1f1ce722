//! Data that is damaged, not ours, newer, older, locked away or in the wrong place: each command says so at once and in
//! words that tell what to do, and alters nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::{AnyConnection, Connection as _, Executor as _};
use tempfile::TempDir;

use crate::support::ledger::block_on;
use crate::support::limits::{Frozen, Nobody, copy, refused, run_soon, set_mode};
use crate::support::{Data, program};

/// Commands that look, that change, that serve, that bring up to date, and that check.
const COMMANDS: [&[&str]; 6] = [
    &["account", "list"],
    &["access-key", "list"],
    &["access-key", "create"],
    &["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"],
    &["migrate"],
    &["doctor"],
];

/// A store with an account, a project and a few AccessKeys, to be copied.
fn store() -> Data {
    let data = Data::new();
    for _ in 0..3 {
        data.create_key();
    }
    data
}

/// A copy of it that may be spoilt.
struct Spoilt {
    directory: TempDir,
}

impl Spoilt {
    fn of(data: &Data) -> Self {
        let directory = TempDir::new().unwrap();
        copy(&data.path(), &directory.path().join("data"));
        copy(&data.directory.path().join("data.master-key"), &directory.path().join("data.master-key"));
        Self { directory }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn database(&self) -> PathBuf {
        self.data().join("countersign.db")
    }

    fn master_key(&self) -> PathBuf {
        self.directory.path().join("data.master-key")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.args(arguments).arg("--data").arg(self.data());
        command
    }

    /// Each of these is refused in words that hold one of `saying`, and alters nothing.
    fn refuses(&self, commands: &[&[&str]], saying: &[&str]) {
        let before = Frozen::of(self.directory.path());
        for arguments in commands {
            let said = refused(&mut self.command(arguments));
            assert!(
                saying.iter().any(|words| said.contains(words)),
                "{arguments:?} is to say {saying:?}: {said}"
            );
            before.assert_still(self.directory.path(), &format!("{arguments:?}"));
        }
    }

    fn raw(&self, statement: &str) {
        sqlx::any::install_default_drivers();
        block_on(async {
            let url = format!("sqlite://{}", self.database().display());
            let mut connection = AnyConnection::connect(&url).await.unwrap();
            connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()))).await.unwrap();
            connection.close().await.unwrap();
        });
    }
}

#[test]
fn a_database_that_was_cut_short_is_refused() {
    let data = store();
    let whole = fs::read(data.path().join("countersign.db")).unwrap();
    let page = usize::from(u16::from_be_bytes([whole[16], whole[17]]));
    let last = whole.len() - page;
    for length in [1, 15, 16, 50, 72, 99] {
        let spoilt = Spoilt::of(&data);
        fs::write(spoilt.database(), &whole[..length]).unwrap();
        spoilt.refuses(&COMMANDS, &["is not a SQLite database"]);
    }
    for length in [100, 512, page - 1, page, page + 1, 2 * page, whole.len() / 2, last, whole.len() - 1] {
        let spoilt = Spoilt::of(&data);
        fs::write(spoilt.database(), &whole[..length]).unwrap();
        spoilt.refuses(&COMMANDS, &["restore a backup"]);
    }
}

#[test]
fn a_file_that_is_no_store_is_refused() {
    let data = store();
    let noise: Vec<u8> = (0..20_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut mark_gone = fs::read(data.path().join("countersign.db")).unwrap();
    mark_gone[68..72].copy_from_slice(b"abcd");
    let mut magic_gone = fs::read(data.path().join("countersign.db")).unwrap();
    magic_gone[0] = b's';
    for (content, saying) in [
        (b"these are not the rows you are looking for".to_vec(), "is not a SQLite database"),
        (noise, "is not a SQLite database"),
        (vec![0; 8192], "is not a SQLite database"),
        (magic_gone, "is not a SQLite database"),
        (mark_gone, "is a database of another program"),
    ] {
        let spoilt = Spoilt::of(&data);
        fs::write(spoilt.database(), content).unwrap();
        spoilt.refuses(&COMMANDS, &[saying]);
        spoilt.refuses(&[&["init", "--email", "a@example.com"]], &[saying]);
    }
    let spoilt = Spoilt::of(&data);
    fs::remove_file(spoilt.database()).unwrap();
    spoilt.raw_new("CREATE TABLE theirs (id TEXT); PRAGMA application_id = 7");
    spoilt.refuses(&COMMANDS, &["is a database of another program"]);
    // A name of ours, without our mark.
    let spoilt = Spoilt::of(&data);
    fs::remove_file(spoilt.database()).unwrap();
    spoilt.raw_new("CREATE TABLE account (id TEXT)");
    spoilt.refuses(&COMMANDS, &["is a database of another program"]);
}

impl Spoilt {
    fn raw_new(&self, statements: &str) {
        fs::write(self.database(), "").unwrap();
        self.raw(statements);
    }
}

/// Each page in turn is overwritten. What a command does not look at it cannot notice, but it never falls over, never
/// hangs and never makes things worse; `doctor` looks at everything.
#[test]
fn a_damaged_page_is_told_and_left_as_it_is() {
    let data = store();
    let whole = fs::read(data.path().join("countersign.db")).unwrap();
    let page = usize::from(u16::from_be_bytes([whole[16], whole[17]]));
    let mut noticed = 0;
    let mut missed = Vec::new();
    for number in 0..whole.len() / page {
        let mut bytes = whole.clone();
        // The header of the file is looked at elsewhere.
        let begin = if number == 0 { 100 } else { number * page };
        bytes[begin..(number + 1) * page].fill(0xa5);
        for arguments in [&["access-key", "list"][..], &["access-key", "create"], &["doctor"]] {
            let spoilt = Spoilt::of(&data);
            fs::write(spoilt.database(), &bytes).unwrap();
            let before = Frozen::of(spoilt.directory.path());
            let output = run_soon(&mut spoilt.command(arguments));
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let out = String::from_utf8_lossy(&output.stdout);
            assert!(matches!(output.status.code(), Some(0 | 1)), "page {number}, {arguments:?}: {said}");
            assert!(!said.contains("panicked"), "page {number}, {arguments:?}: {said}");
            if output.status.code() == Some(1) {
                noticed += 1;
                let clear = ["restore a backup", "countersign never writes"];
                assert!(
                    clear.iter().any(|words| said.contains(words) || out.contains(words)),
                    "page {number}, {arguments:?}: {said}{out}"
                );
                before.assert_still(spoilt.directory.path(), &format!("{arguments:?} on page {number}"));
            } else if *arguments == ["doctor"] {
                missed.push(number);
            }
        }
    }
    eprintln!("{} pages, {noticed} refusals, not noticed by doctor: {missed:?}", whole.len() / page);
    assert!(noticed > 0);
    assert!(missed.is_empty(), "doctor looks at everything, but pages {missed:?}");
}

#[test]
fn a_store_of_another_release_is_refused() {
    let data = store();
    let spoilt = Spoilt::of(&data);
    spoilt.raw("UPDATE installation SET schema_version = 99");
    spoilt.refuses(&COMMANDS, &["run the release that made it, or a later one"]);
    spoilt
        .refuses(&[&["init", "--email", "a@example.com"]], &["run the release that made it, or a later one"]);

    let spoilt = Spoilt::of(&data);
    spoilt.raw("UPDATE installation SET schema_version = 0");
    let by_others: Vec<&[&str]> =
        COMMANDS.into_iter().filter(|c| !["serve", "migrate"].contains(&c[0])).collect();
    spoilt.refuses(&by_others, &["run `countersign migrate`"]);
    // There was no such schema, and what comes next does not fit: nothing is half done.
    let before = Frozen::of(spoilt.directory.path());
    refused(&mut spoilt.command(&["migrate"]));
    before.assert_still(spoilt.directory.path(), "migrate");
}

#[test]
fn a_master_key_that_is_not_the_one_is_refused() {
    let data = store();
    let others = Data::new();
    let others = fs::read(others.directory.path().join("data.master-key")).unwrap();
    let own = fs::read_to_string(data.directory.path().join("data.master-key")).unwrap();
    let needing: [&[&str]; 4] = [
        &["access-key", "create"],
        &["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"],
        &["migrate"],
        &["doctor"],
    ];
    for (content, saying) in [
        (others, "sealed under master key"),
        (Vec::new(), "this is not a master key"),
        (b"hunter2 hunter2 hunter2".to_vec(), "this is not a master key"),
        (own.as_bytes()[..own.len() - 10].to_vec(), "this is not a master key"),
        (own.replace("key-1:", "key-2:").into_bytes(), "this is not a master key"),
        (vec![0xff; 60], "cannot read"),
        (vec![b'a'; 65 * 1024], "too large"),
    ] {
        let spoilt = Spoilt::of(&data);
        fs::write(spoilt.master_key(), &content).unwrap();
        spoilt.refuses(&needing, &[saying]);
        // What is in the file is not told.
        for arguments in needing {
            let said = refused(&mut spoilt.command(arguments));
            assert!(!said.contains("hunter2") && !said.contains(&own[30..60]), "{said}");
        }
    }
    for mode in [0o644, 0o640, 0o604, 0o660, 0o606, 0o777] {
        let spoilt = Spoilt::of(&data);
        set_mode(&spoilt.master_key(), mode);
        spoilt.refuses(&needing, &["chmod 600"]);
    }
    let spoilt = Spoilt::of(&data);
    fs::remove_file(spoilt.master_key()).unwrap();
    spoilt.refuses(&needing, &["data.master-key"]);
    fs::create_dir(spoilt.master_key()).unwrap();
    spoilt.refuses(&needing, &["data.master-key"]);
    fs::remove_dir(spoilt.master_key()).unwrap();
    std::os::unix::fs::symlink("/nowhere/at/all", spoilt.master_key()).unwrap();
    spoilt.refuses(&needing, &["data.master-key"]);
}

#[test]
fn a_password_file_that_others_can_read_is_refused_before_anything_is_made() {
    let data = Data::nowhere();
    let password = data.directory.path().join("password");
    fs::write(&password, "correct horse battery staple\n").unwrap();
    let init = || {
        let mut command = program();
        command.args(["init", "--email", "a@example.com", "--password-file"]).arg(&password);
        command.arg("--data").arg(data.path());
        command
    };
    for mode in [0o644, 0o640, 0o604] {
        set_mode(&password, mode);
        let before = Frozen::of(data.directory.path());
        let said = refused(&mut init());
        assert!(said.contains("chmod 600") && !said.contains("staple"), "{said}");
        before.assert_still(data.directory.path(), "init");
    }
    fs::remove_file(&password).unwrap();
    assert!(refused(&mut init()).contains("password"));
    fs::create_dir(&password).unwrap();
    assert!(refused(&mut init()).contains("password"));
    assert!(!data.path().exists());
}

#[test]
fn what_stands_in_the_wrong_place_is_refused() {
    let data = store();
    // A directory where the database should be.
    let spoilt = Spoilt::of(&data);
    fs::remove_file(spoilt.database()).unwrap();
    fs::create_dir(spoilt.database()).unwrap();
    spoilt.refuses(&COMMANDS, &["is not a SQLite database"]);
    // A file where the data directory should be.
    let spoilt = Spoilt::of(&data);
    fs::remove_dir_all(spoilt.data()).unwrap();
    fs::write(spoilt.data(), "a file").unwrap();
    let init: &[&str] = &["init", "--email", "a@example.com"];
    spoilt.refuses(&COMMANDS, &["Not a directory"]);
    spoilt.refuses(&[init], &["Not a directory"]);
    // Nothing where the data directory should be, nor above it.
    let nowhere = TempDir::new().unwrap();
    let before = Frozen::of(nowhere.path());
    for arguments in COMMANDS.iter().filter(|c| !["serve", "migrate"].contains(&c[0])) {
        let said =
            refused(program().args(*arguments).arg("--data").arg(nowhere.path().join("not/there/data")));
        assert!(said.contains("countersign init"), "{arguments:?}: {said}");
        before.assert_still(nowhere.path(), &format!("{arguments:?}"));
    }
    // A directory where the configuration should be, and none at all.
    for file in [nowhere.path().to_owned(), nowhere.path().join("none.toml")] {
        let said = refused(program().args(["serve", "--config"]).arg(&file));
        assert!(said.contains("cannot read"), "{said}");
    }
    // A write-ahead log that is a directory.
    let spoilt = Spoilt::of(&data);
    fs::create_dir(spoilt.data().join("countersign.db-wal")).unwrap();
    let before = Frozen::of(spoilt.directory.path());
    refused(&mut spoilt.command(&["access-key", "create"]));
    before.assert_still(spoilt.directory.path(), "access-key create");
}

/// Places where an ordinary user may not write, may not read, or is not the owner.
#[test]
fn a_user_without_leave_is_told_so() {
    let Some(nobody) = Nobody::new() else { return };
    let data = store();
    let place = |name: &str| {
        let place = nobody.path().join(name);
        fs::create_dir(&place).unwrap();
        copy(&data.path(), &place.join("data"));
        copy(&data.directory.path().join("data.master-key"), &place.join("data.master-key"));
        place
    };
    let run = |place: &Path, arguments: &[&str]| {
        let mut command = nobody.program();
        command.args(arguments).arg("--data").arg(place.join("data"));
        command
    };
    let writing: [&[&str]; 3] = [
        &["access-key", "create"],
        &["project", "create", "another"],
        &["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"],
    ];

    // Another user's: nothing to do with it.
    let theirs = place("theirs");
    set_mode(&theirs.join("data"), 0o755);
    set_mode(&theirs.join("data/countersign.db"), 0o644);
    let before = Frozen::of(&theirs);
    for arguments in COMMANDS {
        let said = refused(&mut run(&theirs, arguments));
        assert!(said.contains("root") || said.contains("Permission denied"), "{arguments:?}: {said}");
        before.assert_still(&theirs, &format!("{arguments:?}"));
    }

    // One's own, in a directory that cannot be written to.
    let locked = place("locked");
    nobody.give(&locked);
    set_mode(&locked.join("data"), 0o500);
    let before = Frozen::of(&locked);
    for arguments in writing {
        let said = refused(&mut run(&locked, arguments));
        assert!(said.contains("may not be written"), "{arguments:?}: {said}");
        before.assert_still(&locked, &format!("{arguments:?}"));
    }
    for arguments in [&["account", "list"][..], &["access-key", "list"], &["doctor"]] {
        let output = run_soon(&mut run(&locked, arguments));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            matches!(output.status.code(), Some(0 | 1)) && !said.contains("panicked"),
            "{arguments:?}: {said}"
        );
        before.assert_still(&locked, &format!("{arguments:?}"));
    }

    // Files that can be read and not written.
    let fixed = place("fixed");
    nobody.give(&fixed);
    set_mode(&fixed.join("data/countersign.db"), 0o400);
    let before = Frozen::of(&fixed);
    for arguments in writing {
        let said = refused(&mut run(&fixed, arguments));
        assert!(said.contains("may not be written"), "{arguments:?}: {said}");
        before.assert_still(&fixed, &format!("{arguments:?}"));
    }
    // Files that cannot even be read.
    set_mode(&fixed.join("data/countersign.db"), 0o000);
    for arguments in COMMANDS {
        let said = refused(&mut run(&fixed, arguments));
        assert!(said.contains("Permission denied"), "{arguments:?}: {said}");
    }
    // No leave to make anything.
    let bare = nobody.path().join("bare");
    fs::create_dir(&bare).unwrap();
    let before = Frozen::of(nobody.path());
    let said = refused(&mut run(&bare, &["init", "--email", "a@example.com"]));
    assert!(said.contains("Permission denied"), "{said}");
    before.assert_still(nobody.path(), "init");
}
