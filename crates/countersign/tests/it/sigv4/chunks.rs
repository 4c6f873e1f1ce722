//! Bodies in signed chunks, and in chunks that are not signed.

use countersign::{
    AccessKeySecret, Body, Credential, Malformed, Payload, Readings, Refusal, Request, schemes, sign_chunks,
};
use http::HeaderMap;
use proptest::prelude::*;

use super::vectors::Vector;
use super::{SECRET, Signed, credential, headers, judge, malformed, options, prove};

const PAYLOAD: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// A request that announces chunks, and its body.
fn chunked(data: &[&[u8]], trailers: &[(&str, &str)]) -> (Signed, Vec<u8>) {
    let length: usize = data.iter().map(|data| data.len()).sum();
    let length = length.to_string();
    let names: Vec<_> = trailers.iter().map(|(name, _)| *name).collect();
    let names = names.join(",");
    let mut fields = vec![
        ("x-amz-content-sha256", if trailers.is_empty() { PAYLOAD } else { TRAILER }),
        ("x-amz-decoded-content-length", &length),
        ("content-encoding", "aws-chunked"),
    ];
    if !trailers.is_empty() {
        fields.push(("x-amz-trailer", &names));
    }
    let signed = Signed::new("PUT", "/bucket/key", &fields, b"", &options("s3"));
    let mut signer = sign_chunks(schemes::SIGV4, &signed.parts, &credential()).unwrap();
    let mut body = Vec::new();
    for data in data {
        signer.chunk(data, &mut body);
    }
    signer.finish(trailers, &mut body).unwrap();
    (signed, body)
}

/// Whether a body is the one that was signed: whole, and in pieces of any size.
fn matches(signed: &Signed, body: &[u8]) -> bool {
    let request = Request::new("PUT", "/bucket/key", &signed.parts.headers, Body::Unread);
    let proven = prove(&request, SECRET, Readings::Every).unwrap();
    let whole = proven.body_matches(body);
    for size in [1, 2, 7, 100] {
        let mut check = proven.body_check();
        let taken = body.chunks(size).all(|piece| check.update(piece));
        assert_eq!(taken && check.finish(), whole, "pieces of {size}");
    }
    whole
}

/// Whether a body is the one that was signed, of a request that is known.
fn matches_vector(vector: &Vector, headers: &HeaderMap, body: &[u8]) -> bool {
    prove(&vector.request(headers, None), &vector.secret, Readings::Every).unwrap().body_matches(body)
}

#[test]
fn the_examples_of_s3_verify_chunk_by_chunk_and_are_what_is_signed() {
    let mut seen = 0;
    for vector in Vector::all().into_iter().filter(|vector| !vector.chunks.is_empty()) {
        let mut body = Vec::new();
        for (size, signature) in &vector.chunks {
            body.extend_from_slice(format!("{size:x};chunk-signature={signature}\r\n").as_bytes());
            body.extend(std::iter::repeat_n(b'a', *size));
            if *size > 0 {
                body.extend_from_slice(b"\r\n");
            }
        }
        for (name, value) in &vector.trailers {
            body.extend_from_slice(format!("{name}:{value}\r\n").as_bytes());
        }
        if let Some(signature) = &vector.trailer_signature {
            body.extend_from_slice(format!("x-amz-trailer-signature:{signature}\r\n").as_bytes());
        }
        body.extend_from_slice(b"\r\n");
        let headers = vector.headers();
        assert!(matches_vector(&vector, &headers, &body), "{}", vector.id);
        if let Some(length) = headers.get("content-length") {
            assert_eq!(length.to_str().unwrap(), body.len().to_string());
        }

        let (mut parts, ()) =
            http::Request::put("/examplebucket/chunkObject.txt").body(()).unwrap().into_parts();
        parts.headers = headers;
        let credential = Credential {
            id: countersign::AccessKeyId::new("A").unwrap(),
            secret: AccessKeySecret::new(vector.secret.as_str()),
        };
        let mut signer = sign_chunks(schemes::SIGV4, &parts, &credential).unwrap();
        let mut ours = Vec::new();
        for (size, _) in &vector.chunks {
            signer.chunk(&vec![b'a'; *size], &mut ours);
        }
        let trailers: Vec<_> = vector.trailers.iter().map(|(name, value)| (&**name, &**value)).collect();
        signer.finish(&trailers, &mut ours).unwrap();
        assert!(ours == body, "{}", vector.id);
        seen += 1;
    }
    assert_eq!(seen, 2);
}

proptest! {
    #[test]
    fn what_is_signed_in_chunks_verifies_and_no_byte_of_it_may_change(
        data in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..4),
        with_trailer in any::<bool>(),
        at in any::<prop::sample::Index>(),
        to in any::<u8>(),
    ) {
        let data: Vec<_> = data.iter().map(Vec::as_slice).collect();
        let trailers: &[_] = if with_trailer { &[("x-amz-checksum-crc32c", "sOO8/Q=="), ("a", "b c")] } else { &[] };
        let (signed, body) = chunked(&data, trailers);
        prop_assert!(matches(&signed, &body));

        let mut other = body.clone();
        let at = at.index(body.len());
        other[at] = to;
        // Sizes and the names of trailers may be in upper case.
        let same = other[at].eq_ignore_ascii_case(&body[at]);
        prop_assert!(same || !matches(&signed, &other));
        prop_assert!(!matches(&signed, &body[..at]));
    }

    #[test]
    fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200), size in "[0-9a-fA-F]{0,20}") {
        let (signed, _) = chunked(&[b"hello"], &[("a", "b")]);
        prop_assert!(!matches(&signed, &body));
        let mut framed = format!("{size};chunk-signature={}\r\n", "0".repeat(64)).into_bytes();
        framed.extend(body);
        prop_assert!(!matches(&signed, &framed));
    }
}

/// A body with one thing replaced.
fn with(body: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.contains(from), "{text}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn case_29_a_wrong_chunk_is_found_wherever_it_stands() {
    let (signed, body) = chunked(&[b"first", b"second", b"third"], &[]);
    assert!(matches(&signed, &body));
    for (from, to) in [("first", "First"), ("second", "sEcond"), ("third", "thirD")] {
        assert!(!matches(&signed, &with(&body, from, to)), "{from}");
    }
    let text = String::from_utf8(body.clone()).unwrap();
    let mut lines: Vec<_> = text.split_inclusive("\r\n").collect();
    // The signature of each, the last one included.
    for at in [0, 2, 4, 6] {
        let mut wrong = lines.clone();
        let line = lines[at].replace("chunk-signature=", "chunk-signature=0");
        let line = format!("{}\r\n", &line[..line.len() - 3]);
        wrong[at] = &line;
        assert!(!matches(&signed, wrong.concat().as_bytes()), "line {at}");
    }
    // In another order, left out, or twice.
    lines.swap(0, 2);
    lines.swap(1, 3);
    assert!(!matches(&signed, lines.concat().as_bytes()));
    let without: Vec<_> = text.split_inclusive("\r\n").skip(2).collect();
    assert!(!matches(&signed, without.concat().as_bytes()));
    let twice = format!("{}{text}", text.split_inclusive("\r\n").take(2).collect::<String>());
    assert!(!matches(&signed, twice.as_bytes()));
}

#[test]
fn case_29_a_body_ends_once_and_where_it_was_signed_to_end() {
    let (signed, body) = chunked(&[b"hello"], &[]);
    for end in 0..body.len() {
        assert!(!matches(&signed, &body[..end]), "{end}");
    }
    for more in ["\r\n", "x", "0;chunk-signature="] {
        assert!(!matches(&signed, &[&body, more.as_bytes()].concat()), "{more}");
    }
    assert!(!matches(&signed, &[body.clone(), body.clone()].concat()));
    // Shorter than was announced, all of it rightly signed.
    let (shorter, shorter_body) = chunked(&[], &[]);
    assert!(matches(&shorter, &shorter_body) && !matches(&signed, &shorter_body));
    let fields = [("x-amz-content-sha256", PAYLOAD), ("x-amz-decoded-content-length", "6")];
    let announced = Signed::new("PUT", "/bucket/key", &fields, b"", &options("s3"));
    let mut signer = sign_chunks(schemes::SIGV4, &announced.parts, &credential()).unwrap();
    let mut body = Vec::new();
    signer.chunk(b"hello", &mut body);
    signer.finish(&[], &mut body).unwrap();
    assert!(!matches(&announced, &body));
}

#[test]
fn case_29_sizes_and_lines_have_bounds() {
    let (signed, body) = chunked(&[b"hello"], &[]);
    for size in ["ffffffffffffffff", "10000000000000000", "6", "4", "-5", "+5", "", " 5", "0x5", "5 "] {
        assert!(!matches(&signed, &with(&body, "5;", &format!("{size};"))), "{size:?}");
    }
    for (from, to) in [
        ("5;chunk-signature", "5;a=b;chunk-signature"),
        ("5;chunk-signature", "5;Chunk-Signature"),
        ("\r\nhello", ";a=b\r\nhello"),
        ("\r\nhello", "\nhello"),
        ("hello\r\n", "hello\n"),
        ("hello\r\n", "hello"),
    ] {
        assert!(!matches(&signed, &with(&body, from, to)), "{to}");
    }
    let upper = String::from_utf8(body.clone()).unwrap();
    let at = upper.find('=').unwrap();
    let upper = format!("{}{}", &upper[..at], upper[at..].to_uppercase().replace("HELLO", "hello"));
    assert!(!matches(&signed, upper.as_bytes()));

    // A line without an end is not kept.
    let request = Request::new("PUT", "/bucket/key", &signed.parts.headers, Body::Unread);
    let proven = prove(&request, SECRET, Readings::Every).unwrap();
    let mut check = proven.body_check();
    let taken = (0..1000).take_while(|_| check.update(b"0")).count();
    assert!(taken < 100, "{taken}");
    assert!(!check.update(&body) && !check.finish());
}

#[test]
fn case_29_trailers_are_those_announced_and_signed_in_any_case_of_their_names() {
    let trailers = [("x-amz-checksum-crc32c", "sOO8/Q=="), ("a-b", "c")];
    let (signed, body) = chunked(&[b"hello"], &trailers);
    assert!(matches(&signed, &body));
    assert!(matches(&signed, &with(&body, "x-amz-checksum-crc32c", "X-Amz-Checksum-CRC32C")));
    assert!(matches(&signed, &with(&body, "a-b:c", "a-b: c ")));
    for (from, to) in [
        ("sOO8/Q==", "sOO8/R=="),
        ("a-b:c\r\n", ""),
        ("a-b:c\r\n", "a-b:c\r\na-b:c\r\n"),
        ("a-b:c\r\n", "a-b:c\r\nd:e\r\n"),
        ("a-b:c\r\n", "a-b:c\n"),
        ("a-b:c", "a-c:c"),
        ("x-amz-trailer-signature:", "x-amz-trailer-signature:0"),
        ("x-amz-trailer-signature:", "x-amz-trailer-signatures:"),
    ] {
        assert!(!matches(&signed, &with(&body, from, to)), "{to:?}");
    }
    let text = String::from_utf8(body).unwrap();
    // Their signature left out, or something behind it.
    let (unsigned, _) = text.split_once("x-amz-trailer-signature").unwrap();
    assert!(!matches(&signed, format!("{unsigned}\r\n").as_bytes()));
    assert!(!matches(&signed, format!("{text}\r\n").as_bytes()));
    assert!(!matches(&signed, format!("{}a-b:c\r\n\r\n", &text[..text.len() - 2]).as_bytes()));

    let mut body = Vec::new();
    let mut signer = sign_chunks(schemes::SIGV4, &signed.parts, &credential()).unwrap();
    signer.chunk(b"hello", &mut body);
    assert!(matches!(signer.finish(&[("a-b", "c")], &mut body), Err(Malformed::Unreadable { .. })));
}

#[test]
fn what_announces_chunks_says_all_of_them() {
    let refused = |fields: &[(&str, &str)]| {
        Signed::try_new("PUT", "/bucket/key", fields, b"", &options("s3")).err().unwrap()
    };
    let hash = |text| ("x-amz-content-sha256", text);
    let length = ("x-amz-decoded-content-length", "5");
    assert_eq!(refused(&[hash(PAYLOAD)]), Malformed::Missing("x-amz-decoded-content-length"));
    assert_eq!(refused(&[hash(TRAILER), length]), Malformed::Missing("x-amz-trailer"));
    assert_eq!(refused(&[hash(UNSIGNED), length]), Malformed::Missing("x-amz-trailer"));
    for fields in [
        &[hash(PAYLOAD), length, ("x-amz-trailer", "a")][..],
        &[hash(PAYLOAD), ("x-amz-decoded-content-length", "99999999999999999999")],
        &[hash(PAYLOAD), ("x-amz-decoded-content-length", "+5")],
        &[hash(TRAILER), length, ("x-amz-trailer", "a,a")],
        &[hash(TRAILER), length, ("x-amz-trailer", "a,,b")],
        &[hash(TRAILER), length, ("x-amz-trailer", "x-amz-trailer-signature")],
        &[hash(TRAILER), length, ("x-amz-trailer", "a,b,c,d,e,f,g,h,i")],
        &[hash("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"), length],
        &[hash("STREAMING-AWS4-HMAC-SHA256-EVENTS")],
    ] {
        assert!(matches!(refused(fields), Malformed::Unreadable { .. }), "{fields:?}");
    }
}

#[test]
fn only_a_proven_claim_tells_whether_its_chunks_are_right() {
    let (signed, body) = chunked(&[b"hello"], &[]);
    let request = Request::new("PUT", "/bucket/key", &signed.parts.headers, Body::Whole(&body));
    let claim = schemes::read(&request).unwrap().1.unwrap();
    assert!(matches!(claim.payload, Payload::Chunks(_)) && !claim.payload.matches(&body));
    assert_eq!(judge(&request), Ok("strict"));
    let another = [&body[..], b"\r\n"].concat();
    let request = Request::new("PUT", "/bucket/key", &signed.parts.headers, Body::Whole(&another));
    assert_eq!(judge(&request), Err(Refusal::BodyMismatch));
}

#[test]
fn case_01_an_unsigned_trailer_spares_no_signature_of_the_head() {
    let fields = [
        ("x-amz-content-sha256", UNSIGNED),
        ("x-amz-decoded-content-length", "5"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
    ];
    let mut signed = Signed::new("PUT", "/bucket/key", &fields, b"", &options("s3"));
    let as_signed = signed.parts.headers.clone();
    let request = Request::new("PUT", "/bucket/key", &as_signed, Body::Unread);
    // It is read as what it is: a body that nothing covers.
    assert_eq!(schemes::read(&request).unwrap().1.unwrap().payload, Payload::Uncovered);
    assert_eq!(judge(&request), Ok("strict"));

    let authorization = signed.authorization().to_owned();
    let (start, _) = authorization.rsplit_once('=').unwrap();
    signed.set("authorization", &format!("{start}={}", "0".repeat(64)));
    assert!(matches!(signed.verdict(), Err(Refusal::SignatureMismatch { .. })));

    let mut unsigned = headers(&fields);
    unsigned.insert("host", "h".parse().unwrap());
    assert!(schemes::read(&Request::new("PUT", "/bucket/key", &unsigned, Body::Unread)).is_none());
    unsigned.insert("authorization", "AWS4-HMAC-SHA256 Credential=a".parse().unwrap());
    let request = Request::new("PUT", "/bucket/key", &unsigned, Body::Unread);
    assert!(matches!(malformed(&request), Malformed::Unreadable { .. }));
}
