//! What the laws begin with: the requests of `vectors/`, and profiles made of the keys that they were signed with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

const FILES: [&str; 3] = [
    include_str!("../../../vectors/odps/pyodps.json"),
    include_str!("../../../vectors/odps/odpscmd.json"),
    include_str!("../../../vectors/odps/alternates.json"),
];

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    endpoint: String,
    access_id: String,
    secret: String,
    method: String,
    request_target: String,
    headers: Vec<(String, String)>,
    #[serde(default)]
    body_b64: String,
}

fn vectors() -> impl Iterator<Item = Vector> {
    let read = |text| serde_json::from_str::<File>(text).expect("the vectors").vectors;
    FILES.into_iter().flat_map(read)
}

/// Requests as they stood on the wire, and some that no client sends.
pub fn requests() -> Vec<Vec<u8>> {
    let captured = vectors().map(|vector| {
        let mut text = format!("{} {} HTTP/1.1\r\n", vector.method, vector.request_target);
        for (name, value) in &vector.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        let body = STANDARD.decode(&vector.body_b64).expect("base 64");
        [text.into_bytes(), body].concat()
    });
    captured.chain(odd_requests()).collect()
}

const OF_EVERY_SCHEME: [&str; 19] = [
    include_str!("../../../vectors/odps/rsa.json"),
    include_str!("../../../vectors/acs-rpc/captured.json"),
    include_str!("../../../vectors/acs-rpc/rsa.json"),
    include_str!("../../../vectors/acs-roa/captured.json"),
    include_str!("../../../vectors/acs3/captured.json"),
    include_str!("../../../vectors/oss/ali-oss.json"),
    include_str!("../../../vectors/oss/oss2.json"),
    include_str!("../../../vectors/oss/documented.json"),
    include_str!("../../../vectors/oss/client-bugs.json"),
    include_str!("../../../vectors/sigv4/botocore.json"),
    include_str!("../../../vectors/sigv4/s3.json"),
    include_str!("../../../vectors/sigv4/suite.json"),
    include_str!("../../../vectors/sigv4/suite_2015.json"),
    include_str!("../../../vectors/rfc9421/appendix-b.json"),
    include_str!("../../../vectors/rfc9421/own.json"),
    include_str!("../../../vectors/rfc9421/python.json"),
    include_str!("../../../vectors/rfc9421/node.json"),
    include_str!("../../../vectors/kong-hmac/own.json"),
    include_str!("../../../vectors/apisix-hmac/own.json"),
];

/// Requests of every scheme, as they stood on the wire.
pub fn every_scheme() -> Vec<Vec<u8>> {
    let mut requests: Vec<_> = OF_EVERY_SCHEME.into_iter().flat_map(of_file).collect();
    assert!(requests.len() > 300, "{}", requests.len());
    requests.extend(few_requests());
    requests
}

fn of_file(text: &str) -> Vec<Vec<u8>> {
    let file: Value = serde_json::from_str(text).expect("JSON");
    let vectors = file.get("vectors").unwrap_or(&file).as_array().expect("a list");
    vectors.iter().filter_map(of_vector).collect()
}

fn of_vector(vector: &Value) -> Option<Vec<u8>> {
    let text = |name: &str| vector.get(name).and_then(Value::as_str);
    let target = ["request_target", "target", "full_url", "url"].into_iter().find_map(text)?;
    let mut head = format!("{} {target} HTTP/1.1\r\n", text("method")?);
    for pair in vector.get("headers")?.as_array()? {
        head.push_str(&format!("{}: {}\r\n", pair.get(0)?.as_str()?, pair.get(1)?.as_str()?));
    }
    head.push_str("\r\n");
    let body = match text("body_b64") {
        Some(body) => STANDARD.decode(body).expect("base 64"),
        None => text("body").unwrap_or_default().as_bytes().to_vec(),
    };
    Some([head.into_bytes(), body].concat())
}

/// What is wrong with a request, or long, or told twice: signed by nobody.
fn odd_requests() -> impl Iterator<Item = Vec<u8>> {
    const VERSION_4: &str = "a/20261122/cn-qd/odps/aliyun_v4_request";
    let long = "a".repeat(600);
    let many: String = (0..200).map(|number| format!("p{}=v{number}&", number * 7 % 200)).collect();
    let request = |target: &str, id: &str, more: &str| {
        format!(
            "POST {target} HTTP/1.1\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\nx-odps-b: 1\r\n\
             Authorization: ODPS {id}:AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n{more}\r\n"
        )
    };
    [
        request("/api/%00%01%1f%7F/%0a?%0d=%09&a=%00", "a", ""),
        request("/api/a;b//c%2Fd+e?k&k=&k=1&&=&=x&x-odps-b=2&x-odps-c&%26=%3d%3F%23", "a", "x-odps-b: 2\r\n"),
        request("/api/%e4%ff?%zz=%4&%=%25%32%35", VERSION_4, "x-odps-c: \u{e9}\r\nX-ODPS-A:\r\n"),
        request(
            "/api",
            "a",
            &format!("x-odps-long: {long}\r\nContent-Type: application/x-www-form-urlencoded\r\n"),
        ),
        request(&format!("/api/{long}?{many}"), VERSION_4, "x-odps-user-agent: JavaSDK\r\n"),
        request("/api?a=]]>%5D%5D%3E<b>", "a", "Content-MD5: qLWUv43Mplb7HrG2Y0SUCg==\r\n"),
        request("/elsewhere", "a", "x-odps-bearer-token: b\r\nauthorization-sts-token: c\r\n"),
        request("/api", "a", "Date: Sun, 22 Nov 2026 10:00:00 GMT\r\n"),
        request("/api", "a", "Authorization: ODPS a:AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n"),
        request("/api", "a", "Content-MD5: x\r\nContent-MD5: y\r\n"),
        request("/api", "a/20261122/cn-qd/oss/aliyun_v4_request", ""),
        request("/api", "a b", ""),
    ]
    .into_iter()
    .map(String::into_bytes)
}

/// A few of them, of every kind.
pub fn few_requests() -> Vec<Vec<u8>> {
    let all = requests();
    let by_hand = all.iter().rev().take(24);
    let captured = all.iter().step_by(12);
    captured.chain(by_hand).cloned().collect()
}

/// Profiles as odpscmd has them, and what is odd about their format.
pub fn properties() -> Vec<Vec<u8>> {
    let odd = [
        "# a comment\n! another\n\nkey\n =value\na\\ b\\:c: d\nlong = one \\\n    two\\\\\\\n three",
        "text=\\u00e9\\t\\n\\r\\f\\q\\ud83d\\ude00\nhalf=\\ud83d",
        "access_id=\u{e9}\r\naccess_key=a=b:c d\rend_point=http://127.0.0.1:8640/api",
        "broken=\\u12",
    ];
    let profiles = vectors().map(|vector| {
        let Vector { endpoint, access_id, secret, .. } = vector;
        format!("project_name=demo\naccess_id={access_id}\naccess_key={secret}\nend_point={endpoint}\n")
            .into_bytes()
    });
    let mut all: Vec<_> = profiles.chain(odd.map(|text| text.as_bytes().to_vec())).collect();
    all.sort();
    all.dedup();
    all
}
