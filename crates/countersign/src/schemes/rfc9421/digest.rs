//! `Content-Digest` (RFC 9530): what binds a signature to the body.

use super::structured::Reader;
use crate::claim::Payload;
use crate::crypto::{Bytes, Hash};

/// Reads the digests that a signature covers: of several that are known here the strongest.
///
/// A digest by a known algorithm that cannot be read, or that stands twice, makes all unreadable, and so does a field
/// with none: RFC 9530 would have a receiver ignore what it does not know, and the body would then be nobody's.
pub(super) fn read<'r>(values: impl Iterator<Item = &'r [u8]>) -> Payload {
    let mut found = Found::default();
    for value in values {
        if take(value, &mut found).is_none() {
            return Payload::Unreadable;
        }
    }
    match (found.sha512, found.sha256) {
        (Some(digest), _) => Payload::Digest(Hash::Sha512, digest),
        (None, Some(digest)) => Payload::Digest(Hash::Sha256, digest),
        (None, None) => Payload::Unreadable,
    }
}

#[derive(Default)]
struct Found {
    sha256: Option<Bytes>,
    sha512: Option<Bytes>,
}

/// Reads one field: `sha-256=:…:, sha-512=:…:`.
fn take(value: &[u8], found: &mut Found) -> Option<()> {
    let mut reader = Reader::of(value)?;
    loop {
        let name = reader.key().filter(|_| reader.eat("="))?;
        let digest = reader.bytes()?;
        let (place, hash) = match name {
            "sha-512" => (Some(&mut found.sha512), Hash::Sha512),
            "sha-256" => (Some(&mut found.sha256), Hash::Sha256),
            _ => (None, Hash::Sha256),
        };
        if let Some(place) = place
            && (digest.len() != hash.output_length() || place.replace(digest).is_some())
        {
            return None;
        }
        reader.skip_blanks();
        if reader.is_at_end() {
            return Some(());
        }
        if !reader.eat(",") {
            return None;
        }
        reader.skip_blanks();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA_256: &str = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
    const SHA_512: &str =
        "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
    const BODY: &[u8] = br#"{"hello": "world"}"#;

    fn payload(fields: &[&str]) -> Payload {
        read(fields.iter().map(|field| field.as_bytes()))
    }

    #[test]
    fn case_04_a_digest_is_compared_with_the_body() {
        for field in [SHA_256, SHA_512] {
            let payload = payload(&[field]);
            assert!(payload.matches(BODY), "{field}");
            assert!(!payload.matches(b"") && !payload.matches(br#"{"hello": "world!"}"#), "{field}");
        }
    }

    #[test]
    fn of_several_digests_the_strongest_counts() {
        let wrong = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:";
        let fields =
            [format!("{wrong}, {SHA_512}"), format!("{SHA_512},{wrong}"), format!("md5=:AAAA:, {SHA_512}")];
        for field in &fields {
            assert!(matches!(payload(&[field]), Payload::Digest(Hash::Sha512, _)), "{field}");
        }
        assert!(matches!(payload(&[wrong, SHA_512]), Payload::Digest(Hash::Sha512, _)));
    }

    #[test]
    fn a_digest_that_cannot_be_read_matches_nothing() {
        let twice = format!("{SHA_256}, {SHA_256}");
        let beside = format!("{SHA_256}, sha-512=:AAAA:");
        for field in [
            "",
            "sha-256",
            "sha-256=:AAAA:",
            "sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=",
            "SHA-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
            "md5=:Sd/dVLAcvNLSq16eXua5uQ==:",
            &twice,
            &beside,
            &format!("{SHA_256},"),
            &format!("{SHA_256};a=1"),
        ] {
            let payload = payload(&[field]);
            assert_eq!(payload, Payload::Unreadable, "{field}");
            assert!(!payload.matches(BODY) && !payload.matches(b""));
        }
        assert_eq!(payload(&[SHA_256, SHA_256]), Payload::Unreadable);
        assert_eq!(payload(&[]), Payload::Unreadable);
    }
}
