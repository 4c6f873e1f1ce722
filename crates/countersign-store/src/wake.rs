//! Who waits for changes is told of them: by this process's writer at once, by other processes through the database.
//! To be told is a hint that makes things fast. What is certain is that whoever waits looks again within [`LOOK_AGAIN`].

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{AnyConnection, ConnectOptions as _, Connection as _, Executor as _};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::engine::{APPLICATION, CONNECT, Engine, Kind};
use crate::error::StoreError;
use crate::row::Row;
use crate::sql;

/// How long a waiting follower is left alone at most.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// How often SQLite is asked whether another connection wrote: it costs a few microseconds.
const SQLITE_POLL: Duration = Duration::from_millis(10);
/// How long to wait before a lost connection is made again.
const RECONNECT: Duration = Duration::from_millis(500);
/// The channel of [`sql::POSTGRES_NOTIFY`].
const CHANNEL: &str = "countersign_change";

/// Tells followers.
#[derive(Clone)]
pub(crate) struct Wake {
    /// Counts what this process committed: PostgreSQL is to tell other processes of it.
    committed: Arc<watch::Sender<u64>>,
    /// Counts all that followers are to look at.
    changed: Arc<watch::Sender<u64>>,
}

/// A follower's ear: nothing that happens after it was made goes unheard.
#[derive(Debug)]
pub struct Wakes(watch::Receiver<u64>);

impl Wake {
    pub(crate) fn new() -> Self {
        Self { committed: Arc::new(watch::Sender::new(0)), changed: Arc::new(watch::Sender::new(0)) }
    }

    /// This process committed something.
    pub(crate) fn committed(&self) {
        self.committed.send_modify(|count| *count += 1);
        self.changed();
    }

    fn changed(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    pub(crate) fn subscribe(&self) -> Wakes {
        Wakes(self.changed.subscribe())
    }
}

impl Wakes {
    /// Waits until there may be something new: told since the last call, or a quarter of a second passed.
    pub async fn next(&mut self) {
        if let Ok(Err(_)) = timeout(LOOK_AGAIN, self.0.changed()).await {
            // The store is gone, and nobody tells any more.
            sleep(LOOK_AGAIN).await;
        }
    }
}

/// Hears of what other processes write, until the store is closed.
pub(crate) async fn listen(engine: Engine, wake: Wake, mut stop: watch::Receiver<bool>) {
    let listening = async {
        loop {
            let lost = match engine.kind {
                Kind::Sqlite => poll(&engine, &wake).await,
                Kind::Postgres => hear(&engine, &wake).await,
            };
            if let Err(error) = lost {
                tracing::warn!(%error, "changes by other processes are noticed late for the moment");
            }
            wake.changed();
            sleep(RECONNECT).await;
        }
    };
    tokio::select! {
        () = listening => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// SQLite counts, for each connection, the commits of all others.
async fn poll(engine: &Engine, wake: &Wake) -> Result<(), StoreError> {
    let mut connection = engine.connect().await?;
    let mut before = None;
    loop {
        let row = sqlx::query(sql::SQLITE_DATA_VERSION).fetch_one(&mut connection).await?;
        let version = Row { row: &row, table: "pragma", key: "data_version" }.number("data_version")?;
        if before.replace(version) != Some(version) {
            wake.changed();
        }
        sleep(SQLITE_POLL).await;
    }
}

/// PostgreSQL notifies. After a lost connection there may be something that nobody was told of.
async fn hear(engine: &Engine, wake: &Wake) -> Result<(), StoreError> {
    let options = PgConnectOptions::from_url(&engine.options.database_url)?;
    let options = options.application_name(APPLICATION).disable_statement_logging();
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT).connect_with(options).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        wake.changed();
        listener.try_recv().await?;
    }
}

/// Tells other processes of what this one committed, until the store is closed. It has a connection of its own: inside
/// the transaction, a notification would make writers wait for one another. What comes while it is busy is told once.
pub(crate) async fn announce(engine: Engine, wake: Wake, mut stop: watch::Receiver<bool>) {
    let mut committed = wake.committed.subscribe();
    let mut connection: Option<AnyConnection> = None;
    loop {
        tokio::select! {
            biased;
            Ok(()) = committed.changed() => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
        if connection.is_none() {
            connection = engine.connect().await.ok();
        }
        if let Some(open) = &mut connection
            && let Err(error) = open.execute(sql::POSTGRES_NOTIFY).await
        {
            tracing::debug!(%error, "other processes were not told of a change, and notice it by themselves");
            connection = None;
        }
    }
    if let Some(connection) = connection {
        let _ = connection.close().await;
    }
}
