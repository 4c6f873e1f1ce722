//! `GetCallerIdentity` of STS 2015-04-01: who signed this request. It needs no leave: whoever holds an AccessKey may know
//! whose it is.
//!
//! Source: the model of STS 2015-04-01 in Alibaba Cloud's SDKs; the ARN of an account itself is `acs:ram::ACCOUNT:root`.

use countersign::dialects::{Spoken, acs};

use crate::arrival::Arrival;
use crate::judge::Judged;

pub(super) fn answer(judged: &Judged, arrival: &Arrival<'_>) -> Spoken {
    let account = judged.access_key.account.as_str();
    let arn = format!("acs:ram::{account}:root");
    let fields = [
        ("IdentityType", "Account"),
        ("AccountId", account),
        ("PrincipalId", account),
        ("Arn", arn.as_str()),
    ];
    acs::success("GetCallerIdentity", &fields, &arrival.occasion())
}
