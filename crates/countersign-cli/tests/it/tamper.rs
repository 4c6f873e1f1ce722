//! What is signed cannot be altered on its way: every part of every captured request, altered in every way we could
//! think of, is refused by a running server, or says the same as before and stands in the docs' table of equivalences.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::crypto::HmacSha1;
use countersign::{AccessKeyId, AccessKeySecret, Credential, SignOptions, Timestamp, schemes};

use crate::support::mutations::{self, Must, Mutation, Original, rows};
use crate::support::python::faketime;
use crate::support::wire::{Connection, Field, Judged, Wire};
use crate::support::{Data, Key, Server, program, root};
use crate::vectors::{Vector, expected, import};

/// The time of the captured requests, and of those that are made by hand.
const CAPTURED: &str = "@2026-11-21 23:33:00";
const BY_HAND: &str = "@2026-11-22 10:00:00";

/// The program with its clock at a time.
fn program_at(faketime: &str, time: &str) -> Command {
    let mut command = program();
    command.env("LD_PRELOAD", faketime).env("FAKETIME", time).env("TZ", "UTC");
    // Timers go by the monotonic clock, which stays true.
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    command
}

impl Vector {
    fn wire(&self) -> Wire {
        let pairs = self.0["headers"].as_array().unwrap();
        let fields: Vec<_> =
            pairs.iter().map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap())).collect();
        let body = BASE64.decode(self.text("body_b64")).unwrap();
        Wire::new(self.text("method"), self.text("request_target"), &fields, &body)
    }
}

/// A request signed as the scheme says.
fn signed(key: &Key, now: Timestamp, wire: &Wire) -> Wire {
    let mut request = http::Request::builder().method(wire.method.as_str()).uri(wire.target_text());
    for field in &wire.fields {
        request = request.header(&field.name, &field.value);
    }
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    let id = AccessKeyId::new(&key.id).unwrap();
    let credential = Credential { id, secret: AccessKeySecret::new(key.secret.as_str()) };
    countersign::sign(
        schemes::ODPS,
        countersign::Place::at("/api"),
        &mut parts,
        &wire.body,
        &credential,
        &SignOptions::at(now),
    )
    .unwrap();
    let mut wire = wire.clone();
    for name in ["Date", "Authorization"] {
        wire.set(name, parts.headers[name].to_str().unwrap());
    }
    wire
}

/// A request with the signature of any text at all.
fn signed_text(key: &Key, wire: &Wire, text: &str) -> Wire {
    let signature = BASE64.encode(HmacSha1::new(key.secret.as_bytes()).mac(text.as_bytes()));
    let mut wire = wire.clone();
    wire.set("Authorization", &format!("ODPS {}:{signature}", key.id));
    wire
}

fn now() -> Timestamp {
    countersign_accounts::clock::now()
}

/// Requests that hold what no captured one does.
fn of_our_own(key: &Key, now: Timestamp) -> Vec<(String, Wire)> {
    let agent = |name| ("x-odps-user-agent", name);
    let requests = [
        Wire::new("GET", "/api/projects/demo", &[("Host", "h"), agent("x")], b""),
        Wire::new("GET", "/api/projects/demo", &[("x-odps-a", "1"), ("Host", "h"), ("x-odps-a", "2")], b""),
        Wire::new("GET", "/api/projects/demo?x-odps-a=1", &[("Host", "h"), ("x-odps-a", "2")], b""),
        Wire::new("POST", "/api/projects/demo/authorization", &[("Host", "h"), agent("JavaSDK 1")], b"x"),
        Wire::new("POST", "/api/projects/demo/authorization", &[("Host", "h"), agent("pyodps/1")], b"x"),
        Wire::new("PUT", "/api/projects/a/b?k&v=&x=%20+%2b~%7e%2F", &[("Host", "h")], b"x"),
        Wire::new("GET", "/api/projects/a%2fb%20c%7E%25/t", &[("Host", "h"), ("Content-Type", "a/b")], b""),
        Wire::new("GET", "/api", &[("Host", "h")], b""),
        Wire::new("GET", "/api/", &[("Host", "h")], b""),
    ];
    let name = |at| format!("own-{at}");
    requests.iter().enumerate().map(|(at, wire)| (name(at), signed(key, now, wire))).collect()
}

/// What was counted, by the part that was altered: refused, outside the endpoint, not HTTP, accepted.
type Counts = BTreeMap<&'static str, [usize; 4]>;

#[derive(Default)]
struct Tally {
    counts: Counts,
    rows: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

impl Tally {
    fn note(&mut self, id: &str, mutation: &Mutation, judged: Judged, answer: &str) {
        let column = match judged {
            Judged::Refused => 0,
            Judged::Outside => 1,
            Judged::NotHttp => 2,
            Judged::Accepted => 3,
        };
        self.counts.entry(mutation.part).or_default()[column] += 1;
        let right = match mutation.must {
            Must::BeRefused => matches!(judged, Judged::Refused | Judged::Outside),
            Must::NotBeHttp => matches!(judged, Judged::NotHttp | Judged::Outside),
            Must::BeAccepted(row) => {
                *self.rows.entry(row).or_default() += 1;
                judged == Judged::Accepted
            }
        };
        if !right {
            let (part, what, must) = (mutation.part, &mutation.what, mutation.must);
            let target = String::from_utf8_lossy(&mutation.wire.target);
            let method = &mutation.wire.method;
            self.wrong.push(format!(
                "{id}: {part}, {what}: must {must:?}, but {judged:?}: {method} {target}\n{answer}"
            ));
        }
    }
}

#[test]
fn whatever_is_signed_cannot_be_altered() {
    let Some(faketime) = faketime() else { return };
    let thorough = std::env::var_os("COUNTERSIGN_LONG").is_some();
    let data = Data::new();
    data.ok(&["project", "create", "test_project"]);
    let other = data.create_key();
    let mut keys = HashMap::new();
    let mut by_base: BTreeMap<String, Vec<(String, Wire)>> = BTreeMap::new();
    for vector in Vector::all().iter().filter(|vector| expected(vector.text("id")).is_none()) {
        keys.insert(vector.text("access_id").to_owned(), vector.text("secret").to_owned());
        by_base.entry(vector.base()).or_default().push((vector.text("id").to_owned(), vector.wire()));
    }
    import(&data, &keys);
    let captured = by_base.values().map(Vec::len).sum::<usize>();
    let (id, secret) = keys.iter().next().unwrap();
    let key = Key { id: id.clone(), secret: secret.clone() };
    let then = Timestamp::parse_rfc3339("2026-11-21T23:33:00Z").unwrap();
    by_base.get_mut("/api").unwrap().extend(of_our_own(&key, then));

    let began = std::time::Instant::now();
    let tally = Mutex::new(Tally::default());
    for (base, requests) in by_base {
        let command = program_at(&faketime, CAPTURED);
        let server = Server::start_with(command, &data, &format!("[maxcompute]\nbase_path = {base:?}\n"));
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut connection = Connection::to(server.address());
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some((id, wire)) = requests.get(at) else { break };
                        let thorough = thorough || at.is_multiple_of(16);
                        let answer = connection.exchange(wire);
                        assert_eq!(answer.judged(wire, &base), Judged::Accepted, "{id}: {answer:?}");
                        let original = Original { wire, base: &base, other_id: &other.id, thorough };
                        for mutation in mutations::all(&original) {
                            let answer = connection.exchange(&mutation.wire);
                            let judged = answer.judged(&mutation.wire, &base);
                            tally.lock().unwrap().note(id, &mutation, judged, &answer.body);
                        }
                    }
                });
            }
        });
        assert_eq!(server.stop(), Some(0));
    }

    let tally = tally.into_inner().unwrap();
    let total: usize = tally.counts.values().flatten().sum();
    eprintln!("{total} mutations of {captured} captured requests and 9 of our own, in {:?}", began.elapsed());
    eprintln!("{:20} {:>8} {:>8} {:>8} {:>8}", "part", "refused", "outside", "no HTTP", "accepted");
    for (part, [refused, outside, no_http, accepted]) in &tally.counts {
        eprintln!("{part:20} {refused:8} {outside:8} {no_http:8} {accepted:8}");
    }
    for (row, count) in &tally.rows {
        eprintln!("accepted for {row:32} {count:6}");
    }
    let wrong = tally.wrong.len();
    assert!(wrong == 0, "{wrong} of {total}:\n{}", tally.wrong[..wrong.min(40)].join("\n"));
    assert!(total > 10_000, "{total}");
    let exercised: BTreeSet<&str> = tally.rows.keys().copied().collect();
    assert_eq!(
        exercised,
        rows::ALL.into_iter().collect(),
        "a row that nothing exercises is a claim without a test"
    );
}

/// The first column of a table in a section of a page.
fn first_column(page: &str, section: &str) -> Vec<String> {
    let (_, rest) = page.split_once(&format!("\n## {section}\n")).unwrap();
    let text = rest.split("\n## ").next().unwrap();
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    cells.skip(1).filter(|cell| !cell.starts_with('-')).map(str::to_owned).collect()
}

#[test]
fn the_docs_list_the_equivalences_and_no_others() {
    let page = std::fs::read_to_string(root().join("docs/reference/odps.md")).unwrap();
    let listed: BTreeSet<String> = first_column(&page, "Equivalences").into_iter().collect();
    assert_eq!(listed, rows::ALL.into_iter().map(str::to_owned).collect());
}

/// Two requests with one signature, of which the first means something else than the second.
struct Twins {
    /// What the refusal says.
    fence: &'static str,
    /// A natural request, where there is one: it is accepted.
    natural: Option<&'static str>,
    twin: &'static str,
}

const FENCES: [Twins; 12] = [
    Twins { fence: "the query names `k` more than once", natural: Some("?k=2"), twin: "?k=1&k=2" },
    Twins { fence: "the query names `k` more than once", natural: Some("?k=2"), twin: "?k=1&%6b=2" },
    Twins { fence: "the query holds an encoded `&`", natural: Some("?a=1&b=2"), twin: "?a=1%26b=2" },
    Twins { fence: "the query holds an encoded `&`", natural: Some("?a&b"), twin: "?a%26b" },
    Twins { fence: "the query holds an encoded `=`", natural: Some("?a=b=c"), twin: "?a%3Db=c" },
    Twins { fence: "the query holds an encoded `?`", natural: None, twin: "?a=1%3Fb" },
    Twins { fence: "the query holds an encoded `#`", natural: None, twin: "?a=1%23b" },
    Twins { fence: "the path holds an encoded `?`", natural: Some("?a=1"), twin: "%3Fa=1" },
    Twins { fence: "the path holds an encoded `&`", natural: None, twin: "%26a" },
    Twins { fence: "the path holds an encoded `#`", natural: None, twin: "%23a" },
    Twins { fence: "holds a control character", natural: None, twin: "%0Aa" },
    Twins { fence: "holds a control character", natural: None, twin: "?a=1%0Ax-odps-b:2" },
];

/// Each fence refuses a request that its signature does not tell from another one, whichever of them was signed; the
/// operator's word lets it through.
#[test]
fn a_request_that_reads_as_another_is_refused_unless_the_operator_takes_it() {
    let data = Data::new();
    let key = data.create_key();
    let strict = Server::start(&data);
    let loose = Server::start_with(program(), &data, "[maxcompute]\ndanger_ambiguous = true\n");
    let (mut to_strict, mut to_loose) = (Connection::to(strict.address()), Connection::to(loose.address()));
    for Twins { fence, natural, twin } in FENCES {
        let plain =
            |rest: &str| Wire::new("GET", &format!("/api/projects/demo{rest}"), &[("Host", "h")], b"");
        let signed = signed(&key, now(), &plain(natural.unwrap_or(twin)));
        if natural.is_some() {
            let answer = to_strict.exchange(&signed);
            assert_eq!(answer.judged(&signed, "/api"), Judged::Accepted, "{natural:?}: {answer:?}");
        }
        let twin = signed.to(format!("/api/projects/demo{twin}"));
        let answer = to_strict.exchange(&twin);
        assert_eq!(answer.judged(&twin, "/api"), Judged::Refused, "{twin:?}: {answer:?}");
        assert!(answer.body.contains(fence), "{twin:?}: {answer:?}");
        // It is the fence alone that stood in the way.
        let answer = to_loose.exchange(&twin);
        assert_eq!(answer.judged(&twin, "/api"), Judged::Accepted, "{twin:?}: {answer:?}");
    }
}

/// Under `verifies_with` of a vector, the name of its reading.
fn reading_of(vector: &Vector) -> String {
    match vector.text("verifies_with") {
        "STD" => "strict".to_owned(),
        name => name.to_ascii_lowercase(),
    }
}

/// Every reading but the strict one: refused by name, accepted where it is named in the configuration, and not where
/// another one is. The two that change no name and no value are accepted without that, from their client alone.
#[test]
fn a_reading_is_accepted_where_it_is_named_and_nowhere_else() {
    let Some(faketime) = faketime() else { return };
    let file = root().join("vectors/odps/alternates.json");
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let vectors: Vec<Vector> = file["vectors"].as_array().unwrap().iter().cloned().map(Vector).collect();
    let data = Data::new();
    let keys =
        vectors.iter().map(|vector| (vector.text("access_id").to_owned(), vector.text("secret").to_owned()));
    import(&data, &keys.collect());
    let readings: BTreeSet<String> = schemes::ODPS.readings().iter().map(|r| r.name.to_owned()).collect();
    let exercised: BTreeSet<String> = vectors.iter().map(reading_of).collect();
    assert_eq!(exercised, readings);

    let by_default = ["strict", "no-leading-slash", "ignore-form-content-type"];
    let none = [String::new()];
    for named in none.iter().chain(&readings) {
        let command = program_at(&faketime, BY_HAND);
        let readings = if named.is_empty() { String::new() } else { format!("{named:?}") };
        // `first-duplicate` is about requests that a fence keeps out too.
        let config = format!("[maxcompute]\nreadings = [{readings}]\ndanger_ambiguous = true\n");
        let server = Server::start_with(command, &data, &config);
        let mut connection = Connection::to(server.address());
        for vector in &vectors {
            let (wire, reading) = (vector.wire(), reading_of(vector));
            let answer = connection.exchange(&wire);
            let judged = answer.judged(&wire, "/api");
            let id = vector.text("id");
            if by_default.contains(&reading.as_str()) || reading == *named {
                assert_eq!(judged, Judged::Accepted, "{id} under `{named}`: {answer:?}");
            } else {
                assert_eq!(judged, Judged::Refused, "{id} under `{named}`: {answer:?}");
                let said = format!("only under the reading `{reading}`");
                assert!(answer.body.contains(&said), "{id} under `{named}`: {answer:?}");
            }
        }
    }
}

/// What is signed with, where a reading is accepted from one client alone: its own requests, and those of others.
#[test]
fn a_default_reading_counts_for_its_own_client_alone() {
    let data = Data::new();
    let key = data.create_key();
    let default = Server::start(&data);
    let named = "[maxcompute]\nreadings = [\"no-leading-slash\", \"ignore-form-content-type\"]\n";
    let named = Server::start_with(program(), &data, named);
    let mut connections = [Connection::to(default.address()), Connection::to(named.address())];
    let date = now().http_date();
    // What signs, what it sends, what it signs without it, and whether that is a client's own habit.
    let form = "application/x-www-form-urlencoded";
    for (agent, header_agent, habit, own) in [
        ("odps-go-sdk/0.4.24", "x", "no-leading-slash", true),
        ("JavaSDK Revision:1", "x", "ignore-form-content-type", true),
        ("JavaSDK Revision:1", "odps-go-sdk/0.4.24", "no-leading-slash", false),
        ("odps-go-sdk/0.4.24", "JavaSDK", "ignore-form-content-type", false),
        ("xJavaSDK", "JavaSDK", "ignore-form-content-type", false),
        ("javasdk Revision:1", "JavaSDK", "ignore-form-content-type", false),
        ("", "JavaSDK", "ignore-form-content-type", false),
        ("", "odps-go-sdk/0.4.24", "no-leading-slash", false),
    ] {
        let fields = [("Host", "h"), ("User-Agent", header_agent), ("Date", &date)];
        let mut wire = Wire::new("POST", "/api/projects/demo/authorization", &fields, b"x");
        let mut line = String::new();
        if !agent.is_empty() {
            wire.set("x-odps-user-agent", agent);
            line = format!("x-odps-user-agent:{agent}\n");
        }
        let mut slash = "/";
        match habit {
            "no-leading-slash" => slash = "",
            _ => wire.set("Content-Type", form),
        }
        let text = format!("POST\n\n\n{date}\n{line}{slash}projects/demo/authorization");
        let wire = signed_text(&key, &wire, &text);
        for (connection, is_named) in connections.iter_mut().zip([false, true]) {
            let answer = connection.exchange(&wire);
            let must = if own || is_named { Judged::Accepted } else { Judged::Refused };
            assert_eq!(answer.judged(&wire, "/api"), must, "{agent:?}, {habit}, {is_named}: {answer:?}");
            assert!(own || is_named || answer.body.contains(habit), "{answer:?}");
        }
    }
}

/// Only what is signed as the user agent vouches for a client: not a field that a parameter overrides, and not the
/// second half of one that was cut in two.
#[test]
fn a_user_agent_vouches_for_a_client_as_it_was_signed_alone() {
    let data = Data::new();
    let key = data.create_key();
    let server = Server::start(&data);
    let mut connection = Connection::to(server.address());
    let (form, target) = ("application/x-www-form-urlencoded", "/api/projects/demo/authorization");
    for (target, agent, altered) in [
        (format!("{target}?x-odps-user-agent=pyodps"), "pyodps/1", &["JavaSDK"][..]),
        (format!("{target}?x-odps%2Duser-agent=pyodps"), "pyodps/1", &["JavaSDK"]),
        (target.to_owned(), "pyodps/1,JavaSDK", &["pyodps/1", "JavaSDK"]),
    ] {
        let fields = [("Host", "h"), ("x-odps-user-agent", agent)];
        let mut wire = signed(&key, now(), &Wire::new("POST", &target, &fields, b"x"));
        let answer = connection.exchange(&wire);
        assert_eq!(answer.judged(&wire, "/api"), Judged::Accepted, "{answer:?}");
        wire.fields.retain(|field| !field.is("x-odps-user-agent"));
        wire.fields.extend(altered.iter().map(|value| Field::new("x-odps-user-agent", value)));
        let answer = connection.exchange(&wire);
        assert_eq!(answer.judged(&wire, "/api"), Judged::Accepted, "{answer:?}");
        // So the Content-Type is not for anybody to add.
        wire.set("Content-Type", form);
        let answer = connection.exchange(&wire);
        assert_eq!(answer.judged(&wire, "/api"), Judged::Refused, "{altered:?}: {answer:?}");
        assert!(answer.body.contains("ignore-form-content-type"), "{answer:?}");
    }
}

/// What the signature does not cover is anybody's to alter, and both the docs and the verdict say so.
#[test]
fn what_is_not_signed_can_be_altered_and_is_said_not_to_be() {
    let data = Data::new();
    let key = data.create_key();
    let server = Server::start(&data);
    let mut connection = Connection::to(server.address());
    let target = "/api/projects/demo/authorization?a=1";
    let fields = [
        ("Host", "example.org"),
        ("User-Agent", "pyodps/1"),
        ("Accept", "*/*"),
        ("Cookie", "a=b"),
        ("odps-tunnel-version", "5"),
        ("x-odps-user-agent", "pyodps/1"),
        ("Content-Type", "application/xml"),
    ];
    let wire = signed(&key, now(), &Wire::new("POST", target, &fields, b"<a/>"));
    let answer = connection.exchange(&wire);
    assert_eq!(answer.judged(&wire, "/api"), Judged::Accepted, "{answer:?}");

    let mut altered = vec![
        ("body", Wire { body: b"<b/>".to_vec(), ..wire.clone() }),
        ("body", Wire { body: b"something longer altogether".to_vec(), ..wire.clone() }),
        ("body", Wire { body: Vec::new(), ..wire.clone() }),
        ("version", Wire { version: "HTTP/1.0", ..wire.clone() }),
    ];
    for name in ["Host", "User-Agent", "Accept", "Cookie", "odps-tunnel-version"] {
        let mut other = wire.clone();
        other.set(name, "other");
        altered.push((name, other));
        if name == "Host" {
            // HTTP wants one.
            continue;
        }
        let mut without = wire.clone();
        without.fields.retain(|field| !field.is(name));
        altered.push((name, without));
    }
    for name in
        ["X-Forwarded-For", "x_odps_user_agent", "odps-tunnel-new", "x-acs-new", "Content-Disposition", "Via"]
    {
        let mut more = wire.clone();
        more.set(name, "new");
        altered.push((name, more));
    }
    for (what, altered) in &altered {
        let answer = connection.exchange(altered);
        assert_eq!(answer.judged(altered, "/api"), Judged::Accepted, "{what}: {answer:?}");
    }

    // With a digest in what is signed, the body is signed too.
    let digest = BASE64.encode(countersign::crypto::Hash::Md5.digest(&wire.body));
    let mut digested = wire.clone();
    digested.set("Content-MD5", &digest);
    let digested = signed(&key, now(), &digested);
    let answer = connection.exchange(&digested);
    assert_eq!(answer.judged(&digested, "/api"), Judged::Accepted, "{answer:?}");
    for body in ["<b/>", "<a/> ", "", "<a/", "<A/>"] {
        let altered = Wire { body: body.as_bytes().to_vec(), ..digested.clone() };
        let answer = connection.exchange(&altered);
        assert_eq!(answer.judged(&altered, "/api"), Judged::Refused, "{body:?}: {answer:?}");
        assert!(answer.body.contains("Content-MD5 is not that of the body"), "{answer:?}");
    }

    // The claim says what is covered, and `explain` what is not.
    let mut headers = http::HeaderMap::new();
    for field in &wire.fields {
        headers.append(field.name.parse::<http::HeaderName>().unwrap(), field.value.parse().unwrap());
    }
    let body = countersign::Body::Whole(&wire.body);
    let request = countersign::Request::new("POST", target, &headers, body);
    let (_, claim) = schemes::read(&request).unwrap();
    let claim = claim.unwrap();
    assert!(claim.covered.method && claim.covered.path && claim.covered.query);
    let covered: Vec<&str> = claim.covered.headers.iter().map(|field| field.name).collect();
    assert_eq!(covered, ["content-type", "date", "x-odps-user-agent"]);
    assert_eq!(claim.payload, countersign::Payload::Uncovered);

    let file = data.directory.path().join("captured.http");
    std::fs::write(&file, wire.bytes()).unwrap();
    let output = program().arg("explain").arg(&file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said = |name: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name}: {text}")).trim()
    };
    assert_eq!(said("body"), "not covered by the signature");
    let unsigned = said("header fields not signed");
    for name in ["host", "user-agent", "accept", "cookie", "odps-tunnel-version", "authorization"] {
        assert!(unsigned.split(", ").any(|listed| listed == name), "{name}: {unsigned}");
    }

    // Nothing that was altered above stands in the docs as covered.
    let page = std::fs::read_to_string(root().join("docs/reference/odps.md")).unwrap();
    let covered = first_column(&page, "What is covered");
    for part in [
        "method, path behind the endpoint's own, query names and values",
        "`Date`, `Content-Type`, `Content-MD5`, every `x-odps-` header field",
        "AccessKey id, scope of version 4",
        "body",
        "`Host`, `User-Agent` and every other header field, the version of HTTP",
    ] {
        assert!(covered.iter().any(|cell| cell == part), "{part}: {covered:?}");
    }
}
