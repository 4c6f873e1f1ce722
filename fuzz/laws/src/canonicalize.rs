//! The string to sign: the strict one is what the plain reference writes, none holds what the sender did not send, and
//! where no ambiguity is found, the request can be read back from it.

use countersign::{Claim, Request, Scheme, StringToSign};

use crate::{BASE, PLACE, reference};

/// The law.
pub fn law(bytes: &[u8]) {
    let Some(captured) = crate::captured(bytes) else { return };
    let request = captured.request();
    let Some((scheme, claim)) = crate::claim(&request) else { return };
    let strict = crate::strict(scheme, &request, &claim);
    let expected = reference::strict(&request, BASE);
    assert_eq!(
        strict.as_ref().map(|text| text.to_text()),
        expected.as_deref().map(|text| String::from_utf8_lossy(text).into_owned())
    );
    assert_eq!(strict.as_ref().map(StringToSign::as_bytes), expected.as_deref());
    nothing_is_made_up(scheme, &request, &claim);
    if let Some(text) = &strict
        && scheme.ambiguity(PLACE, &request, &claim).is_none()
    {
        can_be_read_back(&request, text.as_bytes());
    }
}

/// No reading writes a byte that is neither a separator nor in the request, as it stands there or decoded; nor much more
/// than was sent, so that little input does not make much work.
fn nothing_is_made_up(scheme: &dyn Scheme, request: &Request<'_>, claim: &Claim<'_>) {
    let target = format!("{}?{}", request.path(), request.query().unwrap_or_default());
    let once = reference::decoded(&target.replace('+', " "));
    let twice = reference::decoded(&String::from_utf8_lossy(&once));
    let mut known = [false; 256];
    let mut sent = target.len() * 2 + request.method().len() + 64;
    let mut know = |bytes: &[u8]| {
        for byte in bytes {
            if let Some(known) = known.get_mut(usize::from(*byte)) {
                *known = true;
            }
        }
    };
    for text in [b"\n:,?&= ", request.method().as_bytes(), target.as_bytes(), &once, &twice] {
        know(text);
    }
    // What is not UTF-8 after decoding once is decoded from its bytes the second time.
    know(&decoded_bytes(&once));
    for (name, value) in request.headers() {
        know(name.as_str().as_bytes());
        know(value.as_bytes());
        sent += name.as_str().len() + value.len() + 2;
    }
    for reading in scheme.readings() {
        let mut text = StringToSign::new();
        if !scheme.write(*reading, PLACE, request, claim, &mut text) {
            assert!(text.as_bytes().is_empty(), "{} does not apply, and wrote", reading.name);
            continue;
        }
        let made_up = text.as_bytes().iter().find(|byte| known.get(usize::from(**byte)) != Some(&true));
        assert_eq!(made_up, None, "{}: {}", reading.name, text.to_text());
        assert!(text.as_bytes().len() <= sent, "{}: {} bytes", reading.name, text.as_bytes().len());
    }
}

fn decoded_bytes(bytes: &[u8]) -> Vec<u8> {
    // One character for each byte, and back.
    let text: String =
        bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '\u{1}' }).collect();
    reference::decoded(&text)
}

/// Nothing in it can be taken for something else: path and parameters come out as they went in.
fn can_be_read_back(request: &Request<'_>, text: &[u8]) {
    let parts = reference::parts(request, BASE).expect("it was written");
    let line = text.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut pieces = line.splitn(2, |byte| *byte == b'?');
    assert_eq!(pieces.next(), Some(parts.path.as_slice()));
    let read: Vec<(Vec<u8>, Vec<u8>)> = pieces
        .next()
        .into_iter()
        .flat_map(|query| query.split(|byte| *byte == b'&'))
        .map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let mut half = || halves.next().unwrap_or_default().to_vec();
            (half(), half())
        })
        .collect();
    assert_eq!(read, parts.parameters.into_iter().collect::<Vec<_>>());
}
