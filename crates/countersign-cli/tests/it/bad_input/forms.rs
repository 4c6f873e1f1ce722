//! One request at a time, each of them wrong: what is answered, and that nothing behind it is taken for a request.

use super::watched::Watched;

/// How an answer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The four elements of MaxCompute's errors: the head was read.
    Elements,
    /// Problem details in JSON: the head was read, and bears no mark of a client of MaxCompute.
    Problem,
    /// A status and no body, by the HTTP library: the head could not be read.
    Bare,
}
use Form::{Bare, Elements, Problem};

const AUTHORIZED: &str =
    "Authorization: ODPS a:AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nDate: Sat, 21 Nov 2020 10:00:00 GMT\r\n";

/// Sends a request and, in the same breath, another one that would be let through. If the first is not one that leaves
/// the connection in order, there is one answer.
fn assert_refused(server: &Watched, name: &str, request: &[u8], status: u16, form: Form, ends: bool) {
    let behind = server.signed("GET", "/api/tenants", &[]);
    let heard = server.send(&[request, behind.as_bytes()].concat());
    let (statuses, text) = (heard.statuses(), heard.text());
    let text = text.get(..text.len().min(600)).unwrap_or(&text);
    let expected = if ends { vec![status] } else { vec![status, 200] };
    assert_eq!(statuses, expected, "{name}: {text}");
    assert!(heard.closed, "{name}: the connection stays");
    let first = text.split("HTTP/1.").nth(1).unwrap();
    let elements = ["Code", "Message", "RequestId", "HostId"];
    let found = match () {
        () if elements.iter().all(|element| first.contains(&format!("<{element}>"))) => Elements,
        () if first.contains("application/problem+json") => Problem,
        () if first.contains("content-length: 0") => Bare,
        () => panic!("{name}: {text}"),
    };
    assert_eq!(found, form, "{name}: {text}");
    if form != Bare {
        assert!(first.contains("x-odps-request-id: "), "{name}: {text}");
    }
}

#[test]
fn what_the_head_says_of_the_body_is_not_believed_twice() {
    let server = Watched::start("");
    let post = |fields: &str, body: &str| {
        format!("POST /api/tenants HTTP/1.1\r\nHost: h\r\n{fields}\r\n{body}").into_bytes()
    };
    // Attack case 56.
    let cases = [
        ("a negative length", post("Content-Length: -1\r\n", "abc"), 400, Bare, true),
        ("a length with a sign", post("Content-Length: +3\r\n", "abc"), 400, Bare, true),
        ("a hexadecimal length", post("Content-Length: 0x3\r\n", "abc"), 400, Bare, true),
        ("two lengths in one field", post("Content-Length: 3, 3\r\n", "abc"), 400, Bare, true),
        ("an empty length", post("Content-Length: \r\n", "abc"), 400, Bare, true),
        ("a length beyond 64 bits", post("Content-Length: 99999999999999999999\r\n", "abc"), 400, Bare, true),
        ("the largest length", post("Content-Length: 18446744073709551615\r\n", "abc"), 431, Bare, true),
        ("two lengths", post("Content-Length: 3\r\nContent-Length: 4\r\n", "abc"), 400, Bare, true),
        (
            "a length and chunks",
            post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            400,
            Elements,
            true,
        ),
        (
            "chunks and a length",
            post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"),
            400,
            Elements,
            true,
        ),
        (
            "a coding before chunks",
            post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
            400,
            Elements,
            false,
        ),
        (
            "chunks twice",
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            400,
            Elements,
            false,
        ),
        ("another coding", post("Transfer-Encoding: identity\r\n", "abc"), 400, Bare, true),
        ("almost chunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400, Bare, true),
        ("a blank before the colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400, Bare, true),
        (
            "chunks in HTTP/1.0",
            b"POST /api/tenants HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
            400,
            Bare,
            true,
        ),
        (
            "a size that is no number",
            post("Transfer-Encoding: chunked\r\n", "zz\r\nabc\r\n0\r\n\r\n"),
            400,
            Elements,
            true,
        ),
        (
            "a size beyond 64 bits",
            post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
            400,
            Elements,
            true,
        ),
        (
            "a chunk extension that ends in LF",
            post("Transfer-Encoding: chunked\r\n", "3;a\nx\r\nabc\r\n0\r\n\r\n"),
            400,
            Elements,
            true,
        ),
        (
            "chunk extensions without end",
            post("Transfer-Encoding: chunked\r\n", &format!("3;{}\r\nabc\r\n0\r\n\r\n", "a".repeat(20_000))),
            400,
            Elements,
            true,
        ),
        // These are in order, and what stands behind them is another request.
        (
            "a length said twice",
            post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
            400,
            Elements,
            false,
        ),
        (
            "a chunk extension",
            post("Transfer-Encoding: chunked\r\n", "3;a=b\r\nabc\r\n0\r\n\r\n"),
            400,
            Elements,
            false,
        ),
    ];
    for (name, request, status, form, ends) in cases {
        assert_refused(&server, name, &request, status, form, ends);
    }
    // The coding is what is wrong, whatever else there is: it is refused before anybody asks who signed.
    let coding = ("Transfer-Encoding", "gzip, chunked");
    let head = server.signed("PUT", "/api/projects/demo/logs", &[coding]);
    let heard = server.send(format!("{head}0\r\n\r\n").as_bytes());
    assert_eq!(heard.statuses(), [400]);
    assert!(heard.text().contains("<Code>InvalidRequest</Code>"), "{}", heard.text());
}

#[test]
fn what_a_head_may_not_hold_is_refused() {
    let server = Watched::start("");
    let line = |line: &str| format!("{line}\r\nHost: h\r\n{AUTHORIZED}\r\n").into_bytes();
    let fields = |fields: &[u8]| [b"GET /api/tenants HTTP/1.1\r\nHost: h\r\n", fields, b"\r\n\r\n"].concat();
    let raw = |target: &[u8]| [b"GET ", target, b" HTTP/1.1\r\nHost: h\r\n\r\n"].concat();
    let cases = [
        ("one long field", fields(format!("x: {}", "a".repeat(70_000)).as_bytes()), 431, Bare, true),
        ("many fields", fields("x: a\r\n".repeat(101).trim_end().as_bytes()), 431, Bare, true),
        ("a long target", line(&format!("GET /api/{} HTTP/1.1", "a".repeat(66_000))), 431, Bare, true),
        ("a folded field", fields(b"x: a\r\n b"), 400, Bare, true),
        (
            "a field folded from the start",
            b"GET /api/tenants HTTP/1.1\r\n x: b\r\nHost: h\r\n\r\n".to_vec(),
            400,
            Bare,
            true,
        ),
        ("a CR alone", fields(b"x: a\rb: c"), 400, Bare, true),
        ("a NUL in a value", fields(b"x: a\0b"), 400, Bare, true),
        ("a control character in a value", fields(b"x: a\x01b"), 400, Bare, true),
        ("a name that is not ASCII", fields(b"x\xff: a"), 400, Bare, true),
        ("no name", fields(b": a"), 400, Bare, true),
        ("a control character in the target", raw(b"/api/\x01"), 400, Bare, true),
        ("a NUL in the target", raw(b"/api/\0"), 400, Bare, true),
        ("a DEL in the target", raw(b"/api/\x7f"), 400, Bare, true),
        ("a blank in the target", raw(b"/api/a b"), 400, Bare, true),
        ("a target that is not UTF-8", raw(b"/api/\xff"), 400, Bare, true),
        ("a query that is not UTF-8", raw(b"/api/a?\xff"), 400, Bare, true),
        ("a target without its slash", raw(b"api/tenants"), 400, Bare, true),
        ("HTTP/0.9", b"GET /api/tenants\r\n\r\n".to_vec(), 400, Bare, true),
        ("HTTP/0.9 by its name", line("GET /api/tenants HTTP/0.9"), 400, Bare, true),
        ("HTTP/1.2", line("GET /api/tenants HTTP/1.2"), 400, Bare, true),
        ("HTTP/2.0", line("GET /api/tenants HTTP/2.0"), 400, Bare, true),
        ("a method that is no token", line("G@T /api/tenants HTTP/1.1"), 400, Bare, true),
        (
            "the beginning of TLS",
            [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(), &[0x5a; 500]].concat(),
            400,
            Bare,
            true,
        ),
        ("nothing but NUL", vec![0; 300], 400, Bare, true),
        // The head is read, and what is wrong is said.
        ("a field that is not UTF-8", fields(b"x-odps-a: \xff\xfe"), 400, Elements, false),
        (
            "an Authorization that is not UTF-8",
            fields(b"Authorization: ODPS \xff:\xfe"),
            400,
            Elements,
            false,
        ),
        (
            "a Date that is not UTF-8",
            fields(b"Authorization: ODPS a:AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nDate: \xff"),
            400,
            Elements,
            false,
        ),
        ("a token that is not UTF-8", fields(b"x-odps-bearer-token: \xff\xfe"), 400, Elements, false),
        (
            // Attack cases 27 and 36.
            "a signature cut off",
            fields(b"Authorization: ODPS a:AAAAAAAA\r\nDate: Sat, 21 Nov 2020 10:00:00 GMT"),
            400,
            Elements,
            false,
        ),
        ("a target that is UTF-8", raw("/api/é?é".as_bytes()), 400, Elements, false),
        (
            "a method of 5,000 letters",
            line(&format!("{} /api/tenants HTTP/1.1", "G".repeat(5_000))),
            400,
            Elements,
            false,
        ),
        (
            "no Host",
            format!("GET /api/tenants HTTP/1.1\r\n{AUTHORIZED}\r\n").into_bytes(),
            400,
            Elements,
            false,
        ),
        ("two Hosts", fields(b"Host: i"), 400, Elements, false),
        ("a tunnel", b"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(), 400, Problem, false),
        ("a tunnel for a client", line("CONNECT h:80 HTTP/1.1"), 400, Elements, false),
        ("a host and a port", line("GET h:80 HTTP/1.1"), 400, Elements, false),
        ("another scheme", line("GET ftp://h/api/tenants HTTP/1.1"), 400, Elements, false),
        ("a password in the target", line("GET http://u:p@h/api/tenants HTTP/1.1"), 400, Elements, false),
        ("an asterisk", b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(), 401, Problem, false),
        ("an asterisk for a client", line("OPTIONS * HTTP/1.1"), 404, Elements, false),
    ];
    for (name, request, status, form, ends) in cases {
        assert_refused(&server, name, &request, status, form, ends);
    }
    // Nothing of HTTP/2 is spoken, and a client that speaks it sees that at once.
    let heard = server.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    assert!(heard.closed && heard.bytes.is_empty(), "{}", heard.text());
}

/// What bears a good signature and is refused all the same, or is let through for good reason.
#[test]
fn a_signature_does_not_make_up_for_the_form() {
    let server = Watched::start("");
    let good = server.signed("GET", "/api/tenants", &[]);
    let with_target = |target: &str| good.replacen("/api/tenants", target, 1);
    let statuses = |request: &str| server.send(request.as_bytes()).statuses();

    assert_eq!(statuses(&good), [200]);
    let authorization = good.lines().find(|line| line.starts_with("authorization")).unwrap();
    for second in
        [authorization, "Authorization: ODPS a:AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "Authorization: Basic eA=="]
    {
        let twice = good.replace("Host: h", &format!("Host: h\r\n{second}"));
        assert_eq!(statuses(&twice), [400], "{second}");
    }
    for target in [
        "h:80",
        "*",
        "ftp://h/api/tenants",
        "http://u:p@h/api/tenants",
        "http://h/api/tenant",
        "/api/tenants?",
    ] {
        let expected = match target {
            "*" => 404,
            "http://h/api/tenant" => 401,
            // The question mark alone changes nothing that is signed or asked.
            "/api/tenants?" => 200,
            _ => 400,
        };
        assert_eq!(statuses(&with_target(target)), [expected], "{target}");
    }
    assert_eq!(statuses(&good.replace("Host: h\r\n", "")), [400]);
    assert_eq!(statuses(&good.replace("Host: h", "Host: h\r\nHost: h")), [400]);

    // In absolute form the target names the host again: twice the same, or it is not known which is meant.
    assert_eq!(statuses(&with_target("http://h/api/tenants")), [200]);
    assert_eq!(statuses(&with_target("http://elsewhere/api/tenants")), [400]);
    // HTTP/1.0 knows no Host; it is answered in kind, and the connection ends.
    let old = good.replace("HTTP/1.1", "HTTP/1.0").replace("Host: h\r\n", "");
    let heard = server.send(format!("{old}{good}").as_bytes());
    assert_eq!((heard.statuses(), heard.closed), (vec![200], true));
    assert!(heard.bytes.starts_with(b"HTTP/1.0 200"), "{}", heard.text());
    // Attack case 57: an offer to speak something else is not taken up: the answer is an answer, and the next request is one, too.
    for offer in ["websocket", "h2c", "TLS/1.2"] {
        let upgrade = server.signed("GET", "/api/tenants", &[("Connection", "Upgrade"), ("Upgrade", offer)]);
        assert_eq!(statuses(&format!("{upgrade}{good}")), [200, 200], "{offer}");
    }
    // What HTTP leaves to the recipient, and hyper takes: lines that end in LF, empty lines before a request, and a
    // fragment (attack case 24), which is dropped before anybody looks (docs/reference/http.md).
    assert_eq!(statuses(&good.replace("\r\n", "\n")), [200]);
    assert_eq!(statuses(&format!("\r\n\r\n{good}")), [200]);
    assert_eq!(statuses(&with_target("/api/tenants#anything")), [200]);
}

/// Attack case 23. The path that is verified is the one that is acted on: nothing between resolves dots or joins slashes.
#[test]
fn a_path_is_taken_as_it_stands() {
    let server = Watched::start("");
    let cases = [
        ("/api/tenants", 200),
        // Its letters may be escaped: that is the same path, and the same signature.
        ("/api/%74enants", 200),
        ("/api/x/../tenants", 404),
        ("/api/../api/tenants", 404),
        ("/api/./tenants", 404),
        ("/api/%2e/tenants", 404),
        ("/api/x/%2e%2e/tenants", 404),
        ("/api//tenants", 404),
        ("/api/tenants/", 404),
        ("/api/tenants;x", 404),
        ("/api/tenants%2F", 404),
        ("/api/x%2F..%2Ftenants", 404),
    ];
    for (target, status) in cases {
        let heard = server.send(server.signed("GET", target, &[]).as_bytes());
        assert_eq!(heard.statuses(), [status], "{target}: {}", heard.text());
    }
    // Not under the base path, however it is written; what a proxy makes of it is another request.
    let good = server.signed("GET", "/api/tenants", &[]);
    for target in ["//api/tenants", "/%61pi/tenants", "/x/../api/tenants", "/API/tenants", "/apitenants"] {
        assert_eq!(
            server.send(good.replacen("/api/tenants", target, 1).as_bytes()).statuses(),
            [404],
            "{target}"
        );
    }
}

#[test]
fn ten_thousand_parameters_are_read_and_judged() {
    let server = Watched::start("");
    let probe = server.probe();
    let names: Vec<_> = (0..10_000).map(|number| format!("{number:x}")).collect();
    let target = format!("/api/tenants?{}", names.join("&"));
    let good = server.signed("GET", &target, &[]);
    assert_eq!(server.send(good.as_bytes()).statuses(), [200]);
    // Attack case 19: one name twice among them.
    let repeated = server.signed("GET", &format!("{target}&%31"), &[]);
    let heard = server.send(repeated.as_bytes());
    assert_eq!(heard.statuses(), [401]);
    assert!(heard.text().contains("names `1` more than once"), "{}", heard.text());
    // And of a stranger, whose signature is tried under every reading.
    for _ in 0..20 {
        let wrong = good.replace("/api/tenants?0", "/api/tenants?%30%2B").replace("GET ", "PUT ");
        let heard = server.send(wrong.as_bytes());
        assert_eq!(heard.statuses(), [401]);
    }
    probe.assert_served();
}
