//! A disk that is full: what cannot be written is refused and said to be, what was written stays, requests are judged
//! all the while, and once there is room again all goes on.

use std::fs;

use crate::support::ledger::check;
use crate::support::limits::{Disk, Frozen, refused, run_soon};
use crate::support::wire::{Connection, Judged, Wire};
use crate::support::{Data, Key, Server, eventually, program};

/// A store with an account and a project, on a disk of its own; the master key is beside it, and so on it too.
fn init(disk: &Disk) -> bool {
    let data = disk.path().join("data");
    let output = run_soon(program().args(["init", "--email", "owner@example.com", "--data"]).arg(&data));
    let ok = output.status.success();
    ok && run_soon(program().args(["project", "create", "demo", "--data"]).arg(&data)).status.success()
}

#[test]
fn a_store_is_made_whole_or_not_at_all_on_a_full_disk() {
    for room in [0, 4_096, 16_384, 65_536, 131_072] {
        let Some(disk) = Disk::of(2_048) else { return };
        disk.fill(room);
        let said = refused(
            program().args(["init", "--email", "a@example.com", "--data"]).arg(disk.path().join("data")),
        );
        assert!(said.contains("full") || said.contains("No space left"), "{room}: {said}");
        // What is left does not stand in the way once there is room. Where there was enough of it for a store, but not
        // for the first account in it, the store stands and the account is opened.
        disk.clear();
        let data = disk.path().join("data");
        let again = run_soon(program().args(["init", "--email", "a@example.com", "--data"]).arg(&data));
        if !again.status.success() {
            let said = String::from_utf8_lossy(&again.stderr).into_owned();
            assert!(said.contains("there is already a store"), "{room}: {said}");
            let open = ["account", "create", "--email", "a@example.com", "--data"];
            assert!(run_soon(program().args(open).arg(&data)).status.success());
        }
        let create = ["access-key", "create", "--data"];
        assert!(run_soon(program().args(create).arg(&data)).status.success(), "{room}");
    }
}

#[test]
fn commands_on_a_full_disk_are_refused_and_alter_nothing() {
    let Some(disk) = Disk::of(2_048) else { return };
    assert!(init(&disk));
    let data = disk.path().join("data");
    disk.fill(0);
    let before = Frozen::of(disk.path());
    for arguments in [&["access-key", "create"][..], &["project", "create", "another"], &["migrate"]] {
        let output = run_soon(program().args(arguments).arg("--data").arg(&data));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // To bring up to date what is up to date takes no room.
        if arguments != ["migrate"] || !output.status.success() {
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
            assert!(said.contains("make room"), "{arguments:?}: {said}");
        }
        before.assert_still(disk.path(), &format!("{arguments:?}"));
    }
    disk.clear();
    let url = format!("sqlite://{}/countersign.db", data.display());
    assert_eq!(check(&url, &[]).len(), 2);
    assert!(run_soon(program().args(["access-key", "create", "--data"]).arg(&data)).status.success());
}

#[test]
fn a_running_server_survives_a_full_disk() {
    let Some(disk) = Disk::of(4_096) else { return };
    assert!(init(&disk));
    let path = disk.path().join("data");
    // The server's own configuration is elsewhere, and names the place.
    let elsewhere = Data::nowhere();
    std::os::unix::fs::symlink(&path, elsewhere.path()).unwrap();
    fs::copy(disk.path().join("data.master-key"), elsewhere.directory.path().join("data.master-key"))
        .unwrap();
    let data = elsewhere;
    let (key, other) = (data.create_key(), data.create_key());
    let server = Server::start(&data);
    let mut connection = Connection::to(server.address());
    let mut judged = |key: &Key| {
        let request = signed(key);
        let answer = connection.exchange(&request);
        (answer.judged(&request, "/api"), answer.body)
    };
    eventually("both keys are in force", || {
        (judged(&key).0 == Judged::Accepted && judged(&other).0 == Judged::Accepted).then_some(())
    });

    disk.fill(0);
    // The write-ahead log may have room left from before: it is used up.
    let mut made = 0;
    let said = loop {
        let output = data.run(&["project", "create", &format!("filler{made}")]);
        if !output.status.success() {
            assert_eq!(output.status.code(), Some(1));
            break String::from_utf8(output.stderr).unwrap();
        }
        made += 1;
        assert!(made < 5_000, "the disk does not fill");
        if made % 50 == 0 {
            disk.fill(0);
        }
    };
    assert!(said.contains("make room"), "{said}");
    let refusals = [
        data.fails(&["access-key", "disable", &other.id]),
        data.fails(&["access-key", "create"]),
        data.fails(&["account", "suspend"]),
    ];
    for said in refusals {
        assert!(said.contains("make room"), "{said}");
    }
    // Longer than uses wait to be written down: that it cannot be done disturbs nobody.
    let began = std::time::Instant::now();
    let mut accepted = 0;
    while began.elapsed() < std::time::Duration::from_secs(5) {
        for key in [&key, &other] {
            let (judged, body) = judged(key);
            assert_eq!(judged, Judged::Accepted, "{body}");
            accepted += 1;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(data.fails(&["access-key", "disable", &other.id]).contains("make room"));

    disk.clear();
    data.ok(&["access-key", "disable", &other.id]);
    eventually("the disabled key is refused", || {
        judged(&other).1.contains("AccessKeyDisabled").then_some(())
    });
    assert_eq!(judged(&key).0, Judged::Accepted);
    eventually("the use is written down", || {
        (!data.json(&["access-key", "show", &key.id])["last_used"].is_null()).then_some(())
    });
    let later = data.create_key();
    eventually("a new key is in force", || (judged(&later).0 == Judged::Accepted).then_some(()));
    eprintln!(
        "{accepted} requests accepted while the disk was full; {made} changes fitted in the log that was there"
    );
    assert_eq!(server.stop(), Some(0));
    let log = check(&format!("sqlite://{}/countersign.db", path.display()), &[]);
    assert_eq!(log.len(), 2 + 2 + made + 2, "only what was acknowledged was done");
}

fn signed(key: &Key) -> Wire {
    let (mut parts, ()) = http::Request::get("/api/projects/demo").body(()).unwrap().into_parts();
    let credential = countersign::Credential {
        id: countersign::AccessKeyId::new(&key.id).unwrap(),
        secret: countersign::AccessKeySecret::new(key.secret.as_str()),
    };
    let options = countersign::SignOptions::at(countersign_accounts::clock::now());
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
}
