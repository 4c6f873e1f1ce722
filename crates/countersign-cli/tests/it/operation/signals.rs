//! SIGTERM, SIGINT and SIGHUP.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use super::serving::{Ask, GET, Serving, WHOAMI, config, connect};
use crate::support::{Data, eventually, read_answer};

/// One client is in the middle of a body, one has a connection that it keeps for later, one comes too late.
#[test]
fn told_to_stop_it_finishes_what_is_under_way_and_takes_nothing_new() {
    let data = Data::new();
    let key = data.create_key();
    let mut server = Serving::start(&data);
    assert_eq!(server.readiness().0, 200);
    let mut idle = server.connect();
    idle.write_all(GET.signed(&key).as_bytes()).unwrap();
    assert_eq!(read_answer(&mut idle).0, 200);
    let mut slow = server.connect();
    let (first, rest) = WHOAMI.body.split_at(20);
    slow.write_all((WHOAMI.head(&key) + first).as_bytes()).unwrap();
    // Its head has been judged: the answer to another one that came later is here.
    assert_eq!(server.ask(&GET.signed(&key)).0, 200);
    let address = server.address();

    server.signal("TERM");
    server.says("told to stop");
    let (status, readiness) = server.readiness();
    assert_eq!((status, &readiness["ready"]), (503, &false.into()), "{readiness}");
    eventually("new connections are refused", || {
        connect(&address).err().filter(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
    });
    assert_eq!(idle.read(&mut [0; 1]).unwrap(), 0, "a connection on which nothing was under way is closed");
    std::thread::sleep(Duration::from_secs(1));
    slow.write_all(rest.as_bytes()).unwrap();
    let (status, answer) = read_answer(&mut slow);
    assert!(status == 200 && answer.contains("ALIYUN$owner@example.com"), "{answer}");
    assert_eq!(server.end(), Some(0));
}

#[test]
fn for_as_long_as_asked_it_goes_on_while_it_says_that_it_is_not_ready() {
    let data = Data::new();
    let key = data.create_key();
    let mut server = Serving::configured(&data, &config(&data, "drain_delay_seconds = 4", "", ""));
    let began = Instant::now();
    server.signal("INT");
    server.says("told to stop");
    assert_eq!(server.readiness().0, 503);
    assert_eq!(server.ask(&GET.signed(&key)).0, 200);
    assert!(began.elapsed() < Duration::from_secs(4), "too slow to tell");
    assert_eq!(server.end(), Some(0));
    assert!(began.elapsed() >= Duration::from_secs(4), "{:?}", began.elapsed());
}

#[test]
fn told_twice_it_waits_for_nobody() {
    let data = Data::new();
    let key = data.create_key();
    let mut server = Serving::start(&data);
    let mut slow = server.connect();
    slow.write_all(WHOAMI.head(&key).as_bytes()).unwrap();
    assert_eq!(server.ask(&GET.signed(&key)).0, 200);
    server.signal("TERM");
    server.says("told to stop");
    std::thread::sleep(Duration::from_millis(300));
    assert!(server.child.try_wait().unwrap().is_none(), "it waits for the one under way");
    let told = Instant::now();
    server.signal("TERM");
    assert_eq!(server.end(), Some(1));
    assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
    server.says("told to stop twice");
    // What was dropped has its line as well.
    let dropped = server.requests(2).pop().unwrap();
    assert!(dropped.contains("authorization") && !dropped.contains("status="), "{dropped}");
}

/// The error code of an answer; `OK` where it is none.
fn code((status, answer): &(u16, String)) -> String {
    match answer.split_once("<Code>") {
        Some((_, behind)) => behind.split('<').next().unwrap().to_owned(),
        None => {
            assert_eq!(*status, 200, "{answer}");
            "OK".to_owned()
        }
    }
}

#[test]
fn what_is_asked_of_requests_changes_while_it_runs() {
    let data = Data::new();
    let key = data.create_key();
    let server = Serving::start(&data);
    let pid = server.child.id();
    let version_4 = Ask { region: Some("cn-hangzhou"), ..GET };
    let late = Ask { seconds: -60, ..GET };
    let repeated = Ask { target: "/projects/demo?a=1&a=1", ..GET };
    // Signed for a blank and sent with a `+`, as Java does. It is no project's name: 404 is what one gets who may ask.
    let plus = || Ask { target: "/projects/a%20b", ..GET }.signed(&key).replace("/a%20b", "/a+b");
    // What each of them gets: the code of its refusal, or of an answer that only who is verified gets.
    let codes = || {
        let requests = [version_4.signed(&key), late.signed(&key), repeated.signed(&key), plus()];
        requests.map(|request| code(&server.ask(&request)))
    };
    let by_default = ["OK", "OK", "SignatureNotMatch", "SignatureNotMatch"];
    assert_eq!(codes(), by_default);

    let strict = "[maxcompute]\nodps_v4 = false\nclock_skew_seconds = 30";
    let said = server.reload(&config(&data, "", "", strict));
    assert!(said.iter().any(|line| line.contains("is in force")), "{said:?}");
    assert_eq!(codes()[..2], ["InvalidParameter", "RequestTimeTooSkewd"]);

    let lenient = "[maxcompute]\ndanger_ambiguous = true\nreadings = [\"path-plus-as-space\"]";
    server.reload(&config(&data, "", "", lenient));
    assert_eq!(codes(), ["OK", "OK", "OK", "NoSuchObject"]);

    server.reload(&config(&data, "", "", ""));
    assert_eq!(codes(), by_default);
    assert_eq!(server.child.id(), pid);
}

#[test]
fn a_configuration_that_cannot_be_used_changes_nothing() {
    let data = Data::new();
    let key = data.create_key();
    let strict = "[maxcompute]\nodps_v4 = false";
    let server = Serving::configured(&data, &config(&data, "", "", strict));
    let version_4 = Ask { region: Some("cn-hangzhou"), ..GET };
    for (bad, why) in [
        ("[maxcompute]\nodps_v4 = true\nreadings = [\"sloppy\"]".to_owned(), "sloppy"),
        ("[maxcompute]\nodps_v4 = true\n[log]\nlevel = \"info=what=is\"".to_owned(), "log.level"),
        ("[maxcompute]\nodps_v4 = true\nodps_v5 = true".to_owned(), "odps_v5"),
        ("[maxcompute\n".to_owned(), "TOML"),
    ] {
        let said = server.reload(&config(&data, "", "", &bad)).join("\n");
        assert!(said.contains("the one before stays in force") && said.contains(why), "{bad}: {said}");
        assert!(said.contains("ERROR") && said.contains("operation.toml"), "{said}");
        assert_eq!(code(&server.ask(&version_4.signed(&key))), "InvalidParameter", "{bad}");
        assert_eq!(server.ask(&GET.signed(&key)).0, 200, "{bad}");
    }
}

#[test]
fn what_cannot_change_is_named_and_what_is_logged_can() {
    let data = Data::new();
    let key = data.create_key();
    let server = Serving::start(&data);
    server.ask(&GET.signed(&key));
    server.requests(1);
    let moved = config(&data, "", "", "[log]\nlevel = \"warn\"\nformat = \"json\"")
        .replace("127.0.0.1:0", "127.0.0.1:8640")
        .replace("data\"", "elsewhere\"");
    std::fs::write(data.directory.path().join("operation.toml"), moved).unwrap();
    server.signal("HUP");
    for key in ["store.data", "endpoint.listen", "admin.listen", "log.format"] {
        let line = server.says(&format!("`{key}` has changed"));
        assert!(line.contains("WARN") && line.contains("started again"), "{line}");
    }
    assert_eq!(server.ask(&GET.signed(&key)).0, 200);
    server.requests(1);
    server.reload(&config(&data, "", "", "[log]\nlevel = \"debug\""));
    assert_eq!(server.ask(&GET.signed(&key)).0, 200);
    server.requests(2);
}
