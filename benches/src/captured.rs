//! A captured request, what verifying it takes, and what that cannot do without.

use std::hint::black_box;

use countersign::crypto::HmacSha1;
use countersign::{AccessKeyId, AccessKeySecret, Body, Request, Timestamp, schemes, string_to_sign};
use countersign_accounts::random;
use countersign_accounts::verifier::{Context, Demands, Verdict, Verifier};
use http::request::Parts;

use crate::keyring;

/// A captured request: a POST by PyODPS with four header fields of its own.
pub(crate) struct Captured {
    pub(crate) head: Parts,
    id: String,
    secret: String,
}

impl Captured {
    pub(crate) fn py_025() -> Self {
        let text = include_str!("../../vectors/odps/pyodps.json");
        let file: serde_json::Value = serde_json::from_str(text).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        let vector = vectors.iter().find(|vector| vector["id"] == "py-025").unwrap();
        let text = |name: &str| vector[name].as_str().unwrap().to_owned();
        let request = http::Request::builder().method(&*text("method")).uri(text("request_target"));
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        for pair in vector["headers"].as_array().unwrap() {
            let (name, value) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
            let name: http::HeaderName = name.to_ascii_lowercase().parse().unwrap();
            head.headers.append(name, value.parse().unwrap());
        }
        Self { head, id: text("access_id"), secret: text("secret") }
    }

    pub(crate) fn request(&self) -> Request<'_> {
        Request::of(&self.head, Body::Unread)
    }

    pub(crate) fn string_to_sign(&self) -> String {
        let request = self.request();
        let (_, claim) = schemes::read(&request).unwrap();
        string_to_sign(schemes::ODPS, countersign::Place::at("/api"), &request, claim.unwrap())
    }

    /// When it was sent.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::parse_http_date(self.head.headers["date"].to_str().unwrap()).unwrap()
    }

    /// Calls of what its verification cannot do without: the MAC of its string to sign, by a prepared key.
    pub(crate) fn limit(&self) -> impl Fn(usize) {
        let text = self.string_to_sign();
        let mac = HmacSha1::new(self.secret.as_bytes());
        move |_| _ = black_box(mac.mac(black_box(text.as_bytes())))
    }

    /// Calls of its verification, by a keyring that holds its key alone.
    pub(crate) fn verification(&self) -> impl Fn(usize) {
        let own = (AccessKeyId::new(&self.id).unwrap(), AccessKeySecret::new(self.secret.as_str()));
        let verifier = Verifier::new(keyring::of([own]), &mut random::from_system());
        let (now, demands) = (self.now(), Demands::at("/api"));
        move |_| {
            let context = Context { now, demands: &demands, peer: None };
            // A new one each time: a request keeps what was found out about it.
            let request = self.request();
            assert!(matches!(verifier.verify(black_box(&request), &context), Verdict::Verified(_)));
        }
    }
}
