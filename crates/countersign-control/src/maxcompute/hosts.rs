//! `GET /logview/host` and `GET /webconsole/host`: where clients point people at a running job.
//!
//! There is no such page: nothing runs here. The origin of the endpoint itself is the answer all the same. Clients
//! paste it before a link with a bearer token in it, and with an empty answer or an error PyODPS pastes the address of
//! a public service instead, to which the token would then go.

use countersign::dialects::Spoken;

use super::answer;
use crate::arrival::Arrival;

/// Tells the endpoint's own origin.
pub(super) fn tell(arrival: &Arrival<'_>) -> Spoken {
    answer::text(arrival.origin())
}
