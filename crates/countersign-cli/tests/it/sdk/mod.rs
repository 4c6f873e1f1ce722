//! SDKs of other people, unmodified, sign requests to the running server, which has an echo. Each test runs one client
//! program, of tests/clients, and looks at what it was told at each of its steps.

mod alibaba_cloud;
mod aws;
mod oss;
mod recorder;
mod rfc9421;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::python::{faketime, python};
use crate::support::{Data, Server, program, root, skip, target};
use recorder::{Exchange, Recorder};

/// Pairs of keys, by the name that scripts have for the private one, and how openssl makes them.
const PAIRS: [(&str, [&str; 4]); 3] = [
    ("rsa", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
    ("ecdsa", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    ("ed25519", ["-outform", "PEM", "-algorithm", "ED25519"]),
];

/// A client program that has made all its calls.
struct Report {
    server: Server,
    keys: Value,
    /// What the client said of each step.
    steps: Value,
    exchanges: Vec<Exchange>,
    /// Whether it could set its clock.
    has_clock: bool,
    _data: Data,
}

/// What the echo told of a request.
#[derive(Debug)]
struct Told {
    id: String,
    scheme: String,
    reading: String,
    algorithm: String,
    /// Which of the method, the path, the query and the authority are covered.
    parts: String,
    headers: Vec<String>,
    body: String,
}

/// Runs a Python program of tests/clients/python. `None`, with a word on what is missing, where the SDKs are not installed.
fn run_python(script: &str, config: &str) -> Option<Report> {
    // A program that comes with one of them.
    let mut command = Command::new(python("the SDKs for Python", "jp.py")?);
    command.arg(root().join("tests/clients/python").join(script));
    Some(run(command, config))
}

/// The same of tests/clients/node.
fn run_node(script: &str, config: &str) -> Option<Report> {
    let modules = target().join("node/node_modules");
    if !modules.join("ali-oss").exists() {
        skip("the SDKs for Node", "run `scripts/setup-tests`");
        return None;
    }
    let mut command = Command::new("node");
    command.arg(root().join("tests/clients/node").join(script)).env("NODE_PATH", modules);
    Some(run(command, config))
}

/// The same of tests/clients/rust.
fn run_rust(config: &str) -> Option<Report> {
    let client: PathBuf = target().join("clients/debug/countersign-clients");
    if !client.exists() {
        skip("the client of tests/clients/rust", "run `scripts/setup-tests`");
        return None;
    }
    Some(run(Command::new(client), config))
}

/// Runs a client to its end, before a server with AccessKeys for it and these lines of `[signatures]`.
fn run(mut client: Command, config: &str) -> Report {
    let data = Data::new();
    let (good, disabled) = (data.create_key(), data.create_key());
    data.ok(&["access-key", "disable", &disabled.id]);
    let config = format!("[endpoint]\nlisten = \"127.0.0.1:0\"\necho = true\n[signatures]\n{config}");
    let server = Server::start_with(program(), &data, &config);
    let recorder = Recorder::before(server.address());
    let mut keys = json!({
        "good": {"id": good.id, "secret": good.secret},
        "wrong": {"id": good.id, "secret": "CSSKwrong"},
        "unknown": {"id": "CSAKnobody", "secret": "x"},
        "disabled": {"id": disabled.id, "secret": disabled.secret},
    });
    for (name, how) in PAIRS {
        keys[name] = public_key(&data, name, &how);
    }
    // Nothing of a developer's own settings, and no proxy, but what is set here.
    let kept = client.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)));
    let kept: Vec<_> = kept.filter_map(|(name, value)| Some((name, value?))).collect();
    client.env_clear().envs(kept).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    client.env("HOME", data.directory.path()).env("KEYS", keys.to_string());
    client.env("ENDPOINT", format!("http://{}", recorder.address));
    let library = faketime();
    if let Some(library) = &library {
        client.env("LD_PRELOAD", library).env("FAKETIME", "+0s").env("CLOCK", "may be set");
        // It is set by the environment, while the program runs, and time goes on evenly.
        client.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }
    let output = client.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let steps = serde_json::from_slice(&output.stdout).unwrap();
    let exchanges = recorder.exchanges();
    Report { server, keys, steps, exchanges, has_clock: library.is_some(), _data: data }
}

/// Makes a pair of keys and registers the public one, with the private one in the place of a secret. Nothing where openssl
/// is not installed.
fn public_key(data: &Data, name: &str, how: &[&str]) -> Value {
    let file = |end: &str| data.directory.path().join(format!("{name}.{end}"));
    let (private, public) = (file("private"), file("public"));
    let made = Command::new("openssl").arg("genpkey").args(how).arg("-out").arg(&private).output();
    if !made.is_ok_and(|made| made.status.success()) {
        skip("openssl", "apt-get install openssl");
        return Value::Null;
    }
    let mut command = Command::new("openssl");
    command.args(["pkey", "-pubout", "-in"]).arg(&private).arg("-out").arg(&public);
    assert!(command.output().unwrap().status.success());
    let made = data.json(&["access-key", "create", "--public-key", public.to_str().unwrap()]);
    json!({"id": made["access_key_id"], "secret": fs::read_to_string(private).unwrap()})
}

impl Report {
    /// The one request of a step.
    fn exchange(&self, step: &str) -> &Exchange {
        let mut found = self.exchanges.iter().filter(|exchange| exchange.step == step);
        let exchange = found.next().unwrap_or_else(|| panic!("{step}: no request: {:#}", self.steps[step]));
        assert!(found.next().is_none(), "{step}: it was sent again");
        exchange
    }

    /// What the echo told of a step's request, which must have been accepted as it was signed, by the strict reading.
    fn accepted(&self, step: &str, scheme: &str) -> Told {
        self.accepted_by("good", step, scheme)
    }

    /// The same by another key.
    fn accepted_by(&self, key: &str, step: &str, scheme: &str) -> Told {
        let exchange = self.exchange(step);
        assert_eq!(exchange.status, 200, "{step}: {exchange:#?}");
        let told = Told::read(&exchange.body);
        assert_eq!((told.scheme.as_str(), told.reading.as_str()), (scheme, "strict"), "{step}");
        assert_eq!(told.id, self.keys[key]["id"], "{step}");
        told
    }

    /// The same of a step whose SDK could read the echo as what it had asked for.
    fn succeeds(&self, step: &str, scheme: &str) -> Told {
        assert!(self.steps[step].get("result").is_some(), "{step}: {:#}", self.steps[step]);
        self.accepted(step, scheme)
    }

    /// A step whose answer has no body for the echo to stand in.
    fn accepted_head(&self, step: &str) {
        assert_eq!(self.steps[step]["result"], 200, "{step}: {:#?}", self.exchange(step));
    }

    /// What a step raised must be of this class, with this code, and say these words.
    fn raises(&self, step: &str, class: &str, code: &str, words: &str) {
        let error = &self.steps[step]["error"];
        let said = |name: &str| error[name].as_str().unwrap_or_default();
        assert_eq!((said("class"), said("code")), (class, code), "{step}: {:#?}", self.last(step));
        let text = format!("{}\n{}", said("message"), said("text"));
        assert!(text.contains(words), "{step}: {words:?} is not in {text}");
    }

    /// The steps of a client whose clock is 901 seconds off, and those of one whose clock is 899 seconds off, which must
    /// have been accepted.
    fn skewed(&self, before: &str, scheme: &str, check: impl Fn(&str)) {
        if !self.has_clock {
            return;
        }
        for sign in ["+", "-"] {
            self.accepted(&format!("{before}{sign}899s"), scheme);
            check(&format!("{before}{sign}901s"));
        }
    }

    /// The answer to a step's request, sent again as it was.
    fn replay(&self, step: &str) -> (u16, String) {
        self.server.exchange(&self.last(step).request)
    }

    fn last(&self, step: &str) -> &Exchange {
        let mut found = self.exchanges.iter().rev().filter(|exchange| exchange.step == step);
        found.next().unwrap_or_else(|| panic!("{step}: no request: {:#}", self.steps[step]))
    }
}

impl Told {
    fn read(echo: &str) -> Self {
        let told = serde_json::from_str(echo).unwrap_or_else(|_| json_of(echo));
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no echo: {echo}")).to_owned();
        let covered = &told["Covered"];
        let yes = |name: &str| [&json!(true), &json!("true")].contains(&&covered[name]);
        let parts = ["Method", "Path", "Query", "Authority"].into_iter().filter(|name| yes(name));
        let headers = covered["Headers"].as_array().map(|names| names.iter().map(text).collect());
        Self {
            id: text(&told["AccessKeyId"]),
            scheme: text(&told["Scheme"]),
            reading: text(&told["Reading"]),
            algorithm: text(&told["Algorithm"]),
            parts: parts.collect::<Vec<_>>().join(" ").to_lowercase(),
            headers: headers.unwrap_or_default(),
            body: text(&covered["Body"]),
        }
    }

    fn covers(&self, header: &str) -> bool {
        self.headers.iter().any(|name| name == header)
    }
}

/// The echo in XML, as the object that it would be in JSON.
fn json_of(xml: &str) -> Value {
    let element = |name: &str| {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0)
    };
    let covered: Vec<_> =
        ["Method", "Path", "Query", "Authority", "Body"].map(|name| (name, element(name))).into();
    let mut covered: Value = covered.into_iter().map(|(name, text)| (name.to_owned(), json!(text))).collect();
    let names = element("Headers").unwrap_or_default().split("<Name>").skip(1);
    covered["Headers"] = names.map(|name| name.trim_end_matches("</Name>")).collect();
    json!({
        "AccessKeyId": element("AccessKeyId"),
        "Scheme": element("Scheme"), "Reading": element("Reading"), "Algorithm": element("Algorithm"),
        "Covered": covered,
    })
}
