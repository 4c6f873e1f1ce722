//! What may have happened to a request whose signature does not match: each guess changes the request, the base path
//! or the secret, and is tested like any request.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::captured::Captured;
use super::encoding;
use crate::claim::{Claim, Payload};
use crate::crypto::{Hash, HmacSha1, PublicKey};
use crate::key::{AccessKeySecret, Key};
use crate::request::Request;
use crate::scheme::{Place, Reading, Scheme, StringToSign};
use crate::time::Timestamp;
use crate::verify::{Proven, Readings, verify};

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
/// How many guesses are tested at most, and about how many bytes of request heads in all, so that explaining a request
/// has a price that is known. Beyond 4 KiB, far more than clients send, the last guesses are left out.
const MOST: usize = 480;
const MOST_BYTES: usize = 2 << 20;
/// How many segments, parameters and header fields are gone through.
const PARTS: usize = 32;

/// What explains a signature that does not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hypothesis {
    /// `clock`, `base path`, `encoding`, `body`, `method`, `secret with blanks around it`, `wrong secret`, …
    pub name: &'static str,
    /// What happened, and what to do about it.
    pub cause: String,
    /// Whether the signature matches if it is so. Otherwise the client's own string to sign fits, or nothing does.
    pub proven: bool,
    /// The reading under which it fits, where it does.
    pub reading: Option<&'static str>,
    /// What the client signed if it is so, where that is known.
    pub string_to_sign: Option<String>,
    /// And the canonical request whose hash stands in it, where the scheme has one.
    pub canonical_request: Option<String>,
}

/// What a scheme writes for a request under a reading.
pub(super) struct Written {
    pub(super) string_to_sign: String,
    pub(super) canonical_request: Option<String>,
}

impl Written {
    /// Whether a client's own text is one of the two: some show the one in their log, some the other.
    pub(super) fn is(&self, client: &str) -> bool {
        self.string_to_sign == client || self.canonical_request.as_deref() == Some(client)
    }
}

/// What signatures are tested with.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    pub(super) secret: Option<&'a AccessKeySecret>,
    pub(super) public_key: Option<&'a PublicKey>,
}

impl Held<'_> {
    pub(super) fn is_some(self) -> bool {
        self.secret.is_some() || self.public_key.is_some()
    }

    /// Lends it as a key.
    pub(super) fn with<T>(self, test: impl FnOnce(Key<'_>) -> T) -> Option<T> {
        match (self.public_key, self.secret) {
            (Some(key), _) => Some(test(Key::Public(key))),
            (None, Some(secret)) => {
                let secret = secret.expose().as_bytes();
                Some(test(Key::secret(secret, &HmacSha1::new(secret))))
            }
            (None, None) => None,
        }
    }
}

/// What one guess changes.
#[derive(Default)]
pub(super) struct Change<'c> {
    pub(super) method: Option<&'c str>,
    pub(super) target: Option<&'c str>,
    /// Header fields with their other values; `None` takes the field away.
    pub(super) fields: &'c [(HeaderName, Option<HeaderValue>)],
    pub(super) base: Option<&'c str>,
    pub(super) secret: Option<&'c AccessKeySecret>,
    pub(super) scope_date: Option<&'c str>,
}

/// What guesses are tested on.
pub(super) struct Trial<'t, 'r> {
    pub(super) scheme: &'static dyn Scheme,
    pub(super) captured: &'t Captured,
    pub(super) claim: &'t Claim<'r>,
    pub(super) place: Place<'t>,
    pub(super) held: Held<'t>,
    /// The client's own string to sign, where it differs from the server's.
    pub(super) client: Option<&'t str>,
    left: usize,
}

impl<'t, 'r> Trial<'t, 'r> {
    pub(super) fn new(
        scheme: &'static dyn Scheme,
        captured: &'t Captured,
        claim: &'t Claim<'r>,
        place: Place<'t>,
        held: Held<'t>,
        client: Option<&'t str>,
    ) -> Self {
        // With nothing to test by, nothing is tested.
        let most = if held.is_some() || client.is_some() { MOST } else { 0 };
        let left = most.min(MOST_BYTES / captured.head_length().max(1));
        Self { scheme, captured, claim, place, held, client, left }
    }

    /// Tests a guess: whether the signature matches, or else whether this is what the client says that it signed.
    pub(super) fn test(
        &mut self,
        name: &'static str,
        change: &Change<'_>,
        cause: impl FnOnce() -> String,
    ) -> Option<Hypothesis> {
        self.left = self.left.checked_sub(1)?;
        let mut headers = Cow::Borrowed(&self.captured.headers);
        for (field, value) in change.fields {
            match value {
                Some(value) => drop(headers.to_mut().try_insert(field, value.clone()).ok()?),
                None => drop(headers.to_mut().remove(field)),
            }
        }
        let as_captured = self.captured.request();
        let method = change.method.unwrap_or(as_captured.method());
        let target = change.target.unwrap_or(&self.captured.target);
        let request = Request::new(method, target, &headers, as_captured.body());
        let mut claim = self.scheme.read(&request).ok()?;
        if let (Some(date), Some(scope)) = (change.scope_date, &mut claim.scope) {
            scope.date = Cow::Borrowed(date);
        }
        let place = Place { base: change.base.unwrap_or(self.place.base), ..self.place };

        let held = Held { secret: change.secret.or(self.held.secret), ..self.held };
        let proven = prove(self.scheme, place, &request, &claim, held).map(|proven| proven.reading());
        let by_text = || {
            let client = self.client?;
            let fits = |reading: &&Reading| {
                written(self.scheme, **reading, place, &request, &claim)
                    .is_some_and(|written| written.is(client))
            };
            self.scheme.readings().iter().find(fits).copied()
        };
        let reading = proven.or_else(by_text)?;
        let written = written(self.scheme, reading, place, &request, &claim);
        let (string_to_sign, canonical_request) = match written {
            Some(written) => (Some(written.string_to_sign), written.canonical_request),
            None => (None, None),
        };
        Some(Hypothesis {
            name,
            cause: cause(),
            proven: proven.is_some(),
            reading: Some(reading.name),
            string_to_sign,
            canonical_request,
        })
    }
}

/// A claim that what is held proves.
pub(super) fn prove<'a, 'r>(
    scheme: &'static dyn Scheme,
    place: Place<'_>,
    request: &Request<'r>,
    claim: &'a Claim<'r>,
    held: Held<'_>,
) -> Option<Proven<'a, 'r>> {
    held.with(|key| verify(scheme, place, request, claim, key, Readings::Every))?.ok()
}

/// What a scheme writes under a reading, where the reading applies.
pub(super) fn written(
    scheme: &dyn Scheme,
    reading: Reading,
    place: Place<'_>,
    request: &Request<'_>,
    claim: &Claim<'_>,
) -> Option<Written> {
    let mut text = StringToSign::new();
    let applies = scheme.write(reading, place, request, claim, &mut text);
    let canonical_request = String::from_utf8_lossy(text.canonical_request()).into_owned();
    applies.then(|| Written {
        string_to_sign: text.to_text(),
        canonical_request: Some(canonical_request).filter(|text| !text.is_empty()),
    })
}

/// Tries what goes wrong with the key: nothing in the string to sign tells of it.
pub(super) fn of_the_key(trial: &mut Trial<'_, '_>) -> Option<Hypothesis> {
    secret(trial).or_else(|| scope_date(trial))
}

/// Tries what goes wrong with the string to sign, the most likely first.
pub(super) fn of_the_text(trial: &mut Trial<'_, '_>) -> Option<Hypothesis> {
    base_path(trial)
        .or_else(|| clock(trial))
        .or_else(|| host(trial))
        .or_else(|| method(trial))
        .or_else(|| encoding::spellings(trial))
        .or_else(|| encoding::rewritten(trial))
        .or_else(|| header_field(trial))
        .or_else(|| body(trial))
}

fn secret(trial: &mut Trial<'_, '_>) -> Option<Hypothesis> {
    let given = trial.held.secret?.expose();
    let blanks = "secret with blanks around it";
    let had = |what: &str| {
        format!(
            "the secret given here has {what} that the client signed without: take it away, and copy it anew"
        )
    };
    let signed = |what: &str| {
        format!(
            "the client signed with {what} of its secret: look how its configuration is written, and remove it there"
        )
    };
    let is_quote = |c: char| matches!(c, '"' | '\'' | '`' | '\u{201c}' | '\u{201d}');
    let line_end = given.trim_end_matches(['\r', '\n']);
    let trimmed = given.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
    let unquoted = trimmed.trim_matches(is_quote);
    let tries = [
        (line_end.to_owned(), had("a line end behind it")),
        (trimmed.to_owned(), had("blanks around it")),
        (given.trim_start().to_owned(), had("a blank in front of it")),
        (given.trim_end().to_owned(), had("a blank behind it")),
        (unquoted.to_owned(), had("quotation marks around it")),
        (unquoted.trim().to_owned(), had("quotation marks and blanks around it")),
        (format!("{trimmed}\n"), signed("a line end behind the last character")),
        (format!("{trimmed}\r"), signed("a carriage return behind the last character")),
        (format!("{trimmed}\r\n"), signed("a carriage return and a line end behind the last character")),
        (format!(" {trimmed}"), signed("a blank in front of the first character")),
        (format!("{trimmed} "), signed("a blank behind the last character")),
        (format!(" {trimmed} "), signed("blanks around the characters")),
        (format!("{trimmed}\t"), signed("a tab behind the last character")),
        (format!("\t{trimmed}"), signed("a tab in front of the first character")),
        (format!("\u{feff}{trimmed}"), signed("a byte order mark in front of the first character")),
        (format!("\"{unquoted}\""), signed("double quotes around the characters")),
        (format!("'{unquoted}'"), signed("single quotes around the characters")),
    ];
    for (other, cause) in tries.map(|(other, cause)| (Zeroizing::new(other), cause)) {
        if let Some(found) = other_secret(trial, blanks, &other, || cause) {
            return Some(found);
        }
    }

    // Java reads a backslash in a properties file as an escape; connection strings lose `=` and decode escapes.
    let spelt = "secret read otherwise";
    let decoded = String::from_utf8_lossy(&crate::canonical::decode(given.as_bytes())).into_owned();
    let tries = [
        (given.replace('\\', ""), "lost the backslashes: write each of them twice in a properties file"),
        (given.replace("\\\\", "\\"), "read two backslashes as one: write one here"),
        (given.trim_end_matches('=').to_owned(), "lost the `=` at the end: quote it or write it as `%3D`"),
        (given.replace('+', " "), "read `+` as a blank: write it as `%2B` where the secret stands in a URL"),
        (decoded, "decoded the escapes in it: the secret given here is the encoded one"),
    ];
    for (other, how) in tries.map(|(other, how)| (Zeroizing::new(other), how)) {
        let cause = || format!("the client read its secret otherwise than it stands here, and {how}");
        if let Some(found) = other_secret(trial, spelt, &other, cause) {
            return Some(found);
        }
    }
    None
}

fn other_secret(
    trial: &mut Trial<'_, '_>,
    name: &'static str,
    other: &str,
    cause: impl FnOnce() -> String,
) -> Option<Hypothesis> {
    if other == trial.held.secret?.expose() {
        return None;
    }
    let other = AccessKeySecret::new(other);
    trial.test(name, &Change { secret: Some(&other), ..Change::default() }, cause)
}

/// The day that a derived key is for may be another than the one that the scope names.
fn scope_date(trial: &mut Trial<'_, '_>) -> Option<Hypothesis> {
    let named = trial.claim.scope.as_ref()?.date.clone();
    for hours in [0, -24, 24, -48, 48] {
        let day = shifted(trial.claim.signed_at, hours * 3600).scope_date();
        let cause = || {
            format!(
                "the key was derived for the day `{day}`, but the scope names `{named}`: derive it for the day in UTC \
                 that the scope names, and anew when the day changes"
            )
        };
        if day != named
            && let Some(found) =
                trial.test("clock", &Change { scope_date: Some(&day), ..Change::default() }, cause)
        {
            return Some(found);
        }
    }
    None
}

fn shifted(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis(at.unix_millis().saturating_add(seconds.saturating_mul(1000)))
}

/// Signed fields that tell a time may have been set anew after signing, or by another clock.
fn clock(trial: &mut Trial<'_, '_>) -> Option<Hypothesis> {
    let claim = trial.claim;
    let times = claim.covered.headers.iter().filter_map(|field| {
        let text = std::str::from_utf8(field.value).ok()?;
        let http = Timestamp::parse_http_date(text);
        let at = http.or_else(|| Timestamp::parse_rfc3339(text))?;
        Some((HeaderName::from_bytes(field.name.as_bytes()).ok()?, text, at, http.is_some()))
    });
    let seconds = (1..=5).flat_map(|second| [second, -second]);
    let hours = (1..=14).flat_map(|hour| [hour * 3600, -hour * 3600]);
    let shifts: Vec<i64> = [0].into_iter().chain(seconds).chain(hours).collect();
    for (name, sent, at, http) in times.take(2) {
        for &shift in &shifts {
            let at = shifted(at, shift);
            let forms = match (http, shift) {
                (true, 0) => vec![at.http_date(), at.http_date().replace("GMT", "+0000")],
                (true, _) => vec![at.http_date()],
                (false, _) => vec![at.iso8601(), at.iso8601().replace(".000Z", "Z")],
            };
            for signed in forms.into_iter().filter(|signed| signed != sent) {
                let Ok(value) = HeaderValue::from_str(&signed) else { continue };
                let fields = [(name.clone(), Some(value))];
                let cause = || of_a_clock(&name, &signed, sent, shift);
                let change = Change { fields: &fields, ..Change::default() };
                if let Some(found) = trial.test("clock", &change, cause) {
                    return Some(found);
                }
            }
        }
    }
    None
}

fn of_a_clock(name: &HeaderName, signed: &str, sent: &str, shift: i64) -> String {
    let advice = match shift.abs() {
        0 => "something on the way writes it in another form: have it pass the field on as it is",
        1..3600 => {
            "the HTTP library or a proxy sets the field anew after signing: sign with the value that is sent, or have \
             the proxy leave the field alone"
        }
        _ => {
            "the client signs in local time, or a proxy sets the field in another time zone: use UTC in both places"
        }
    };
    format!("the client signed `{name}: {signed}`, but `{sent}` was received: {advice}")
}

fn base_path(trial: &mut Trial<'_, '_>) -> Option<Hypothesis> {
    if !trial.scheme.leaves_base_out() {
        return None;
    }
    let captured = trial.captured;
    let request = captured.request();
    let here = trial.place.base;
    let name = "base path";
    let shown = |base: &str| if base.is_empty() { "none".to_owned() } else { format!("`{base}`") };
    let prefixes = request.path().match_indices('/').map(|(at, _)| at).chain([request.path().len()]);
    let mut tried = vec![here.trim_end_matches('/')];
    for at in prefixes.take(PARTS) {
        let Some(base) = request.path().get(..at).map(|base| base.trim_end_matches('/')) else { continue };
        if tried.contains(&base) {
            continue;
        }
        tried.push(base);
        for base in [base.to_owned(), format!("{base}/")] {
            let cause = || {
                format!(
                    "the client takes {} for the path of its endpoint, but here it is {}: set the base path here to \
                     that of the client's endpoint URL, or correct the URL in the client's configuration",
                    shown(&base),
                    shown(here)
                )
            };
            let change = Change { base: Some(&base), ..Change::default() };
            if let Some(found) = trial.test(name, &change, cause) {
                return Some(found);
            }
        }
    }
    // A proxy may have taken the base path away before the request came here.
    let target = format!("{}{}", here.trim_end_matches('/'), captured.target);
    let cause = || {
        format!(
            "the client signed the path with {} in front of it, which a proxy has taken away: have the proxy pass \
             the path on as it came",
            shown(here)
        )
    };
    [("", &target), ("", &captured.target)].into_iter().find_map(|(base, target)| {
        let change = Change { base: Some(base), target: Some(target), ..Change::default() };
        trial.test(name, &change, cause)
    })
}

/// A proxy may have changed the host, which some schemes sign.
fn host(trial: &mut Trial<'_, '_>) -> Option<Hypothesis> {
    let sent = trial.claim.covered.headers.iter().find(|field| field.name == "host")?;
    let sent = std::str::from_utf8(sent.value).ok()?;
    let bare = sent.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let bare = bare.map_or(sent, |(bare, _)| bare);
    let others = ["", ":80", ":443"].map(|port| format!("{bare}{port}"));
    let others = others.into_iter().chain([sent.to_ascii_lowercase(), "localhost".to_owned()]);
    for signed in others.filter(|signed| signed != sent) {
        let fields = [(HOST, HeaderValue::from_str(&signed).ok())];
        let cause = || {
            format!(
                "the client signed `host: {signed}`, but `{sent}` was received: a proxy changed it; have the proxy pass \
                 `Host` on as it came"
            )
        };
        if let Some(found) = trial.test("host", &Change { fields: &fields, ..Change::default() }, cause) {
            return Some(found);
        }
    }
    None
}

fn method(trial: &mut Trial<'_, '_>) -> Option<Hypothesis> {
    let sent = trial.captured.method.as_str();
    let (lower, upper) = (sent.to_ascii_lowercase(), sent.to_ascii_uppercase());
    let others = [&lower, &upper, "GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS"];
    for signed in others.into_iter().filter(|other| *other != sent) {
        let cause = || {
            if signed.eq_ignore_ascii_case(sent) {
                return format!(
                    "the client signed the method as `{signed}`: sign it as it is sent, `{sent}`"
                );
            }
            format!(
                "the client signed the method `{signed}`, but `{sent}` was received: a redirect or a proxy changed \
                 it; call the final address directly, or sign again for each redirect"
            )
        };
        let change = Change { method: Some(signed), ..Change::default() };
        if let Some(found) = trial.test("method", &change, cause) {
            return Some(found);
        }
    }
    None
}

/// A field that is signed by its name may have been added on the way.
fn header_field(trial: &mut Trial<'_, '_>) -> Option<Hypothesis> {
    let mut names: Vec<&str> = trial.claim.covered.headers.iter().map(|field| field.name).collect();
    names.dedup();
    for name in names.into_iter().take(PARTS) {
        let Ok(field) = HeaderName::from_bytes(name.as_bytes()) else { continue };
        if field == CONTENT_TYPE || field == CONTENT_MD5 {
            continue;
        }
        let fields = [(field, None)];
        let cause = || {
            format!(
                "the client did not sign `{name}`: it was added after signing, by a proxy or the HTTP library; add it \
                 before signing, or not at all"
            )
        };
        if let Some(found) =
            trial.test("header field", &Change { fields: &fields, ..Change::default() }, cause)
        {
            return Some(found);
        }
    }
    None
}

/// The fields that describe the body may have been added or changed after signing.
fn body(trial: &mut Trial<'_, '_>) -> Option<Hypothesis> {
    let sent = |name: &HeaderName| {
        let value = trial.captured.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let (digest, kind) = (sent(&CONTENT_MD5), sent(&CONTENT_TYPE));
    let digests = digests(trial, digest.clone());
    let kinds = kinds(kind.clone());

    // One of the two alone is likelier than both.
    let one = digests.iter().map(|digest| (digest, &kind)).chain(kinds.iter().map(|kind| (&digest, kind)));
    let both = digests.iter().flat_map(|digest| kinds.iter().map(move |kind| (digest, kind)));
    for (signed_digest, signed_kind) in one.chain(both) {
        let mut fields = Vec::with_capacity(2);
        let mut told = Vec::with_capacity(2);
        for (name, shown, signed, sent) in [
            (CONTENT_MD5, "Content-MD5", signed_digest, &digest),
            (CONTENT_TYPE, "Content-Type", signed_kind, &kind),
        ] {
            if signed == sent {
                continue;
            }
            let value = signed.as_deref().map(HeaderValue::from_str).transpose();
            fields.push((name, value.ok().flatten()));
            told.push(changed(shown, signed.as_deref(), sent.as_deref()));
        }
        let cause = || {
            format!(
                "{}: the HTTP library or a proxy changed it after signing; set it yourself before signing, exactly as \
                 it is to be sent",
                told.join(", and ")
            )
        };
        let change = Change { fields: &fields, ..Change::default() };
        if let Some(found) = trial.test("body", &change, cause) {
            return Some(found);
        }
    }
    None
}

fn changed(name: &str, signed: Option<&str>, sent: Option<&str>) -> String {
    match (signed, sent) {
        (None, _) => format!("the client signed no `{name}`, but the request has one"),
        (Some(signed), None) => format!("the client signed `{name}: {signed}`, but the request has none"),
        (Some(signed), Some(sent)) => {
            format!("the client signed `{name}: {signed}`, but the request has `{sent}`")
        }
    }
}

fn digests(trial: &Trial<'_, '_>, sent: Option<String>) -> Vec<Option<String>> {
    let said = match &trial.claim.payload {
        Payload::Digest(Hash::Md5, digest) => Some(digest.clone()),
        _ => None,
    };
    let actual = trial.captured.body.as_deref().map(|body| Hash::Md5.digest(body));
    let mut all = vec![None];
    for digest in actual.into_iter().chain(said) {
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let upper = hex.to_ascii_uppercase();
        all.extend([Some(BASE64.encode(&digest)), Some(BASE64.encode(&hex)), Some(hex), Some(upper)]);
    }
    without(all, &sent)
}

fn kinds(sent: Option<String>) -> Vec<Option<String>> {
    let mut bare: Vec<String> = Vec::new();
    if let Some(sent) = &sent {
        let kind = sent.split(';').next().unwrap_or_default().trim();
        bare.extend([kind.to_owned(), kind.to_ascii_lowercase()]);
    } else {
        let usual = ["application/xml", "application/x-www-form-urlencoded", "application/json", "text/xml"];
        bare.extend(usual.into_iter().chain(["application/octet-stream", "text/plain"]).map(str::to_owned));
    }
    let with = |kind: &String| {
        ["", "; charset=utf-8", ";charset=utf-8", "; charset=UTF-8", ";charset=UTF-8"]
            .map(|charset| Some(format!("{kind}{charset}")))
    };
    without([None].into_iter().chain(bare.iter().flat_map(with)).collect(), &sent)
}

fn without(all: Vec<Option<String>>, sent: &Option<String>) -> Vec<Option<String>> {
    let mut kept: Vec<Option<String>> = Vec::new();
    for one in all {
        if one != *sent && !kept.contains(&one) {
            kept.push(one);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_the_body_are_tried_without_what_was_sent() {
        let kinds = kinds(Some("text/XML; charset=utf-8".to_owned()));
        assert!(kinds.contains(&None) && kinds.contains(&Some("text/XML".to_owned())));
        assert!(!kinds.contains(&Some("text/XML; charset=utf-8".to_owned())));
        assert!(kinds.len() <= 11, "{kinds:?}");
    }
}
