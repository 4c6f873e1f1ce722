//! What `mc admin cluster iam export` writes: `users.json`, by access key, and `svcaccts.json`, by access key too, each
//! with a parent and perhaps an end. A service account's status is `on` or `off`, a user's `enabled` or `disabled`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Pair, Secret, Standing, Unreadable, read};

/// What MinIO writes for an end that there is none of: the first second of 1970, or of year 1.
const NEVER: [&str; 2] = ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"];

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Entry {
    access_key: Option<String>,
    secret_key: Option<Secret>,
    status: Option<String>,
    parent: Option<String>,
    name: Option<String>,
    description: Option<String>,
    expiration: Option<String>,
}

pub(super) fn pairs(text: &str) -> Result<Vec<Pair>, Unreadable> {
    let entries: BTreeMap<String, Entry> = read(text)?;
    let pair = |(key, entry): (String, Entry)| Pair {
        place: format!("`{key}`"),
        id: entry.access_key.filter(|id| !id.is_empty()).unwrap_or(key),
        secret: entry.secret_key.map(Secret::into_inner),
        description: [entry.name, entry.description, entry.parent]
            .into_iter()
            .flatten()
            .find(|text| !text.is_empty())
            .unwrap_or_default(),
        standing: match entry.status.as_deref() {
            None | Some("" | "on" | "enabled") => Standing::Enabled,
            Some("off" | "disabled") => Standing::Disabled,
            Some(_) => Standing::Unknown,
        },
        expires: entry.expiration.filter(|end| !end.is_empty() && !NEVER.contains(&end.as_str())),
    };
    Ok(entries.into_iter().map(pair).collect())
}
