//! What the laws begin with: the requests of `vectors/`, and profiles made of the keys that they were signed with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

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
