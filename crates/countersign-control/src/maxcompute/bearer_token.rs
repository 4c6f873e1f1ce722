//! Bearer tokens: what a client gets for a signature, to hand on to somebody who may do less, for a while.
//!
//! ```text
//! base64( <ring key>.<MAC>,CSBT1:<account>:<project>:<AccessKey id>,<expiry>,<policy> )
//! ```
//!
//! PyODPS decodes a token, splits it at commas and takes the third part for the second at which it expires, so no part
//! holds a comma: the policy is JSON in base 64. The MAC is over all that stands behind the first comma. A token is
//! good only as long as the AccessKey that it was made with.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign::Timestamp;
use countersign_accounts::id::AccountId;
use countersign_accounts::project::ProjectName;
use countersign_accounts::seal::Ring;

use super::policy::Policy;

/// Keeps these tokens apart from any others that the same ring makes.
const PURPOSE: &str = "maxcompute bearer token";
/// What a token's claims begin with: what it is, and in which version.
const MARK: &str = "CSBT1";
/// The longest token that is looked at. The largest policy makes one half as long.
const LONGEST: usize = 64 * 1024;

/// What a token says.
#[derive(Debug)]
pub(super) struct BearerToken {
    pub(super) account: AccountId,
    pub(super) project: ProjectName,
    /// Its id.
    pub(super) access_key: String,
    /// To the second. From this instant on it is refused.
    pub(super) expires: Timestamp,
    pub(super) policy: Policy,
}

impl BearerToken {
    /// The token as text. It has no character that a query would need to encode but `=` at its end.
    pub(super) fn write(&self, ring: &Ring) -> serde_json::Result<String> {
        let policy = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&self.policy)?);
        let claims = format!(
            "{MARK}:{}:{}:{},{},{policy}",
            self.account,
            self.project,
            self.access_key,
            self.expires.unix_seconds()
        );
        let (ring_key, mac) = ring.mac(PURPOSE, claims.as_bytes());
        Ok(STANDARD.encode(format!("{ring_key}.{},{claims}", URL_SAFE_NO_PAD.encode(mac))))
    }

    /// Reads a token that this installation made; `None` for any other text. Nothing in it is read before its MAC is
    /// proven. Whether it has expired, and what became of its AccessKey, the caller asks.
    pub(super) fn read(ring: &Ring, text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let decoded = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
        let (proof, claims) = decoded.split_once(',')?;
        let (ring_key, mac) = proof.split_once('.')?;
        let number: u32 = ring_key.parse().ok()?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        // One token has one text: `+1` is not another way to write ring key 1.
        if number.to_string() != ring_key || !ring.proves(number, PURPOSE, claims.as_bytes(), &mac) {
            return None;
        }

        let mut parts = claims.split(',');
        let (whose, expires, policy) = (parts.next()?, parts.next()?, parts.next()?);
        let mut whose = whose.split(':');
        if whose.next() != Some(MARK) {
            return None;
        }
        let (account, project, access_key) = (whose.next()?, whose.next()?, whose.next()?);
        if whose.next().is_some() || parts.next().is_some() {
            return None;
        }
        Some(Self {
            account: AccountId::from_text(account),
            project: ProjectName::new(project).ok()?,
            access_key: access_key.to_owned(),
            expires: Timestamp::from_unix_millis(expires.parse::<i64>().ok()?.checked_mul(1000)?),
            policy: serde_json::from_slice(&URL_SAFE_NO_PAD.decode(policy).ok()?).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use countersign_accounts::random;
    use countersign_accounts::seal::{MasterKey, RingKey};

    use super::*;

    fn ring() -> Ring {
        let mut random = random::from_system();
        let master = MasterKey::generate(&mut random);
        let row = RingKey::generate(7, &mut random).seal("cluster", &master, true, &mut random);
        Ring::open("cluster", &master, &[row]).unwrap()
    }

    fn token(ring: &Ring) -> String {
        let policy =
            r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"odps:Read","Resource":"*"}]}"#;
        let token = BearerToken {
            account: AccountId::from_text("acc_1"),
            project: ProjectName::new("demo").unwrap(),
            access_key: "CSAK1".to_owned(),
            expires: Timestamp::from_unix_millis(1_795_000_000_999),
            policy: serde_json::from_str(policy).unwrap(),
        };
        token.write(ring).unwrap()
    }

    #[test]
    fn a_token_reads_back_and_pyodps_finds_its_expiry() {
        let ring = ring();
        let text = token(&ring);
        let decoded = String::from_utf8(STANDARD.decode(&text).unwrap()).unwrap();
        assert_eq!(decoded.split(',').nth(2), Some("1795000000"));
        assert_eq!(decoded.split(',').nth(1), Some("CSBT1:acc_1:demo:CSAK1"));
        assert!(!text.contains(['+', '/']), "{text}");

        let read = BearerToken::read(&ring, &text).unwrap();
        assert_eq!((read.account.as_str(), read.project.as_str()), ("acc_1", "demo"));
        assert_eq!(read.access_key, "CSAK1");
        assert_eq!(read.expires, Timestamp::from_unix_millis(1_795_000_000_000));
        assert!(read.policy.allows(super::super::policy::Action::Read, &read.project));
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let ring = ring();
        let text = token(&ring);
        for place in 0..text.len() {
            for other in [b'A', b'B', b'=', b'%', b' '] {
                let mut altered = text.clone().into_bytes();
                if altered[place] == other {
                    continue;
                }
                altered[place] = other;
                let altered = String::from_utf8(altered).unwrap();
                assert!(BearerToken::read(&ring, &altered).is_none(), "byte {place} made {other}");
            }
            assert!(BearerToken::read(&ring, text.get(..place).unwrap()).is_none(), "cut at {place}");
        }
        let decoded = STANDARD.decode(&text).unwrap();
        for place in 0..decoded.len() {
            for bit in 0..8 {
                let mut altered = decoded.clone();
                altered[place] ^= 1 << bit;
                assert!(
                    BearerToken::read(&ring, &STANDARD.encode(&altered)).is_none(),
                    "bit {bit} of byte {place}"
                );
            }
        }
    }

    #[test]
    fn another_spelling_of_a_token_is_not_that_token() {
        let ring = ring();
        let text = token(&ring);
        let decoded = String::from_utf8(STANDARD.decode(&text).unwrap()).unwrap();
        for other in
            [format!("+{decoded}"), format!("0{decoded}"), format!(" {decoded}"), format!("{decoded},")]
        {
            assert!(BearerToken::read(&ring, &STANDARD.encode(other)).is_none());
        }
        for other in [format!("{text} "), format!(" {text}"), format!("{text}="), text.replace('=', "")] {
            assert!(other == text || BearerToken::read(&ring, &other).is_none(), "{other}");
        }
    }

    #[test]
    fn another_installation_does_not_take_it() {
        assert!(BearerToken::read(&ring(), &token(&ring())).is_none());
        assert!(BearerToken::read(&ring(), "").is_none());
        assert!(BearerToken::read(&ring(), &"A".repeat(LONGEST + 4)).is_none());
    }
}
