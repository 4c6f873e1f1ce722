//! Accounts, projects, AccessKeys and the change log, in SQLite or PostgreSQL.
//!
//! Rows answer questions; the change log says in which order things happened. Both are written in one transaction, by
//! [`Store::commit`] alone, and every node learns of changes by following the log: [`tail`].

mod access_keys;
mod accounts;
mod bulk;
mod changes;
mod commit;
mod engine;
mod error;
mod factors;
mod file;
mod integrity;
mod links;
mod projects;
mod real_names;
mod refusals;
mod ring_keys;
mod row;
mod schema;
mod sessions;
#[doc(hidden)]
pub mod sql;
mod tail;
mod usage;
mod wake;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;

use countersign_accounts::change::Revision;
use sqlx::{Any, AnyPool, Transaction};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

pub use access_keys::ListedAccessKey;
pub use changes::{Entry, FullState, Onward};
pub use commit::{Beside, Commit, Secret};
use engine::Engine;
pub use error::{Conflict, StoreError};
pub use refusals::RefusedRequests;
pub use ring_keys::{RESEALED_TOGETHER, Resealed, SealedText};
pub use tail::{Health, tail};
use wake::Wake;
pub use wake::Wakes;
use writer::Asked;

/// How many requests may wait for the writer before more are held up.
const WAITING: usize = 1024;
/// How long closing waits for each task.
const FAREWELL: Duration = Duration::from_secs(20);

/// A store, open. Clones are the same store.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

/// What opening a store may do to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Make a store in an empty place. It fails where there is one.
    Create,
    /// Make a store in an empty place, or bring an older one up to date.
    Migrate,
    /// Use a store that is there and up to date. The schema is never altered.
    Existing,
}

struct Inner {
    engine: Engine,
    cluster: String,
    pool: AnyPool,
    wake: Wake,
    asks: mpsc::Sender<Asked>,
    stop_writer: watch::Sender<bool>,
    stop_others: watch::Sender<bool>,
    writer: Mutex<Option<JoinHandle<()>>>,
    others: Mutex<Vec<JoinHandle<()>>>,
    listening: Once,
    /// Where the tasks of this store run.
    runtime: Handle,
}

impl Store {
    /// Opens `sqlite://PATH` or `postgres://USER@HOST/DATABASE`. A path is taken as it is, without decoding.
    ///
    /// A place that holds anything but a store that this release knows is refused, and left as it is.
    pub async fn open(url: &str, access: Access) -> Result<Self, StoreError> {
        let engine = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Engine::postgres(url)?
        } else {
            let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
            let path = path.ok_or(StoreError::Url("the URL names neither SQLite nor PostgreSQL"))?;
            if path.is_empty() || path.starts_with(":memory:") || path.contains(['?', '\0']) {
                return Err(StoreError::Url("SQLite needs the path of a file, without parameters"));
            }
            Engine::sqlite(&file::prepare(Path::new(path), access)?)?
        };
        let cluster = schema::prepare(&engine, access).await?;
        Ok(Self::start(engine, cluster))
    }

    /// The random id of this installation, made with it: what secrets are sealed for.
    pub fn cluster(&self) -> &str {
        &self.0.cluster
    }

    /// Makes changes, together or not at all, and returns the revision of the last.
    ///
    /// Once asked, it is carried out even where the caller no longer waits for the answer.
    pub async fn commit(&self, commit: Commit) -> Result<Revision, StoreError> {
        commit.check()?;
        let (answer, answered) = oneshot::channel();
        self.0.asks.send(Asked { commit, answer }).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// An ear for changes by any process. Made before a look at the log, it misses nothing that comes after that look.
    pub fn wakes(&self) -> Wakes {
        self.0.listening.call_once(|| {
            let inner = &self.0;
            let listening =
                wake::listen(inner.engine.clone(), inner.wake.clone(), inner.stop_others.subscribe());
            self.keep(self.0.runtime.spawn(listening));
        });
        self.0.wake.subscribe()
    }

    /// Waits until there may be something new: told of a change, or a quarter of a second passed. Whoever follows the
    /// log keeps one [`Store::wakes`] instead, which also remembers what came between two calls.
    pub async fn woken(&self) {
        self.wakes().next().await;
    }

    /// Carries out what was asked so far, and closes all connections.
    pub async fn close(&self) {
        self.0.stop_writer.send_replace(true);
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = tokio::time::timeout(FAREWELL, writer).await;
        }
        self.0.stop_others.send_replace(true);
        let others = std::mem::take(&mut *self.0.others.lock().unwrap_or_else(PoisonError::into_inner));
        for mut other in others {
            if tokio::time::timeout(Duration::from_secs(1), &mut other).await.is_err() {
                other.abort();
            }
        }
        self.0.pool.close().await;
    }

    fn start(engine: Engine, cluster: String) -> Self {
        let (asks, asked) = mpsc::channel(WAITING);
        let (stop_writer, stop_others) = (watch::Sender::new(false), watch::Sender::new(false));
        let wake = Wake::new();
        let writer =
            tokio::spawn(writer::write(engine.clone(), asked, wake.clone(), stop_writer.subscribe()));
        let mut others = Vec::new();
        if engine.kind == engine::Kind::Postgres {
            others.push(tokio::spawn(wake::announce(engine.clone(), wake.clone(), stop_others.subscribe())));
        }
        Self(Arc::new(Inner {
            pool: engine.pool(),
            engine,
            cluster,
            wake,
            asks,
            stop_writer,
            stop_others,
            writer: Mutex::new(Some(writer)),
            others: Mutex::new(others),
            listening: Once::new(),
            runtime: Handle::current(),
        }))
    }

    /// A transaction that writes to rows beside the log. Like every writer it takes the head's row first, so that no two
    /// wait for each other. Dropped, it is rolled back.
    pub(crate) async fn begin_writing(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let mut transaction = self.pool().begin_with(self.engine().begin_write()).await?;
        writer::lock_head(&mut transaction).await?;
        Ok(transaction)
    }

    fn keep(&self, task: JoinHandle<()>) {
        self.0.others.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    pub(crate) fn pool(&self) -> &AnyPool {
        &self.0.pool
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(crate) fn wake(&self) -> &Wake {
        &self.0.wake
    }
}

/// The place, without a password.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({:?})", self.0.engine)
    }
}
