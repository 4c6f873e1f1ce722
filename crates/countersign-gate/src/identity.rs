//! Who called: what the service behind learns of a verified request.

use countersign::{Algorithm, Payload, Timestamp};
use countersign_accounts::id::AccountId;
use countersign_accounts::verifier::Verified;
use http::{HeaderMap, HeaderName};

/// Who sent a verified request, and what its signature says. It stands among the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub access_key_id: String,
    /// Whose the AccessKey is.
    pub account: AccountId,
    /// The name of the scheme that it signed by.
    pub scheme: &'static str,
    /// The name of the reading under which the signature matched.
    pub reading: &'static str,
    pub algorithm: Algorithm,
    pub signed_at: Timestamp,
    pub coverage: Coverage,
}

/// What the signature covers. Anybody on the way may have altered the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    pub method: bool,
    pub path: bool,
    pub query: bool,
    /// The host that the client addressed.
    pub authority: bool,
    /// The time by which the signature is judged.
    pub time: bool,
    /// The names of the header fields, in lower case and sorted.
    pub headers: Vec<String>,
    /// The body, by its digest or whole.
    pub body: bool,
}

impl Caller {
    pub(crate) fn of(verified: &Verified<'_, '_>) -> Self {
        let proven = &verified.proven;
        let claim = proven.claim();
        let covered = &claim.covered;
        let mut headers: Vec<_> = covered.headers.iter().map(|field| field.name.to_owned()).collect();
        headers.dedup();
        Self {
            access_key_id: verified.access_key.id().to_owned(),
            account: verified.access_key.account.clone(),
            scheme: proven.scheme().name(),
            reading: proven.reading().name,
            algorithm: claim.algorithm,
            signed_at: claim.signed_at,
            coverage: Coverage {
                method: covered.method,
                path: covered.path,
                query: covered.query,
                authority: covered.authority,
                time: covered.time,
                headers,
                body: claim.payload != Payload::Uncovered,
            },
        }
    }
}

/// Takes away the header fields that say who called, which only a gate may say. Some programs behind do not tell a dash
/// from an underscore in a name.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let ours: Vec<_> = headers.keys().filter(|name| is_identity(name)).cloned().collect();
    for name in ours {
        headers.remove(name);
    }
}

fn is_identity(name: &HeaderName) -> bool {
    name.as_str().replace('_', "-").starts_with("x-countersign-")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_only_a_gate_may_say_is_taken_away() {
        let mut headers = HeaderMap::new();
        for name in
            ["x-countersign-account", "X-Countersign_Account", "x_countersign_a", "x-countersigned", "host"]
        {
            let name: HeaderName = name.parse().unwrap();
            headers.append(&name, HeaderValue::from_static("1"));
            headers.append(name, HeaderValue::from_static("2"));
        }
        strip(&mut headers);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["host", "x-countersigned"]);
    }
}
