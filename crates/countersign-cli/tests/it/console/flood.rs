//! More sign-ins than anybody can test the passwords of.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::net::TcpSocket;

use super::site::{PASSWORD, Site};
use crate::support::http::{Reply, Visitor, encoded};
use crate::support::python::Script;
use crate::support::write_profile;

/// How many sign-ins arrive in a second,
const A_SECOND: u32 = 100;
/// and for how many seconds.
const SECONDS: u32 = 5;
/// What they may take of memory: two passwords are tested at a time, in 19 MiB each.
const MEMORY: u64 = 64 << 20;

#[test]
fn a_flood_of_sign_ins_gets_429_and_signed_requests_are_answered_all_the_while() {
    let Some(site) = Site::start("") else { return };
    let Some(script) = Script::new("loop.py") else { return };
    site.open();
    site.data.ok(&["project", "create", "demo", "--account", "administrator@example.com"]);
    let key = site.data.create_key();
    let place = site.data.directory.path();
    let (profile, stop) = (place.join("odps_config.ini"), place.join("stop"));
    write_profile(&profile, &key, &site.server.endpoint);
    let calls = script
        .with("ENDPOINT", &site.server.endpoint)
        .with("PROJECT", "demo")
        .with("CONFIG", profile.to_str().unwrap())
        .with("STOP", stop.to_str().unwrap())
        .with("CALLS", "50")
        .spawn();

    let before = site.server.peak_memory();
    let began = Instant::now();
    let sign_ins: Vec<_> = (0..A_SECOND * SECONDS)
        .map(|number| {
            // They arrive at their rate, however long the answers take.
            std::thread::sleep((Duration::from_secs(1) / A_SECOND * number).saturating_sub(began.elapsed()));
            let address = site.address().to_owned();
            std::thread::spawn(move || sign_in_from(source(number), &address, number))
        })
        .collect();
    let mut statuses = BTreeMap::new();
    for sign_in in sign_ins {
        *statuses.entry(sign_in.join().unwrap()).or_insert(0) += 1;
    }
    std::fs::write(&stop, "").unwrap();
    let report = calls.join().unwrap();
    let memory = site.server.peak_memory() - before;

    assert!(statuses.keys().all(|status| [422, 429].contains(status)), "{statuses:?}");
    assert!(statuses[&429] >= A_SECOND, "the excess is told to come again: {statuses:?}");
    assert!(statuses[&422] >= 10, "and the others are judged: {statuses:?}");
    assert_eq!(report["failed"], 0, "{report:#}");
    assert!(report["count"].as_u64().unwrap() >= 50, "{report:#}");
    assert!(memory < MEMORY, "{} MiB more", memory >> 20);
    // Whoever comes afterwards is served.
    assert_eq!(site.visitor().get("/sign-in").status, 200);
}

/// Every other sign-in comes from one and the same address, the others each from one of their own.
fn source(number: u32) -> Ipv4Addr {
    match number % 2 {
        0 => Ipv4Addr::new(127, 0, 0, 2),
        _ => Ipv4Addr::from(0x7f01_0000 + number),
    }
}

/// Guesses at an account that nobody else guesses at. Returns the status of the answer.
fn sign_in_from(source: Ipv4Addr, address: &str, number: u32) -> u16 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((source, 0))).unwrap();
        socket.connect(address.parse().unwrap()).await.unwrap()
    });
    let mut stream = stream.into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    let email = format!("guess{number}@example.com");
    let form = encoded(&[("email", &email), ("password", PASSWORD)]);
    stream.write_all(&Visitor::to(address).bytes("POST", "/sign-in", &form)).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    Reply::read(&answer).status
}
