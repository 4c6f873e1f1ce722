//! All AccessKeys at once, for a keyring that starts.
//!
//! A row of a driver costs microseconds, of which a million keys have none to spare: the database joins a thousand keys
//! to one text, and a start with a million is four times quicker for it. It sorts nothing for that. While it reads the
//! next thousand, the last are taken in here.

use countersign::{AccessKeyId, Timestamp};
use countersign_accounts::access_key::{AccessKeyKind, Description};
use countersign_accounts::change::Change;
use countersign_accounts::id::AccountId;
use countersign_accounts::network::Networks;
use countersign_accounts::seal::{SealError, Sealed};
use sqlx::{AnyConnection, Row as _};

use crate::engine::Kind;
use crate::error::StoreError;
use crate::sql;

/// What stands between two keys, and between two columns of one. No column holds either.
const LINE: char = '\n';
const COLUMN: char = '\t';

/// Some AccessKeys, each with its sealed secret, and behind it that it is disabled or deleted, where it is.
pub(crate) type Page = Vec<(Change, Option<Sealed>)>;

/// Reads all AccessKeys in no order, and hands them on in pages. It ends early where a page is not taken.
pub(crate) async fn access_keys(
    connection: &mut AnyConnection,
    kind: Kind,
    mut take: impl FnMut(Page) -> Result<(), SealError>,
) -> Result<Result<(), SealError>, StoreError> {
    // Keys of one account stand together more often than not; those share the text of its id.
    let mut account = AccountId::from_text("");
    let mut next = joined(connection, kind, String::new()).await?;
    while let Some((lines, last)) = next {
        // The question is on its way to the database before its last answer is read.
        let (answer, taken) = tokio::join!(joined(connection, kind, last), async {
            Ok::<_, StoreError>(take(page(&lines, &mut account)?))
        });
        if let Err(error) = taken? {
            return Ok(Err(error));
        }
        next = answer?;
    }
    Ok(Ok(()))
}

/// The keys behind the place `last`, joined, and the place of the last of them. None where there are no more.
async fn joined(
    connection: &mut AnyConnection,
    kind: Kind,
    last: String,
) -> Result<Option<(String, String)>, StoreError> {
    let statement = match kind {
        Kind::Sqlite => sql::SQLITE_ACCESS_KEYS,
        Kind::Postgres => sql::POSTGRES_ACCESS_KEYS,
    };
    let query = sqlx::query(statement).bind(LINE.to_string()).bind(COLUMN.to_string()).bind(last);
    let row = query.fetch_one(connection).await?;
    // Behind the last key there is nothing to join.
    let Some(lines) = row.try_get::<Option<String>, _>("keys")? else { return Ok(None) };
    Ok(Some((lines, row.try_get("last")?)))
}

fn page(lines: &str, account: &mut AccountId) -> Result<Page, StoreError> {
    let mut page = Page::with_capacity(1000);
    for line in lines.split(LINE) {
        read(line, account, &mut page).map_err(|column| StoreError::Inconsistent {
            table: "access_key",
            column,
            row: line.split(COLUMN).next().unwrap_or_default().to_owned(),
        })?;
    }
    Ok(page)
}

/// Reads the columns of a key, or says which cannot be read.
fn read(line: &str, account: &mut AccountId, page: &mut Page) -> Result<(), &'static str> {
    let mut columns = line.split(COLUMN);
    let mut next = |column: &'static str| columns.next().ok_or(column);
    let id = AccessKeyId::new(next("id")?).map_err(|_| "id")?;
    let owner = next("account")?;
    if owner != account.as_str() {
        *account = AccountId::from_text(owner);
    }
    instant(next("created")?).ok_or("created")?;
    let expires = match next("expires")? {
        "" => None,
        text => Some(instant(text).ok_or("expires")?),
    };
    let standing = match (next("status")?, next("deleted")?) {
        ("enabled", "") => None,
        ("disabled", "") => {
            Some(Change::AccessKeyDisabled { account: account.clone(), access_key: id.clone() })
        }
        ("deleted", at) => {
            instant(at).ok_or("deleted")?;
            Some(Change::AccessKeyDeleted { account: account.clone(), access_key: id.clone() })
        }
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
    let created = Change::AccessKeyCreated {
        account,
        access_key: id,
        description,
        expires,
        replaces: None,
        networks,
        kind,
        // Told below, as of all others.
        disabled: false,
    };
    page.push((created, Some(sealed)));
    page.extend(standing.map(|standing| (standing, None)));
    Ok(())
}

fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(Timestamp::from_unix_millis)
}
