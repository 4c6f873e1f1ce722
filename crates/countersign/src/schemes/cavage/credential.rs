//! The parameters of an `Authorization`: `keyId="…",algorithm="…",headers="…",signature="…"`.

use crate::bytes::cut;
use crate::refusal::Malformed;

/// What they say. All four must be there.
#[derive(Debug)]
pub(in crate::schemes) struct Credential<'r> {
    pub(in crate::schemes) id: &'r str,
    pub(super) algorithm: &'r str,
    /// The names that it lists as signed, spelt as it spells them, with blanks between them. There is at least one, which
    /// may be empty.
    pub(super) headers: &'r str,
    pub(super) signature: &'r str,
    /// The field in which they stand.
    field: &'static str,
}

impl<'r> Credential<'r> {
    /// Reads the parameters, in any order, with blanks behind the commas or without.
    pub(super) fn read(id: &'static str, field: &str, text: &'r [u8]) -> Result<Self, Malformed> {
        let field = if field == "authorization" { "Authorization" } else { "Proxy-Authorization" };
        let unreadable = |why| Malformed::unreadable(field, why);
        let mut rest = std::str::from_utf8(text).map_err(|_| unreadable("it is not UTF-8"))?;
        let names = [id, "algorithm", "headers", "signature"];
        let mut values = [None; 4];
        loop {
            let (name, value, behind) = parameter(rest).ok_or_else(|| {
                unreadable("it should read `name=\"value\"`, with commas between parameters")
            })?;
            let place = names.iter().zip(&mut values).find(|(known, _)| **known == name);
            let (_, place) = place.ok_or_else(|| unreadable("it has a parameter that is not known here"))?;
            if place.replace(value).is_some() {
                return Err(Malformed::Repeated(name.to_owned()));
            }
            if behind.is_empty() {
                break;
            }
            let behind = behind.strip_prefix(',');
            let behind = behind.ok_or_else(|| unreadable("there should be a comma between parameters"))?;
            rest = behind.trim_start_matches(' ');
        }
        let [id_value, algorithm, headers, signature] = values;
        let (Some(id), Some(algorithm), Some(headers), Some(signature)) =
            (id_value, algorithm, headers, signature)
        else {
            let missing = names.iter().zip(values).find(|(_, value)| value.is_none());
            return Err(Malformed::Missing(missing.map_or("signature", |(name, _)| *name)));
        };
        Ok(Self { id, algorithm, headers, signature, field })
    }

    pub(super) fn unreadable(&self, why: &'static str) -> Malformed {
        Malformed::unreadable(self.field, why)
    }
}

/// Splits `name="value"` off.
fn parameter(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = cut(text, b'=')?;
    let (value, behind) = cut(rest.strip_prefix('"')?, b'"')?;
    Some((name, value, behind))
}
