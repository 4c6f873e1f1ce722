//! The strict string to sign of ODPS, written once more and as plainly as can be, to compare with.

use std::collections::BTreeMap;

use countersign::Request;

/// What goes into the string to sign, decoded.
pub(crate) struct Parts {
    pub(crate) path: Vec<u8>,
    /// Of parameters with one name, the last.
    pub(crate) parameters: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// None where the request is not under the base.
pub(crate) fn parts(request: &Request<'_>, base: &str) -> Option<Parts> {
    let path = request.path().strip_prefix(base)?;
    if !path.is_empty() && !path.starts_with('/') {
        return None;
    }
    let mut parameters = BTreeMap::new();
    for part in request.query().unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        parameters.insert(decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")));
    }
    Some(Parts { path: decoded(path), parameters })
}

/// The string to sign.
pub(crate) fn strict(request: &Request<'_>, base: &str) -> Option<Vec<u8>> {
    let Parts { path, parameters } = parts(request, base)?;
    let mut lines = vec![request.method().as_bytes().to_vec()];
    for name in ["content-md5", "content-type", "date"] {
        lines.push(request.headers().get(name).map_or(Vec::new(), |value| value.as_bytes().to_vec()));
    }
    let mut named = BTreeMap::new();
    for name in request.headers().keys().filter(|name| name.as_str().starts_with("x-odps-")) {
        let values: Vec<_> = request.headers().get_all(name).iter().map(|value| value.as_bytes()).collect();
        named.insert(name.as_str().as_bytes().to_vec(), values.join(&b","[..]));
    }
    named.extend(parameters.clone().into_iter().filter(|(name, _)| name.starts_with(b"x-odps-")));
    lines.extend(named.into_iter().map(|(name, value)| [name, b":".to_vec(), value].concat()));

    let pairs = parameters
        .into_iter()
        .map(|(name, value)| if value.is_empty() { name } else { [name, b"=".to_vec(), value].concat() });
    let pairs: Vec<_> = pairs.collect();
    let query = if pairs.is_empty() { Vec::new() } else { [b"?".to_vec(), pairs.join(&b'&')].concat() };
    lines.push([path, query].concat());
    Some(lines.join(&b'\n'))
}

/// `%41` to `A`; what is not two hexadecimal digits behind a `%` stays.
pub(crate) fn decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let hexadecimal = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match hexadecimal.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                out.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = behind;
            }
        }
    }
    out
}
