//! Durable creations of AccessKeys, beside a bare loop over the same kind of store.

use std::time::{Duration, Instant};

use countersign_accounts::access_key::Description;
use countersign_accounts::account::Email;
use countersign_accounts::change::{Actor, Change};
use countersign_accounts::id::AccountId;
use countersign_accounts::seal::{MasterKey, Ring, RingKey};
use countersign_accounts::{clock, random};
use countersign_store::{Access, Commit, Secret, Store};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use crate::measure::{figure, median};
use crate::verify::{Pair, pair};

const CLIENTS: usize = 16;
const ROUND: Duration = Duration::from_millis(700);
const ROUNDS: usize = 5;
/// How many keys a client creates in one account: as many as an account may have by default.
const KEYS_OF_ONE: usize = 10;

/// A store in a directory of its own, with an account that has a project.
pub(crate) struct World {
    pub(crate) directory: TempDir,
    pub(crate) store: Store,
    pub(crate) ring: Ring,
    pub(crate) master: MasterKey,
    pub(crate) account: AccountId,
}

impl World {
    pub(crate) async fn new() -> Self {
        let random = &mut random::from_system();
        let directory = TempDir::new().unwrap();
        let url = format!("sqlite://{}/data/countersign.db", directory.path().display());
        let store = Store::open(&url, Access::Create).await.unwrap();
        let master = MasterKey::generate(random);
        let row = RingKey::generate(1, random).seal(store.cluster(), &master, true, random);
        store.add_first_ring_key(&row).await.unwrap();
        let ring = Ring::open(store.cluster(), &master, &[row]).unwrap();
        let account = open_account(&store).await;
        let project = "demo".to_owned().try_into().unwrap();
        let created = Change::ProjectCreated { account: account.clone(), project };
        store.commit(commit(vec![created], Vec::new())).await.unwrap();
        Self { directory, store, ring, master, account }
    }

    /// So many new keys of an account, in one commit.
    pub(crate) async fn create(&self, account: &AccountId, count: usize) -> Vec<Pair> {
        let (mut changes, mut secrets, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..count {
            let (access_key, secret) = pair();
            let sealed = self.ring.seal_secret(&access_key, account, &secret, &mut random::from_system());
            changes.push(Change::AccessKeyCreated {
                account: account.clone(),
                access_key: access_key.clone(),
                description: Description::default(),
                expires: None,
                replaces: None,
                networks: countersign_accounts::network::Networks::default(),
                kind: countersign_accounts::access_key::AccessKeyKind::Secret,
                disabled: false,
            });
            secrets.push(Secret::AccessKey(access_key.clone(), sealed));
            pairs.push((access_key, secret));
        }
        self.store.commit(commit(changes, secrets)).await.unwrap();
        pairs
    }
}

/// A new account that may have any number of keys.
pub(crate) async fn open_account(store: &Store) -> AccountId {
    let account = AccountId::generate(&mut random::from_system());
    let email = Email::new(&format!("{}@example.com", account.as_str())).unwrap();
    let opened = Change::AccountOpened { account: account.clone(), email, access_key_limit: u32::MAX };
    store.commit(commit(vec![opened], Vec::new())).await.unwrap();
    account
}

pub(crate) fn commit(changes: Vec<Change>, secrets: Vec<Secret>) -> Commit {
    let now = clock::now();
    let request = countersign_accounts::id::RequestId::generate(now, &mut random::from_system()).to_string();
    Commit { by: Actor::System, request, at: now, changes, secrets, beside: Vec::new() }
}

/// Creations a second by clients that each wait for theirs, to transactions a second of a loop that does nothing else.
pub(crate) fn durable_creates() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (mut ours, mut bare, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    runtime.block_on(async {
        let world = std::sync::Arc::new(World::new().await);
        let mut connection = bare_store(&world.directory).await;
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let clients = (0..CLIENTS).map(|_| {
                let world = std::sync::Arc::clone(&world);
                tokio::spawn(async move {
                    let mut done = 0u32;
                    while began.elapsed() < ROUND {
                        let account = open_account(&world.store).await;
                        for _ in 0..KEYS_OF_ONE {
                            world.create(&account, 1).await;
                            done += 1;
                        }
                    }
                    done
                })
            });
            let mut done = 0;
            for client in clients.collect::<Vec<_>>() {
                done += client.await.unwrap();
            }
            let our = f64::from(done) / began.elapsed().as_secs_f64();
            let loops = bare_loop(&mut connection).await;
            ours.push(our);
            bare.push(loops);
            ratios.push(our / loops);
        }
    });
    let from =
        format!("{:.0} a second by {CLIENTS} clients to {:.0} by a bare loop", median(ours), median(bare));
    figure("durable_creates", median(ratios), &from);
}

async fn bare_store(directory: &TempDir) -> sqlx::SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(directory.path().join("bare.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await.unwrap();
    for statement in [
        "CREATE TABLE access_key (id TEXT PRIMARY KEY, account TEXT, secret TEXT)",
        "CREATE TABLE change (seq INTEGER PRIMARY KEY, body TEXT)",
    ] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    connection
}

/// Transactions a second of two rows each, one after the other.
async fn bare_loop(connection: &mut sqlx::SqliteConnection) -> f64 {
    let began = Instant::now();
    let mut done = 0u32;
    while began.elapsed() < ROUND {
        let (id, secret) = pair();
        let mut transaction = connection.begin().await.unwrap();
        let insert = sqlx::query("INSERT INTO access_key VALUES ($1, 'acc', $2)");
        insert.bind(id.as_str()).bind(secret.expose()).execute(&mut *transaction).await.unwrap();
        let record = sqlx::query("INSERT INTO change (body) VALUES ($1)");
        record.bind(id.as_str()).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        done += 1;
    }
    f64::from(done) / began.elapsed().as_secs_f64()
}
