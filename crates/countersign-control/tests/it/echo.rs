//! Requests that nothing here serves: who signed them is told, in whichever scheme, and the account may ask who it is.

use countersign::{AccessKeySecret, Credential, Place, Scheme, SignOptions, schemes, sign};
use countersign_control::state::Settings;
use http::Request;
use http_body_util::Full;

use crate::world::{Answer, Ask, World, ask, key, now};

async fn world(echo: bool) -> World {
    let world = World::new().await;
    world.state.put_settings(Settings { echo, ..Settings::at("/api") });
    world
}

fn options(nonce: &str) -> SignOptions {
    SignOptions {
        region: Some("cn-hangzhou".to_owned()),
        service: Some("s3".to_owned()),
        nonce: Some(format!("7b3c6f3e-9f0e-4b7e-8f5d-{nonce}")),
        ..SignOptions::at(now())
    }
}

/// The request, signed by Alice by a scheme. It stands as it is, not below the base path.
fn signed(scheme: &dyn Scheme, ask: &Ask, options: &SignOptions) -> Request<Full<bytes::Bytes>> {
    let mut request = Request::builder().method(ask.method.as_str()).uri(ask.target.as_str());
    request = request.header("host", "127.0.0.1:8640");
    for (name, value) in &ask.headers {
        request = request.header(name, value);
    }
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    let credential = Credential { id: key("ALICE"), secret: AccessKeySecret::new("secret of ALICE") };
    sign(scheme, Place::at(""), &mut parts, ask.body.as_bytes(), &credential, options)
        .unwrap_or_else(|error| panic!("{}: {error}", scheme.name()));
    if !ask.body.is_empty() {
        parts.headers.insert("content-length", ask.body.len().into());
    }
    Request::from_parts(parts, Full::new(bytes::Bytes::from(ask.body.clone())))
}

fn echoed(answer: &Answer, scheme: &dyn Scheme) -> bool {
    let (json, xml) =
        (format!("\"Scheme\":\"{}\"", scheme.name()), format!("<Scheme>{}</Scheme>", scheme.name()));
    let told = answer.body.contains(&json) || answer.body.contains(&xml);
    answer.status == 200 && told && answer.body.contains("ALICE") && answer.body.contains("acc_alice")
}

/// A request that this scheme can sign.
fn usual(scheme: &dyn Scheme) -> Ask {
    let rpc = scheme.name() == schemes::ACS_RPC.name();
    ask("GET", if rpc { "/?Action=Anything&Version=2015-05-01" } else { "/bucket/some/key?a=b" })
}

#[tokio::test]
async fn whatever_signs_is_told_so() {
    let world = world(true).await;
    for scheme in schemes::ALL {
        let answer = world.send(signed(*scheme, &usual(*scheme), &options(scheme.name()))).await;
        assert!(echoed(&answer, *scheme), "{}: {answer:?}", scheme.name());
    }
}

#[tokio::test]
async fn without_an_echo_nothing_is_told() {
    let world = world(false).await;
    for scheme in schemes::ALL {
        let answer = world.send(signed(*scheme, &usual(*scheme), &options(scheme.name()))).await;
        assert!((400..500).contains(&answer.status), "{}: {answer:?}", scheme.name());
        assert!(!answer.body.contains("acc_alice"), "{answer:?}");
    }
}

#[tokio::test]
async fn one_thing_changed_is_refused_whatever_signs() {
    let world = world(true).await;
    for scheme in schemes::ALL {
        let (mut parts, body) = signed(*scheme, &usual(*scheme), &options(scheme.name())).into_parts();
        parts.method = http::Method::DELETE;
        let answer = world.send(Request::from_parts(parts, body)).await;
        assert!((400..500).contains(&answer.status), "{}: {answer:?}", scheme.name());
        assert!(!answer.body.contains("acc_alice"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_body_is_compared_as_it_comes_however_long() {
    let world = world(true).await;
    let long = "x".repeat(3 << 20);
    for scheme in [schemes::ACS3, schemes::SIGV4, schemes::RFC9421, schemes::KONG] {
        let asked = ask("PUT", "/bucket/some/key").body(&long);
        let answer = world.send(signed(scheme, &asked, &options(scheme.name()))).await;
        assert!(echoed(&answer, scheme), "{}: {answer:?}", scheme.name());
        let (parts, _) = signed(scheme, &asked, &options(&format!("{}-2", scheme.name()))).into_parts();
        let other = format!("{}y", &long[1..]);
        let answer = world.send(Request::from_parts(parts, Full::new(bytes::Bytes::from(other)))).await;
        assert!((400..500).contains(&answer.status), "{}: {answer:?}", scheme.name());
    }
}

#[tokio::test]
async fn a_nonce_is_used_once_and_told_as_each_family_expects() {
    let world = world(true).await;
    for scheme in [schemes::ACS3, schemes::ACS_RPC, schemes::ACS_ROA, schemes::RFC9421] {
        let request = || signed(scheme, &usual(scheme), &options(scheme.name()));
        assert!(echoed(&world.send(request()).await, scheme), "{}", scheme.name());
        let again = world.send(request()).await;
        assert!((400..500).contains(&again.status), "{}: {again:?}", scheme.name());
        let told = ["SignatureNonceUsed", "Replayed"].iter().any(|code| again.body.contains(code));
        assert!(told, "{}: {again:?}", scheme.name());
    }
}

#[tokio::test]
async fn the_account_may_ask_who_it_is() {
    for echo in [false, true] {
        let world = world(echo).await;
        let rpc = ask("GET", "/?Action=GetCallerIdentity&Version=2015-04-01&Format=JSON");
        let answer = world.send(signed(schemes::ACS_RPC, &rpc, &options("1"))).await;
        let expected = serde_json::json!({
            "RequestId": answer.header("x-acs-request-id"),
            "IdentityType": "Account",
            "AccountId": "acc_alice",
            "PrincipalId": "acc_alice",
            "Arn": "acs:ram::acc_alice:root",
        });
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&answer.body).unwrap(), expected);

        let acs3 = ask("POST", "/")
            .header("x-acs-action", "GetCallerIdentity")
            .header("x-acs-version", "2015-04-01")
            .header("accept", "application/json");
        let answer = world.send(signed(schemes::ACS3, &acs3, &options("2"))).await;
        let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status, &told["Arn"]), (200, &expected["Arn"]), "{answer:?}");

        let form = rpc.target.trim_start_matches("/?").replace("Format=JSON", "Format=XML");
        let posted = ask("POST", &format!("/?{form}"));
        let answer = world.send(signed(schemes::ACS_RPC, &posted, &options("3"))).await;
        assert!(answer.body.contains("<AccountId>acc_alice</AccountId>"), "{answer:?}");
        assert!(answer.body.contains("<GetCallerIdentityResponse>"), "{answer:?}");
    }
    let answer = world(false)
        .await
        .send(signed(schemes::ACS_RPC, &ask("GET", "/?Action=ListUsers&Format=JSON"), &options("4")))
        .await;
    assert!(answer.status == 404 && answer.body.contains("\"InvalidApi.NotFound\""), "{answer:?}");
}

#[tokio::test]
async fn a_signature_of_another_scheme_is_none_on_the_login_surface() {
    let world = world(true).await;
    for scheme in schemes::ALL.iter().filter(|scheme| scheme.name() != "odps") {
        let mut asked = usual(*scheme);
        asked.target = asked.target.replacen('/', "/api/", 1);
        if scheme.name() == schemes::ACS_RPC.name() {
            // It goes to `/` alone.
            continue;
        }
        let answer = world.send(signed(*scheme, &asked, &options(scheme.name()))).await;
        assert!((400..500).contains(&answer.status), "{}: {answer:?}", scheme.name());
        assert!(!answer.body.contains("acc_alice"), "{answer:?}");
    }
}
