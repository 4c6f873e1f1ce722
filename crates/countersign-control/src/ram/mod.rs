//! The management API as Alibaba Cloud's clients call it: `GET` or `POST /` with an `Action`, signed by RPC or ACS3.
//!
//! ```text
//! STS 2015-04-01  GetCallerIdentity    caller_identity.rs
//! ```
//!
//! Every request is verified before anybody looks at what it asks for.

mod caller_identity;

use bytes::Bytes;
use countersign::canonical::parameters;
use countersign::dialects::{Spoken, acs};
use countersign::schemes;
use http::StatusCode;
use hyper::body::Body;

use crate::arrival::{Arrival, Seen};
use crate::echo;
use crate::judge::{Judged, Keep, judge};
use crate::state::State;

/// Answers a request to `/`. One that is signed by another scheme, or asks for what is not served here, is told who
/// signed it, where there is an echo.
pub(crate) async fn answer<B: Body<Data = Bytes> + Unpin>(
    state: &State,
    arrival: &Arrival<'_>,
    body: &mut B,
    seen: &mut Seen,
) -> Spoken {
    let demands = &arrival.settings.signatures;
    let judged = match judge(state, arrival, demands, Keep::Whole, body, seen).await {
        Ok(judged) => judged,
        Err(fault) => return fault.speak(arrival),
    };
    let called = is_called(&judged).then(|| action(arrival, &judged.body)).flatten();
    match called.as_deref() {
        Some("GetCallerIdentity") => caller_identity::answer(&judged, arrival),
        _ if arrival.settings.echo => echo::tell(&judged, arrival),
        _ => acs::answer(
            StatusCode::NOT_FOUND,
            "InvalidApi.NotFound",
            "Specified api is not found, please check your url and method.",
            &arrival.occasion(),
        ),
    }
}

/// Whether a request is signed as clients of this API sign.
fn is_called(judged: &Judged) -> bool {
    let scheme = judged.signed.scheme.name();
    scheme == schemes::ACS_RPC.name() || scheme == schemes::ACS3.name()
}

/// What is asked for: in the query, in the form, or in a header field that ACS3 signs.
fn action(arrival: &Arrival<'_>, body: &[u8]) -> Option<String> {
    let named = |text: &[u8]| {
        let parameters = parameters(text);
        String::from_utf8(parameters.named("Action")?.value().to_vec()).ok()
    };
    let field = || Some(arrival.parts.headers.get("x-acs-action")?.to_str().ok()?.to_owned());
    let query = arrival.parts.uri.query().unwrap_or_default();
    field().or_else(|| named(query.as_bytes())).or_else(|| named(body))
}
