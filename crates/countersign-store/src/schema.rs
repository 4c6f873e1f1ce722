//! The schema: made, brought up to date, or refused. Two processes that start at once do not both alter it.

use std::time::Duration;

use countersign_accounts::random;
use rand_core::Rng as _;
use sqlx::{AnyConnection, Connection as _, Executor as _};

use crate::Access;
use crate::engine::{Engine, Kind};
use crate::error::StoreError;
use crate::file::APPLICATION_ID;
use crate::row::Row;
use crate::sql;

/// One step of the schema, in the words of each engine. An applied one is never edited.
struct Migration {
    version: i64,
    sqlite: &'static str,
    postgres: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sqlite: include_str!("../migrations/sqlite/0001_initial.sql"),
        postgres: include_str!("../migrations/postgres/0001_initial.sql"),
    },
    Migration {
        version: 2,
        sqlite: include_str!("../migrations/sqlite/0002_people.sql"),
        postgres: include_str!("../migrations/postgres/0002_people.sql"),
    },
    Migration {
        version: 3,
        sqlite: include_str!("../migrations/sqlite/0003_key_kinds.sql"),
        postgres: include_str!("../migrations/postgres/0003_key_kinds.sql"),
    },
];

/// The tables of the first schema: any of them without our mark is somebody else's.
const TABLES: &[&str] = &[
    "installation",
    "change_head",
    "change",
    "account",
    "project",
    "access_key",
    "access_key_usage",
    "ring_key",
];

/// What stands in a database.
enum Found {
    Nothing,
    Store { cluster: String, version: i64 },
}

/// Makes the schema what this release needs, as far as `access` allows, and returns the id of the installation.
pub(crate) async fn prepare(engine: &Engine, access: Access) -> Result<String, StoreError> {
    let mut connection = engine.connect().await?;
    let prepared = prepare_over(engine, &mut connection, access).await;
    // Before an error is told: SQLite takes away the files beside the database as the last connection closes.
    let closed = connection.close().await;
    let cluster = prepared?;
    closed?;
    Ok(cluster)
}

async fn prepare_over(
    engine: &Engine,
    connection: &mut AnyConnection,
    access: Access,
) -> Result<String, StoreError> {
    if engine.kind == Kind::Postgres {
        let row = sqlx::query(sql::POSTGRES_IN_RECOVERY).fetch_one(&mut *connection).await?;
        if (Row { row: &row, table: "server", key: "standby" }).text("standby")? == "true" {
            return Err(StoreError::ReadOnly { place: engine.place.clone() });
        }
    }
    let cluster = if access == Access::Existing {
        existing(engine, connection).await?
    } else {
        bring_up(engine, connection, access).await?
    };
    if engine.kind == Kind::Sqlite && access != Access::Existing {
        use_write_ahead_log(connection).await?;
    }
    Ok(cluster)
}

/// A store that is there and exactly ours. Nothing is altered.
async fn existing(engine: &Engine, connection: &mut AnyConnection) -> Result<String, StoreError> {
    let place = engine.place.clone();
    let known = newest();
    match find(engine, connection).await? {
        Found::Nothing => Err(StoreError::Missing { place }),
        Found::Store { version: found, .. } if found < known => {
            Err(StoreError::SchemaOlder { place, found, known })
        }
        Found::Store { cluster, .. } => Ok(cluster),
    }
}

/// All in one transaction, under a lock: whoever comes second finds it done.
async fn bring_up(
    engine: &Engine,
    connection: &mut AnyConnection,
    access: Access,
) -> Result<String, StoreError> {
    let mut transaction = connection.begin_with(engine.begin_write()).await?;
    if engine.kind == Kind::Postgres {
        sqlx::query(sql::POSTGRES_LOCK_SCHEMA).fetch_all(&mut *transaction).await?;
    }
    let (cluster, version, new) = match find(engine, &mut transaction).await? {
        Found::Store { .. } if access == Access::Create => {
            return Err(StoreError::AlreadyThere { place: engine.place.clone() });
        }
        Found::Store { cluster, version } => (cluster, version, false),
        Found::Nothing => (new_cluster(), 0, true),
    };
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > version) {
        let text = match engine.kind {
            Kind::Sqlite => migration.sqlite,
            Kind::Postgres => migration.postgres,
        };
        transaction.execute(sqlx::raw_sql(text)).await?;
    }
    if new {
        if engine.kind == Kind::Sqlite {
            // Inside the transaction, so that a file is marked as ours exactly when it holds a store.
            let mark = format!("PRAGMA application_id = {APPLICATION_ID}");
            transaction.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(mark))).await?;
        }
        let add = sqlx::query(sql::ADD_INSTALLATION).bind(&cluster).bind(newest());
        add.execute(&mut *transaction).await?;
    } else if version < newest() {
        sqlx::query(sql::SET_SCHEMA_VERSION).bind(newest()).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(cluster)
}

/// What stands in the database, unless it is another program's or a later release's.
async fn find(engine: &Engine, connection: &mut AnyConnection) -> Result<Found, StoreError> {
    let tables = match engine.kind {
        Kind::Sqlite => sql::SQLITE_TABLES,
        Kind::Postgres => sql::POSTGRES_TABLES,
    };
    let mut ours = Vec::new();
    for row in sqlx::query(tables).fetch_all(&mut *connection).await? {
        let name = Row { row: &row, table: "tables", key: "name" }.text("name")?;
        ours.extend(TABLES.iter().find(|table| **table == name));
    }
    if ours.is_empty() {
        return Ok(Found::Nothing);
    }
    let other = StoreError::OtherApplication {
        place: engine.place.clone(),
        found: format!("it has tables of our names, `{}`, without our mark", ours.join("`, `")),
    };
    if !ours.contains(&"installation") {
        return Err(other);
    }
    let row = match sqlx::query(sql::FIND_INSTALLATION).fetch_optional(connection).await {
        Ok(Some(row)) => row,
        Ok(None) => return Err(other),
        Err(error @ sqlx::Error::Database(_)) => {
            // A table of that name without those columns is another program's; a damaged one is ours.
            let error = StoreError::from(error);
            return Err(if error.is_final() { error } else { other });
        }
        Err(error) => return Err(error.into()),
    };
    let row = Row { row: &row, table: "installation", key: "cluster" };
    let (cluster, version) = (row.text("cluster")?, row.number("schema_version")?);
    if version > newest() {
        return Err(StoreError::SchemaNewer { place: engine.place.clone(), found: version, known: newest() });
    }
    Ok(Found::Store { cluster, version })
}

/// Readers then do not wait for the writer. The mode stays with the file, and changes only while nobody else uses it.
async fn use_write_ahead_log(connection: &mut AnyConnection) -> Result<(), StoreError> {
    let mut tries = 0;
    loop {
        match connection.execute(sqlx::raw_sql("PRAGMA journal_mode = WAL")).await {
            Ok(_) => return Ok(()),
            Err(_) if tries < 100 => tries += 1,
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// A new id of an installation: 128 random bits in hexadecimal digits.
fn new_cluster() -> String {
    let mut random = random::from_system();
    format!("{:016x}{:016x}", random.next_u64(), random.next_u64())
}
