//! The `Authorization` of versions 2 and 4: three parts, in whichever order.

use std::borrow::Cow;

use http::header::AUTHORIZATION;

use crate::canonical::parameters;
use crate::refusal::Malformed;
use crate::request::Request;

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
    pub(in crate::schemes) separator: char,
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
        for part in text.split(',') {
            let (name, value) = part.trim_matches(' ').split_once(self.separator).ok_or_else(unreadable)?;
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

    /// The list of additional header fields in a request that could be read, from wherever it is signed.
    pub(in crate::schemes) fn additional<'r>(&self, request: &Request<'r>) -> Option<Cow<'r, str>> {
        if let Some(value) = request.headers.get(AUTHORIZATION) {
            // Two parts have one comma between them and list none, which is quicker to see than to read.
            let commas = value.as_bytes().iter().filter(|byte| **byte == b',').count();
            let read = (commas > 1).then(|| self.read(value.as_bytes()).ok())??;
            return read.additional.map(Cow::Borrowed);
        }
        let found = parameters(request.query?.as_bytes())
            .into_iter()
            .find(|p| *p.name == *ADDITIONAL_PARAMETER.as_bytes())?;
        match found.value {
            Cow::Borrowed(text) => std::str::from_utf8(text).ok().map(Cow::Borrowed),
            Cow::Owned(text) => String::from_utf8(text).ok().map(Cow::Owned),
        }
    }
}
