//! Those who take their time, and those who leave in the middle.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::watched::{Watched, hear};

/// For how long a head may arrive; see `connections.rs` of the control crate.
const HEAD_WITHIN: Duration = Duration::from_secs(15);

#[test]
fn a_byte_a_second_holds_nobody_up() {
    let server = Watched::start("");
    let before = server.memory();
    let probe = server.probe();
    let began = Instant::now();

    let head = b"GET /api/tenants HTTP/1.1\r\nHost: h\r\nx-odps-slow: and so on, and so on, and so on";
    let mut heads: Vec<TcpStream> = (0..300).map(|_| server.connect()).collect();
    let body = b"PUT /api/projects/demo/logs HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n";
    let mut bodies: Vec<TcpStream> = (0..100).map(|_| server.connect()).collect();
    bodies.iter_mut().for_each(|stream| stream.write_all(body).unwrap());
    let mut answered = Vec::new();

    for byte in head.iter().take(18) {
        for stream in &mut heads {
            // Once it is closed, it is.
            let _ = stream.write_all(&[*byte]);
        }
        for stream in &mut bodies {
            let _ = stream.write_all(b"x");
        }
        std::thread::sleep(Duration::from_secs(1));
        if answered.is_empty() && began.elapsed() > Duration::from_secs(4) {
            // A stranger's body is waited for two seconds, and then there is the answer.
            answered = bodies.iter_mut().map(|stream| hear(stream).statuses()).collect();
            bodies.clear();
        }
    }
    assert!(answered.len() == 100 && answered.iter().all(|statuses| statuses == &[400]), "{answered:?}");
    assert!(began.elapsed() > HEAD_WITHIN);
    for stream in &mut heads {
        stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        let heard = hear(stream);
        assert!(
            heard.closed && heard.bytes.is_empty(),
            "a slow head still holds its place: {}",
            heard.text()
        );
    }
    probe.assert_served();
    server.assert_grown_by_at_most(before, 32 << 20, "400 slow senders");
}

#[test]
fn who_has_a_signature_may_not_take_for_ever_either() {
    let server = Watched::start("");
    let probe = server.probe();
    let head = server.signed("PUT", "/api/projects/demo/logs", &[("Content-Length", "1000")]);
    let mut stream = server.connect();
    stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(b"abc").unwrap();
    let began = Instant::now();
    let (status, answer) = crate::support::read_answer(&mut stream);
    assert_eq!(status, 408, "{answer}");
    assert!(answer.contains("<Code>RequestTimeout</Code>"), "{answer}");
    assert!((28..38).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    probe.assert_served();
}

#[test]
fn who_closes_their_half_is_answered() {
    let server = Watched::start("");
    // `send` closes the sending half at once; what was whole is answered, what was not is refused.
    let good = server.signed("GET", "/api/tenants", &[]);
    assert_eq!(server.send(good.as_bytes()).statuses(), [200]);
    let head = server.signed("PUT", "/api/projects/demo/logs", &[("Content-Length", "10")]);
    assert_eq!(server.send(format!("{head}abc").as_bytes()).statuses(), [408]);
    let chunks = server.signed("PUT", "/api/projects/demo/logs", &[("Transfer-Encoding", "chunked")]);
    assert_eq!(server.send(format!("{chunks}3\r\nabc\r\n").as_bytes()).statuses(), [408]);
    let stranger = b"PUT /api/tenants HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc";
    assert_eq!(server.send(stranger).statuses(), [400]);
    // Half a head is no request; there is nobody to tell.
    let heard = server.send(b"GET /api/tenants HTTP/1.1\r\nHost");
    assert!(heard.closed && heard.bytes.is_empty(), "{}", heard.text());
    assert!(server.send(b"").closed);
}

/// Whoever asks and does not listen is not listened to either, and let go after half a minute.
#[test]
fn who_never_reads_an_answer_holds_nobody_up() {
    let server = Watched::start("");
    let before = server.memory();
    let probe = server.probe();
    let unsigned = "GET /api/tenants HTTP/1.1\r\nHost: h\r\n\r\n".repeat(500);
    let mut open: Vec<TcpStream> = (0..5).map(|_| server.connect()).collect();
    for stream in &mut open {
        stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        // Until neither system has room for more.
        let taken = (0..2_000).take_while(|_| stream.write_all(unsigned.as_bytes()).is_ok()).count();
        assert!(taken < 2_000, "it went on taking requests whose answers nobody takes");
    }
    server.assert_grown_by_at_most(before, 16 << 20, "5 who ask and do not listen");
    std::thread::sleep(Duration::from_secs(35));
    probe.assert_served();
    for stream in &mut open {
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        assert!(hear(stream).closed, "it still holds its place");
    }
}
