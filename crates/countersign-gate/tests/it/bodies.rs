use countersign::{schemes, sign_chunks};

use crate::support::{Server, chunk, credential, head, md5, signed};

/// A request whose body is covered by its digest.
fn covered(target: &str, body: &[u8]) -> http::request::Parts {
    signed(schemes::ODPS, "POST", target, &[("content-md5", &md5(body))], body)
}

fn with_length(target: &str, signed_body: &[u8], sent: &[u8]) -> Vec<Vec<u8>> {
    let length = format!("content-length: {}", sent.len());
    let mut pieces = vec![head(&covered(target, signed_body), &[&length])];
    pieces.extend(sent.chunks(1 + sent.len() / 5).map(<[u8]>::to_vec));
    pieces
}

fn chunked(target: &str, signed_body: &[u8], sent: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut pieces = vec![head(&covered(target, signed_body), &["transfer-encoding: chunked"])];
    pieces.extend(sent.iter().map(|piece| chunk(piece)));
    pieces.push(b"0\r\n\r\n".to_vec());
    pieces
}

#[tokio::test]
async fn a_short_body_is_compared_before_the_service_is_asked() {
    let server = Server::start(|layer| layer).await;
    let (status, _, _) = server.send(with_length("/a", b"the body", b"the body")).await;
    assert_eq!(status, 200);
    let seen = server.seen();
    assert_eq!(seen[0].body.as_deref(), Ok(&b"the body"[..]));
    assert!(seen[0].caller.coverage.body);

    let (status, _, body) = server.send(with_length("/a", b"the body", b"the b0dy")).await;
    assert_eq!(status, 400);
    assert!(body.contains("<Code>"), "{body}");
    assert_eq!(server.seen().len(), 1, "the service was not asked");
}

#[tokio::test]
async fn a_long_body_is_compared_as_it_passes() {
    let server = Server::start(|layer| layer.whole_limit(1000)).await;
    let body: Vec<u8> = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
    let (status, _, _) = server.send(with_length("/long", &body, &body)).await;
    assert_eq!(status, 200);
    assert_eq!(server.seen()[0].body.as_deref(), Ok(&body[..]));

    // Wherever it was altered, the service gets no whole of it.
    for at in [0, body.len() / 2, body.len() - 1] {
        let mut tampered = body.clone();
        tampered[at] ^= 1;
        server.send(with_length("/long", &body, &tampered)).await;
        let seen = server.seen().pop().unwrap();
        let (before, error) = seen.body.unwrap_err();
        assert!(before.len() < body.len(), "the last piece was held back");
        assert_eq!(error, "the body is not the one that was signed");
    }
}

#[tokio::test]
async fn a_body_of_unknown_length_is_compared_as_it_passes() {
    let server = Server::start(|layer| layer).await;
    let body = b"one two three";
    let (status, _, _) = server.send(chunked("/chunks", body, &[b"one ", b"two ", b"three"])).await;
    assert_eq!(status, 200);
    assert_eq!(server.seen()[0].body.as_deref(), Ok(&body[..]));

    for pieces in
        [&[&b"one "[..], b"two ", b"threE"][..], &[b"one ", b"two "], &[b"one two three", b"!"], &[b"x"]]
    {
        server.send(chunked("/chunks", body, pieces)).await;
        let (before, error) = server.seen().pop().unwrap().body.unwrap_err();
        let sent = pieces.concat();
        assert!(before.len() < sent.len() && sent.starts_with(&before), "{before:?}");
        assert_eq!(error, "the body is not the one that was signed");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_body() {
    let server = Server::start(|layer| layer).await;
    let body = b"one two three";
    let mut pieces = chunked("/broken", body, &[b"one ", b"two ", b"three"]);
    // All of it has come, but not its end.
    pieces.pop();
    let mut broken = pieces.pop().unwrap();
    broken.extend_from_slice(b"zz\r\n");
    pieces.push(broken);
    server.send(pieces).await;
    let (before, error) = server.seen().pop().unwrap().body.unwrap_err();
    assert!(before.len() < body.len(), "{before:?}");
    assert!(error.starts_with("the body did not come to its end"), "{error}");
}

#[tokio::test]
async fn a_body_that_is_not_covered_says_so() {
    let server = Server::start(|layer| layer).await;
    let parts = signed(schemes::ODPS, "POST", "/uncovered", &[], b"");
    server.send(vec![head(&parts, &["content-length: 5"]), b"12345".to_vec()]).await;
    let seen = server.seen().pop().unwrap();
    assert_eq!(seen.body.as_deref(), Ok(&b"12345"[..]));
    assert!(!seen.caller.coverage.body);
}

#[tokio::test]
async fn a_signed_form_is_read_whole_up_to_a_limit() {
    let server = Server::start(|layer| layer.form_limit(100)).await;
    let form = "application/x-www-form-urlencoded";
    let send = |target: &'static str, signed_form: &'static str, sent: String| {
        let parts =
            signed(schemes::ACS_RPC, "POST", target, &[("content-type", form)], signed_form.as_bytes());
        let length = format!("content-length: {}", sent.len());
        server.send(vec![head(&parts, &[&length]), sent.into_bytes()])
    };
    let text = "Action=Describe&Name=a";
    let (status, _, body) = send("/?Version=1", text, text.to_owned()).await;
    assert_eq!(status, 200, "{body}");
    let seen = server.seen().pop().unwrap();
    assert_eq!(seen.body.as_deref(), Ok(text.as_bytes()));
    assert!(seen.caller.coverage.body);

    let (status, _, body) = send("/?Version=2", text, text.replace("=a", "=b")).await;
    assert!(status >= 400 && body.contains("SignatureDoesNotMatch"), "{status} {body}");
    let (status, _, body) = send("/?Version=3", text, format!("{text}{}", "a".repeat(100))).await;
    assert!(status >= 400 && body.contains("100 bytes"), "{status} {body}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_service_that_does_not_read_the_body_answers_nevertheless() {
    let server = Server::start(|layer| layer.whole_limit(0)).await;
    let (status, _, body) = server.send(with_length("/head-only", b"the body", b"the body")).await;
    assert_eq!((status, body.as_str()), (200, "did not read the body"));
}

#[tokio::test]
async fn a_request_that_acts_before_its_body_has_come_is_used_up() {
    let server = Server::start(|layer| layer.whole_limit(0)).await;
    let parts = signed(schemes::ACS3, "POST", "/head-only", &[], b"the body");
    let mut statuses = Vec::new();
    for _ in 0..2 {
        let pieces = vec![head(&parts, &["content-length: 8"]), b"the body".to_vec()];
        statuses.push(server.send(pieces).await.0);
    }
    assert_eq!(statuses[0], 200);
    assert_ne!(statuses[1], 200, "the service would act on it again");
}

#[tokio::test]
async fn a_body_of_signed_chunks_is_compared_as_it_passes() {
    let server = Server::start(|layer| layer.whole_limit(0)).await;
    let announced = [
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("x-amz-decoded-content-length", "8"),
    ];
    let parts = signed(schemes::SIGV4, "PUT", "/bucket/key", &announced, b"");
    let mut signer = sign_chunks(schemes::SIGV4, &parts, &credential()).unwrap();
    let mut body = Vec::new();
    signer.chunk(b"the body", &mut body);
    signer.finish(&[], &mut body).unwrap();

    let length = format!("content-length: {}", body.len());
    let send = |body: Vec<u8>| {
        let mut pieces = vec![head(&parts, &[&length])];
        pieces.extend(body.chunks(50).map(<[u8]>::to_vec));
        server.send(pieces)
    };
    let (status, _, answer) = send(body.clone()).await;
    assert_eq!(status, 200, "{answer}");
    let seen = server.seen().pop().unwrap();
    assert_eq!(seen.body.as_deref(), Ok(&body[..]), "chunks and all");
    assert!(seen.caller.coverage.body);

    let text = String::from_utf8(body).unwrap();
    send(text.replace("the body", "the b0dy").into_bytes()).await;
    let (before, error) = server.seen().pop().unwrap().body.unwrap_err();
    assert!(before.len() < text.len());
    assert_eq!(error, "the body is not the one that was signed");
}
