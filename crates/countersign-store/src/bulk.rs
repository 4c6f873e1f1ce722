//! All AccessKeys at once, for a keyring that starts.
//!
//! A row of a driver costs microseconds, of which a million keys have none to spare: the database joins a thousand keys
//! to one text, and a start with a million is four times quicker for it. It sorts nothing for that.

use countersign::{AccessKeyId, Timestamp};
use countersign_accounts::access_key::{AccessKey, AccessKeyKind, AccessKeyStatus, Description};
use countersign_accounts::id::AccountId;
use countersign_accounts::network::Networks;
use countersign_accounts::seal::Sealed;
use sqlx::{AnyConnection, Row as _};

use crate::engine::Kind;
use crate::error::StoreError;
use crate::sql;

/// What stands between two keys, and between two columns of one. No column holds either.
const LINE: &str = "\n";
const COLUMN: &str = "\t";

/// All AccessKeys in no order, each with its sealed secret.
pub(crate) async fn access_keys(
    connection: &mut AnyConnection,
    kind: Kind,
) -> Result<Vec<(AccessKey, Sealed)>, StoreError> {
    let statement = match kind {
        Kind::Sqlite => sql::SQLITE_ACCESS_KEYS,
        Kind::Postgres => sql::POSTGRES_ACCESS_KEYS,
    };
    let mut keys = Vec::new();
    let mut last = String::new();
    // Keys of one account stand together more often than not; those share the text of its id.
    let mut account = AccountId::from_text("");
    loop {
        let query = sqlx::query(statement).bind(LINE).bind(COLUMN).bind(&last);
        let page = query.fetch_one(&mut *connection).await?;
        // Behind the last key there is nothing to join.
        let Some(lines) = page.try_get::<Option<&str>, _>("keys")? else { return Ok(keys) };
        for line in lines.split(LINE) {
            keys.push(read(line, &mut account).map_err(|column| StoreError::Inconsistent {
                table: "access_key",
                column,
                row: line.split(COLUMN).next().unwrap_or_default().to_owned(),
            })?);
        }
        last = page.try_get("last")?;
    }
}

/// Reads the columns of a key, or says which cannot be read.
fn read(line: &str, account: &mut AccountId) -> Result<(AccessKey, Sealed), &'static str> {
    let mut columns = line.split(COLUMN);
    let mut next = |column: &'static str| columns.next().ok_or(column);
    let id = AccessKeyId::new(next("id")?).map_err(|_| "id")?;
    let owner = next("account")?;
    if owner != account.as_str() {
        *account = AccountId::from_text(owner);
    }
    let created = instant(next("created")?).ok_or("created")?;
    let expires = match next("expires")? {
        "" => None,
        text => Some(instant(text).ok_or("expires")?),
    };
    let status = match (next("status")?, next("deleted")?) {
        ("enabled", "") => AccessKeyStatus::Enabled,
        ("disabled", "") => AccessKeyStatus::Disabled,
        ("deleted", at) => AccessKeyStatus::Deleted(instant(at).ok_or("deleted")?),
        _ => return Err("status"),
    };
    let sealed = Sealed::from_text(next("secret")?);
    let networks = Networks::from_text(next("networks")?).map_err(|_| "networks")?;
    let kind = AccessKeyKind::from_name(next("kind")?).ok_or("kind")?;
    let description = Description::new(next("description")?).map_err(|_| "description")?;
    if columns.next().is_some() {
        return Err("description");
    }
    let account = account.clone();
    Ok((AccessKey { id, account, kind, description, created, expires, networks, status }, sealed))
}

fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(Timestamp::from_unix_millis)
}
