//! `GET /tenants`: the account, as MaxCompute describes a tenant. Clients read its parameters, of which there are none,
//! to see whether names have three parts.

use countersign::dialects::Spoken;
use serde_json::json;

use super::answer;
use super::caller::Caller;
use super::failure::Failure;
use crate::state::State;

/// Describes the caller's own account.
pub(super) async fn describe(state: &State, caller: &Caller) -> Result<Spoken, Failure> {
    let account = caller.account(state).await?;
    let created = account.created.unix_seconds();
    Ok(answer::json(&json!({
        "Tenant": {
            "Name": account.email.as_str(),
            "OwnerId": account.id.as_str(),
            "TenantId": account.id.as_str(),
            // PyODPS and Java read the first, Go the second.
            "TenantState": "NORMAL",
            "State": "NORMAL",
            "CreateTime": created,
            "UpdateTime": created,
            "TenantMeta": "",
            "Parameters": {},
        }
    })))
}
