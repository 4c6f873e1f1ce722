//! Ways in which other systems of this kind were broken, tried here. The numbers are those of THREAT_MODEL.md.

use http::header::AUTHORIZATION;

use crate::world::{PEER, World, ask, now};

#[tokio::test]
async fn case_03_credentials_in_the_query_are_none() {
    let world = World::new().await;
    let signed = world.signed("ALICE", &ask("GET", "/tenants"));
    let authorization =
        signed.headers()[AUTHORIZATION].to_str().unwrap().replace(' ', "%20").replace('+', "%2B");
    for name in [
        "Authorization",
        "authorization",
        "x-odps-authorization",
        "Signature",
        "token",
        "x-odps-bearer-token",
    ] {
        let answer = world.unsigned(&ask("GET", &format!("/tenants?{name}={authorization}"))).await;
        assert_eq!(answer.error(), (400, "AuthorizationRequired"), "{name}");
    }
    let answer = world
        .unsigned(&ask("GET", "/tenants").header("cookie", &format!("Authorization={authorization}")))
        .await;
    assert_eq!(answer.error(), (400, "AuthorizationRequired"));
}

#[tokio::test]
async fn case_10_a_credential_added_after_signing_is_not_ignored() {
    let world = World::new().await;
    for name in ["authorization-sts-token", "application-authentication", "sts-authentication", "sts-token"] {
        let mut request = world.signed("ALICE", &ask("GET", "/tenants"));
        request.headers_mut().insert(name, "somebody's".parse().unwrap());
        let response = world.endpoint.answer(request, Some(PEER), now()).await;
        assert_eq!(response.status(), 400, "{name}");
    }
}

#[tokio::test]
async fn case_34_who_signs_is_who_acts() {
    let world = World::new().await;
    // Bob names Alice's project and Alice herself wherever a request can name somebody.
    let listed = world
        .send(world.signed("BOB", &ask("GET", "/projects?curr_project=demo&user=ALIYUN%24alice@example.com")))
        .await;
    assert!(listed.body.contains("<Name>bobs</Name>") && !listed.body.contains("demo"), "{listed:?}");
    let alices =
        world.send(world.signed("BOB", &ask("GET", "/projects?owner=ALIYUN%24alice@example.com"))).await;
    assert!(!alices.body.contains("<Project>"), "{alices:?}");
    for target in ["/projects/demo", "/projects/demo/tables", "/projects/DEMO"] {
        assert_eq!(
            world.send(world.signed("BOB", &ask("GET", target))).await.error(),
            (404, "NoSuchObject"),
            "{target}"
        );
    }
    let whoami = "<Authorization><Query>whoami</Query></Authorization>";
    let asked =
        ask("POST", "/projects/demo/authorization").header("content-type", "application/xml").body(whoami);
    assert_eq!(world.send(world.signed("BOB", &asked)).await.error(), (404, "NoSuchObject"));
}

#[tokio::test]
async fn case_43_unknown_ids_never_reach_the_store() {
    let world = World::new().await;
    world.state.store.close().await;
    let mut request = world.signed("ALICE", &ask("GET", "/tenants"));
    for at in 0..1000 {
        let authorization = format!("ODPS CSAKunknown{at}:AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        request.headers_mut().insert(AUTHORIZATION, authorization.parse().unwrap());
        let response = world.endpoint.answer(request.clone(), Some(PEER), now()).await;
        // A store that was asked would have failed: that is a 500.
        assert_eq!(response.status(), 401);
    }
}

#[tokio::test]
async fn case_44_a_mismatch_shows_what_was_sent_and_nothing_else() {
    let world = World::new().await;
    let good = world.signed("ALICE", &ask("GET", "/tenants?a=b"));
    let authorization = good.headers()[AUTHORIZATION].to_str().unwrap().to_owned();
    let expected = authorization.rsplit_once(':').unwrap().1.to_owned();
    let mut request = good;
    request.headers_mut().insert(AUTHORIZATION, "ODPS ALICE:AAAAAAAAAAAAAAAAAAAAAAAAAAA=".parse().unwrap());
    let answer = world.send(request).await;
    assert_eq!(answer.error(), (401, "SignatureNotMatch"));
    assert!(answer.message().contains("/tenants?a=b"), "{answer:?}");
    for hidden in [expected.as_str(), "secret of ALICE", "BOB"] {
        assert!(!answer.body.contains(hidden), "{hidden}: {answer:?}");
    }
}
