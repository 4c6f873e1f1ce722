use countersign::schemes;
use countersign_accounts::id::AccountId;

use crate::support::{Server, head, now, signed};

#[tokio::test]
async fn a_verified_request_goes_on_and_says_who_sent_it() {
    let server = Server::start(|layer| layer).await;
    for scheme in schemes::ALL {
        // RPC signs parameters alone, so its requests have no path.
        let path = if scheme.name() == "acs-rpc" { "" } else { scheme.name() };
        let target = format!("/{path}?x=1");
        let parts = signed(*scheme, "GET", &target, &[("x-countersigned", "kept")], b"");
        let forged = ["x-countersign-account: acc_2", "X-Countersign_Account: acc_2"];
        let (status, _, body) = server.send(vec![head(&parts, &forged)]).await;
        assert_eq!((status, body.as_str()), (200, "CSAK1 of acc_1"), "{}", scheme.name());

        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.caller.account, AccountId::from_text("acc_1"));
        assert_eq!((seen.caller.scheme, seen.caller.reading), (scheme.name(), "strict"));
        let coverage = &seen.caller.coverage;
        assert!(coverage.method && coverage.path && coverage.time, "{}: {coverage:?}", scheme.name());
        // Version 1 of OSS signs but some of the parameters.
        assert_eq!(coverage.query, scheme.name() != "oss", "{}: {coverage:?}", scheme.name());
        assert!(seen.caller.signed_at.unix_seconds() - now().unix_seconds() <= 900);
        assert_eq!(seen.headers["x-countersigned"], "kept");
        assert!(!seen.headers.keys().any(|name| name.as_str().ends_with("account")), "{:?}", seen.headers);
        assert_eq!(seen.body, Ok(Vec::new()));
    }
}

#[tokio::test]
async fn any_other_is_refused_in_the_manner_of_its_clients() {
    let server = Server::start(|layer| layer).await;
    let parts = signed(schemes::ODPS, "GET", "/projects/demo", &[], b"");
    let tampered = String::from_utf8(head(&parts, &[])).unwrap().replace("/demo", "/prod");
    let (status, answer, body) = server.send(vec![tampered.into_bytes()]).await;
    assert_eq!(status, 401, "{body}");
    assert!(
        body.contains("<Code>SignatureNotMatch</Code>") && answer.contains("x-odps-request-id: "),
        "{body}"
    );

    let (status, answer, body) = server.send(vec![b"GET / HTTP/1.0\r\n\r\n".to_vec()]).await;
    assert_eq!(status, 401);
    assert!(answer.contains("application/problem+json") && body.contains("\"Unsigned\""), "{body}");

    // One host is signed, and another might count.
    let parts = signed(schemes::ODPS, "GET", "http://b.example/x", &[], b"");
    let (status, _, body) = server.send(vec![head(&parts, &[])]).await;
    assert_eq!(status, 400);
    assert!(body.contains("name two hosts"), "{body}");
    let parts = signed(schemes::ODPS, "GET", "/x", &[], b"");
    let (status, _, body) = server.send(vec![head(&parts, &["host: b.example"])]).await;
    assert_eq!(status, 400);
    assert!(body.contains("`host` stands more than once"), "{body}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_nonce_is_used_up_by_the_first() {
    let server = Server::start(|layer| layer).await;
    let parts = signed(schemes::ACS3, "POST", "/once", &[], b"");
    let mut statuses = Vec::new();
    for _ in 0..2 {
        statuses.push(server.send(vec![head(&parts, &["content-length: 0"])]).await.0);
    }
    assert_eq!(statuses[0], 200);
    assert_ne!(statuses[1], 200);
}
