//! A browser without a window: it keeps cookies, says where its forms come from, and reads what comes back.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use countersign::Timestamp;
use countersign_accounts::account::Account;
use countersign_accounts::change::Actor;
use countersign_accounts::id::SessionId;
use countersign_accounts::random;
use countersign_accounts::seal::MasterKey;
use countersign_accounts::session::{Session, Stage};
use countersign_accounts::token::Token;
use countersign_control::app::{Asked, accounts, ring};
use countersign_control::console::{Console, ConsoleSettings};
use countersign_control::mail::Mailer;
use countersign_control::node::Node;
use countersign_control::state::Settings;
use countersign_store::{Access, Store};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use tempfile::TempDir;

pub(super) const HOST: &str = "console.test:8641";
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// A console on a node of its own.
pub(super) struct Site {
    pub(super) console: Console,
    pub(super) node: Node,
    /// Where its data is.
    pub(super) directory: TempDir,
}

/// A browser, with its cookies.
pub(super) struct Browser<'s> {
    site: &'s Site,
    pub(super) cookies: BTreeMap<String, String>,
    pub(super) language: &'static str,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

pub(super) fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-22T10:00:00Z").unwrap()
}

impl Site {
    pub(super) async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let url = format!("sqlite://{}/store.db", directory.path().display());
        let store = Store::open(&url, Access::Create).await.unwrap();
        let master = MasterKey::generate(&mut random::from_system());
        let ring = ring::open(&store, &master, &mut random::from_system()).await.unwrap();
        let settings = Settings::at("/api");
        let node = Node::start(store, ring, settings).await.unwrap();
        let settings = ConsoleSettings {
            public_url: "https://console.test".to_owned(),
            endpoint_url: "https://odps.test/api".to_owned(),
            ..ConsoleSettings::default()
        };
        let console = Console::new(Arc::clone(&node.state), Mailer::kept(), settings).unwrap();
        Self { console, node, directory }
    }

    pub(super) fn store(&self) -> &Store {
        &self.node.state.store
    }

    pub(super) async fn open_account(&self, email: &str) -> Account {
        let random = &mut random::from_system();
        let asked = Asked::new(Actor::System, now(), random);
        let (id, _) = accounts::open(self.store(), asked, email, None, None, random).await.unwrap();
        self.store().find_account(&id).await.unwrap().unwrap()
    }

    pub(super) fn browser(&self) -> Browser<'_> {
        Browser { site: self, cookies: BTreeMap::new(), language: "en" }
    }

    /// A browser in which the owner of an account is signed in.
    pub(super) async fn signed_in(&self, account: &Account) -> Browser<'_> {
        let random = &mut random::from_system();
        let token = Token::generate(random);
        let session = Session {
            id: SessionId::generate(random),
            account: account.id.clone(),
            stage: Stage::SignedIn,
            created: now(),
            seen: now(),
            proved: now(),
            address: "192.0.2.7".to_owned(),
            client: "a test".to_owned(),
        };
        self.store().create_session(&session, &token.hash()).await.unwrap();
        let mut browser = self.browser();
        browser.cookies.insert("__Host-session".to_owned(), token.expose().to_owned());
        browser
    }
}

impl Browser<'_> {
    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), "").await
    }

    /// Sends a form as a page of the console does.
    pub(super) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(Request::post(path).header("sec-fetch-site", "same-origin"), &encoded(form)).await
    }

    pub(super) async fn send(&mut self, request: http::request::Builder, body: &str) -> Answer {
        self.send_at(request, body, now()).await
    }

    pub(super) async fn send_at(
        &mut self,
        mut request: http::request::Builder,
        body: &str,
        at: Timestamp,
    ) -> Answer {
        request = request.header("accept-language", self.language).header("user-agent", "a test");
        if !request.headers_ref().unwrap().contains_key("host") {
            request = request.header("host", HOST);
        }
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        if *request.method_ref().unwrap() == http::Method::POST {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let (parts, body) = self.site.console.answer(request, Some(PEER), at).await.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        for cookie in parts.headers.get_all("set-cookie") {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The text of the element with an id, without its markup.
    pub(super) fn text(&self, id: &str) -> String {
        let start = format!("id=\"{id}\"");
        let (_, rest) = self.body.split_once(&start).unwrap_or_else(|| panic!("no {start} in {}", self.body));
        let text = rest.split_once('>').unwrap().1.split('<').next().unwrap();
        text.trim().to_owned()
    }
}

/// A form as browsers encode it.
pub(super) fn encoded(form: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs: Vec<_> =
        form.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}
