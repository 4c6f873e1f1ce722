//! What stands on the wire when a request is refused, whoever sends it.

use crate::support::{Data, Server};

fn assert_four_elements(answer: &str) {
    for element in ["Code", "Message", "RequestId", "HostId"] {
        assert!(
            answer.contains(&format!("<{element}>")) && answer.contains(&format!("</{element}>")),
            "{answer}"
        );
    }
    assert!(answer.to_ascii_lowercase().contains("x-odps-request-id: "), "{answer}");
}

#[test]
fn whatever_is_sent_under_the_base_path_gets_an_error_of_four_elements() {
    let data = Data::new();
    let server = Server::start(&data);
    let targets = [
        "/api",
        "/api/",
        "/api/tenants",
        "/api/projects/demo/instances",
        "/api//",
        "/api/%ff%00",
        "/api/../x",
        "/api?x=%",
    ];
    for target in targets {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
            for authorization in [
                "",
                "Authorization: ODPS x\r\n",
                "Authorization: ODPS a:b\r\nAuthorization: ODPS a:b\r\n",
                "Authorization: Basic eA==\r\n",
            ] {
                let request = format!(
                    "{method} {target} HTTP/1.1\r\nHost: h\r\n{authorization}Content-Length: 3\r\n\r\nabc"
                );
                let (status, answer) = server.exchange(request.as_bytes());
                assert!((400..500).contains(&status) && status != 401, "{request}: {answer}");
                assert_four_elements(&answer);
            }
        }
    }
}

#[test]
fn what_is_not_under_the_base_path_is_told_where_it_is() {
    let data = Data::new();
    let server = Server::start(&data);
    let signed = "GET /projects/demo HTTP/1.1\r\nHost: example.org:8640\r\nAuthorization: ODPS a:AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";
    let (status, answer) = server.exchange(signed.as_bytes());
    assert_eq!(status, 404);
    assert_four_elements(&answer);
    assert!(answer.contains("http://example.org:8640/api"), "{answer}");

    let (status, answer) = server.exchange(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(status, 401);
    assert!(answer.contains("application/problem+json"), "{answer}");
}

#[test]
fn a_connection_is_good_for_many_requests() {
    use std::io::Write;
    let data = Data::new();
    let server = Server::start(&data);
    let mut stream = std::net::TcpStream::connect(server.address()).unwrap();
    for _ in 0..3 {
        // A refused request with a body leaves the connection usable: the body was read.
        stream.write_all(b"POST /api/tenants HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello").unwrap();
        let (status, answer) = crate::support::read_answer(&mut stream);
        assert_eq!(status, 400, "{answer}");
    }
}
