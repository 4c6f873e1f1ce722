//! Connections that are lost at the worst moment, and stores that are let go.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use countersign_store::{Access, Store, StoreError};
use sqlx::Row as _;
use sqlx::{AnyConnection, Connection as _};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

use crate::kit::*;

/// Stands between the store and PostgreSQL. While `cuts` is above zero, each COMMIT costs one: the server gets it and
/// carries it out, and its answer is lost with the connection. While `refusals` is above zero, so are connections.
struct Wire {
    directory: TempDir,
    cuts: Arc<AtomicU32>,
    refusals: Arc<AtomicU32>,
}

impl Wire {
    /// The wire, and the URL of the database through it.
    fn before(url: &str) -> (Self, String) {
        let directory = tempfile::tempdir().unwrap();
        let host = url.split("host=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        let listener = UnixListener::bind(directory.path().join(".s.PGSQL.5432")).unwrap();
        let wire = Self { directory, cuts: Arc::default(), refusals: Arc::default() };
        let (cuts, refusals) = (Arc::clone(&wire.cuts), Arc::clone(&wire.refusals));
        let through = url.replace(&host, wire.directory.path().to_str().unwrap());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if take(&refusals) {
                    continue;
                }
                let server = UnixStream::connect(Path::new(&host).join(".s.PGSQL.5432")).await.unwrap();
                tokio::spawn(pass(client, server, Arc::clone(&cuts)));
            }
        });
        (wire, through)
    }
}

fn take(count: &AtomicU32) -> bool {
    count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

async fn pass(mut client: UnixStream, mut server: UnixStream, cuts: Arc<AtomicU32>) {
    let (mut asked, mut answered) = ([0; 65536], [0; 65536]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Some(some) = read.ok().filter(|count| *count > 0).map(|count| &asked[..count]) else { return };
                let commit = some.windows(7).any(|bytes| bytes == b"COMMIT\0") && take(&cuts);
                server.write_all(some).await.unwrap();
                if commit {
                    // Carried out, and nobody hears of it.
                    let _ = server.read(&mut answered).await;
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Some(some) = read.ok().filter(|count| *count > 0).map(|count| &answered[..count]) else { return };
                if client.write_all(some).await.is_err() {
                    return;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_commit_is_found_out() {
    let Some(place) = Place::postgres() else { return };
    let (wire, url) = Wire::before(&place.url);
    let store = Store::open(&url, Access::Migrate).await.unwrap();
    wire.cuts.store(1, Ordering::Relaxed);
    let revision = make(&store, opened("acc_1", 1)).await.unwrap();
    assert_eq!(wire.cuts.load(Ordering::Relaxed), 0, "the answer was lost");
    assert_eq!(revision.seq, 1);
    wire.cuts.store(3, Ordering::Relaxed);
    assert_eq!(make(&store, opened("acc_2", 1)).await.unwrap().seq, 2);
    assert_eq!(log(&store).await.len(), 2, "each is done once");
}

#[tokio::test]
async fn an_outcome_that_cannot_be_found_out_is_said_to_be_unknown() {
    let Some(place) = Place::postgres() else { return };
    let (wire, url) = Wire::before(&place.url);
    let store = Store::open(&url, Access::Migrate).await.unwrap();
    make(&store, opened("acc_0", 1)).await.unwrap();
    wire.cuts.store(1, Ordering::Relaxed);
    wire.refusals.store(1000, Ordering::Relaxed);
    let commit = asked(vec![opened("acc_1", 1)]);
    let told = store.commit(commit.clone()).await.unwrap_err();
    assert_eq!(told, StoreError::OutcomeUnknown { request: commit.request.clone() });
    let told = make(&store, opened("acc_2", 1)).await.unwrap_err();
    assert!(matches!(told, StoreError::Unavailable(_)), "{told}");
    wire.refusals.store(0, Ordering::Relaxed);
    assert_eq!(store.commit(commit).await.unwrap().seq, 2);
    assert_eq!(log(&store).await.len(), 2);
}

/// Connections are cut again and again while requests are carried out: each ends up done exactly once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_connections_lose_and_repeat_nothing() {
    let Some(place) = Place::postgres() else { return };
    let stores = [place.open().await, place.open().await];
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let url = place.url.clone();
    let cutter = tokio::spawn(async move {
        let place = Place { url, directory: None };
        while stopped.try_recv().is_err() {
            let cut = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
                       WHERE application_name = 'countersign' AND datname = current_database() AND random() < 0.7";
            place.raw(cut).await;
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    });
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..300 {
        let store = stores[n % 2].clone();
        tasks.spawn(async move {
            tokio::time::sleep(Duration::from_millis(u64::try_from(n).unwrap() * 4)).await;
            let commit = asked(vec![opened(&format!("acc_{n}"), 1)]);
            let mut lost = 0;
            loop {
                match store.commit(commit.clone()).await {
                    Ok(_) => return lost,
                    Err(StoreError::Unavailable(_) | StoreError::OutcomeUnknown { .. }) => lost += 1,
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    let lost: u32 = tasks.join_all().await.into_iter().sum();
    let _ = stop.send(());
    cutter.await.unwrap();
    assert_eq!(log(&place.open().await).await.len(), 300, "{lost} were asked again");
}

#[tokio::test]
async fn a_store_of_sqlite_that_is_let_go_closes_its_files() {
    let place = Place::sqlite();
    let directory = place.directory.as_ref().unwrap().path().canonicalize().unwrap();
    let open = || {
        let files = std::fs::read_dir("/proc/self/fd").unwrap();
        let files = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        files.filter(|file| file.starts_with(&directory)).count()
    };
    let store = place.open().await;
    store.wakes().next().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    assert!(open() > 0);
    drop(store);
    let since = Instant::now();
    while open() > 0 {
        assert!(since.elapsed() < Duration::from_secs(10), "{} are open", open());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_store_of_postgres_that_is_let_go_closes_its_connections() {
    let Some(place) = Place::postgres() else { return };
    let store = place.open().await;
    store.wakes().next().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    store.find_account(&account("acc_1")).await.unwrap();
    let mut connection = AnyConnection::connect(&place.url).await.unwrap();
    let mut open = async || {
        let count = "SELECT COUNT(*) FROM pg_stat_activity \
                     WHERE application_name = 'countersign' AND datname = current_database()";
        sqlx::query(count).fetch_one(&mut connection).await.unwrap().try_get::<i64, _>(0).unwrap()
    };
    assert!(open().await >= 3, "the writer, the listener, and one for questions");
    drop(store);
    let since = Instant::now();
    while open().await > 0 {
        assert!(since.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
