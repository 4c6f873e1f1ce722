use bytes::Bytes;
use http::Request;
use http_body_util::Full;

use crate::world::{World, ask};

fn plain(target: &str) -> Request<Full<Bytes>> {
    Request::get(target).header("host", "h:1").body(Full::default()).unwrap()
}

#[tokio::test]
async fn what_is_not_served_is_said_to_be_so() {
    let world = World::new().await;
    let cases = [
        ("POST", "/projects/demo/instances"),
        ("GET", "/projects/demo/instances/1?taskstatus"),
        ("GET", "/projects/demo/tables/t1"),
        ("GET", "/projects/demo/authorization/1"),
        ("GET", "/projects/demo/users"),
        ("GET", "/projects/"),
        ("GET", "/projects/demo/"),
        ("GET", "/quotas"),
        ("GET", "/catalogapi"),
        ("GET", "/catalog/v1alpha/projects"),
        ("GET", ""),
        ("GET", "/"),
        ("GET", "/projects%2Fdemo"),
        ("GET", "/Projects"),
    ];
    for (method, target) in cases {
        let answer = world.alice(&ask(method, target)).await;
        let expected = if target == "/projects/" { (404, "NoSuchObject") } else { (404, "NotSupported") };
        assert_eq!(answer.error(), expected, "{method} {target}");
    }
    let answer =
        world.alice(&ask("POST", "/projects/demo/instances?curr_project=demo").body("<Instance/>")).await;
    assert_eq!(
        answer.message(),
        "ODPS-0420061: Invalid parameter in HTTP request - `/projects/demo/instances` is not served here: this is an \
         account service, which holds no tables and runs no SQL"
    );
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_one() {
    let world = World::new().await;
    let cases = [
        ("POST", "/projects", "GET, HEAD"),
        ("PUT", "/projects/demo", "GET, HEAD"),
        ("POST", "/projects/demo", "GET, HEAD"),
        ("DELETE", "/projects/demo", "GET, HEAD"),
        ("POST", "/projects/demo/tables", "GET, HEAD"),
        ("POST", "/tenants", "GET, HEAD"),
        ("POST", "/logview/host", "GET, HEAD"),
        ("GET", "/projects/demo/logs", "PUT"),
        ("GET", "/projects/demo/authorization", "POST"),
        ("GET", "/projects/demo/authorization?sign_bearer_token", "POST"),
        ("get", "/projects/demo", "GET, HEAD"),
    ];
    for (method, target, allowed) in cases {
        let answer = world.alice(&ask(method, target)).await;
        assert_eq!(answer.error(), (405, "MethodNotAllowed"), "{method} {target}");
        assert_eq!(answer.header("allow"), allowed);
        assert!(
            answer
                .message()
                .starts_with(&format!("ODPS-0420081: Method not allowed - {method} is not served"))
        );
    }
}

#[tokio::test]
async fn every_base_path_works() {
    for base in ["", "/", "/api", "/api/", "/gw/odps/api"] {
        let world = World::at(base).await;
        assert_eq!(world.alice(&ask("GET", "/projects/demo")).await.status, 200, "{base:?}");
        assert_eq!(
            world.unsigned(&ask("GET", "/anything")).await.error(),
            (400, "AuthorizationRequired"),
            "{base:?}"
        );
    }
}

#[tokio::test]
async fn a_segment_is_decoded_after_the_path_was_split() {
    let world = World::new().await;
    assert_eq!(world.alice(&ask("GET", "/%70rojects/d%65mo")).await.status, 200);
    let answer = world.alice(&ask("GET", "/projects/demo%2Ftables")).await;
    assert_eq!(answer.error(), (404, "NoSuchObject"));
    // The base path is compared as it stands.
    let encoded = world.send(plain("/%61pi/projects")).await;
    assert_eq!((encoded.status, encoded.header("content-type")), (401, "application/problem+json"));
}

#[tokio::test]
async fn outside_the_base_path_each_is_refused_in_its_own_manner() {
    let world = World::new().await;
    for target in ["/", "/apiary", "/ap", "/api2/projects", "/favicon.ico", "http://h:1/x?y"] {
        let answer = world.send(plain(target)).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (401, "application/problem+json"),
            "{target}"
        );
        let problem: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(problem["code"], "Unsigned");
        assert_eq!(problem["request_id"], answer.header("x-odps-request-id"));
    }
    let marks = [
        ("authorization", "ODPS A:AAAA"),
        ("x-odps-user-agent", "pyodps/0.13.2"),
        ("x-odps-bearer-token", "x"),
    ];
    for (name, value) in marks {
        let mut request = plain("/projects/demo?curr_project=demo");
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = world.send(request).await;
        assert_eq!(answer.error(), (404, "InvalidEndpoint"));
        assert!(answer.message().ends_with("set end_point to http://h:1/api"), "{answer:?}");
        assert!(answer.body.contains("<HostId>h:1</HostId>"));
    }
}

#[tokio::test]
async fn a_host_that_could_not_be_one_is_not_said_back() {
    let world = World::new().await;
    for host in ["<script>", "a b", "a/b", "x@y", "a\"b", "é"] {
        let mut request = world.signed("ALICE", &ask("GET", "/logview/host"));
        request.headers_mut().insert("host", http::HeaderValue::from_bytes(host.as_bytes()).unwrap());
        assert_eq!(world.send(request).await.body, "http://localhost", "{host:?}");
    }
}
