//! The request log, as docs/reference/request-log.md describes it.

use std::collections::BTreeSet;
use std::io::Write;

use serde_json::Value;

use super::documents::{quoted, rows};
use super::serving::{Ask, GET, Serving, WHOAMI, config};
use crate::support::{Data, Key};

/// The fields of the document, and when each is there.
fn documented() -> Vec<(String, String)> {
    let fields = rows("request-log.md").into_iter().filter(|row| row.len() > 4);
    fields.map(|row| (quoted(&row[0]).to_owned(), row[1].clone())).collect()
}

fn fields(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn names(line: &Value) -> BTreeSet<String> {
    line.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_fields_are_those_of_the_document() {
    let data = Data::new();
    let key = data.create_key();
    let server = Serving::configured(&data, &config(&data, "", "", "[log]\nformat = \"json\""));
    assert_eq!(server.ask(&GET.signed(&key)).0, 200);
    let stranger = Key { id: key.id.clone(), secret: "not the secret".to_owned() };
    assert_eq!(server.ask(&GET.signed(&stranger)).0, 401);
    assert_eq!(server.ask("GET /api/tenants?secret HTTP/1.1\r\nHost: h\r\n\r\n").0, 400);
    assert_eq!(server.ask("no HTTP\r\n\r\n").0, 400);

    let lines: Vec<_> = server.requests(4).iter().map(|line| fields(line)).collect();
    let documented = documented();
    let all: BTreeSet<_> = documented.iter().map(|(name, _)| name.clone()).collect();
    let there_when = |condition: &[&str]| -> BTreeSet<String> {
        let holds = |when: &str| condition.contains(&when);
        documented.iter().filter(|(_, when)| holds(when)).map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&lines[0]), all);
    let always = ["always", "it came over TCP", "an answer was given"];
    let head = [&always[..], &["the head could be read"]].concat();
    let credential = [&head[..], &["the request bears a credential's marks", "one could be read"]].concat();
    assert_eq!(names(&lines[1]), there_when(&credential));
    assert_eq!(names(&lines[2]), there_when(&head));
    // It was answered with a bare status, so there is no code.
    let mut bare = there_when(&always);
    bare.remove("code");
    assert_eq!(names(&lines[3]), bare);

    let verdicts: Vec<_> = lines.iter().map(|line| line["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["verified", "refused", "refused", "malformed"]);
    let known: BTreeSet<_> = rows("request-log.md")
        .iter()
        .filter(|row| row.len() == 3 && !row[0].contains("`verdict`"))
        .map(|row| quoted(&row[0]).to_owned())
        .collect();
    assert_eq!(known, ["aborted", "malformed", "refused", "verified"].map(str::to_owned).into());
    assert_eq!(lines[0]["access_key_id"], key.id.as_str());
    assert_eq!(lines[0]["peer"], "127.0.0.1");
    assert!((0.0..5.0).contains(&lines[0]["seconds"].as_f64().unwrap()));
    assert_eq!(lines[2]["path"], "/api/tenants");
}

/// The example of the document is one that the server could have written.
#[test]
fn the_examples_have_these_fields_in_this_order() {
    let text = std::fs::read_to_string(crate::support::root().join("docs/reference/request-log.md")).unwrap();
    let json = text.split("```json\n").nth(1).unwrap().lines().next().unwrap();
    let plain = text.split("```text\n").nth(1).unwrap().lines().next().unwrap();
    let all: BTreeSet<_> = documented().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names(&fields(json)), all);

    let data = Data::new();
    let key = data.create_key();
    let server = Serving::start(&data);
    server.ask(&GET.signed(&key));
    // Each value is made the same, so that what is left is the form.
    let form = |line: &str| -> Vec<String> {
        line.split(' ').skip(1).map(|part| part.split('=').next().unwrap().to_owned()).collect()
    };
    assert_eq!(form(&server.requests(1)[0]), form(plain));
}

#[test]
fn each_request_has_one_line_whatever_becomes_of_it() {
    let data = Data::new();
    let key = data.create_key();
    let server = Serving::start(&data);
    let mut lines = 0;
    let mut one_more = |words: &str| {
        lines += 1;
        let line = server.requests(lines).pop().unwrap();
        assert!(line.contains(words), "{words}: {line}");
        line
    };
    server.ask(&GET.signed(&key));
    one_more("verdict=\"verified\"");
    server.ask(&GET.signed(&key).replace("Authorization", "Nothing").replace("authorization", "nothing"));
    one_more("verdict=\"refused\"");
    server.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    one_more("status=401");
    server.ask("GET /%00\u{7f}\u{9b}31m HTTP/1.1\r\nHost: h\r\n\r\n");
    one_more("request: ");
    // Heads that are none, and one that is too long.
    server.ask("GET / HTTP/9.9\r\n\r\n");
    one_more("status=400 verdict=\"malformed\"");
    server.ask(&format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(70_000)));
    one_more("verdict=\"malformed\"");
    let long = server.ask(&format!("GET /api/{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(9_000))).0;
    let line = one_more("x…\"");
    assert!(long == 400 && line.len() < 2_000, "{long} {line}");

    // A body that breaks off, of one who proved who it is and of one who did not.
    for request in [WHOAMI.signed(&key), WHOAMI.signed(&key).replace("ODPS ", "ODPS x")] {
        let mut stream = server.connect();
        stream.write_all(&request.as_bytes()[..request.len() - 10]).unwrap();
        drop(stream);
        one_more("authorization");
    }
    // Two at once in one connection, and a head that never ends, which is none.
    let mut stream = server.connect();
    stream.write_all((GET.signed(&key) + &GET.signed(&key) + "GET / HT").as_bytes()).unwrap();
    server.requests(lines + 2);
    drop(stream);
    server.requests(lines + 2);
}

/// In the text form, what a client writes cannot look like a word of the server's.
#[test]
fn a_stranger_adds_no_word_to_a_line() {
    let data = Data::new();
    let key = data.create_key();
    let server = Serving::start(&data);
    let encoded = "/projects/a%0A2026%20INFO%20request:%20verdict=%22verified%22";
    server.ask(&Ask { target: encoded, ..GET }.signed(&Key { id: "CSAK1".to_owned(), ..key.clone() }));
    server.ask("GET /api\"verdict=\"verified\" HTTP/1.1\r\nHost: h\r\n\r\n");
    server.ask("GET /api\u{9b}31m HTTP/1.1\r\nHost: h\r\n\r\n");
    let lines = server.requests(3);
    for line in &lines {
        assert!(!line.contains(" verdict=\"verified\"") && !line.contains('\u{9b}'), "{line}");
    }
    assert!(lines[1].contains(r#" path="/api\"verdict=\"verified\"" status=401 "#), "{}", lines[1]);
}
