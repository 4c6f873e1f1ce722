//! How much there may be of everything.

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::watched::{Watched, hear};
use crate::support::eventually;

/// Raises the limit on open files, and returns how many connections that makes possible, up to those wanted.
fn room_for(wanted: u64) -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let room = maximum.map_or(wanted, |maximum| wanted.min(maximum.saturating_sub(600)));
    if room < wanted {
        eprintln!("room for {room} connections, not for {wanted}: the limit on open files is {maximum:?}");
    }
    usize::try_from(room).unwrap()
}

/// Whether the server has closed a connection that nothing is expected on.
fn is_closed(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    !matches!(stream.peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

#[test]
fn ten_thousand_idle_connections_cost_little_and_hold_nobody_up() {
    let server = Watched::start("");
    let count = room_for(10_000);
    let before = server.memory();
    let probe = server.probe();
    let mut open: Vec<TcpStream> = (0..count).map(|_| server.connect()).collect();
    // Half of them have begun something, and the server has read it.
    for stream in open.iter_mut().step_by(2) {
        stream.write_all(b"GET /api/tenants HTTP/1.1\r\nHost: h\r\n").unwrap();
    }
    std::thread::sleep(Duration::from_secs(2));
    let closed = open.iter().filter(|stream| is_closed(stream)).count();
    assert_eq!(closed, 0, "the default has room for {count}");
    probe.assert_served();
    server.assert_grown_by_at_most(before, 240 << 20, &format!("{count} idle connections"));
}

#[test]
fn where_every_connection_is_taken_the_idlest_makes_room() {
    let server = Watched::start("max_connections = 50");
    let mut open = Vec::new();
    let mut knock = || {
        let mut stream = server.connect();
        // On a slow machine it may have had to make room already.
        let _ = stream.write_all(b"GET /api/tenants HTTP/1.1\r\nHost");
        open.push(stream);
    };
    (0..300).for_each(|_| knock());
    // Who has just come makes room too, once fifty others have come without a word of theirs. From here on, that takes
    // longer than to ask.
    let probe = server.probe();
    for _ in 0..100 {
        knock();
        std::thread::sleep(Duration::from_millis(5));
    }
    eventually("all but some fifty are closed", || {
        let left = open.iter().filter(|stream| !is_closed(stream)).count();
        (left <= 50).then_some(())
    });
    let last = open.split_off(380);
    assert!(last.iter().filter(|stream| is_closed(stream)).count() < 20, "the latest are the ones that stay");
    probe.assert_served();
}

#[test]
fn long_heads_are_held_by_few_at_a_time() {
    let server = Watched::start("");
    let before = server.memory();
    let probe = server.probe();
    let count = room_for(1_000);
    let head = format!("GET /api/tenants HTTP/1.1\r\nHost: h\r\nx: {}", "a".repeat(60_000));
    let mut open: Vec<TcpStream> = Vec::new();
    for _ in 0..count {
        let mut stream = server.connect();
        let _ = stream.write_all(head.as_bytes());
        open.push(stream);
    }
    let left = eventually("most are closed", || {
        let left = open.iter().filter(|stream| !is_closed(stream)).count();
        (left <= 600).then_some(left)
    });
    assert!(left >= 400, "{left} of {count} hold a long head");
    server.assert_grown_by_at_most(before, 100 << 20, &format!("{count} long heads"));
    probe.assert_served();
}

/// Nobody's body is kept before it is known whose it is; and of those who may send one, all together hold 32 MiB.
#[test]
fn bodies_do_not_fill_the_memory() {
    let server = Watched::start("");
    let before = server.memory();
    let probe = server.probe();
    // Without end, from strangers.
    let endless = b"PUT /api/projects/demo/logs HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
    let strangers: Vec<_> = (0..100)
        .map(|_| {
            let (mut stream, chunk) = (server.connect(), chunk.clone());
            stream.write_all(endless).unwrap();
            std::thread::spawn(move || {
                let sent = (0..1000).take_while(|_| stream.write_all(&chunk).is_ok()).count();
                (sent, hear(&mut stream).statuses())
            })
        })
        .collect();
    // A mebibyte but for its last byte, by a request that somebody captured and sends again and again.
    let head = server.signed("PUT", "/api/projects/demo/logs", &[("Content-Length", "1048576")]);
    let body = vec![b'x'; 1_048_575];
    let mut captured: Vec<TcpStream> = (0..200).map(|_| server.connect()).collect();
    for stream in &mut captured {
        // What the server does not read stays with the two systems.
        stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
    }
    std::thread::sleep(Duration::from_secs(5));
    server.assert_grown_by_at_most(before, 80 << 20, "200 bodies of a mebibyte, and 100 without end");
    for stranger in strangers {
        let (sent, statuses) = stranger.join().unwrap();
        // What the systems on both sides hold comes on top of what the server has read.
        assert!(sent < 400, "{sent} chunks of 64 KiB were taken");
        assert!(statuses.is_empty() || statuses == [400], "{statuses:?}");
    }
    probe.assert_served();
}

#[test]
fn a_length_that_is_too_much_is_refused_before_the_body_comes() {
    let server = Watched::start("");
    for length in ["1048577", "18446744073709551613"] {
        let head = server.signed("PUT", "/api/projects/demo/logs", &[("Content-Length", length)]);
        let heard = server.send(head.as_bytes());
        assert_eq!(heard.statuses(), [413], "{length}: {}", heard.text());
        assert!(heard.text().contains("<Code>RequestEntityTooLarge</Code>"), "{}", heard.text());
    }
    // Said to be shorter than it is: the rest is not part of it.
    let head = server.signed("PUT", "/api/projects/demo/logs", &[("Content-Length", "1")]);
    assert_eq!(server.send(format!("{head}ab").as_bytes()).statuses(), [200]);
}
