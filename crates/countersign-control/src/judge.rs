//! A request before the verifier: of its body, as much is read as the verdict or the answer needs.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use countersign::dialects::{Dialect, Occasion, Spoken};
use countersign::{Algorithm, Body, Malformed, Payload, Refusal, Request, Scheme, Timestamp, schemes};
use countersign_accounts::change::Revision;
use countersign_accounts::keyring::AccessKeyInForce;
use countersign_accounts::verifier::{Context, Demands, Pending, Refused, Verdict, Verified};

use crate::arrival::{Arrival, Seen};
use crate::body::{self, BodyError, UNPROVEN_LIMIT};
use crate::state::State;

/// A request whose signature proves who sent it.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) access_key: Arc<AccessKeyInForce>,
    pub(crate) signed: Signed,
    /// The body, where it was asked for or had to be read.
    pub(crate) body: Bytes,
}

/// What is known of a proven signature.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) scheme: &'static dyn Scheme,
    pub(crate) reading: &'static str,
    pub(crate) algorithm: Algorithm,
    pub(crate) at: Timestamp,
    pub(crate) revision: Revision,
    pub(crate) method: bool,
    pub(crate) path: bool,
    pub(crate) query: bool,
    pub(crate) authority: bool,
    pub(crate) headers: Vec<String>,
    pub(crate) payload: Payload,
}

/// Why there is no verdict that lets a request through.
#[derive(Debug)]
pub(crate) enum Fault {
    Refused(Refused),
    /// The body of a request that has proven itself, or may yet.
    Body(BodyError),
}

impl From<BodyError> for Fault {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// What becomes of the body of a request that is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// It is read whole, up to the limit.
    Whole,
    /// It is read to its end, however long, and thrown away.
    Nothing,
}

/// Judges a request. The head is judged first: of a stranger, no body is read but a form that is signed.
pub(crate) async fn judge<B: hyper::body::Body<Data = Bytes> + Unpin>(
    state: &State,
    arrival: &Arrival<'_>,
    demands: &Demands,
    keep: Keep,
    body: &mut B,
    seen: &mut Seen,
) -> Result<Judged, Fault> {
    let head = if arrival.has_body { Body::Unread } else { Body::Whole(b"") };
    let request = arrival.request(head);
    let judged = match verify(state, arrival, demands, &request, seen)? {
        Verdict::Verified(verified) => {
            let mut judged = Judged::new(&verified);
            judged.note(state, arrival, seen);
            judged.body = match keep {
                Keep::Whole => body::read(body).await?,
                Keep::Nothing => {
                    body::each(body, |_| Ok::<(), BodyError>(())).await?;
                    Bytes::new()
                }
            };
            return Ok(judged);
        }
        Verdict::Pending(pending) => compare(state, arrival, pending, keep, body).await?,
        Verdict::NeedsBody => {
            let read = body::read_unproven(body).await.map_err(|error| match error {
                BodyError::TooLarge => too_long(arrival),
                BodyError::Incomplete => error.into(),
            })?;
            let judged = match verify(state, arrival, demands, &arrival.request(Body::Whole(&read)), seen)? {
                Verdict::Verified(verified) => Judged::new(&verified),
                // A body in hand is never asked for again.
                Verdict::NeedsBody | Verdict::Pending(_) | Verdict::Refused(_) => {
                    return Err(BodyError::Incomplete.into());
                }
            };
            Judged { body: read, ..judged }
        }
        Verdict::Refused(refused) => return Err(refused.into()),
    };
    judged.note(state, arrival, seen);
    Ok(judged)
}

/// Compares a body with what was signed as it comes.
async fn compare<B: hyper::body::Body<Data = Bytes> + Unpin>(
    state: &State,
    arrival: &Arrival<'_>,
    mut pending: Pending<'_, '_>,
    keep: Keep,
    body: &mut B,
) -> Result<Judged, Fault> {
    let read = match keep {
        Keep::Whole => {
            let read = body::read(body).await?;
            pending.update(&read)?;
            read
        }
        Keep::Nothing => {
            body::each(body, |piece| pending.update(piece).map_err(Fault::from)).await?;
            Bytes::new()
        }
    };
    let verified = state.verifier.finish(pending, arrival.now)?;
    Ok(Judged { body: read, ..Judged::new(&verified) })
}

/// A refusal ends it here; what was seen of the request is noted.
fn verify<'a, 'r>(
    state: &State,
    arrival: &Arrival<'_>,
    demands: &Demands,
    request: &'a Request<'r>,
    seen: &mut Seen,
) -> Result<Verdict<'a, 'r>, Refused> {
    let context = Context { now: arrival.now, demands, peer: arrival.peer };
    let began = Instant::now();
    let verdict = state.verifier.verify(request, &context);
    seen.judged_for(began.elapsed());
    match verdict {
        Verdict::Refused(refused) => {
            if let Some((scheme, claim)) = schemes::read(request) {
                seen.scheme = Some(scheme.name());
                seen.access_key_id = claim.ok().map(|claim| claim.access_key_id.to_string());
            }
            Err(refused)
        }
        verdict => Ok(verdict),
    }
}

fn too_long(arrival: &Arrival<'_>) -> Fault {
    let scheme = schemes::read(&arrival.request(Body::Unread)).map(|(scheme, _)| scheme);
    Fault::Refused(Refused { refusal: Refusal::FormTooLong { limit: UNPROVEN_LIMIT }, scheme })
}

impl Judged {
    fn new(verified: &Verified<'_, '_>) -> Self {
        let claim = verified.proven.claim();
        let covered = &claim.covered;
        let mut headers: Vec<String> = covered.headers.iter().map(|field| field.name.to_owned()).collect();
        headers.dedup();
        let signed = Signed {
            scheme: verified.proven.scheme(),
            reading: verified.proven.reading().name,
            algorithm: claim.algorithm,
            at: claim.signed_at,
            revision: verified.revision,
            method: covered.method,
            path: covered.path,
            query: covered.query,
            authority: covered.authority,
            headers,
            payload: claim.payload.clone(),
        };
        Self { access_key: Arc::clone(&verified.access_key), signed, body: Bytes::new() }
    }

    /// Notes who it was, in the line of the request and as a use of the AccessKey.
    fn note(&self, state: &State, arrival: &Arrival<'_>, seen: &mut Seen) {
        let (id, signed) = (self.access_key.id(), &self.signed);
        seen.scheme = Some(signed.scheme.name());
        seen.reading = Some(signed.reading);
        seen.access_key_id = Some(id.to_owned());
        seen.verified = true;
        seen.revision = Some(signed.revision);
        state.usage.note(id, signed.scheme.name(), arrival.user_agent(), arrival.peer, arrival.now);
    }
}

impl Fault {
    /// As whoever sent the request expects to be told.
    pub(crate) fn speak(&self, arrival: &Arrival<'_>) -> Spoken {
        let occasion = arrival.occasion();
        match self {
            Self::Refused(Refused { refusal, scheme }) => {
                scheme.map_or(Dialect::Problem, Scheme::dialect).speak(refusal, &occasion)
            }
            Self::Body(BodyError::TooLarge) => {
                let why = "it is longer than is read here";
                speak_malformed(Malformed::Unreadable { what: "the body".to_owned(), why }, &occasion)
            }
            Self::Body(BodyError::Incomplete) => {
                let why = "it did not arrive in time";
                speak_malformed(Malformed::Unreadable { what: "the body".to_owned(), why }, &occasion)
            }
        }
    }
}

fn speak_malformed(malformed: Malformed, occasion: &Occasion<'_>) -> Spoken {
    Dialect::Problem.speak(&malformed.into(), occasion)
}
