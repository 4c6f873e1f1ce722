//! What a request says of its signature: in `Authorization`, or in its query.

use std::borrow::Cow;
use std::time::Duration;

use http::header::AUTHORIZATION;
use smallvec::SmallVec;

use super::{
    ALGORITHM, CONTENT_SHA256, SIGNED_CHUNKS, SIGNED_TRAILER, TERMINATOR, UNSIGNED_PAYLOAD, UNSIGNED_TRAILER,
    is_s3,
};
use crate::bytes::cut;
use crate::canonical::{decode, decode_form, decode_hex};
use crate::chunks::{Chunks, trailer_names};
use crate::claim::{Claim, Covered, HeaderField, Lifetime, Payload, Scope};
use crate::crypto::Hash;
use crate::key::{AccessKeyId, Algorithm, Signature};
use crate::refusal::Malformed;
use crate::request::{Body, Request};
use crate::scheme::ReadError;
use crate::time::Timestamp;
use crate::verify::LONGEST_PRESIGNED;

const SECURITY_TOKEN: &str = "x-amz-security-token";
/// A credential that S3's directory buckets have beside the signature.
const SESSION_TOKEN: &str = "x-amz-s3session-token";

pub(super) fn read<'r>(request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
    let presigned = Presigned::of(request)?;
    match request.header(&AUTHORIZATION)? {
        Some(_) if presigned.is_signed() => Err(Malformed::TwoSignatures.into()),
        Some(authorization) => of_header(request, authorization, &presigned),
        None => of_query(request, &presigned),
    }
}

fn of_header<'r>(
    request: &Request<'r>,
    authorization: &'r [u8],
    presigned: &Presigned<'r>,
) -> Result<Claim<'r>, ReadError> {
    let unreadable = |why| Malformed::unreadable("Authorization", why);
    let Parts { credential, names, signature } = Parts::of(authorization)?;
    let stated = Stated {
        credential: read_credential(credential, Separator::Plain(b'/')).map_err(unreadable)?,
        names: read_names(names, Separator::Plain(b';'))?,
        signature: read_signature(signature).map_err(unreadable)?,
    };
    let mut fields = Fields::gather(request, &stated.names)?;

    let (signed_at, date) = match (fields.amz_date, fields.date) {
        (Some(date), _) => {
            let date = text("x-amz-date", date)?;
            (read_date("x-amz-date", date)?, Cow::Borrowed(date))
        }
        (None, Some(date)) => {
            if !fields.covers("date") {
                return Err(Malformed::NotSigned("date".to_owned()).into());
            }
            let basic = std::str::from_utf8(date).ok().and_then(Timestamp::parse_basic);
            let signed_at = basic.or_else(|| Timestamp::parse_http_date(date)).ok_or_else(|| {
                Malformed::unreadable("Date", "it should read like `Sat, 21 Nov 2026 23:23:13 GMT`")
            })?;
            (signed_at, Cow::Owned(signed_at.basic()))
        }
        (None, None) => return Err(Malformed::Missing("x-amz-date").into()),
    };
    // A credential counts wherever it stands.
    only_one(fields.security_token, presigned.security_token, "X-Amz-Security-Token")?;
    fields.token_parameter = presigned.security_token;
    fields.session_token = fields.session_token.or(presigned.session_token.map(|_| SESSION_TOKEN));
    let hash = fields.content_sha256.map(|value| text(CONTENT_SHA256, value)).transpose()?;
    if hash.is_none() && is_s3(&stated.credential.scope.service) {
        return Err(Malformed::Missing(CONTENT_SHA256).into());
    }
    claim(request, stated, fields, (signed_at, &date), Lifetime::Window, hash)
}

/// What stands in `Authorization`, not looked at yet.
struct Parts<'r> {
    credential: &'r str,
    names: &'r str,
    signature: &'r str,
}

impl<'r> Parts<'r> {
    fn of(authorization: &'r [u8]) -> Result<Self, Malformed> {
        const FORM: &str = "it should read `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`";
        let unreadable = |why| Malformed::unreadable("Authorization", why);
        let authorization = text("Authorization", authorization)?;
        let (algorithm, rest) = authorization.split_once(' ').unwrap_or((authorization, ""));
        if algorithm != ALGORITHM {
            return Err(Malformed::UnknownAlgorithm(algorithm.to_owned()));
        }
        let (mut credential, mut names, mut signature) = (None, None, None);
        let mut rest = Some(rest);
        while let Some(text) = rest {
            let (part, behind) = Separator::Plain(b',').split(text);
            rest = behind;
            let (name, value) = cut(part.trim_matches(' '), b'=').ok_or_else(|| unreadable(FORM))?;
            let once = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut names,
                "Signature" => &mut signature,
                _ => return Err(unreadable(FORM)),
            };
            if once.replace(value).is_some() {
                return Err(Malformed::Repeated(format!("{name} in Authorization")));
            }
        }
        match (credential, names, signature) {
            (Some(credential), Some(names), Some(signature)) => Ok(Self { credential, names, signature }),
            _ => Err(unreadable(FORM)),
        }
    }
}

/// Who calls which service, as far as a refusal speaks of it. None of it is believed.
pub(crate) struct Caller<'r> {
    pub(crate) access_key_id: &'r str,
    pub(crate) service: Cow<'r, str>,
    pub(crate) signature: &'r str,
    /// For how many seconds a presigned URL stands, where it is one.
    pub(crate) expires: Option<&'r str>,
}

/// The caller of a request, where it says who that is.
pub(crate) fn caller<'r>(request: &Request<'r>) -> Option<Caller<'r>> {
    let (credential, signature, expires) = match request.header(&AUTHORIZATION).ok()? {
        Some(authorization) => {
            let parts = Parts::of(authorization).ok()?;
            (read_credential(parts.credential, Separator::Plain(b'/')), parts.signature, None)
        }
        None => {
            let presigned = Presigned::of(request).ok()?;
            (
                read_credential(presigned.credential?, Separator::Escaped(b'/')),
                presigned.signature.unwrap_or_default(),
                Some(presigned.expires.unwrap_or_default()),
            )
        }
    };
    let Credential { id, scope } = credential.ok()?;
    Some(Caller { access_key_id: id, service: scope.service, signature, expires })
}

fn of_query<'r>(request: &Request<'r>, presigned: &Presigned<'r>) -> Result<Claim<'r>, ReadError> {
    let need = |value: Option<&'r str>, name| value.ok_or(Malformed::Missing(name));
    let algorithm = need(presigned.algorithm, "X-Amz-Algorithm")?;
    if algorithm != ALGORITHM {
        return Err(Malformed::UnknownAlgorithm(decoded(algorithm)).into());
    }
    let credential = need(presigned.credential, "X-Amz-Credential")?;
    let names = need(presigned.signed_headers, "X-Amz-SignedHeaders")?;
    let signature = need(presigned.signature, "X-Amz-Signature")?;
    let stated = Stated {
        credential: read_credential(credential, Separator::Escaped(b'/'))
            .map_err(|why| Malformed::unreadable("X-Amz-Credential", why))?,
        names: read_names(names, Separator::Escaped(b';'))?,
        signature: read_signature(signature).map_err(|why| Malformed::unreadable("X-Amz-Signature", why))?,
    };
    let mut fields = Fields::gather(request, &stated.names)?;
    let date = need(presigned.date, "X-Amz-Date")?;
    let signed_at = read_date("X-Amz-Date", date)?;
    let lifetime = read_expires(need(presigned.expires, "X-Amz-Expires")?)?;

    only_one(fields.amz_date, presigned.date, "X-Amz-Date")?;
    only_one(fields.content_sha256, presigned.content_sha256, "X-Amz-Content-Sha256")?;
    only_one(fields.security_token, presigned.security_token, "X-Amz-Security-Token")?;
    if presigned.content_sha256.is_some_and(|hash| hash.starts_with("STREAMING-")) {
        let why = "chunks are announced in a header field";
        return Err(Malformed::unreadable("X-Amz-Content-Sha256", why).into());
    }
    let hash = match fields.content_sha256 {
        Some(value) => Some(text(CONTENT_SHA256, value)?),
        None => presigned.content_sha256,
    };
    let hash = hash.or_else(|| is_s3(&stated.credential.scope.service).then_some(UNSIGNED_PAYLOAD));
    fields.token_parameter = presigned.security_token;
    fields.session_token = fields.session_token.or(presigned.session_token.map(|_| SESSION_TOKEN));
    claim(request, stated, fields, (signed_at, date), lifetime, hash)
}

/// Refuses what stands in a header field and in the query: which of the two counts is nobody's to choose.
fn only_one(field: Option<&[u8]>, parameter: Option<&str>, name: &str) -> Result<(), Malformed> {
    match (field, parameter) {
        (Some(_), Some(_)) => Err(Malformed::Repeated(name.to_owned())),
        _ => Ok(()),
    }
}

/// What a signature says of itself, wherever it stands.
struct Stated<'r> {
    credential: Credential<'r>,
    names: SmallVec<[&'r str; 8]>,
    signature: Signature,
}

struct Credential<'r> {
    id: &'r str,
    scope: Scope<'r>,
}

fn claim<'r>(
    request: &Request<'r>,
    stated: Stated<'r>,
    fields: Fields<'r>,
    (signed_at, date): (Timestamp, &str),
    lifetime: Lifetime,
    hash: Option<&'r str>,
) -> Result<Claim<'r>, ReadError> {
    let Stated { credential: Credential { id, scope }, signature, .. } = stated;
    if !date.starts_with(&*scope.date) {
        let why = "the day of its scope is not that of the date of the request";
        return Err(Malformed::unreadable("the credential", why).into());
    }
    let security_token = match (fields.security_token, fields.token_parameter) {
        (Some(token), _) => Some(text(SECURITY_TOKEN, token)?.into()),
        (None, Some(token)) => Some(decoded(token).into()),
        (None, None) => None,
    };
    let payload = match (hash, request.body()) {
        (Some(hash), _) => read_payload(hash, &fields, date, &scope, &signature)?,
        // All else is in order: whoever sends rubbish has no body read.
        (None, Body::Unread) => return Err(ReadError::NeedsBody),
        (None, Body::Whole(body)) => Payload::Digest(Hash::Sha256, Hash::Sha256.digest(body)),
    };
    Ok(Claim {
        access_key_id: id.into(),
        algorithm: Algorithm::HMAC_SHA256,
        signed_at,
        lifetime,
        nonce: None,
        scope: Some(scope),
        unjudged: security_token.iter().map(|_| SECURITY_TOKEN).chain(fields.session_token).collect(),
        security_token,
        user_agent: fields.covered.iter().find(|field| field.name == "user-agent").map(|field| field.value),
        covered: Covered { by_choice: true, ..Covered::whole(fields.covered) },
        payload,
        signature,
    })
}

/// The header fields that matter, found in one pass.
#[derive(Default)]
struct Fields<'r> {
    amz_date: Option<&'r [u8]>,
    date: Option<&'r [u8]>,
    content_sha256: Option<&'r [u8]>,
    security_token: Option<&'r [u8]>,
    /// The parameter in its place, as it stands in the query.
    token_parameter: Option<&'r str>,
    /// Its name, where there is one.
    session_token: Option<&'static str>,
    decoded_length: Option<&'r [u8]>,
    trailer: Option<&'r [u8]>,
    covered: SmallVec<[HeaderField<'r>; 6]>,
}

impl<'r> Fields<'r> {
    /// Takes the fields of these names, which are sorted, and those that have a meaning here.
    fn gather(request: &Request<'r>, names: &[&str]) -> Result<Self, Malformed> {
        let mut fields = Self::default();
        let mut host = None;
        // What is signed, each with the place of its name.
        let mut signed: SmallVec<[(usize, HeaderField<'r>); 8]> = SmallVec::new();
        for (name, value) in request.headers() {
            let field = HeaderField { name: name.as_str(), value: value.as_bytes() };
            let once = match field.name {
                "host" => Some(&mut host),
                "date" => Some(&mut fields.date),
                "x-amz-date" => Some(&mut fields.amz_date),
                CONTENT_SHA256 => Some(&mut fields.content_sha256),
                SECURITY_TOKEN => Some(&mut fields.security_token),
                "x-amz-decoded-content-length" => Some(&mut fields.decoded_length),
                "x-amz-trailer" => Some(&mut fields.trailer),
                _ => None,
            };
            // Signer and server might take different ones.
            if once.is_some_and(|once| once.replace(field.value).is_some()) {
                return Err(Malformed::Repeated(field.name.to_owned()));
            }
            if field.name == SESSION_TOKEN {
                fields.session_token = Some(SESSION_TOKEN);
            }
            if let Some(place) = names.iter().position(|name| *name == field.name) {
                signed.push((place, field));
            } else if field.name.starts_with("x-amz-") && field.name != SECURITY_TOKEN {
                return Err(Malformed::NotSigned(field.name.to_owned()));
            }
        }
        if !names.contains(&"host") {
            return Err(Malformed::NotSigned("host".to_owned()));
        }
        let is_absent = |(place, _): &(usize, &&str)| signed.iter().all(|(other, _)| other != place);
        if let Some((_, absent)) = names.iter().enumerate().find(is_absent) {
            return Err(Malformed::Unreadable {
                what: (*absent).to_owned(),
                why: "it is named as signed, and there is no such header field",
            });
        }
        // Stable: the values of one field keep the order in which they came.
        signed.sort_by_key(|(place, _)| *place);
        fields.covered = signed.into_iter().map(|(_, field)| field).collect();
        Ok(fields)
    }

    fn covers(&self, name: &str) -> bool {
        self.covered.binary_search_by(|field| field.name.cmp(name)).is_ok()
    }
}

/// The parameters of a presigned URL, as they stand in the query.
#[derive(Default)]
struct Presigned<'r> {
    algorithm: Option<&'r str>,
    credential: Option<&'r str>,
    date: Option<&'r str>,
    expires: Option<&'r str>,
    signed_headers: Option<&'r str>,
    signature: Option<&'r str>,
    security_token: Option<&'r str>,
    session_token: Option<&'r str>,
    content_sha256: Option<&'r str>,
}

impl<'r> Presigned<'r> {
    fn of(request: &Request<'r>) -> Result<Self, Malformed> {
        let mut found = Self::default();
        for part in request.query().unwrap_or_default().split('&') {
            // As they may be spelled in other ways, but begin with nothing else.
            if !part.starts_with(['X', 'x', '%']) {
                continue;
            }
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let plain = decode_form(name.as_bytes());
            if !plain.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"x-amz-")) {
                continue;
            }
            let known = PARAMETERS.iter().find(|known| plain.eq_ignore_ascii_case(known.as_bytes()));
            let Some(known) = known else { continue };
            let once = match *known {
                "X-Amz-Algorithm" => &mut found.algorithm,
                "X-Amz-Credential" => &mut found.credential,
                "X-Amz-Date" => &mut found.date,
                "X-Amz-Expires" => &mut found.expires,
                "X-Amz-SignedHeaders" => &mut found.signed_headers,
                "X-Amz-Signature" => &mut found.signature,
                "X-Amz-Security-Token" => &mut found.security_token,
                "X-Amz-S3session-Token" => &mut found.session_token,
                _ => &mut found.content_sha256,
            };
            if once.replace(value).is_some() {
                return Err(Malformed::Repeated((*known).to_owned()));
            }
            if name != *known {
                return Err(Malformed::unreadable(known, "its name is spelled in another way"));
            }
        }
        Ok(found)
    }

    /// Whether there is anything that only a presigned URL has.
    fn is_signed(&self) -> bool {
        self.algorithm.or(self.credential).or(self.signed_headers).or(self.signature).is_some()
    }
}

const PARAMETERS: [&str; 9] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "X-Amz-S3session-Token",
    "X-Amz-Content-Sha256",
];

/// Reads `<AccessKey id>/<day>/<region>/<service>/aws4_request`, with any of these between them.
fn read_credential<'r>(text: &'r str, separator: Separator) -> Result<Credential<'r>, &'static str> {
    const FORM: &str = "its credential should read `<AccessKey id>/<day>/<region>/<service>/aws4_request`";
    let mut rest = Some(text);
    let mut next = || {
        let text = rest?;
        let (part, behind) = separator.split(text);
        rest = behind;
        Some(part)
    };
    let (Some(id), Some(date), Some(region), Some(service), Some(TERMINATOR), None) =
        (next(), next(), next(), next(), next(), next())
    else {
        return Err(FORM);
    };
    if AccessKeyId::check(id).is_err() {
        return Err("the AccessKey id holds characters that ids do not have");
    }
    // Nothing that could be a separator, or be spelled in another way.
    let is_plain = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !text.is_empty() && text.bytes().all(plain)
    };
    let is_day = date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
    if !is_day || !is_plain(region) || !is_plain(service) {
        return Err(FORM);
    }
    let scope = Scope {
        date: date.into(),
        region: region.into(),
        service: service.into(),
        terminator: TERMINATOR.into(),
    };
    Ok(Credential { id, scope })
}

/// Reads the names of the signed header fields: lower case, sorted, each once.
fn read_names<'r>(text: &'r str, separator: Separator) -> Result<SmallVec<[&'r str; 8]>, Malformed> {
    let unreadable = |why| Malformed::unreadable("SignedHeaders", why);
    let mut names: SmallVec<[&'r str; 8]> = SmallVec::new();
    let mut rest = Some(text);
    while let Some(text) = rest {
        let (name, behind) = separator.split(text);
        rest = behind;
        let foreign = |byte: u8| byte.is_ascii_uppercase() || !byte.is_ascii_graphic() || byte == b'%';
        if name.is_empty() || name.bytes().any(foreign) {
            return Err(unreadable("it should read `<name>;<name>`, all in lower case"));
        }
        if names.last().is_some_and(|before| *before >= name) {
            return Err(unreadable("the names should be sorted, and each stand once"));
        }
        names.push(name);
    }
    Ok(names)
}

/// What separates the parts of a list: this byte, and its escape too where the list stands in a query.
#[derive(Clone, Copy)]
enum Separator {
    Plain(u8),
    Escaped(u8),
}

impl Separator {
    /// Splits at the first one.
    fn split(self, text: &str) -> (&str, Option<&str>) {
        let byte = match self {
            Self::Plain(byte) => {
                return cut(text, byte).map_or((text, None), |(part, rest)| (part, Some(rest)));
            }
            Self::Escaped(byte) => byte,
        };
        let mut from = 0;
        while let Some(found) = text.get(from..).and_then(|text| text.find([char::from(byte), '%'])) {
            let at = from + found;
            let end = if text.as_bytes().get(at) == Some(&byte) { at + 1 } else { at + 3 };
            if *decode(text.as_bytes().get(at..end).unwrap_or_default()) == [byte] {
                return (text.get(..at).unwrap_or_default(), text.get(end..));
            }
            from = at + 1;
        }
        (text, None)
    }
}

/// Reads the 32 bytes of a signature, in lower case.
fn read_signature(text: &str) -> Result<Signature, &'static str> {
    let signature = decode_hex(text.as_bytes()).filter(|signature| signature.len() == 32);
    signature.ok_or("the signature should be 64 hexadecimal digits in lower case")
}

fn read_date(name: &'static str, text: &str) -> Result<Timestamp, Malformed> {
    let why = "it should read like `20261121T232313Z`";
    Timestamp::parse_basic(text).ok_or_else(|| Malformed::unreadable(name, why))
}

fn read_expires(text: &str) -> Result<Lifetime, Malformed> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let seconds = text.parse().ok().filter(|seconds| (1..=LONGEST_PRESIGNED.as_secs()).contains(seconds));
    let seconds = seconds.filter(|_| digits);
    let why = "it should be a number of seconds from 1 to 604800";
    seconds
        .map(|seconds| Lifetime::For(Duration::from_secs(seconds)))
        .ok_or_else(|| Malformed::unreadable("X-Amz-Expires", why))
}

/// Reads what `x-amz-content-sha256` says of the body.
fn read_payload(
    hash: &str,
    fields: &Fields<'_>,
    date: &str,
    scope: &Scope<'_>,
    signature: &Signature,
) -> Result<Payload, Malformed> {
    let is_trailed = matches!(hash, SIGNED_TRAILER | UNSIGNED_TRAILER);
    let trailers = match (is_trailed, fields.trailer) {
        (false, None) => None,
        (true, Some(names)) => Some(trailer_names(text("x-amz-trailer", names)?)?),
        (true, None) => return Err(Malformed::Missing("x-amz-trailer")),
        (false, Some(_)) => {
            let why = "`x-amz-content-sha256` knows of no trailers";
            return Err(Malformed::unreadable("x-amz-trailer", why));
        }
    };
    match hash {
        UNSIGNED_PAYLOAD | UNSIGNED_TRAILER => Ok(Payload::Uncovered),
        SIGNED_CHUNKS | SIGNED_TRAILER => {
            let length = read_length(fields.decoded_length)?;
            let chunks = Chunks::new(length, trailers, date, &scope.to_text(), signature.clone());
            Ok(Payload::Chunks(Box::new(chunks)))
        }
        _ => {
            let digest = decode_hex(hash.as_bytes()).filter(|digest| digest.len() == 32);
            let why =
                "it is neither 64 hexadecimal digits in lower case nor a form of body that is known here";
            let digest = digest.ok_or_else(|| Malformed::unreadable(CONTENT_SHA256, why))?;
            Ok(Payload::Digest(Hash::Sha256, digest))
        }
    }
}

fn read_length(value: Option<&[u8]>) -> Result<u64, Malformed> {
    const NAME: &str = "x-amz-decoded-content-length";
    let digits = text(NAME, value.ok_or(Malformed::Missing(NAME))?)?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let length = digits.parse().ok().filter(|_| is_number);
    length.ok_or_else(|| Malformed::unreadable(NAME, "it is not a number of bytes"))
}

fn text<'r>(name: &str, value: &'r [u8]) -> Result<&'r str, Malformed> {
    std::str::from_utf8(value).map_err(|_| Malformed::unreadable(name, "it is not UTF-8"))
}

fn decoded(text: &str) -> String {
    String::from_utf8_lossy(&decode_form(text.as_bytes())).into_owned()
}
