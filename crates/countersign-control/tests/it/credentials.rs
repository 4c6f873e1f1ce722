use std::time::Duration;

use countersign_accounts::change::Change;

use crate::world::{World, account, ask, key, now};

#[tokio::test]
async fn an_unsigned_request_is_refused_wherever_it_goes() {
    let world = World::new().await;
    for target in [
        "",
        "/",
        "/projects",
        "/projects/demo",
        "/tenants",
        "/logview/host",
        "/nothing",
        "/projects/demo/instances",
    ] {
        for method in ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "BREW"] {
            let answer = world.unsigned(&ask(method, target)).await;
            assert_eq!(answer.error(), (400, "AuthorizationRequired"), "{method} {target}");
            let expected = "ODPS-0410001:Missing authentication parameters - the request is not signed";
            assert_eq!(answer.message(), expected);
        }
    }
}

#[tokio::test]
async fn a_wrong_credential_is_401_and_403_where_java_could_not_read_that() {
    let world = World::new().await;
    for (body, status) in [("", 401), ("<x/>", 403)] {
        let get = ask(if body.is_empty() { "GET" } else { "POST" }, "/projects/demo").body(body);
        let wrong = world.send(world.signed_with("ALICE", "guess", &get)).await;
        assert_eq!(wrong.error(), (status, "SignatureNotMatch"));
        assert!(
            wrong
                .message()
                .starts_with("ODPS-0410042:Invalid signature value - User signature does not match")
        );
        let unknown = world.send(world.signed_with("NOBODY", "guess", &get)).await;
        assert_eq!(unknown.error(), (status, "AccessKeyIdNotFound"));
        assert_eq!(unknown.message(), "ODPS-0410051:Invalid credentials - accessKeyId not found: NOBODY");
    }
    let disabled = Change::AccessKeyDisabled { account: account("alice"), access_key: key("ALICE") };
    world.commit(vec![disabled], Vec::new()).await;
    assert_eq!(world.alice(&ask("GET", "/projects/demo")).await.error(), (401, "AccessKeyDisabled"));
    assert_eq!(
        world.alice(&ask("PUT", "/projects/demo/logs").body("x")).await.error(),
        (403, "AccessKeyDisabled")
    );
}

#[tokio::test]
async fn a_stale_request_is_told_both_times() {
    let world = World::new().await;
    let request = world.signed("ALICE", &ask("GET", "/projects/demo"));
    let answer = world.send_at(request.clone(), now().plus(Duration::from_secs(900))).await;
    assert_eq!(answer.status, 200);
    let answer = world.send_at(request, now().plus(Duration::from_secs(901))).await;
    assert_eq!(answer.error(), (400, "RequestTimeTooSkewd"));
    assert!(
        answer.message().contains("expire_date:2026-11-22T10:00:00.000Z,now_date:2026-11-22T10:15:01.000Z")
    );
}

#[tokio::test]
async fn a_credential_that_nothing_here_judges_is_refused_by_name() {
    let world = World::new().await;
    let names = [
        "authorization-sts-token",
        "application-authentication",
        "sts-authentication",
        "sts-token",
        "odps-x-supervision-token",
    ];
    for name in names {
        let get = ask("GET", "/projects/demo").header(name, "x");
        for answer in [world.alice(&get).await, world.unsigned(&get).await] {
            assert_eq!(answer.error(), (400, "InvalidAuthorization"), "{name}");
            assert!(answer.message().ends_with(&format!("the credential in `{name}` is not supported here")));
        }
    }
}

#[tokio::test]
async fn an_authorization_that_cannot_be_read_is_said_to_be_so() {
    let world = World::new().await;
    for value in ["Basic YTpi", "Bearer x", "ODPS", "ODPS x", "odps A:AAAAAAAAAAAAAAAAAAAAAAAAAAA=", ""] {
        let answer = world.unsigned(&ask("GET", "/projects/demo").header("authorization", value)).await;
        assert_eq!(answer.error(), (400, "InvalidAuthorization"), "{value:?}");
        assert!(
            answer.message().contains("`Authorization` cannot be read: it should read `ODPS <AccessKey id>:")
        );
    }
    let twice =
        ask("GET", "/projects/demo").header("authorization", "ODPS a:b").header("authorization", "ODPS a:b");
    assert_eq!(world.unsigned(&twice).await.error(), (400, "InvalidAuthorization"));
}

#[tokio::test]
async fn a_repeated_name_is_refused_before_it_can_be_misread() {
    let world = World::new().await;
    let answer = world.alice(&ask("GET", "/projects?maxitems=1&maxitems=2")).await;
    assert_eq!(answer.error(), (401, "SignatureNotMatch"));
    assert!(answer.message().contains("names `maxitems` more than once"), "{answer:?}");
}

#[tokio::test]
async fn the_use_of_a_key_is_noted() {
    let world = World::new().await;
    let get = ask("GET", "/projects/demo")
        .header("user-agent", "plain")
        .header("x-odps-user-agent", "pyodps/0.13.2 é");
    assert_eq!(world.alice(&get).await.status, 200);
    assert_eq!(world.send(world.signed_with("BOB", "guess", &get)).await.status, 401);
    world.state.usage.write(&world.state.store).await.unwrap();
    let listed = world.state.store.find_access_key(&key("ALICE")).await.unwrap().unwrap();
    let used = listed.last_used.unwrap();
    assert_eq!((used.address.as_str(), used.scheme.as_str()), ("192.0.2.7", "odps"));
    assert_eq!(used.client, "pyodps/0.13.2 é");
    assert!(world.state.store.find_access_key(&key("BOB")).await.unwrap().unwrap().last_used.is_none());
}
