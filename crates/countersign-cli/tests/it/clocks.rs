//! The system's clock is set back and ahead beneath a running server.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign::{AccessKeyId, AccessKeySecret, Credential, SignOptions, Timestamp, schemes, sign};

use crate::support::python::faketime;
use crate::support::{Data, Key, Server, program};

/// The true time, so many seconds from now.
fn from_now(seconds: i64) -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    Timestamp::from_unix_millis(now + seconds * 1000)
}

/// A request as it stands on the wire, signed at this time.
fn signed(key: &Key, at: Timestamp) -> Vec<u8> {
    let (mut parts, ()) = http::Request::get("/api/projects/demo").body(()).unwrap().into_parts();
    let credential = Credential {
        id: AccessKeyId::new(&key.id).unwrap(),
        secret: AccessKeySecret::new(key.secret.as_str()),
    };
    sign(schemes::ODPS, countersign::Place::at("/api"), &mut parts, b"", &credential, &SignOptions::at(at))
        .unwrap();
    let mut head = "GET /api/projects/demo HTTP/1.1\r\nhost: h\r\n".to_owned();
    for (name, value) in &parts.headers {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

#[test]
fn case_41_steps_of_the_clock_widen_nothing_and_break_nothing() {
    let Some(library) = faketime() else { return };
    let data = Data::new();
    let key = data.create_key();
    let soon = from_now(4).to_string();
    let created = data.json(&["access-key", "create", "--expires", &soon]);
    let text = |name: &str| created[name].as_str().unwrap().to_owned();
    let expiring = Key { id: text("access_key_id"), secret: text("access_key_secret") };

    let clock = data.directory.path().join("clock");
    let set = |offset: &str| fs::write(&clock, offset).unwrap();
    set("+0");
    let mut command = program();
    command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", &clock).env("FAKETIME_NO_CACHE", "1");
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let server = Server::start_with(command, &data, "");
    let ask = |key: &Key, at: i64| server.exchange(&signed(key, from_now(at)));

    assert_eq!(ask(&key, 0).0, 200);
    assert_eq!(ask(&expiring, 0).0, 200);
    std::thread::sleep(Duration::from_secs(5));
    assert!(ask(&expiring, 0).1.contains("AccessKeyExpired"));

    // An hour back: what was signed then, and is too old, stays so; so does the expired key.
    set("-3600");
    for (key, at) in [(&key, -3600), (&key, -3000), (&expiring, -3600)] {
        let (status, answer) = ask(key, at);
        assert!(status == 400 && answer.contains("RequestTimeTooSkewd"), "{at}: {answer}");
    }
    // Ten minutes back: honest clients are served, and the key stays expired.
    set("-600");
    assert_eq!(ask(&key, 0).0, 200);
    assert_eq!(ask(&key, -600).0, 200);
    assert!(ask(&expiring, 0).1.contains("AccessKeyExpired"), "a clock set back brought a key back");

    // A day ahead, for a while: nobody's request is fresh, and once the clock is right everything is as it was.
    set("+86400");
    assert_eq!(ask(&key, 0).0, 400);
    set("+0");
    assert_eq!(ask(&key, 0).0, 200);
    assert_eq!(ask(&key, -901).0, 400);
    assert_eq!(server.stop(), Some(0));
}
