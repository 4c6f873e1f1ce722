//! The captured requests, sent byte for byte to a running server whose clock stands at the time of their capture.

use std::collections::{BTreeMap, HashMap};

use countersign::{AccessKeyId, AccessKeySecret};
use countersign_accounts::access_key::Description;
use countersign_accounts::change::{Actor, Change};
use countersign_accounts::random;
use countersign_accounts::seal::{MasterKey, Ring};
use countersign_store::{Access, Commit, Secret, Store};
use serde_json::Value;

use crate::support::python::faketime;
use crate::support::{Data, Server, program, root};

/// What the server says of a vector: accepted, or the words of the refusal.
pub(crate) fn expected(id: &str) -> Option<&'static str> {
    match id {
        // They need a reading that changes a name or a value.
        "py-026" | "py-028" | "py-029" | "py-046" | "py-051" => {
            Some("only under the reading `py-double-decode`")
        }
        "py-034" => Some("the query names `k` more than once"),
        "py-047" => Some("the path holds an encoded `?`"),
        "py-031" => Some("the query holds an encoded `#`"),
        // Its Content-MD5 is that of an empty body.
        "py-040" => Some("Content-MD5 is not that of the body"),
        "py-075" | "py-076" | "py-077" | "py-078" | "py-079" | "py-080" => {
            Some("`authorization-sts-token` is not supported")
        }
        "odpscmd-053" | "odpscmd-054" | "odpscmd-055" | "odpscmd-056" => {
            Some("`authorization-sts-token` is not supported")
        }
        "py-081" | "py-082" => Some("`application-authentication` is not supported"),
        _ => None,
    }
}

pub(crate) struct Vector(pub(crate) Value);

impl Vector {
    pub(crate) fn all() -> Vec<Self> {
        let read = |name: &str| -> Value {
            serde_json::from_slice(&std::fs::read(root().join("vectors/odps").join(name)).unwrap()).unwrap()
        };
        ["pyodps.json", "odpscmd.json"]
            .iter()
            .flat_map(|name| read(name)["vectors"].as_array().unwrap().clone())
            .map(Self)
            .collect()
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap()
    }

    pub(crate) fn base(&self) -> String {
        let authority = self.text("endpoint").split_once("://").unwrap().1;
        authority.find('/').map_or("", |at| &authority[at..]).trim_end_matches('/').to_owned()
    }

    /// The request as it stood on the wire.
    fn bytes(&self) -> Vec<u8> {
        use base64::Engine as _;
        let mut bytes =
            format!("{} {} HTTP/1.1\r\n", self.text("method"), self.text("request_target")).into_bytes();
        for pair in self.0["headers"].as_array().unwrap() {
            let (name, value) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        let body = base64::engine::general_purpose::STANDARD.decode(self.text("body_b64")).unwrap();
        bytes.extend_from_slice(&body);
        bytes
    }
}

/// Puts AccessKeys with given ids and secrets into a store, as no command does: these are the vectors' own.
pub(crate) fn import(data: &Data, keys: &HashMap<String, String>) {
    let master = std::fs::read_to_string(data.directory.path().join("data.master-key")).unwrap();
    let master = MasterKey::from_text(&master).unwrap();
    let url = format!("sqlite://{}/countersign.db", data.path().display());
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = Store::open(&url, Access::Existing).await.unwrap();
        let ring = Ring::open(store.cluster(), &master, &store.ring_keys().await.unwrap()).unwrap();
        let account = store.list_accounts(None, 1).await.unwrap().remove(0).id;
        for (id, secret) in keys {
            let id = AccessKeyId::new(id).unwrap();
            let secret = AccessKeySecret::new(secret.as_str());
            let sealed = ring.seal_secret(&id, &account, &secret, &mut random::from_system());
            let change = Change::AccessKeyCreated {
                account: account.clone(),
                access_key: id.clone(),
                description: Description::default(),
                expires: None,
                replaces: None,
                networks: countersign_accounts::network::Networks::default(),
                kind: countersign_accounts::access_key::AccessKeyKind::Secret,
                disabled: false,
            };
            let commit = Commit {
                beside: Vec::new(),
                by: Actor::System,
                request: id.to_string(),
                at: countersign_accounts::clock::now(),
                changes: vec![change],
                secrets: vec![Secret::AccessKey(id, sealed)],
            };
            store.commit(commit).await.unwrap();
        }
        store.close().await;
    });
}

#[test]
fn through_serve_each_is_accepted_or_refused_with_its_reason() {
    let Some(faketime) = faketime() else { return };
    let data = Data::new();
    data.ok(&["project", "create", "test_project"]);
    let mut keys = HashMap::new();
    let mut by_base: BTreeMap<String, Vec<Vector>> = BTreeMap::new();
    for vector in Vector::all() {
        keys.insert(vector.text("access_id").to_owned(), vector.text("secret").to_owned());
        by_base.entry(vector.base()).or_default().push(vector);
    }
    import(&data, &keys);

    let mut judged = 0;
    for (base, vectors) in by_base {
        let mut command = program();
        command.env("LD_PRELOAD", &faketime).env("FAKETIME", "@2026-11-21 23:33:00").env("TZ", "UTC");
        // Timers go by the monotonic clock, which stays true.
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let server = Server::start_with(command, &data, &format!("[maxcompute]\nbase_path = {base:?}\n"));
        for vector in vectors {
            let id = vector.text("id");
            let (status, answer) = server.exchange(&vector.bytes());
            match expected(id) {
                Some(reason) => {
                    assert!((400..500).contains(&status) && answer.contains(reason), "{id}: {answer}");
                }
                None => {
                    // What it asks for may not be there; who asks is beyond doubt.
                    let refusals =
                        ["ODPS-0410", "AuthorizationRequired", "SignatureNotMatch", "InvalidAuthorization"];
                    assert!(!refusals.iter().any(|code| answer.contains(code)), "{id}: {answer}");
                    assert!(matches!(status, 200 | 404 | 405 | 400 | 403), "{id}: {answer}");
                }
            }
            judged += 1;
        }
        assert_eq!(server.stop(), Some(0));
    }
    assert_eq!(judged, 143);
}

#[test]
fn explain_verifies_each_and_reproduces_its_string_to_sign() {
    for (name, count) in [("pyodps.json", 84), ("odpscmd.json", 59)] {
        let file = root().join("vectors/odps").join(name);
        let output = program().args(["explain", "--output", "json"]).arg(&file).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let lines: Vec<Value> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), count);
        let all = Vector::all();
        for line in lines {
            let id = line["id"].as_str().unwrap();
            let vector = all.iter().find(|vector| vector.text("id") == id).unwrap();
            assert_eq!(line["verified"], true, "{line}");
            assert_eq!(line["scheme"], "odps", "{line}");
            assert_eq!(line["string_to_sign"], vector.0["canonical_string"], "{id}");
            let reading = match vector.text("verifies_with") {
                "STD" => "strict".to_owned(),
                name => name.to_ascii_lowercase(),
            };
            assert_eq!(line["reading"], reading, "{id}");
        }
    }
}

#[test]
fn explain_shows_its_steps_and_the_likely_cause() {
    let file = root().join("vectors/odps/pyodps.json");
    let vectors: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let vector = |id: &str| {
        let all = vectors["vectors"].as_array().unwrap();
        all.iter().find(|vector| vector["id"] == id).unwrap().clone()
    };
    let good = vector("py-005");
    let mut other_path = vector("py-002");
    other_path["request_target"] = "/api/projects/other_project?curr_project=test_project".into();
    let mut wrong_secret = vector("py-002");
    wrong_secret["secret"] = "somebodyElses".into();
    wrong_secret.as_object_mut().unwrap().remove("canonical_string");
    let mut blanks = vector("py-002");
    blanks["secret"] = format!(" {} ", blanks["secret"].as_str().unwrap()).into();
    blanks.as_object_mut().unwrap().remove("canonical_string");

    let data = Data::nowhere();
    let file = data.directory.path().join("captured.json");
    std::fs::write(&file, Value::from(vec![good, other_path, wrong_secret, blanks]).to_string()).unwrap();
    let output = program().arg("explain").arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    for secret in ["exampleSecret", "somebodyElses"] {
        assert!(!text.contains(secret), "{text}");
    }
    insta::assert_snapshot!(text);
}
