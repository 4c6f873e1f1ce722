//! Time-based one-time passwords (RFC 6238) in the form that all applications know: HMAC-SHA1, six digits, 30 seconds.

use std::fmt;

use countersign::Timestamp;
use countersign::crypto::{HmacSha1, equal};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// How long one code is good for, in seconds.
const STEP: i64 = 30;
/// How many steps a clock may be off, to either side.
const SKEW: u64 = 1;

/// What an application for second factors shares with this side: 160 random bits (RFC 4226, section 4).
pub struct TotpSecret(Zeroizing<Vec<u8>>);

impl TotpSecret {
    /// A new secret.
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        let mut bytes = Zeroizing::new(vec![0; 20]);
        random.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Takes what was sealed.
    pub fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// What is sealed.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The secret in base 32 (RFC 4648), for people who type it.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.0.len().div_ceil(5) * 8));
        for chunk in self.0.chunks(5) {
            let bits =
                chunk.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte)) << (8 * (5 - chunk.len()));
            for place in 0..(chunk.len() * 8).div_ceil(5) {
                let digit = (bits >> (35 - 5 * place)) & 31;
                text.push(
                    BASE32.get(usize::try_from(digit).unwrap_or_default()).copied().map_or('A', char::from),
                );
            }
        }
        text
    }

    /// The `otpauth` URI that applications read from a QR code. `issuer` and `account` are what they show.
    pub fn uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let (issuer, account, secret) = (encoded(issuer), encoded(account), self.to_text());
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}",
            secret.as_str()
        ))
    }

    /// The time step of which somebody typed the code, if it is about now. Blanks in it do not matter. Each code is to be
    /// accepted once: the caller sees to that by the step.
    pub fn step_of(&self, typed: &str, now: Timestamp) -> Option<u64> {
        let typed: Zeroizing<String> =
            Zeroizing::new(typed.chars().filter(|c| !c.is_whitespace()).take(7).collect());
        let current = u64::try_from(now.unix_seconds().div_euclid(STEP)).ok()?;
        let mut found = None;
        // All are tried, so that time does not tell which.
        for step in current.saturating_sub(SKEW)..=current.saturating_add(SKEW) {
            if equal(self.code(step).as_bytes(), typed.as_bytes()) {
                found = Some(step);
            }
        }
        found
    }

    /// The code of a time step (RFC 4226, section 5.3).
    fn code(&self, step: u64) -> Zeroizing<String> {
        let mac = Zeroizing::new(HmacSha1::new(&self.0).mac(&step.to_be_bytes()));
        let offset = usize::from(mac.last().copied().unwrap_or_default() & 15);
        let number =
            mac.iter().skip(offset).take(4).fold(0u32, |number, byte| number << 8 | u32::from(*byte));
        Zeroizing::new(format!("{:06}", (number & 0x7fff_ffff) % 1_000_000))
    }

    /// The code of a time, as an application shows it. For tests and demonstrations.
    pub fn code_at(&self, now: Timestamp) -> Zeroizing<String> {
        self.code(u64::try_from(now.unix_seconds().div_euclid(STEP)).unwrap_or_default())
    }
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A text as it may stand in a URI.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> TotpSecret {
        TotpSecret(Zeroizing::new(b"12345678901234567890".to_vec()))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_millis(seconds * 1000)
    }

    /// RFC 6238, appendix B, of which these are the last six digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().code_at(at(seconds)).as_str(), code);
            let step = u64::try_from(seconds / 30).unwrap();
            for typed in
                [code.to_owned(), format!(" {code}\t"), code.split("").collect::<Vec<_>>().join("\u{a0}")]
            {
                assert_eq!(secret().step_of(&typed, at(seconds)), Some(step), "{typed}");
            }
        }
    }

    #[test]
    fn a_clock_may_be_off_by_a_step() {
        let code = secret().code_at(at(3000));
        for (seconds, known) in [(2969, false), (2970, true), (3000, true), (3059, true), (3060, false)] {
            assert_eq!(secret().step_of(&code, at(seconds)).is_some(), known, "{seconds}");
        }
        for typed in ["", "0", "0000000", "28708", "2870822", "abcdef"] {
            assert_eq!(secret().step_of(typed, at(59)), None, "{typed}");
        }
    }

    #[test]
    fn the_uri_is_one_that_applications_read() {
        assert_eq!(secret().to_text().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            secret().uri("My Cloud", "a+b@example.com").as_str(),
            "otpauth://totp/My%20Cloud:a%2Bb@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=My%20Cloud"
        );
        let odd = TotpSecret(Zeroizing::new(b"foobar".to_vec()));
        assert_eq!(odd.to_text().as_str(), "MZXW6YTBOI");
        assert_eq!(format!("{odd:?}"), "…");
    }
}
