//! The canonical resource and header fields of ODPS, strict and under each named alternative.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::SIGNED_PREFIX;
use crate::bytes::{CONTROL, ESCAPE, SEPARATOR};
use crate::canonical::{Parameter, Parameters, decode, decode_form, parameters, relative};
use crate::claim::HeaderField;
use crate::refusal::Ambiguity;
use crate::request::Request;
use crate::scheme::{Reading, StringToSign};

/// What a signer does otherwise than the strict rule. Each may come with a missing leading slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twist {
    None,
    /// Java adds a Content-Type to a body that has none, after signing.
    IgnoreFormContentType,
    /// PyODPS decodes the whole target, splits it as a URL, and decodes the parameters again.
    DoubleDecode,
    /// Go leaves `x-odps-` parameters out of the header fields.
    NoParameterInHeaders,
    /// Go takes the first of parameters with the same name.
    FirstDuplicate,
    /// Java decodes the path as a form: `+` is a blank.
    PathPlusAsSpace,
}

const TWISTS: [Twist; 6] = [
    Twist::None,
    Twist::IgnoreFormContentType,
    Twist::DoubleDecode,
    Twist::NoParameterInHeaders,
    Twist::FirstDuplicate,
    Twist::PathPlusAsSpace,
];

const GO: Option<&str> = Some("odps-go-sdk/");
const JAVA: Option<&str> = Some("JavaSDK");
const PYTHON: Option<&str> = Some("pyodps/");

/// Even numbers have the leading slash, odd ones lack it; half the number is the place in `TWISTS`.
pub(super) const READINGS: [Reading; 12] = [
    reading(0, "strict", None, true),
    // Go, where the endpoint is written with a slash at its end.
    reading(1, "no-leading-slash", GO, true),
    reading(2, "ignore-form-content-type", JAVA, true),
    reading(3, "ignore-form-content-type+no-leading-slash", None, false),
    reading(4, "py-double-decode", PYTHON, false),
    reading(5, "py-double-decode+no-leading-slash", None, false),
    reading(6, "no-x-odps-param-in-headers", GO, false),
    reading(7, "no-x-odps-param-in-headers+no-leading-slash", GO, false),
    reading(8, "first-duplicate", GO, false),
    reading(9, "first-duplicate+no-leading-slash", GO, false),
    reading(10, "path-plus-as-space", JAVA, false),
    reading(11, "path-plus-as-space+no-leading-slash", None, false),
];

const fn reading(number: u8, name: &'static str, client: Option<&'static str>, preserves: bool) -> Reading {
    Reading { name, client, preserves, number }
}

/// Whether signers of this reading leave the first slash of the path out.
fn lacks_slash(reading: Reading) -> bool {
    reading.number % 2 == 1
}

impl Twist {
    pub(super) fn of(reading: Reading) -> Self {
        TWISTS.get(usize::from(reading.number / 2)).copied().unwrap_or(Self::None)
    }
}

/// The path and the parameters as they go into the string to sign: one parameter for each name, sorted.
pub(super) struct Resource<'a, 'r> {
    path: Cow<'a, [u8]>,
    pub(super) parameters: SmallVec<[Parameter<'a, 'r>; 8]>,
}

impl Resource<'_, '_> {
    /// Whether there is a slash to leave out, where the reading leaves it out.
    pub(super) fn can_be_read(&self, reading: Reading) -> bool {
        !lacks_slash(reading) || self.path.starts_with(b"/")
    }
}

/// A path and a query, to make the resource of.
pub(super) struct Target<'a, 'r> {
    path: Cow<'a, [u8]>,
    parameters: Cow<'a, Parameters<'r>>,
}

/// What a signer with this twist sees of a target; `None` where the path is not behind the base, or the twist would change
/// nothing because the request holds nothing that triggers it.
pub(super) fn target<'a, 'r>(twist: Twist, base: &str, request: &'a Request<'r>) -> Option<Target<'a, 'r>> {
    let path = relative(request.path(), base)?;
    let parameters = request.parameters();
    let triggered = match twist {
        Twist::None | Twist::IgnoreFormContentType => true,
        Twist::DoubleDecode => return double_decoded(path, request.query().unwrap_or_default()),
        Twist::NoParameterInHeaders => parameters.iter().any(|parameter| is_signed_by_name(&parameter)),
        Twist::FirstDuplicate => parameters.repeated().is_some(),
        Twist::PathPlusAsSpace => path.contains('+'),
    };
    if !triggered {
        return None;
    }
    let path = match twist {
        Twist::PathPlusAsSpace => decode_form(path.as_bytes()),
        _ if request.path_holds(ESCAPE) => decode(path.as_bytes()),
        _ => Cow::Borrowed(path.as_bytes()),
    };
    Some(Target { path, parameters: Cow::Borrowed(parameters) })
}

impl<'r> Target<'_, 'r> {
    /// The resource under this twist.
    pub(super) fn resource(&self, twist: Twist) -> Resource<'_, 'r> {
        let mut parameters: SmallVec<[_; 8]> = self.parameters.iter().collect();
        keep_one_each(&mut parameters, twist == Twist::FirstDuplicate);
        Resource { path: Cow::Borrowed(&self.path), parameters }
    }
}

/// What PyODPS makes of a target: `urlparse(unquote(target), allow_fragments=False)`, then `parse_qsl` of the query.
/// `urlparse` takes what follows `//` for a host, and what follows `;` in the last segment for parameters of its own.
fn double_decoded<'a, 'r>(path: &str, query: &str) -> Option<Target<'a, 'r>> {
    if !path.contains(['%', ';']) && !path.starts_with("//") && !query.contains('%') {
        return None;
    }
    let mut target = decode(path.as_bytes()).into_owned();
    if !query.is_empty() {
        target.push(b'?');
        target.extend_from_slice(&decode(query.as_bytes()));
    }
    let mut rest = target.as_slice();
    if let Some(behind) = rest.strip_prefix(b"//") {
        let host = behind.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(behind.len());
        rest = behind.get(host..).unwrap_or_default();
    }
    let at = rest.iter().position(|byte| *byte == b'?').unwrap_or(rest.len());
    let (path, query) = rest.split_at_checked(at).unwrap_or((rest, &[]));
    let last = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    let semicolon =
        path.iter().skip(last).position(|byte| *byte == b';').map_or(path.len(), |found| last + found);
    Some(Target {
        path: Cow::Owned(path.get(..semicolon).unwrap_or_default().to_vec()),
        parameters: Cow::Owned(parameters(query.get(1..).unwrap_or_default()).into_owned()),
    })
}

/// Sorts by name and keeps the last, or the first, of each.
fn keep_one_each(parameters: &mut SmallVec<[Parameter<'_, '_>; 8]>, first: bool) {
    if parameters.len() < 2 {
        return;
    }
    if !first {
        parameters.reverse();
    }
    // Stable: of those with one name, the one to keep comes first.
    parameters.sort_by(|a, b| a.name().cmp(b.name()));
    parameters.dedup_by(|a, b| a.name() == b.name());
}

fn is_signed_by_name(parameter: &Parameter<'_, '_>) -> bool {
    parameter.name().starts_with(SIGNED_PREFIX.as_bytes())
}

/// Writes the `x-odps-` header fields and parameters, sorted by name. A parameter overrides the field of its name;
/// several values of one field are joined by commas, as they would be by any recipient (RFC 9110, section 5.3).
pub(super) fn write_fields(
    fields: &[HeaderField<'_>],
    parameters: &[Parameter<'_, '_>],
    twist: Twist,
    out: &mut StringToSign,
) {
    let by_place = fields.iter().position(|field| field.name.starts_with(SIGNED_PREFIX));
    let mut fields = by_place.and_then(|by_place| fields.get(by_place..)).unwrap_or_default();
    let with_parameters = twist != Twist::NoParameterInHeaders;
    let mut parameters = parameters.iter().filter(|p| with_parameters && is_signed_by_name(p)).peekable();
    while let [field, others @ ..] = fields {
        while let Some(before) = parameters.next_if(|p| *p.name() < *field.name.as_bytes()) {
            write_field(before.name(), before.value(), out);
        }
        let others_of_it = others.iter().take_while(|other| other.name == field.name).count();
        let (others_of_it, behind) = others.split_at_checked(others_of_it).unwrap_or_default();
        fields = behind;
        if parameters.peek().is_some_and(|p| *p.name() == *field.name.as_bytes()) {
            continue;
        }
        out.push(field.name.as_bytes());
        out.push_byte(b':');
        out.push(field.value);
        for other in others_of_it {
            out.push_byte(b',');
            out.push(other.value);
        }
        out.push_byte(b'\n');
    }
    for behind in parameters {
        write_field(behind.name(), behind.value(), out);
    }
}

fn write_field(name: &[u8], value: &[u8], out: &mut StringToSign) {
    out.push(name);
    out.push_byte(b':');
    out.push(value);
    out.push_byte(b'\n');
}

/// Writes `path?name=value&name`.
pub(super) fn write_resource(resource: &Resource<'_, '_>, reading: Reading, out: &mut StringToSign) {
    let path = resource.path.as_ref();
    out.push(path.strip_prefix(b"/").filter(|_| lacks_slash(reading)).unwrap_or(path));
    let mut separator = b'?';
    for parameter in &resource.parameters {
        out.push_byte(separator);
        separator = b'&';
        out.push(parameter.name());
        if !parameter.value().is_empty() {
            out.push_byte(b'=');
            out.push(parameter.value());
        }
    }
}

/// Decoded text is signed, so these make one string to sign of two different requests.
pub(super) fn ambiguity(base: &str, request: &Request<'_>) -> Option<Ambiguity> {
    let path = relative(request.path(), base)?;
    if !request.path_holds(SUSPECT) && !request.query_holds(SUSPECT) {
        // Most requests: nothing is encoded, and there is one parameter at most.
        return None;
    }
    let path = decode(path.as_bytes());
    let parameters = request.parameters();
    let control = |text: &[u8]| text.iter().any(u8::is_ascii_control);
    if control(&path) || parameters.iter().any(|p| control(p.name()) || control(p.value())) {
        return Some(Ambiguity::ControlCharacter);
    }
    if let Some(found) = find(&path, b"?&#") {
        return Some(Ambiguity::PathSeparator(found));
    }
    // `a%3Db=c` and `a=b%3Dc` read the same; in a value, `=` is as good as any character.
    let separator = |p: Parameter<'_, '_>| find(p.name(), b"&?#=").or_else(|| find(p.value(), b"&?#"));
    if let Some(found) = parameters.iter().find_map(separator) {
        return Some(Ambiguity::QuerySeparator(found));
    }
    let repeated = parameters.repeated()?;
    Some(Ambiguity::RepeatedName(String::from_utf8_lossy(repeated.name()).into_owned()))
}

/// What must be in a path or a query for it to be ambiguous.
const SUSPECT: u8 = ESCAPE | SEPARATOR | CONTROL;

fn find(text: &[u8], separators: &[u8]) -> Option<char> {
    text.iter().find(|byte| separators.contains(byte)).map(|byte| char::from(*byte))
}
