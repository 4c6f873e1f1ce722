//! Ring keys and the master key replaced while clients call, and broken off in the middle.

mod load;
mod planted;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use countersign::{AccessKeyId, AccessKeySecret};
use countersign_accounts::access_key::Description;
use countersign_accounts::account::Email;
use countersign_accounts::change::{Actor, Change};
use countersign_accounts::id::AccountId;
use countersign_accounts::seal::{MasterKey, Ring};
use countersign_accounts::{clock, random};
use countersign_store::{Access, Commit, Secret, Store};
use serde_json::Value;

use self::load::{Load, bearer_token, call, signed};
use crate::support::{Data, Key, Server, eventually, program};

/// The store of a data directory in this process, beside the programs that use it.
struct Inside {
    runtime: tokio::runtime::Runtime,
    store: Store,
    master_key_file: PathBuf,
}

impl Inside {
    fn new(data: &Data) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let url = format!("sqlite://{}/countersign.db", data.path().display());
        let store = runtime.block_on(Store::open(&url, Access::Existing)).unwrap();
        Self { runtime, store, master_key_file: data.directory.path().join("data.master-key") }
    }

    fn ring(&self) -> Ring {
        let master = MasterKey::from_text(&fs::read_to_string(&self.master_key_file).unwrap()).unwrap();
        let rows = self.runtime.block_on(self.store.ring_keys()).unwrap();
        Ring::open(self.store.cluster(), &master, &rows).unwrap()
    }

    /// Makes changes, and keys with their secrets.
    fn commit(&self, changes: Vec<Change>, keys: &[(&str, &AccountId, &str)]) {
        let ring = self.ring();
        let seal = |(id, owner, secret): &(&str, &AccountId, &str)| {
            let (id, secret) = (AccessKeyId::new(id).unwrap(), AccessKeySecret::new(*secret));
            let sealed = ring.seal_secret(&id, owner, &secret, &mut random::from_system());
            Secret::AccessKey(id, sealed)
        };
        let commit = Commit {
            beside: Vec::new(),
            by: Actor::System,
            request: format!("{:032x}", rand_core::Rng::next_u64(&mut random::from_system())),
            at: clock::now(),
            changes,
            secrets: keys.iter().map(seal).collect(),
        };
        self.runtime.block_on(self.store.commit(commit)).unwrap();
    }

    /// An account with so many keys, `BULK00000` and on, of which each has the secret `secret of ID`.
    fn bulk(&self, count: usize) {
        let owner = AccountId::from_text("acc_bulk");
        let email = Email::new("bulk@example.com").unwrap();
        let opened = Change::AccountOpened { account: owner.clone(), email, access_key_limit: 1_000_000 };
        self.commit(vec![opened], &[]);
        let ids: Vec<_> = (0..count).map(|n| format!("BULK{n:05}")).collect();
        for some in ids.chunks(500) {
            let changes = some.iter().map(|id| created(&owner, id)).collect();
            let secrets: Vec<_> = some.iter().map(|id| format!("secret of {id}")).collect();
            let keys = some.iter().zip(&secrets).map(|(id, s)| (id.as_str(), &owner, s.as_str()));
            self.commit(changes, &keys.collect::<Vec<_>>());
        }
    }

    /// How many secrets each ring key seals.
    fn secrets(&self) -> Vec<(u32, u64)> {
        let counted = self.runtime.block_on(self.store.secrets_by_ring_key()).unwrap();
        counted.into_iter().map(|(id, count)| (id.expect("a secret under no ring key"), count)).collect()
    }

    /// Every bulk key's secret is what it was.
    fn check_bulk(&self, count: usize) {
        let ring = self.ring();
        let listed = self.runtime.block_on(self.store.sealed_secrets(None, 1_000_000)).unwrap();
        let bulk: Vec<_> = listed.iter().filter(|(id, ..)| id.as_str().starts_with("BULK")).collect();
        assert_eq!(bulk.len(), count);
        for (id, owner, sealed) in bulk {
            assert_eq!(ring.open_secret(id, owner, sealed).unwrap().expose(), format!("secret of {id}"));
        }
    }
}

fn created(owner: &AccountId, id: &str) -> Change {
    Change::AccessKeyCreated {
        account: owner.clone(),
        access_key: AccessKeyId::new(id).unwrap(),
        description: Description::default(),
        expires: None,
        replaces: None,
        networks: countersign_accounts::network::Networks::default(),
        kind: countersign_accounts::access_key::AccessKeyKind::Secret,
        disabled: false,
    }
}

/// The state of each ring key, and how many secrets it seals.
fn ring_keys(data: &Data) -> Vec<(u64, String, u64)> {
    let listed = data.json(&["ring-key", "list"]);
    let one = |key: &Value| {
        let state = key["state"].as_str().unwrap().to_owned();
        (key["ring_key"].as_u64().unwrap(), state, key["secrets"].as_u64().unwrap())
    };
    listed.as_array().unwrap().iter().map(one).collect()
}

/// A key of the account that owns `demo`.
fn create_key(data: &Data) -> Key {
    let created = data.json(&["access-key", "create", "--account", "owner@example.com"]);
    let text = |name: &str| created[name].as_str().unwrap().to_owned();
    Key { id: text("access_key_id"), secret: text("access_key_secret") }
}

/// A key that is made now, once the server accepts it: from then on the load uses it.
fn create_under(load: &Load, data: &Data, server: &Server) -> Key {
    let key = create_key(data);
    let began = Instant::now();
    eventually("a new key is accepted", || {
        (call(server.address(), &signed(&key, "GET", "/projects/demo", "")).0 == 200).then_some(())
    });
    assert!(began.elapsed() < Duration::from_secs(3), "{:?} until it is accepted", began.elapsed());
    load.sign_with(&key);
    key
}

fn all_is_well(data: &Data) {
    let found = data.json(&["doctor"]);
    assert!(found.as_array().unwrap().iter().all(|finding| finding["ok"] == true), "{found:#}");
}

fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

#[test]
fn a_ring_key_is_replaced_under_load() {
    const BULK: usize = 3000;
    let data = Data::new();
    let inside = Inside::new(&data);
    inside.bulk(BULK);
    let before = create_key(&data);
    let server = Server::start(&data);
    let old_token = bearer_token(server.address(), &before);
    let load = Load::start(server.address());
    load.sign_with(&before);
    load.bear(&old_token);
    load.use_again(&[&before]);

    data.ok(&["ring-key", "add"]);
    let between = create_under(&load, &data, &server);
    assert!(data.fails(&["ring-key", "retire", "1"]).contains("ring key 1 is active"));
    // Not a moment's wait: the first key under the new ring key may meet a server that has not seen it.
    data.ok(&["ring-key", "activate"]);
    let after = create_under(&load, &data, &server);
    let all = BULK as u64 + 3;
    let states = |n: u64, m: u64| vec![(1, "decrypt-only".to_owned(), n), (2, "active".to_owned(), m)];
    assert_eq!(ring_keys(&data), states(0, all));
    inside.check_bulk(BULK);
    load.bear(&bearer_token(server.address(), &after));
    // Beyond the moment at which the server itself goes over to the new ring key.
    pause(2600);
    load.bear(&bearer_token(server.address(), &between));
    load.use_again(&[&before, &between, &after]);
    load.stop_bearing(&old_token);
    let (status, answer) = load::bearing(server.address(), &old_token);
    assert_eq!(status, 200, "a token ends when its ring key is retired, not before: {answer}");
    load.stop_bearing_all();
    data.ok(&["ring-key", "retire", "1"]);
    eventually("tokens of a retired ring key are refused", || {
        (load::bearing(server.address(), &old_token).0 == 401).then_some(())
    });
    load.bear(&bearer_token(server.address(), &before));
    create_under(&load, &data, &server);
    load.use_again(&[&before, &between, &after]);
    load.end();
    all_is_well(&data);

    // And from the rows alone.
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&data);
    let load = Load::start(server.address());
    for key in [&before, &between, &after] {
        load.sign_with(key);
    }
    load.use_again(&[&before, &between, &after]);
    load.end();
}

#[test]
fn the_master_key_is_replaced_under_load() {
    let data = Data::new();
    let before = create_key(&data);
    let server = Server::start(&data);
    let load = Load::start(server.address());
    load.sign_with(&before);
    load.bear(&bearer_token(server.address(), &before));
    let key_file = data.directory.path().join("data.master-key");
    let old = fs::read(&key_file).unwrap();
    let old_id = MasterKey::from_text(std::str::from_utf8(&old).unwrap()).unwrap().id();
    let next = data.directory.path().join("next");
    let rotate = ["master-key", "rotate", "--new-master-key-file", next.to_str().unwrap()];
    load.use_again(&[&before]);
    let done = data.json(&rotate);
    assert_eq!((&done["resealed"], &done["in_place"]), (&Value::Bool(true), &Value::Bool(true)));
    for file in [&next, &key_file, &data.directory.path().join(format!("data.master-key.{old_id}"))] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    assert_eq!(fs::read(&key_file).unwrap(), fs::read(&next).unwrap());
    assert_eq!(fs::read(data.directory.path().join(format!("data.master-key.{old_id}"))).unwrap(), old);
    let during = create_under(&load, &data, &server);

    // A server that started under the old master key learns of a ring key that the new one seals.
    data.ok(&["ring-key", "add"]);
    data.ok(&["ring-key", "activate"]);
    let after = create_under(&load, &data, &server);
    load.stop_bearing_all();
    data.ok(&["ring-key", "retire", "1"]);
    let last = create_under(&load, &data, &server);
    load.use_again(&[&before, &during, &after, &last]);
    load.end();
    all_is_well(&data);
    assert_eq!(server.stop(), Some(0));

    // Asked again, it is done already.
    let again = data.json(&rotate);
    assert_eq!((&again["resealed"], &again["in_place"]), (&Value::Bool(false), &Value::Bool(true)));
    assert_eq!(again["master_key"], done["master_key"]);

    let server = Server::start(&data);
    for key in [&before, &during, &after, &last] {
        let (status, answer) = call(server.address(), &signed(key, "GET", "/projects/demo", ""));
        assert_eq!(status, 200, "{answer}");
    }
    drop(server);
    fs::write(&key_file, &old).unwrap();
    let said = data.fails(&["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"]);
    let new_id = done["master_key"].as_str().unwrap();
    assert!(said.contains(&old_id) && said.contains(new_id), "{said}");
}

/// A command that is killed as soon as something holds, or that came to its end before.
fn killed_when(data: &Data, arguments: &[&str], mut holds: impl FnMut() -> bool) -> bool {
    let mut child = spawn(data, arguments);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{arguments:?}");
            return false;
        }
        if holds() {
            child.kill().unwrap();
            return child.wait().unwrap().code().is_none();
        }
    }
}

fn spawn(data: &Data, arguments: &[&str]) -> Child {
    let mut command = program();
    command.args(arguments).arg("--data").arg(data.path());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn resealing_goes_on_where_kill_9_broke_it_off() {
    const BULK: u64 = 6000;
    let data = Data::new();
    let inside = Inside::new(&data);
    inside.bulk(BULK as usize);
    let key = create_key(&data);
    let server = Server::start(&data);
    let load = Load::start(server.address());
    load.sign_with(&key);
    let mut broken_off = 0;
    for round in 2..12 {
        data.ok(&["ring-key", "add"]);
        let part = || {
            let secrets = inside.secrets();
            let done = secrets.iter().find(|(id, _)| *id == round).map_or(0, |(_, count)| *count);
            (1..=BULK).contains(&done)
        };
        let killed = killed_when(&data, &["ring-key", "activate"], part);
        let secrets = inside.secrets();
        if killed && secrets.len() > 1 {
            broken_off += 1;
            assert_eq!(secrets.iter().map(|(_, count)| count).sum::<u64>(), BULK + 1);
            assert!(secrets.iter().all(|(_, count)| count % 500 <= 1), "whole parts: {secrets:?}");
            inside.check_bulk(BULK as usize);
            all_is_well(&data);
            assert!(data.fails(&["ring-key", "retire", &(round - 1).to_string()]).contains("still seals"));
            // A server that starts now takes both.
            let another = Server::start(&data);
            assert_eq!(call(another.address(), &signed(&key, "GET", "/projects/demo", "")).0, 200);
        }
        data.ok(&["ring-key", "activate"]);
        assert_eq!(inside.secrets(), [(round, BULK + 1)]);
        data.ok(&["ring-key", "retire", &(round - 1).to_string()]);
        inside.check_bulk(BULK as usize);
        if broken_off == 3 {
            break;
        }
    }
    assert_eq!(broken_off, 3, "not once in the middle");
    load.use_again(&[&key]);
    load.end();
    all_is_well(&data);
}

/// Which of two files opens the data, as the program sees it.
fn opens(data: &Data, file: &Path) -> bool {
    data.run(&["doctor", "--master-key-file", file.to_str().unwrap()]).status.success()
}

#[test]
fn a_master_key_rotation_can_be_broken_off_anywhere() {
    let data = Data::new();
    create_key(&data);
    let key_file = data.directory.path().join("data.master-key");
    let file = |name: &str| data.directory.path().join(name);
    let old = fs::read(&key_file).unwrap();

    // The new key is there, and the data is not under it yet.
    let first = file("first");
    fs::write(&first, MasterKey::generate(&mut random::from_system()).to_text().as_bytes()).unwrap();
    let rotate =
        |next: &Path| data.run(&["master-key", "rotate", "--new-master-key-file", next.to_str().unwrap()]);
    let refused = rotate(&first);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("chmod 600"));
    assert!(opens(&data, &key_file));
    fs::set_permissions(&first, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert!(rotate(&first).status.success());
    assert!(opens(&data, &key_file));

    // The data is under the new key, and the old file in place still.
    fs::write(&key_file, &old).unwrap();
    assert!(opens(&data, &first) && !opens(&data, &key_file));
    let said = data.fails(&["access-key", "create"]);
    for key in [&first, &key_file] {
        let id = MasterKey::from_text(&fs::read_to_string(key).unwrap()).unwrap().id();
        assert!(said.contains(&id), "{said}");
    }
    // Another key would not help, and is not made.
    assert!(!rotate(&file("another")).status.success() && !file("another").exists());
    assert!(rotate(&first).status.success());
    assert!(opens(&data, &key_file));

    // Killed at any moment of the time that it takes.
    let began = Instant::now();
    assert!(rotate(&file("next")).status.success());
    let whole = began.elapsed();
    let mut seen = [0; 3];
    for round in 0..30 {
        let next = file(&format!("next-{round}"));
        let before = fs::read(&key_file).unwrap();
        let rotate = ["master-key", "rotate", "--new-master-key-file", next.to_str().unwrap()];
        let mut child = spawn(&data, &rotate);
        std::thread::sleep(whole * round / 25);
        let _ = child.kill();
        child.wait().unwrap();
        let (with_file, with_next) = (opens(&data, &key_file), next.exists() && opens(&data, &next));
        assert!(with_file || with_next, "round {round}");
        let switched = fs::read(&key_file).unwrap() != before;
        seen[usize::from(with_next) + usize::from(switched)] += 1;
        data.ok(&rotate);
        assert!(opens(&data, &key_file) && opens(&data, &next), "round {round}");
    }
    eprintln!(
        "killed before the data was sealed anew {} times, before the file was switched {}, after {}",
        seen[0], seen[1], seen[2]
    );
    all_is_well(&data);

    // In a place of the operator's own, nothing is moved.
    let own = file("own");
    fs::rename(&key_file, &own).unwrap();
    let next = file("last");
    let own_file = own.to_str().unwrap();
    let done = data.json(&[
        "master-key",
        "rotate",
        "--new-master-key-file",
        next.to_str().unwrap(),
        "--master-key-file",
        own_file,
    ]);
    assert_eq!(done["in_place"], false);
    assert!(!key_file.exists() && !opens(&data, &own) && opens(&data, &next));
}

#[test]
fn doctor_names_what_is_wrong_with_keys() {
    let data = Data::new();
    let (sound, altered) = (create_key(&data), create_key(&data));
    let key_file = data.directory.path().join("data.master-key");
    let database = data.path().join("countersign.db");
    let finding = |check: &str| {
        let output = data.run(&["doctor", "--output", "json"]);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let found = found.as_array().unwrap().iter().find(|finding| finding["check"] == check).cloned();
        (output.status.code().unwrap(), found.unwrap_or_default())
    };
    let (status, ring) = finding("ring keys");
    assert_eq!((status, &ring["ok"], &ring["details"][0]["secrets"]), (0, &Value::Bool(true), &2.into()));

    sqlite(
        &database,
        &format!(
            "UPDATE access_key SET secret = (SELECT secret FROM access_key WHERE id = '{}') WHERE id = '{}'",
            sound.id, altered.id
        ),
    );
    let (status, found) = finding("sealed secrets");
    let said = found["found"].as_str().unwrap();
    assert_eq!((status, &found["ok"]), (1, &Value::Bool(false)));
    assert!(said.contains(&altered.id) && !said.contains(&sound.id), "{said}");
    data.ok(&["ring-key", "add"]);
    let said = data.fails(&["ring-key", "activate"]);
    assert!(said.contains(&altered.id) && !said.contains(&sound.id), "{said}");
    data.ok(&["access-key", "disable", &altered.id]);
    assert_eq!(ring_keys(&data)[0].2, 1, "what cannot be opened is left as it is");
    sqlite(&database, &format!("DELETE FROM access_key WHERE id = '{}'", altered.id));
    assert_eq!(finding("ring keys").0, 0);

    // A ring key that is gone, and none that is active.
    sqlite(
        &database,
        "UPDATE ring_key SET active = 0; UPDATE ring_key SET active = 1 WHERE id = 1; DELETE FROM ring_key WHERE id = 2",
    );
    let (status, ring) = finding("ring keys");
    assert_eq!(status, 1);
    assert!(
        ring["found"].as_str().unwrap().contains("1 secrets are under ring key 2, which is missing"),
        "{ring}"
    );
    assert!(finding("sealed secrets").1["found"].as_str().unwrap().contains(&sound.id));
    sqlite(&database, "UPDATE ring_key SET active = 0");
    let (status, ring) = finding("ring keys");
    assert_eq!(status, 1);
    assert!(ring["found"].as_str().unwrap().contains("0 are active where one should be"), "{ring}");

    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&key_file, fs::Permissions::from_mode(0o640)).unwrap();
    let (status, found) = finding("master key");
    assert_eq!((status, &found["ok"]), (1, &Value::Bool(false)));
    assert!(found["found"].as_str().unwrap().contains("mode 640"), "{found}");
}

/// Statements behind the program's back.
pub(crate) fn sqlite(database: &Path, statements: &str) {
    let script =
        "import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).executescript(sys.argv[2])";
    let done =
        std::process::Command::new("python3").args(["-c", script]).arg(database).arg(statements).status();
    assert!(done.unwrap().success());
}
