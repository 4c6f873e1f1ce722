//! Several requests in one packet: each is judged, answers come in order, and a body is never a request.

use super::watched::Watched;

#[test]
fn answers_come_in_the_order_of_the_requests_and_each_is_judged() {
    let server = Watched::start("");
    let good = server.signed("GET", "/api/projects/demo", &[]);
    let missing = server.signed("GET", "/api/projects/absent", &[]);
    let altered = good.replace("/demo", "/dema");
    let with_body = |head: &str, body: &str| {
        let length = format!("Content-Length: {}\r\n\r\n", body.len());
        format!("{}{length}{body}", head.strip_suffix("\r\n").unwrap())
    };
    let logs = server.signed("PUT", "/api/projects/demo/logs", &[]);
    let requests = [
        (good.clone(), 200),
        (altered.clone(), 401),
        (missing, 404),
        ("GET /api/tenants HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
        // The body of one is another one. It is a body.
        (with_body(&altered, &good), 403),
        (with_body("POST /api/tenants HTTP/1.1\r\nHost: h\r\n\r\n", &good), 400),
        (with_body(&logs, &good), 200),
        (with_body("POST / HTTP/1.1\r\nHost: h\r\n\r\n", &good), 403),
        (good, 200),
    ];
    let all: String =
        requests.iter().map(|(text, _)| text.as_str()).cycle().take(10 * requests.len()).collect();
    let expected: Vec<u16> =
        requests.iter().map(|(_, status)| *status).cycle().take(10 * requests.len()).collect();
    assert_eq!(server.send(all.as_bytes()).statuses(), expected);
}

/// What a front end could take for the end of a request, and this server does not: the verified request is the whole of
/// what was verified.
#[test]
fn nothing_is_smuggled_past_verification() {
    let server = Watched::start("");
    let altered = server.signed("GET", "/api/projects/demo", &[]).replace("/demo", "/dema");
    let hidden = "GET /api/projects/demo HTTP/1.1\r\nHost: h\r\n\r\n";
    // An unsigned request behind a signed one does not live off its signature.
    let good = server.signed("GET", "/api/projects/demo", &[]);
    assert_eq!(server.send(format!("{good}{hidden}").as_bytes()).statuses(), [200, 400]);
    // Nor off its connection.
    let bearer = "GET /api/projects/demo HTTP/1.1\r\nHost: h\r\nx-odps-bearer-token: AAAA\r\n\r\n";
    assert_eq!(server.send(format!("{good}{bearer}").as_bytes()).statuses(), [200, 401]);

    // A length that covers less than was sent: what is left over is no request, and is not let through.
    for (length, left) in [(3, 400), (0, 400)] {
        let head =
            server.signed("PUT", "/api/projects/demo/logs", &[("Content-Length", &length.to_string())]);
        let heard = server.send(format!("{head}abc{hidden}").as_bytes());
        assert_eq!(heard.statuses(), [200, left], "{length}: {}", heard.text());
    }
    // A length that covers more: the request behind is swallowed with the body.
    let longer = hidden.len().to_string();
    let head = server.signed("PUT", "/api/projects/demo/logs", &[("Content-Length", &longer)]);
    assert_eq!(server.send(format!("{head}{hidden}").as_bytes()).statuses(), [200]);
    // Chunks of a stranger, with a request behind each line that could end them.
    let chunked = altered.replace("Host: h\r\n", "Host: h\r\nTransfer-Encoding: chunked\r\n");
    for body in [
        format!("0\r\n{good}"),
        format!("0\n\n{good}"),
        format!("0;\n{good}"),
        format!("-1\r\n\r\n{good}"),
        format!("5\r\nabc\r\n0\r\n\r\n{good}"),
    ] {
        let heard = server.send(format!("{chunked}{body}").as_bytes());
        let statuses = heard.statuses();
        assert!(statuses == [403], "{body:?}: {statuses:?}");
    }
}
