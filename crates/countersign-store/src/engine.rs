//! What differs between SQLite and PostgreSQL: how to connect, and how a transaction begins.

use std::fmt;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AnyConnection, AnyPool, ConnectOptions, Connection as _, Executor};

use crate::error::StoreError;

/// Connections for questions. The writer has one of its own, so that a disable never waits behind a listing.
const CONNECTIONS: u32 = 8;
/// How long to wait for a connection before the store is said to be unavailable.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);

/// What connections to PostgreSQL are called there.
pub(crate) const APPLICATION: &str = "countersign";

/// Each connection to SQLite: a commit is on the disk before it is acknowledged.
const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF";

/// Each connection to PostgreSQL. A commit that waits for a standby must not be cut short: it would then stand on the
/// primary alone.
const POSTGRES_SETTINGS: &str = "SET application_name = 'countersign'; SET statement_timeout = 0; \
     SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = warning";

/// A database, and how to reach it.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) kind: Kind,
    /// The database as messages name it: without a password.
    pub(crate) place: String,
    pub(crate) options: AnyConnectOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl Engine {
    /// The SQLite database in this file, which is absolute and without `.` or `..`.
    pub(crate) fn sqlite(path: &str) -> Result<Self, StoreError> {
        let mut url = String::from("sqlite://");
        for byte in path.bytes() {
            if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
                url.push(char::from(byte));
            } else {
                url.push_str(&format!("%{byte:02X}"));
            }
        }
        let options =
            options(&url).ok_or(StoreError::Url("the path of the SQLite database cannot be read"))?;
        Ok(Self { kind: Kind::Sqlite, place: path.to_owned(), options })
    }

    /// The PostgreSQL database of this URL.
    pub(crate) fn postgres(url: &str) -> Result<Self, StoreError> {
        const UNREADABLE: StoreError = StoreError::Url("the URL of the PostgreSQL database cannot be read");
        let options = options(url).ok_or(UNREADABLE)?;
        let parsed: PgConnectOptions = url.parse().map_err(|_| UNREADABLE)?;
        let database = parsed.get_database().unwrap_or_else(|| parsed.get_username());
        let host = parsed.get_socket().map_or(parsed.get_host().into(), |socket| socket.to_string_lossy());
        let place = format!("postgres://{}@{host}/{database}", parsed.get_username());
        Ok(Self { kind: Kind::Postgres, place, options })
    }

    /// A connection, set up.
    pub(crate) async fn connect(&self) -> Result<AnyConnection, StoreError> {
        let connect = async {
            let mut connection = self.options.connect().await?;
            match connection.execute(sqlx::raw_sql(self.settings())).await {
                Ok(_) => Ok(connection),
                Err(error) => {
                    let _ = connection.close().await;
                    Err(error)
                }
            }
        };
        let connected = tokio::time::timeout(CONNECT, connect).await;
        Ok(connected.map_err(|_| StoreError::Unavailable(format!("`{}` does not answer", self.place)))??)
    }

    /// Connections for questions, made when they are needed.
    pub(crate) fn pool(&self) -> AnyPool {
        let settings = self.settings();
        AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(CONNECT)
            .after_connect(move |connection, _| {
                Box::pin(async move { connection.execute(sqlx::raw_sql(settings)).await.map(drop) })
            })
            .connect_lazy_with(self.options.clone())
    }

    /// How a transaction that writes begins. SQLite takes its lock at once: an upgrade later could fail.
    pub(crate) fn begin_write(&self) -> &'static str {
        match self.kind {
            Kind::Sqlite => "BEGIN IMMEDIATE",
            Kind::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        }
    }

    /// How a transaction begins that reads one state throughout.
    pub(crate) fn begin_read(&self) -> &'static str {
        match self.kind {
            Kind::Sqlite => "BEGIN",
            Kind::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    fn settings(&self) -> &'static str {
        match self.kind {
            Kind::Sqlite => SQLITE_SETTINGS,
            Kind::Postgres => POSTGRES_SETTINGS,
        }
    }
}

/// Statements are not logged: the store polls many times a second, and what matters has its own lines.
fn options(url: &str) -> Option<AnyConnectOptions> {
    sqlx::any::install_default_drivers();
    url.parse::<AnyConnectOptions>().ok().map(ConnectOptions::disable_statement_logging)
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Row as _;

    use super::*;

    #[tokio::test]
    async fn every_connection_to_sqlite_has_the_settings() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.db");
        std::fs::write(&path, "").unwrap();
        let engine = Engine::sqlite(path.to_str().unwrap()).unwrap();
        let mut pooled = engine.pool().acquire().await.unwrap().detach();
        let mut single = engine.connect().await.unwrap();
        for connection in [&mut pooled, &mut single] {
            for (pragma, expected) in [("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)] {
                let query = sqlx::AssertSqlSafe(format!("PRAGMA {pragma}"));
                let row = sqlx::query(query).fetch_one(&mut *connection).await.unwrap();
                assert_eq!(row.try_get::<i64, _>(0).unwrap(), expected, "{pragma}");
            }
        }
    }
}
