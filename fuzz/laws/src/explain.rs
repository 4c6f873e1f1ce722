//! Explaining: it says the same with and without the client's own string, accepts nothing that is not proven, and shows
//! no secret.

use countersign::AccessKeySecret;
use countersign::explain::{About, Captured, Explanation, explain};

/// A secret, and one that differs as secrets do that were copied badly.
const SECRETS: [&str; 2] = ["CSSK-a-secret-of-the-laws-91c2", " CSSK-a-secret-of-the-laws-91c2\n"];

/// The law.
pub fn law(bytes: &[u8]) {
    let bytes = bytes.get(..4 * 1024).unwrap_or(bytes);
    let captured = match Captured::from_http(bytes) {
        Ok(captured) => captured,
        Err(error) => return assert!(error.line >= 1 && error.line <= bytes.len() + 1, "{error}"),
    };
    let plain = explain(&captured, &About::default());
    judged(&plain);
    assert_eq!(plain.verified, None);

    // Each of them is tried by some input or other: an explanation takes its time.
    let secret = SECRETS.get(bytes.len() % SECRETS.len()).copied().unwrap_or_default();
    let server = plain.string_to_sign.clone().unwrap_or_default();
    let body = captured.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    let clients = [None, Some(server.as_str()), Some(&body), server.get(1..), Some(secret)];
    let client_string = clients.get(bytes.len() / 2 % clients.len()).copied().flatten();
    let secret = AccessKeySecret::new(secret);
    let explained = explain(&captured, &About { secret: Some(&secret), client_string, ..About::default() });
    judged(&explained);
    assert_eq!(explained.string_to_sign, plain.string_to_sign, "the server's string is the server's");
    if !crate::contains(bytes, b"CSSK-a-secret") {
        assert!(!format!("{explained:?}").contains("CSSK-a-secret"), "{explained:?}");
    }
}

fn judged(explained: &Explanation) {
    if let Some(Ok(())) = explained.accepted_by_serve {
        assert_eq!(explained.verified, Some(true), "{explained:?}");
    }
    // These secrets signed nothing.
    assert_ne!(explained.verified, Some(true), "{explained:?}");
    let joined: Vec<_> = explained.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(joined.join("\n"), explained.string_to_sign.clone().unwrap_or_default());
    if let Some(difference) = &explained.difference {
        assert!(difference.column >= 1 && difference.server != difference.client, "{difference:?}");
    }
}
