//! Two accounts with projects and keys, and an endpoint that serves them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use countersign::{AccessKeyId, AccessKeySecret, Credential, SignOptions, Timestamp, schemes, sign};
use countersign_accounts::access_key::Description;
use countersign_accounts::account::Email;
use countersign_accounts::change::{Actor, Change};
use countersign_accounts::id::AccountId;
use countersign_accounts::keyring::{Keyring, Snapshot};
use countersign_accounts::project::ProjectName;
use countersign_accounts::random;
use countersign_accounts::seal::{MasterKey, Ring, RingKey};
use countersign_control::endpoint::Endpoint;
use countersign_control::state::{Settings, State};
use countersign_store::{Access, Commit, Secret, Store};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Body;
use tempfile::TempDir;

pub(crate) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
pub(crate) const HOST: &str = "countersign.test:8640";

/// Alice has the projects `demo`, `demo_two` and `other` and the key `ALICE`; Bob has `bobs` and `BOB`.
pub(crate) struct World {
    pub(crate) endpoint: Endpoint,
    pub(crate) state: Arc<State>,
    keyring: Arc<Keyring>,
    base: String,
    _directory: TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// A request to be signed, or not.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

pub(crate) fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-22T10:00:00Z").unwrap()
}

fn created() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-20T08:00:00Z").unwrap()
}

pub(crate) fn account(name: &str) -> AccountId {
    AccountId::from_text(format!("acc_{name}"))
}

pub(crate) fn key(text: &str) -> AccessKeyId {
    AccessKeyId::new(text).unwrap()
}

pub(crate) fn project(text: &str) -> ProjectName {
    ProjectName::new(text).unwrap()
}

/// A request to a path below the base path, with a query.
pub(crate) fn ask(method: &str, target: &str) -> Ask {
    Ask { method: method.to_owned(), target: target.to_owned(), headers: Vec::new(), body: String::new() }
}

impl Ask {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        self.body = body.to_owned();
        self
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::at("/api").await
    }

    pub(crate) async fn at(base: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let url = format!("sqlite://{}/store.db", directory.path().display());
        let store = Store::open(&url, Access::Create).await.unwrap();
        let mut random = random::from_system();
        let master = MasterKey::generate(&mut random);
        let row = RingKey::generate(1, &mut random).seal(store.cluster(), &master, true, &mut random);
        let ring = Ring::open(store.cluster(), &master, &[row]).unwrap();
        let keyring = Arc::new(Keyring::new(Snapshot::empty()));
        let settings = Settings::at(base);
        let state = Arc::new(State::new(store, Arc::new(ring), Arc::clone(&keyring), settings));
        let endpoint = Endpoint::new(Arc::clone(&state));
        let world = Self { endpoint, state, keyring, base: base.to_owned(), _directory: directory };
        world.open_account("alice", &["demo", "demo_two", "other"], "ALICE", "secret of ALICE").await;
        world.open_account("bob", &["bobs"], "BOB", "secret of BOB").await;
        world
    }

    pub(crate) async fn open_account(&self, name: &str, projects: &[&str], id: &str, secret: &str) {
        let email = Email::new(&format!("{name}@example.com")).unwrap();
        let opened = Change::AccountOpened { account: account(name), email, access_key_limit: 10 };
        let created = Change::AccessKeyCreated {
            account: account(name),
            access_key: key(id),
            description: Description::default(),
            expires: None,
            replaces: None,
            networks: countersign_accounts::network::Networks::default(),
            kind: countersign_accounts::access_key::AccessKeyKind::Secret,
            disabled: false,
        };
        let projects = projects
            .iter()
            .map(|name_of| Change::ProjectCreated { account: account(name), project: project(name_of) });
        let changes = [opened, created].into_iter().chain(projects).collect();
        let sealed = self.state.ring.seal_secret(
            &key(id),
            &account(name),
            &AccessKeySecret::new(secret),
            &mut random::from_system(),
        );
        self.commit(changes, vec![Secret::AccessKey(key(id), sealed)]).await;
    }

    /// Makes changes, and puts what the rows then say into the keyring.
    pub(crate) async fn commit(&self, changes: Vec<Change>, secrets: Vec<Secret>) {
        let request = format!("{:?} {}", changes, self.keyring.snapshot().revision());
        let request = countersign::crypto::Hash::Md5
            .digest(request.as_bytes())
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let commit =
            Commit { by: Actor::System, request, at: created(), changes, secrets, beside: Vec::new() };
        self.state.store.commit(commit).await.unwrap();
        let full = self.state.store.full_state().await.unwrap();
        let ring = &self.state.ring;
        self.keyring.put(Snapshot::from_full_state(full.revision, &full.changes, ring).unwrap());
    }

    /// The request, unsigned.
    pub(crate) fn request(&self, ask: &Ask) -> Request<Full<Bytes>> {
        let mut request = Request::builder()
            .method(ask.method.as_str())
            .uri(format!("{}{}", self.base.trim_end_matches('/'), ask.target))
            .header("host", HOST);
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        if !ask.body.is_empty() {
            request = request.header("content-length", ask.body.len());
        }
        request.body(Full::new(Bytes::from(ask.body.clone()))).unwrap()
    }

    /// The request, signed with a key whose secret is `secret of KEY`.
    pub(crate) fn signed(&self, id: &str, ask: &Ask) -> Request<Full<Bytes>> {
        self.signed_with(id, &format!("secret of {id}"), ask)
    }

    pub(crate) fn signed_with(&self, id: &str, secret: &str, ask: &Ask) -> Request<Full<Bytes>> {
        let (mut parts, body) = self.request(ask).into_parts();
        let credential = Credential { id: key(id), secret: AccessKeySecret::new(secret) };
        let options = SignOptions::at(now());
        sign(
            schemes::ODPS,
            countersign::Place::at(&self.base),
            &mut parts,
            ask.body.as_bytes(),
            &credential,
            &options,
        )
        .unwrap();
        Request::from_parts(parts, body)
    }

    /// Asks, signed by `ALICE`.
    pub(crate) async fn alice(&self, ask: &Ask) -> Answer {
        self.send(self.signed("ALICE", ask)).await
    }

    /// Asks, unsigned.
    pub(crate) async fn unsigned(&self, ask: &Ask) -> Answer {
        self.send(self.request(ask)).await
    }

    pub(crate) async fn send<B: Body<Data = Bytes>>(&self, request: Request<B>) -> Answer {
        self.send_at(request, now()).await
    }

    /// Asks at a time, and checks what is true of every answer.
    pub(crate) async fn send_at<B: Body<Data = Bytes>>(&self, request: Request<B>, at: Timestamp) -> Answer {
        let response = self.endpoint.answer(request, Some(PEER), at).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body };
        let id = answer.header("x-odps-request-id");
        assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{answer:?}");
        assert!(!answer.body.is_empty() && answer.status < 500, "{answer:?}");
        if answer.status >= 400 && answer.header("content-type").starts_with("application/xml") {
            for element in ["<Code>", "<Message>", "<RequestId>", "<HostId>"] {
                assert_eq!(answer.body.matches(element).count(), 1, "{answer:?}");
            }
            assert!(answer.body.contains(&format!("<RequestId>{id}</RequestId>")), "{answer:?}");
        }
        answer
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The status and the code of an error.
    pub(crate) fn error(&self) -> (u16, &str) {
        (self.status, self.between("<Code>", "</Code>"))
    }

    pub(crate) fn message(&self) -> &str {
        self.between("<Message><![CDATA[", "]]></Message>")
    }

    /// The text in `<Result>`, unescaped.
    pub(crate) fn result(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        let result = self.between("<Authorization><Result>", "</Result></Authorization>");
        result.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }

    fn between(&self, start: &str, end: &str) -> &str {
        let after = self.body.split_once(start).unwrap_or_else(|| panic!("no {start} in {self:?}")).1;
        after.split_once(end).unwrap().0
    }
}
