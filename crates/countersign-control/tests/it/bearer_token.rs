use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::Timestamp;
use countersign_accounts::change::Change;

use crate::world::{Answer, Ask, World, account, ask, key, now, project};

const READ: &str = r#"[{"Effect":"Allow","Action":["odps:Read"],"Resource":"acs:odps:*:projects/demo"}]"#;

/// What odpscmd makes for a link to a running job.
const LINK: &str = r#"[{"Effect":"Allow","Action":["odps:Read"],"Resource":"acs:odps:*:projects/demo/instances/2026112100gabc"}]"#;

async fn token(world: &World, hours: &str, statements: &str) -> String {
    let body =
        format!(r#"{{"expires_in_hours":{hours},"policy":{{"Version":"1","Statement":{statements}}}}}"#);
    let target = "/projects/demo/authorization?sign_bearer_token&curr_project=demo";
    let answer =
        world.alice(&ask("POST", target).header("content-type", "application/json").body(&body)).await;
    answer.result()
}

fn bearing(token: &str, method: &str, target: &str) -> Ask {
    ask(method, target).header("x-odps-bearer-token", token).header("x-odps-user-agent", "pyodps/0.13.2")
}

async fn with(world: &World, token: &str, method: &str, target: &str) -> Answer {
    world.unsigned(&bearing(token, method, target)).await
}

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis(now().unix_millis() + seconds * 1000)
}

#[tokio::test]
async fn a_token_stands_for_its_key_within_its_policy() {
    let world = World::new().await;
    let read = token(&world, "1", READ).await;
    assert_eq!(with(&world, &read, "GET", "/projects/demo?curr_project=demo").await.status, 200);
    assert_eq!(with(&world, &read, "GET", "/logview/host").await.status, 200);
    let whoami = "<Authorization><Query>whoami</Query></Authorization>";
    let answer = world.unsigned(&bearing(&read, "POST", "/projects/demo/authorization").body(whoami)).await;
    assert!(answer.result().contains(r#""ID":"acc_alice""#), "{answer:?}");

    let answer = with(&world, &read, "GET", "/projects/demo/tables").await;
    assert_eq!(answer.error(), (403, "NoPermission"));
    assert_eq!(
        answer.message(),
        "ODPS-0420095: Access Denied - You have no privilege 'odps:List' on {acs:odps:*:projects/demo}: the policy of \
         the bearer token does not allow it"
    );
    let list = token(&world, "1", &READ.replace("odps:Read", "odps:*")).await;
    assert_eq!(with(&world, &list, "GET", "/projects/demo/tables").await.status, 200);

    for statements in [
        "[]",
        LINK,
        &format!("[{},{}]", &READ[1..READ.len() - 1], READ[1..READ.len() - 1].replace("Allow", "Deny")),
    ] {
        let narrow = token(&world, "720", statements).await;
        assert_eq!(
            with(&world, &narrow, "GET", "/projects/demo").await.error(),
            (403, "NoPermission"),
            "{statements}"
        );
    }
}

#[tokio::test]
async fn a_token_reaches_nothing_but_its_project() {
    let world = World::new().await;
    let all = token(&world, "1", r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#).await;
    for name in ["other", "demo_two", "bobs", "none", "a%2Fb"] {
        let answer = with(&world, &all, "GET", &format!("/projects/{name}")).await;
        assert_eq!(answer.error(), (403, "NoPermission"), "{name}");
        assert!(answer.message().contains("the bearer token is for project demo"), "{answer:?}");
    }
    for (method, target) in [
        ("GET", "/projects"),
        ("GET", "/tenants"),
        ("PUT", "/projects/demo/logs"),
        ("POST", "/projects/demo/authorization?sign_bearer_token"),
    ] {
        let answer = with(&world, &all, method, target).await;
        assert_eq!(answer.error(), (403, "NoPermission"), "{target}");
        assert!(answer.message().contains("sign the request"), "{answer:?}");
    }
    assert_eq!(with(&world, &all, "POST", "/projects/demo/instances").await.error(), (404, "NotSupported"));

    let deleted = Change::ProjectDeleted { account: account("alice"), project: project("demo") };
    world.commit(vec![deleted], Vec::new()).await;
    assert_eq!(with(&world, &all, "GET", "/projects/demo").await.error(), (404, "NoSuchObject"));
    let taken = Change::ProjectCreated { account: account("bob"), project: project("demo") };
    world.commit(vec![taken], Vec::new()).await;
    assert_eq!(with(&world, &all, "GET", "/projects/demo").await.error(), (404, "NoSuchObject"));
}

#[tokio::test]
async fn a_token_expires_when_it_says_so() {
    let world = World::new().await;
    for (hours, seconds) in [("1", 3600), ("1.5", 5400), ("720", 2_592_000)] {
        let token = token(&world, hours, READ).await;
        let decoded = String::from_utf8(STANDARD.decode(&token).unwrap()).unwrap();
        let expiry: i64 = decoded.split(',').nth(2).unwrap().parse().unwrap();
        assert_eq!(expiry, now().unix_seconds() + seconds);

        let request = world.request(&bearing(&token, "GET", "/projects/demo"));
        assert_eq!(world.send_at(request.clone(), later(seconds - 1)).await.status, 200);
        let answer = world.send_at(request, later(seconds)).await;
        assert_eq!(answer.error(), (400, "AuthenticationRequestExpired"));
        assert!(answer.message().starts_with("ODPS-0410031:Authentication request expired - "), "{answer:?}");
    }
    let body = r#"{"policy":{"Version":"1","Statement":[]}}"#;
    let answer = world.alice(&ask("POST", "/projects/demo/authorization?sign_bearer_token").body(body)).await;
    let decoded = String::from_utf8(STANDARD.decode(answer.result()).unwrap()).unwrap();
    assert_eq!(decoded.split(',').nth(2), Some((now().unix_seconds() + 86_400).to_string().as_str()));
}

#[tokio::test]
async fn a_token_ends_with_its_key() {
    let world = World::new().await;
    let token = token(&world, "1", READ).await;
    let whose = || (account("alice"), key("ALICE"));
    let get = "/projects/demo";

    let (account_id, access_key) = whose();
    world.commit(vec![Change::AccessKeyDisabled { account: account_id, access_key }], Vec::new()).await;
    assert_eq!(with(&world, &token, "GET", get).await.error(), (401, "AccessKeyDisabled"));
    assert_eq!(world.alice(&ask("GET", get)).await.error(), (401, "AccessKeyDisabled"));

    let (account_id, access_key) = whose();
    world.commit(vec![Change::AccessKeyEnabled { account: account_id, access_key }], Vec::new()).await;
    assert_eq!(with(&world, &token, "GET", get).await.status, 200);

    world.commit(vec![Change::AccountSuspended { account: account("alice") }], Vec::new()).await;
    assert_eq!(with(&world, &token, "GET", get).await.error(), (401, "AccountSuspended"));
    world.commit(vec![Change::AccountResumed { account: account("alice") }], Vec::new()).await;

    let disabled = Change::AccessKeyDisabled { account: account("alice"), access_key: key("ALICE") };
    let deleted = Change::AccessKeyDeleted { account: account("alice"), access_key: key("ALICE") };
    world.commit(vec![disabled, deleted], Vec::new()).await;
    let (by_token, by_key) = (with(&world, &token, "GET", get).await, world.alice(&ask("GET", get)).await);
    assert_eq!(by_token.error(), (401, "AccessKeyIdNotFound"));
    assert_eq!(by_token.message(), by_key.message());
}

#[tokio::test]
async fn an_altered_token_is_refused() {
    let world = World::new().await;
    let token = token(&world, "1", READ).await;
    for place in 0..token.len() {
        let mut altered = token.clone().into_bytes();
        altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
        let answer = with(&world, &String::from_utf8(altered).unwrap(), "GET", "/projects/demo").await;
        assert_eq!(answer.error(), (401, "InvalidSecurityToken"), "byte {place}");
        assert!(
            answer.message().starts_with("ODPS-0410051:Invalid credentials - the bearer token "),
            "{answer:?}"
        );
    }
    for other in ["x", "", "%", &"A".repeat(70_000), &format!("{token}{token}")] {
        assert_eq!(with(&world, other, "GET", "/projects/demo").await.error(), (401, "InvalidSecurityToken"));
    }
    let with_body = world.unsigned(&bearing("x", "PUT", "/projects/demo/logs").body("{}")).await;
    assert_eq!(with_body.error(), (403, "InvalidSecurityToken"));
    let elsewhere = World::new().await;
    assert_eq!(
        with(&elsewhere, &token, "GET", "/projects/demo").await.error(),
        (401, "InvalidSecurityToken")
    );
}

#[tokio::test]
async fn a_token_stands_in_one_place_only() {
    let world = World::new().await;
    let token = token(&world, "1", READ).await;
    let get = ask("GET", "/projects/demo");

    let twice = get.clone().header("x-odps-bearer-token", &token).header("x-odps-bearer-token", &token);
    let answer = world.unsigned(&twice).await;
    assert_eq!(answer.error(), (400, "InvalidAuthorization"));
    assert!(answer.message().ends_with("`x-odps-bearer-token` stands more than once"), "{answer:?}");

    let both = world.alice(&get.clone().header("x-odps-bearer-token", &token)).await;
    assert_eq!(both.error(), (400, "InvalidAuthorization"));
    assert!(both.message().contains("both `Authorization` and `x-odps-bearer-token` are there"), "{both:?}");

    for value in [format!("Bearer {token}"), token.clone(), format!("ODPS {token}")] {
        let answer = world.unsigned(&get.clone().header("authorization", &value)).await;
        assert_eq!(answer.error(), (400, "InvalidAuthorization"), "{answer:?}");
    }
    let query = ask("GET", &format!("/projects/demo?x-odps-bearer-token={token}"));
    assert_eq!(world.unsigned(&query).await.error(), (400, "AuthorizationRequired"));
    let with_another = get.header("x-odps-bearer-token", &token).header("application-authentication", "x");
    assert!(
        world
            .unsigned(&with_another)
            .await
            .message()
            .contains("`application-authentication` is not supported")
    );
}
