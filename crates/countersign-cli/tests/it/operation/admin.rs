//! The admin listener: readiness before, during and after, and metrics that add up.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::serving::{Ask, GET, Serving, WHOAMI, config};
use crate::support::{Data, Key, eventually, program};

/// The samples of a scrape, by name and labels.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

fn scrape(server: &Serving) -> BTreeMap<String, f64> {
    samples(&server.admin("/metrics").1)
}

/// Its master key comes through a pipe, so for as long as nobody writes it the server is not up.
#[test]
fn it_is_alive_before_it_is_ready() {
    let data = Data::new();
    let master_key = data.directory.path().join("data.master-key");
    let pipe = data.directory.path().join("pipe");
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(&pipe).status().unwrap().success());
    fs::set_permissions(&pipe, fs::Permissions::from_mode(0o600)).unwrap();
    let text = config(&data, "", "", "");
    let text = text.replace("[endpoint]", &format!("master_key_file = {pipe:?}\n[endpoint]"));
    let server = Serving::run(program(), &data, &text);

    assert_eq!(server.admin("/livez"), (200, "ok\n".to_owned()));
    let (status, readiness) = server.readiness();
    assert_eq!(status, 503);
    assert_eq!(
        readiness.to_string(),
        r#"{"age_seconds":null,"error":"the keyring is not loaded yet","keys":null,"ready":false,"revision":null}"#
    );
    assert_eq!(server.admin("/metrics").0, 200);
    assert!(server.said().iter().all(|line| !line.contains("serves")));

    fs::write(&pipe, fs::read(&master_key).unwrap()).unwrap();
    let server = server.up();
    let (status, readiness) = server.readiness();
    assert_eq!(
        (status, &readiness["ready"], &readiness["keys"]),
        (200, &true.into(), &0.into()),
        "{readiness}"
    );
    assert!(readiness["error"].is_null() && readiness["age_seconds"].as_f64().unwrap() < 2.0, "{readiness}");
}

#[test]
fn readiness_tells_the_revision_and_the_keys() {
    let data = Data::new();
    let server = Serving::start(&data);
    let before = server.readiness().1;
    assert_eq!(before["keys"], 0);
    let created = data.json(&["access-key", "create", "--description", "a test"]);
    let after = eventually("the key is in the keyring", || {
        let (status, readiness) = server.readiness();
        (status == 200 && readiness["keys"] == 1).then_some(readiness)
    });
    assert_eq!(after["revision"], created["revision"]);
    assert_ne!(after["revision"], before["revision"]);
}

#[test]
fn there_is_no_admin_listener_unless_it_is_asked_for_and_none_for_everybody() {
    let data = Data::new();
    let off = format!("[store]\ndata = {:?}\n[endpoint]\nlisten = \"127.0.0.1:0\"\n", data.path());
    let server = Serving::configured(&data, &off);
    assert!(server.said().iter().all(|line| !line.contains("admin")));
    for path in ["/livez", "/readyz", "/metrics"] {
        let (status, answer) = server.ask(&format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_eq!(status, 401, "{answer}");
    }
    let open = off + "[admin]\nlisten = \"0.0.0.0:0\"\n";
    let mut server = Serving::run(program(), &data, &open);
    assert_eq!(server.end(), Some(1));
    server.says("danger_plain_http = true");
}

#[test]
fn what_is_asked_amiss_of_the_admin_listener_is_refused() {
    let data = Data::new();
    let server = Serving::start(&data);
    assert_eq!(server.admin("/").0, 404);
    let mut stream = super::serving::connect(&server.admin_address()).unwrap();
    std::io::Write::write_all(&mut stream, b"POST /readyz HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
        .unwrap();
    let (status, answer) = crate::support::read_answer(&mut stream);
    assert!(status == 405 && answer.contains("allow: GET, HEAD"), "{answer}");
}

/// Eight clients ask at once while somebody scrapes all the time. Every scrape agrees with itself, nothing is counted
/// down, and in the end all is counted that was asked.
#[test]
fn metrics_add_up_while_requests_run() {
    const EACH: usize = 40;
    const CLIENTS: usize = 8;
    let data = Data::new();
    let keys: Vec<Key> = (0..CLIENTS).map(|_| data.create_key()).collect();
    let server = Serving::start(&data);
    eventually("the keys are in the keyring", || (server.readiness().1["keys"] == CLIENTS).then_some(()));
    let wrong = |key: &Key| Key { id: key.id.clone(), secret: "not the secret".to_owned() };

    let mut last = BTreeMap::<String, f64>::new();
    std::thread::scope(|scope| {
        let clients: Vec<_> = keys
            .iter()
            .map(|key| {
                scope.spawn(|| {
                    for _ in 0..EACH {
                        assert_eq!(server.ask(&GET.signed(key)).0, 200);
                        assert_eq!(server.ask(&WHOAMI.signed(&wrong(key))).0, 403);
                        assert_eq!(server.ask("GET /api/tenants HTTP/1.1\r\nHost: h\r\n\r\n").0, 400);
                    }
                })
            })
            .collect();
        while !clients.iter().all(|client| client.is_finished()) {
            let text = server.admin("/metrics").1;
            for key in &keys {
                assert!(!text.contains(&key.id), "{text}");
            }
            let now = samples(&text);
            let infinite = now["countersign_verify_seconds_bucket{scheme=\"odps\",le=\"+Inf\"}"];
            assert_eq!(now["countersign_verify_seconds_count{scheme=\"odps\"}"], infinite);
            for (name, before) in &last {
                if !name.contains("_open") && !name.contains("_lag_") {
                    assert!(now[name] >= *before, "{name} fell from {before} to {}", now[name]);
                }
            }
            last = now;
        }
    });

    server.ask("GET\u{1}/ HTTP/1.1\r\n\r\n");
    let scraped = eventually("all connections are closed", || {
        let now = scrape(&server);
        (now["countersign_connections_open"] == 0.0).then_some(now)
    });
    let count = (CLIENTS * EACH) as f64;
    let verdicts = |scheme: &str, verdict: &str| {
        scraped[&format!("countersign_verdicts_total{{scheme=\"{scheme}\",verdict=\"{verdict}\"}}")]
    };
    assert_eq!(verdicts("odps", "verified"), count);
    assert_eq!(verdicts("odps", "refused"), count);
    assert_eq!(verdicts("none", "refused"), count);
    assert_eq!(verdicts("none", "malformed"), 1.0);
    assert_eq!(scraped["countersign_verify_seconds_count{scheme=\"odps\"}"], 2.0 * count);
    let mean = scraped["countersign_verify_seconds_sum{scheme=\"odps\"}"] / (2.0 * count);
    assert!((1e-6..0.1).contains(&mean), "{mean}");
    assert_eq!(scraped["countersign_connections_total"], 3.0 * count + 1.0);
    assert_eq!(scraped["countersign_rejected_body_bytes_total"], count * WHOAMI.body.len() as f64);
    assert_eq!(scraped["countersign_keyring_keys"], CLIENTS as f64);
    assert!(scraped["countersign_tail_lag_seconds"] < 5.0);
    assert_eq!(scraped["countersign_build_info{version=\"0.1.0\"}"], 1.0);
    // Its lines in the log are as many.
    server.requests(3 * CLIENTS * EACH + 1);

    data.ok(&["access-key", "disable", &keys[0].id]);
    let revision = scraped["countersign_keyring_revision"] + 1.0;
    eventually("the revision", || {
        (scrape(&server)["countersign_keyring_revision"] == revision).then_some(())
    });
}

/// The answer to a verified request says by which revision it was judged, and no other answer does.
#[test]
fn a_verified_answer_tells_its_revision() {
    let data = Data::new();
    let key = data.create_key();
    let server = Serving::start(&data);
    let revision = |answer: &str| {
        let mut lines = answer.lines().filter_map(|line| line.strip_prefix("x-countersign-revision: "));
        let revision = lines.next().map(str::to_owned);
        assert_eq!(lines.next(), None);
        revision
    };
    let before = server.readiness().1["revision"].as_str().unwrap().to_owned();
    assert_eq!(revision(&server.ask(&GET.signed(&key)).1), Some(before.clone()));
    // What is verified may still ask for what there is not.
    let (status, answer) = server.ask(&Ask { target: "/projects/nobodys", ..GET }.signed(&key));
    assert_eq!((status, revision(&answer)), (404, Some(before.clone())));
    let stranger = Key { id: key.id.clone(), secret: "not the secret".to_owned() };
    assert_eq!(revision(&server.ask(&GET.signed(&stranger)).1), None);

    let other = data.create_key();
    let disabled = data.json(&["access-key", "disable", &other.id])["revision"].clone();
    assert_ne!(disabled, before.as_str());
    eventually("the disable is in force", || {
        (revision(&server.ask(&GET.signed(&key)).1).unwrap() == disabled.as_str().unwrap()).then_some(())
    });
    assert_eq!(revision(&server.ask(&GET.signed(&other)).1), None);
}
