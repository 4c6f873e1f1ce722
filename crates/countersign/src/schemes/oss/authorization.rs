//! The `Authorization` of versions 2 and 4: three parts, in whichever order.

use crate::bytes::cut;
use crate::refusal::Malformed;

/// What the list of additional header fields is called in the header field, and in the query.
const ADDITIONAL: &str = "AdditionalHeaders";
pub(in crate::schemes) const ADDITIONAL_PARAMETER: &str = "x-oss-additional-headers";

/// The parts of an `Authorization`.
pub(in crate::schemes) struct Authorization<'r> {
    pub(in crate::schemes) credential: &'r str,
    /// The names of additional header fields, as they are listed.
    pub(in crate::schemes) additional: Option<&'r str>,
    pub(in crate::schemes) signature: &'r str,
}

/// How a version writes it.
pub(in crate::schemes) struct Form {
    /// What it begins with.
    pub(in crate::schemes) start: &'static str,
    /// What the first part is called.
    pub(in crate::schemes) credential: &'static str,
    /// What stands between the name of a part and its value.
    pub(in crate::schemes) separator: u8,
    /// What it should read.
    pub(in crate::schemes) example: &'static str,
}

impl Form {
    /// Reads the parts in any order, with or without blanks between them: oss2 puts the signature before the additional
    /// header fields, and a blank behind each comma.
    pub(in crate::schemes) fn read<'r>(&self, value: &'r [u8]) -> Result<Authorization<'r>, Malformed> {
        let unreadable = || Malformed::unreadable("Authorization", self.example);
        let text = std::str::from_utf8(value).map_err(|_| unreadable())?;
        let text = text.strip_prefix(self.start).ok_or_else(unreadable)?;
        let (mut credential, mut additional, mut signature) = (None, None, None);
        let mut rest = Some(text);
        while let Some(text) = rest {
            let (part, behind) = cut(text, b',').map_or((text, None), |(part, behind)| (part, Some(behind)));
            rest = behind;
            let has_blanks = part.starts_with(' ') || part.ends_with(' ');
            let part = if has_blanks { part.trim_matches(' ') } else { part };
            let (name, value) = cut(part, self.separator).ok_or_else(unreadable)?;
            let once = match name {
                ADDITIONAL => &mut additional,
                "Signature" => &mut signature,
                name if name == self.credential => &mut credential,
                _ => return Err(unreadable()),
            };
            if once.replace(value).is_some() {
                return Err(Malformed::Repeated(name.to_owned()));
            }
        }
        match (credential, signature) {
            (Some(credential), Some(signature)) => Ok(Authorization { credential, additional, signature }),
            _ => Err(unreadable()),
        }
    }
}
