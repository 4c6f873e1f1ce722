//! Programs killed in the middle of what they do, as `kill -9` does it: whatever was acknowledged is in the rows and in
//! the log, no row lacks its entry, the log has no gap, and the next one opens the store at once.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use countersign::{AccessKeyId, AccessKeySecret};
use countersign_accounts::access_key::AccessKeyStatus;
use countersign_accounts::change::Change;
use countersign_accounts::clock;
use countersign_store::{Access, Store};
use serde_json::Value;

use crate::postgres;
use crate::support::ledger::{Acknowledged, Dice, Writer, block_on, check, open_account, ring};
use crate::support::wire::{Connection, Judged, Wire};
use crate::support::{Data, Server, program};

/// How often something is killed.
const KILLS: usize = 50;

/// A store with the writer's account, and where it is.
struct Place {
    data: Data,
    url: String,
    master_key_file: PathBuf,
}

impl Place {
    fn sqlite() -> Self {
        let data = Data::new();
        let url = format!("sqlite://{}/countersign.db", data.path().display());
        let master_key_file = data.directory.path().join("data.master-key");
        Self { data, url, master_key_file }.with_account()
    }

    fn postgres(url: String) -> Self {
        let data = Data::nowhere();
        let master_key_file = data.directory.path().join("master-key");
        let mut init = program();
        init.args(["init", "--email", "owner@example.com", "--master-key-file"]).arg(&master_key_file);
        if !master_key_file.exists() {
            // A release that makes no key for a database is given one.
            let master = countersign_accounts::seal::MasterKey::generate(
                &mut countersign_accounts::random::from_system(),
            );
            std::fs::write(&master_key_file, master.to_text().as_bytes()).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(&master_key_file, mode).unwrap();
        }
        let output = init.env("COUNTERSIGN_DATABASE", &url).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { data, url, master_key_file }.with_account()
    }

    fn with_account(self) -> Self {
        block_on(async {
            let store = Store::open(&self.url, Access::Existing).await.unwrap();
            open_account(&store).await;
            store.close().await;
        });
        self
    }

    fn writer(&self, round: usize) -> Writer {
        Writer::start(&self.url, &self.master_key_file, &format!("W{round}"))
    }
}

/// A thousand changes and more by a writer that is killed fifty times while four of them are always under way.
fn a_writer_that_is_killed_keeps_its_word(place: &Place) {
    let mut dice = Dice::new();
    let mut acknowledged: Vec<Acknowledged> = Vec::new();
    let mut unacknowledged = 0;
    let began = Instant::now();
    for round in 0..KILLS {
        let writer = place.writer(round);
        let count = usize::try_from(10 + dice.below(30)).unwrap();
        acknowledged.extend(writer.wait_for(count));
        dice.pause(4_000);
        acknowledged.extend(writer.kill());
        let log = check(&place.url, &acknowledged);
        let of_writer = log.iter().filter(|recorded| recorded.request.starts_with('W')).count();
        unacknowledged = of_writer - acknowledged.len();
    }
    eprintln!(
        "{} changes acknowledged, {unacknowledged} made and not told, {KILLS} kills, in {:?}",
        acknowledged.len(),
        began.elapsed()
    );
    assert!(acknowledged.len() >= 1_000, "{}", acknowledged.len());
}

#[test]
fn a_writer_to_sqlite_that_is_killed_keeps_its_word() {
    a_writer_that_is_killed_keeps_its_word(&Place::sqlite());
}

#[test]
fn a_writer_to_postgresql_that_is_killed_keeps_its_word() {
    let Some(url) = postgres::database() else { return };
    a_writer_that_is_killed_keeps_its_word(&Place::postgres(url));
}

/// The database server killed, with all of its processes, while a writer writes to it.
#[test]
fn a_postgresql_that_is_killed_loses_nothing_that_was_acknowledged() {
    let Some(mut server) = postgres::durable() else { return };
    let place = Place::postgres(server.database());
    let mut dice = Dice::new();
    let mut acknowledged = Vec::new();
    let began = Instant::now();
    let rounds = if std::env::var_os("COUNTERSIGN_LONG").is_some() { 50 } else { 5 };
    for round in 0..rounds {
        let writer = place.writer(round);
        acknowledged.extend(writer.wait_for(usize::try_from(20 + dice.below(60)).unwrap()));
        dice.pause(4_000);
        server.crash();
        acknowledged.extend(writer.kill());
        server.restart();
        check(&place.url, &acknowledged);
    }
    eprintln!("{} changes acknowledged, {rounds} crashes, in {:?}", acknowledged.len(), began.elapsed());
}

/// `countersign serve` killed fifty times while others change keys under it: the next one opens the store at once, and
/// judges by every change that was acknowledged before it began.
#[test]
fn a_server_that_is_killed_comes_back_knowing_every_change() {
    let place = Place::sqlite();
    let created = place.data.json(&["access-key", "create", "--account", "owner@example.com"]);
    let access_key = AccessKeyId::new(created["access_key_id"].as_str().unwrap()).unwrap();
    let secret = created["access_key_secret"].as_str().unwrap();
    let account = block_on(async {
        let store = Store::open(&place.url, Access::Existing).await.unwrap();
        let account = store.find_access_key(&access_key).await.unwrap().unwrap().key.account;
        store.close().await;
        account
    });
    let flip = |enabled: bool, round: usize| {
        let (account, access_key) = (account.clone(), access_key.clone());
        let change = match enabled {
            true => Change::AccessKeyEnabled { account, access_key },
            false => Change::AccessKeyDisabled { account, access_key },
        };
        let commit = countersign_store::Commit {
            beside: Vec::new(),
            by: countersign_accounts::change::Actor::System,
            request: format!("flip {round}"),
            at: clock::now(),
            changes: vec![change],
            secrets: Vec::new(),
        };
        block_on(async {
            let store = Store::open(&place.url, Access::Existing).await.unwrap();
            let revision = store.commit(commit).await.unwrap();
            store.close().await;
            Acknowledged { request: format!("flip {round}"), seq: revision.seq }
        })
    };
    let credential = countersign::Credential { id: access_key.clone(), secret: AccessKeySecret::new(secret) };
    let signed = || {
        let request = http::Request::get("/api/projects/demo").body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        let options = countersign::SignOptions::at(clock::now());
        countersign::sign(
            countersign::schemes::ODPS,
            countersign::Place::at("/api"),
            &mut parts,
            b"",
            &credential,
            &options,
        )
        .unwrap();
        let text = |name: &str| parts.headers[name].to_str().unwrap().to_owned();
        let (date, authorization) = (text("date"), text("authorization"));
        Wire::new(
            "GET",
            "/api/projects/demo",
            &[("Host", "h"), ("Date", &date), ("Authorization", &authorization)],
            b"",
        )
    };

    let mut dice = Dice::new();
    let began = Instant::now();
    let mut acknowledged = Vec::new();
    let mut writer = place.writer(0);
    let mut slowest = Duration::ZERO;
    let mut enabled = true;
    let mut server = Server::start(&place.data);
    for round in 0..KILLS {
        // Use is written down as well, so requests keep coming; one of them may be under way when the end comes.
        let mut connection = Connection::to(server.address());
        for _ in 0..dice.below(4) {
            connection.exchange(&signed());
        }
        acknowledged.extend(writer.wait_for(usize::try_from(dice.below(20)).unwrap()));
        if dice.below(2) == 0 {
            enabled = !enabled;
            acknowledged.push(flip(enabled, round));
        }
        dice.pause(20_000);
        drop(server);

        let start = Instant::now();
        server = Server::start(&place.data);
        slowest = slowest.max(start.elapsed());
        // The first request that it answers is judged by all that was acknowledged.
        let request = signed();
        let answer = Connection::to(server.address()).exchange(&request);
        let must = if enabled { Judged::Accepted } else { Judged::Refused };
        assert_eq!(answer.judged(&request, "/api"), must, "{answer:?}");
        if round % 10 == 9 {
            // Killed together with the server, for once.
            acknowledged.extend(writer.kill());
            check(&place.url, &acknowledged);
            writer = place.writer(round);
        }
    }
    // What was under way goes on until it is through a thousand.
    while acknowledged.len() < 1_000 {
        acknowledged.extend(writer.wait_for(100));
    }
    acknowledged.extend(writer.kill());
    drop(server);
    let log = check(&place.url, &acknowledged);
    eprintln!(
        "{} changes acknowledged of {}, {KILLS} kills of the server, {slowest:?} for the slowest start, in {:?}",
        acknowledged.len(),
        log.len(),
        began.elapsed()
    );
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}

/// The commands themselves, several at once, of which one is killed somewhere between its start and its end. Where the
/// exit status is 0, or the secret was shown, it is done.
#[test]
fn a_command_that_is_killed_does_all_or_nothing() {
    let place = Place::sqlite();
    let mut dice = Dice::new();
    let began = Instant::now();
    let mut told: BTreeMap<String, AccessKeyStatus> = BTreeMap::new();
    let (mut killed_before, mut killed_after) = (0, 0);
    for _ in 0..KILLS {
        let mut running: Vec<(Option<String>, Child)> = Vec::new();
        let one =
            told.iter().find(|(_, status)| **status == AccessKeyStatus::Enabled).map(|(id, _)| id.clone());
        for wanted in [None, None, one.map(Some).unwrap_or_default()] {
            let mut command = program();
            match &wanted {
                None => command.args(["access-key", "create", "--account", "writer@example.com"]),
                Some(id) => command.args(["access-key", "disable", id]),
            };
            command.args(["--output", "json", "--data"]).arg(place.data.path());
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            running.push((wanted, command.spawn().unwrap()));
        }
        let victim = usize::try_from(dice.below(3)).unwrap();
        dice.pause(100_000);
        let killed = running[victim].1.try_wait().unwrap().is_none();
        if killed {
            running[victim].1.kill().unwrap();
        }
        for (at, (wanted, mut child)) in running.into_iter().enumerate() {
            let mut text = String::new();
            child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
            let mut errors = String::new();
            child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
            let status = child.wait().unwrap();
            let said: Option<Value> = serde_json::from_str(&text).ok();
            if killed && at == victim {
                *(if said.is_some() { &mut killed_after } else { &mut killed_before }) += 1;
            } else {
                assert!(status.success() && said.is_some(), "{wanted:?}: {errors}");
            }
            let Some(said) = said else { continue };
            let id = said["access_key_id"].as_str().unwrap().to_owned();
            let status = if wanted.is_some() { AccessKeyStatus::Disabled } else { AccessKeyStatus::Enabled };
            told.insert(id, status);
        }
        check(&place.url, &[]);
        block_on(async {
            let store = Store::open(&place.url, Access::Existing).await.unwrap();
            let ring = ring(&store, &place.master_key_file).await;
            for (id, status) in &mut told {
                let id = AccessKeyId::new(id).unwrap();
                let key = store.find_access_key(&id).await.unwrap().unwrap().key;
                // A disable that was killed may have been carried out all the same.
                if key.status == AccessKeyStatus::Disabled {
                    *status = AccessKeyStatus::Disabled;
                }
                assert_eq!(key.status, *status, "{id}");
            }
            for (id, owner, sealed) in store.sealed_secrets(None, 10_000).await.unwrap() {
                ring.open_secret(&id, &owner, &sealed).unwrap();
            }
            store.close().await;
        });
    }
    eprintln!(
        "{} AccessKeys told of, {KILLS} rounds: {killed_before} killed before they said so and {killed_after} after, in {:?}",
        told.len(),
        began.elapsed()
    );
    assert!(killed_before > 5, "the kills come too late to tell anything: {killed_before}");
}
