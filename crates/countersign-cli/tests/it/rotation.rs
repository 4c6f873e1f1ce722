//! An AccessKey replaced while a client uses it: nothing fails, and what is disabled stays out.

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::operation::serving::GET;
use crate::support::python::Script;
use crate::support::{Data, Key, Server, eventually, program, write_profile};

fn seconds_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// For 30 seconds PyODPS calls without a pause, while its configuration moves from the old key to the new one.
#[test]
fn a_rotation_under_load_fails_no_call() {
    let data = Data::new();
    let old = data.create_key();
    let server = Server::start(&data);
    let config = data.directory.path().join("odps_config.ini");
    write_profile(&config, &old, &server.endpoint);
    let Some(script) = Script::new("loop.py") else { return };
    let stop = data.directory.path().join("stop");
    let calling = script
        .signing_as(&old, &server.endpoint)
        .with("CONFIG", config.to_str().unwrap())
        .with("STOP", stop.to_str().unwrap())
        .with("DURATION", "120")
        .with("CALLS", "200")
        .spawn();
    let began = std::time::Instant::now();
    let pause = |seconds: u64| std::thread::sleep(Duration::from_secs(seconds));
    pause(8);

    let created = data.json(&["access-key", "rotate", &old.id]);
    let text = |name: &str| created[name].as_str().unwrap().to_owned();
    let new = Key { id: text("access_key_id"), secret: text("access_key_secret") };
    let probe = data.directory.path().join("probe.ini");
    let accepted = |key: &Key| {
        write_profile(&probe, key, &server.endpoint);
        program()
            .args(["request", "GET", "/projects/demo", "--profile"])
            .arg(&probe)
            .output()
            .unwrap()
            .status
            .success()
    };
    eventually("the successor is in force", || accepted(&new).then_some(()));
    write_profile(&config, &new, &server.endpoint);
    let moved = seconds_now();
    pause(8);

    // Nothing has used the old one since; the store says so too.
    let last_used =
        data.json(&["access-key", "show", &old.id])["last_used"]["at"].as_str().unwrap().to_owned();
    let last_used = countersign::Timestamp::parse_rfc3339(&last_used).unwrap().unix_millis() as f64 / 1000.0;
    assert!(last_used < moved + 2.0, "last used {last_used}, moved {moved}");
    data.ok(&["access-key", "rotate", &old.id, "--disable"]);
    eventually("the old one is refused", || (!accepted(&old)).then_some(()));
    pause(3);
    data.ok(&["access-key", "rotate", &old.id, "--delete"]);
    for _ in 0..20 {
        assert!(!accepted(&old), "a disabled key passed");
    }
    while began.elapsed() < Duration::from_secs(33) {
        pause(1);
    }
    std::fs::write(&stop, "").unwrap();

    let report = calling.join().unwrap();
    assert_eq!(
        report["failed"],
        0,
        "{:#?}",
        report["calls"].as_array().unwrap().iter().find(|c| c["error"].is_object())
    );
    assert!(report["count"].as_u64().unwrap() >= 200, "{}", report["count"]);
    assert!(report["seconds"].as_f64().unwrap() >= 30.0);
    let used: HashSet<_> =
        report["access_ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    assert_eq!(used, HashSet::from([old.id.as_str(), new.id.as_str()]));
}

/// The revision by which a request of this key was judged.
fn judged_by(server: &Server, key: &Key) -> (u32, u64) {
    let (status, answer) = server.exchange(GET.signed(key).as_bytes());
    assert_eq!(status, 200, "{answer}");
    let revision = answer.lines().find_map(|line| line.strip_prefix("x-countersign-revision: ")).unwrap();
    read_revision(revision)
}

fn read_revision(text: &str) -> (u32, u64) {
    let (epoch, seq) = text.split_once('.').unwrap();
    (epoch.parse().unwrap(), seq.parse().unwrap())
}

/// A client calls with a key without a pause while it is disabled. Once the server says of another key's request that
/// it judges by the revision of the disable, none of its calls is let through, and once one is refused, all are.
#[test]
fn once_a_disabled_key_is_refused_it_stays_refused() {
    let data = Data::new();
    let (key, other) = (data.create_key(), data.create_key());
    let server = Server::start(&data);
    let config = data.directory.path().join("odps_config.ini");
    write_profile(&config, &key, &server.endpoint);
    let Some(script) = Script::new("loop.py") else { return };
    let stop = data.directory.path().join("stop");
    let calling = script
        .signing_as(&key, &server.endpoint)
        .with("CONFIG", config.to_str().unwrap())
        .with("STOP", stop.to_str().unwrap())
        .with("DURATION", "30")
        .spawn();
    std::thread::sleep(Duration::from_secs(3));
    let disabled = data.json(&["access-key", "disable", &key.id]);
    let disabled = read_revision(disabled["revision"].as_str().unwrap());
    eventually("the disable is in force", || (judged_by(&server, &other) >= disabled).then_some(()));
    let in_force = seconds_now();
    std::thread::sleep(Duration::from_secs(2));
    std::fs::write(&stop, "").unwrap();

    let report = calling.join().unwrap();
    let calls = report["calls"].as_array().unwrap();
    let first = calls.iter().position(|call| call["error"].is_object()).expect("no call was refused");
    assert!(first > 0, "no call was accepted before");
    for call in &calls[first..] {
        assert_eq!(call["error"]["code"], "AccessKeyDisabled", "{call}");
    }
    let after: Vec<_> = calls.iter().filter(|call| call["start_wall"].as_f64().unwrap() > in_force).collect();
    assert!(!after.is_empty(), "no call was made once the disable was in force");
    for call in after {
        let late = call["start_wall"].as_f64().unwrap() - in_force;
        assert!(call["error"].is_object(), "accepted {late} s after the disable was in force");
    }
}
