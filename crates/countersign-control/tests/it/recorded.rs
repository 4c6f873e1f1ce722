//! Requests that PyODPS and odpscmd have put on the wire, sent again.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use countersign::Timestamp;
use http::Request;
use http_body_util::Full;
use serde_json::Value;

use crate::world::{Answer, World};

async fn world() -> World {
    let world = World::new().await;
    let projects = ["test_project"];
    world
        .open_account("carol", &projects, "LTAI5tExampleExampleKey1", "exampleSecretexampleSecret0001")
        .await;
    world
}

fn recorded(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/odps").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    value["vectors"].as_array().unwrap().clone()
}

async fn send(world: &World, vector: &Value) -> Answer {
    let text = |name: &str| vector[name].as_str().unwrap_or_default();
    let mut request = Request::builder().method(text("method")).uri(text("request_target"));
    let mut at = None;
    for field in vector["headers"].as_array().unwrap() {
        let (name, value) = (field[0].as_str().unwrap(), field[1].as_str().unwrap());
        if name.eq_ignore_ascii_case("date") {
            at = Timestamp::parse_http_date(value);
        }
        request = request.header(name, value.as_bytes());
    }
    let body = STANDARD.decode(text("body_b64")).unwrap();
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    world.send_at(request, at.unwrap()).await
}

#[tokio::test]
async fn what_odpscmd_asks_of_an_account_service_is_answered() {
    let world = world().await;
    for vector in recorded("odpscmd.json") {
        let target = vector["request_target"].as_str().unwrap();
        let headers = vector["headers"].to_string().to_lowercase();
        let answer = send(&world, &vector).await;
        let expected = match () {
            () if headers.contains("authorization-sts-token") => 400,
            () if target.contains("/instances") || target.contains("/projects/p2") => 404,
            () => 200,
        };
        assert_eq!(answer.status, expected, "{}: {answer:?}", vector["id"]);
    }
}

#[tokio::test]
async fn what_pyodps_asks_is_answered_or_refused_but_never_fails() {
    let world = world().await;
    let mut answered = 0;
    for vector in recorded("pyodps.json") {
        let answer = send(&world, &vector).await;
        let target = vector["request_target"].as_str().unwrap();
        let login = [
            "/api/logview/host?",
            "/api/tenants?",
            "/api/projects?expectmarker",
            "/api/projects/test_project?curr",
        ]
        .iter()
        .any(|start| target.starts_with(start));
        let plain = vector["verifies_with"] == "STD" && vector["access_id"] == "LTAI5tExampleExampleKey1";
        let headers = vector["headers"].to_string().to_lowercase();
        let supported = !headers.contains("sts-token") && !headers.contains("application-authentication");
        if login && plain && supported && vector["method"] == "GET" {
            assert_eq!(answer.status, 200, "{}: {answer:?}", vector["id"]);
            answered += 1;
        }
    }
    assert!(answered >= 10, "{answered}");
}

#[tokio::test]
async fn the_tokens_that_the_clients_ask_for_are_made() {
    let world = world().await;
    let mut made = 0;
    for vector in ["pyodps.json", "odpscmd.json"].into_iter().flat_map(recorded) {
        if vector["request_target"].as_str().unwrap().contains("sign_bearer_token") {
            let token = send(&world, &vector).await.result();
            let decoded = String::from_utf8(STANDARD.decode(token).unwrap()).unwrap();
            assert!(decoded.split(',').nth(2).unwrap().parse::<i64>().is_ok());
            made += 1;
        }
    }
    assert_eq!(made, 2);
}
