//! The query as versions 2 and 4 sign it, and the resource as they do.

use super::address::missing_end;
use smallvec::SmallVec;

use crate::canonical::{Parameter, Sink, compare_encoded, encode};
use crate::refusal::Ambiguity;
use crate::request::Request;

/// What the signature itself is called in the query. It is not signed.
const SIGNATURE: &[u8] = b"x-oss-signature";

/// Writes `/bucket/key`, encoded anew: however the client wrote it, `%41`, `%61` or `A`, there is one spelling.
pub(in crate::schemes) fn write_path(bucket: &str, request: &Request<'_>, kept: &[u8], out: &mut impl Sink) {
    if !bucket.is_empty() {
        encode(b"/", kept, out);
        encode(bucket.as_bytes(), kept, out);
    }
    let path = request.decoded_path();
    encode(&path, kept, out);
    encode(missing_end(bucket, &path), kept, out);
}

/// Writes all parameters but the signature, encoded anew, sorted as they are encoded, bare where the value is empty. `start`
/// stands before the first.
pub(in crate::schemes) fn write_query(request: &Request<'_>, start: &[u8], out: &mut impl Sink) {
    let parameters = request.parameters();
    if parameters.are_plain() {
        return write_sorted(parameters.sorted(), start, out);
    }
    let mut found: SmallVec<[Parameter<'_, '_>; 8]> = parameters.iter().collect();
    found.sort_by(|a, b| {
        compare_encoded(a.name(), b.name()).then_with(|| compare_encoded(a.value(), b.value()))
    });
    write_sorted(found.into_iter(), start, out);
}

fn write_sorted<'p, 'r: 'p>(
    parameters: impl Iterator<Item = Parameter<'p, 'r>>,
    start: &[u8],
    out: &mut impl Sink,
) {
    let mut separator = start;
    for parameter in parameters {
        if *parameter.name() == *SIGNATURE {
            continue;
        }
        out.push(separator);
        separator = b"&";
        parameter.encode_name(out);
        if !parameter.value().is_empty() {
            out.push(b"=");
            parameter.encode_value(out);
        }
    }
}

/// Sorted, parameters of one name have no order any more.
pub(in crate::schemes) fn repeated_name(request: &Request<'_>) -> Option<Ambiguity> {
    Some(repeated(request.parameters().repeated()?))
}

/// That a parameter stands more than once.
pub(super) fn repeated(parameter: Parameter<'_, '_>) -> Ambiguity {
    Ambiguity::RepeatedName(String::from_utf8_lossy(parameter.name()).into_owned())
}
