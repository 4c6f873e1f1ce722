//! A program that makes one change after another and says so, to be killed in the middle; and the check that its word
//! holds.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use countersign::{AccessKeyId, AccessKeySecret};
use countersign_accounts::access_key::Description;
use countersign_accounts::account::Email;
use countersign_accounts::change::{Actor, Change, Recorded};
use countersign_accounts::id::AccountId;
use countersign_accounts::seal::{MasterKey, Ring};
use countersign_accounts::{clock, random};
use countersign_store::{Access, Commit, Secret, Store};

/// Where the writer finds its store: the URL, the file of the master key, and what its AccessKeys are called.
const WRITER: &str = "COUNTERSIGN_TEST_WRITER";
/// The account of the writer.
const ACCOUNT: &str = "acc_writer";
/// How many requests of the writer are under way at once.
const TOGETHER: usize = 4;

/// A change that was acknowledged: the request, and the number that it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    pub(crate) request: String,
    pub(crate) seq: u64,
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// The ring of a store.
pub(crate) async fn ring(store: &Store, master_key_file: &Path) -> Ring {
    let text = std::fs::read_to_string(master_key_file).unwrap();
    let master = MasterKey::from_text(&text).unwrap();
    Ring::open(store.cluster(), &master, &store.ring_keys().await.unwrap()).unwrap()
}

/// An account that may have as many AccessKeys as it likes.
pub(crate) async fn open_account(store: &Store) {
    let account = AccountId::from_text(ACCOUNT);
    let email = Email::new("writer@example.com").unwrap();
    let opened = Change::AccountOpened { account, email, access_key_limit: 1_000_000 };
    store.commit(commit("open".to_owned(), opened, None)).await.unwrap();
}

fn commit(request: String, change: Change, secret: Option<Secret>) -> Commit {
    let secrets = secret.into_iter().collect();
    Commit {
        by: Actor::System,
        request,
        at: clock::now(),
        changes: vec![change],
        secrets,
        beside: Vec::new(),
    }
}

/// A writer, running.
pub(crate) struct Writer {
    child: Child,
    acknowledged: Receiver<Acknowledged>,
}

impl Writer {
    /// Starts the writer, which is this very program, on a store.
    pub(crate) fn start(url: &str, master_key_file: &Path, name: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "support::ledger::writer", "--ignored", "--nocapture", "--test-threads=1"]);
        command.env(WRITER, format!("{url}\n{}\n{name}", master_key_file.display()));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (send, acknowledged) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // A line that was cut off has no end mark, and acknowledges nothing.
                let Some(text) = line.strip_prefix("ack ").and_then(|line| line.strip_suffix(" .")) else {
                    continue;
                };
                let (request, seq) = text.split_once(' ').unwrap();
                let _ = send.send(Acknowledged { request: request.to_owned(), seq: seq.parse().unwrap() });
            }
        });
        Self { child, acknowledged }
    }

    /// Waits for so many acknowledgements; fewer where the writer ends before.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Acknowledged> {
        let mut seen = Vec::new();
        while seen.len() < count {
            match self.acknowledged.recv_timeout(Duration::from_secs(20)) {
                Ok(acknowledged) => seen.push(acknowledged),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("the writer hangs after {}", seen.len()),
            }
        }
        seen
    }

    /// Kills it as `kill -9` does, and returns what it had still acknowledged.
    pub(crate) fn kill(mut self) -> Vec<Acknowledged> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.acknowledged.iter().collect()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The writer itself. It ends by being killed, or when the store has gone.
#[test]
#[ignore = "it is a part of other tests, which start it as a process of its own"]
fn writer() {
    let Ok(place) = std::env::var(WRITER) else { return };
    let [url, master_key_file, name] = place.split('\n').collect::<Vec<_>>()[..] else { panic!("{place}") };
    block_on(async {
        let store = Store::open(url, Access::Existing).await.unwrap();
        let ring = std::sync::Arc::new(ring(&store, Path::new(master_key_file)).await);
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..TOGETHER {
            let (store, ring, name) = (store.clone(), ring.clone(), format!("{name}.{task}"));
            tasks.spawn(async move {
                for turn in 0.. {
                    if !live(&store, &ring, &format!("{name}.{turn}")).await {
                        break;
                    }
                }
            });
        }
        while tasks.join_next().await.is_some() {}
    });
}

/// The life of one AccessKey, each step acknowledged. False where a step failed.
async fn live(store: &Store, ring: &Ring, name: &str) -> bool {
    let account = AccountId::from_text(ACCOUNT);
    let access_key = AccessKeyId::new(name).unwrap();
    let secret = AccessKeySecret::new(format!("secret of {name}"));
    let sealed = ring.seal_secret(&access_key, &account, &secret, &mut random::from_system());
    let created = Change::AccessKeyCreated {
        account: account.clone(),
        access_key: access_key.clone(),
        description: Description::default(),
        expires: None,
        replaces: None,
        networks: countersign_accounts::network::Networks::default(),
        kind: countersign_accounts::access_key::AccessKeyKind::Secret,
        disabled: false,
    };
    let id = || (account.clone(), access_key.clone());
    let (a, b, c, d) = (id(), id(), id(), id());
    let steps = [
        (created, Some(Secret::AccessKey(access_key.clone(), sealed))),
        (Change::AccessKeyDisabled { account: a.0, access_key: a.1 }, None),
        (Change::AccessKeyEnabled { account: b.0, access_key: b.1 }, None),
        (Change::AccessKeyDisabled { account: c.0, access_key: c.1 }, None),
        (Change::AccessKeyDeleted { account: d.0, access_key: d.1 }, None),
    ];
    for (step, (change, secret)) in steps.into_iter().enumerate() {
        let request = format!("{name}.{step}");
        match store.commit(commit(request.clone(), change, secret)).await {
            Ok(revision) => {
                let mut out = std::io::stdout().lock();
                out.write_all(format!("ack {request} {} .\n", revision.seq).as_bytes()).unwrap();
                out.flush().unwrap();
            }
            Err(error) => {
                eprintln!("{request}: {error}");
                return false;
            }
        }
    }
    true
}

/// Opens the store, which takes no time to speak of, and checks it against what was acknowledged. Returns the log.
pub(crate) fn check(url: &str, acknowledged: &[Acknowledged]) -> Vec<Recorded> {
    block_on(async {
        let began = Instant::now();
        let store = Store::open(url, Access::Existing).await.unwrap();
        let log = check_store(&store, acknowledged).await;
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        store.close().await;
        log
    })
}

/// The log is dense, each acknowledged change is in it under its number, and the rows are what the log says.
pub(crate) async fn check_store(store: &Store, acknowledged: &[Acknowledged]) -> Vec<Recorded> {
    let mut log = store.list_changes(None, None, 1_000_000).await.unwrap();
    log.reverse();
    for (number, recorded) in (1..).zip(&log) {
        assert_eq!(recorded.revision.seq, number, "the log has a gap");
    }
    for Acknowledged { request, seq } in acknowledged {
        let recorded = usize::try_from(*seq).ok().and_then(|seq| log.get(seq - 1));
        assert_eq!(
            recorded.map(|recorded| recorded.request.as_str()),
            Some(request.as_str()),
            "change {seq}"
        );
    }
    let full = store.full_state().await.unwrap();
    assert_eq!(
        Some(full.revision),
        log.last().map(|recorded| recorded.revision),
        "the head is the last change"
    );
    assert!(
        full.changes.iter().all(|(change, sealed)| {
            sealed.is_some() == matches!(change, Change::AccessKeyCreated { .. })
        })
    );
    let rows = states(full.changes.iter().map(|(change, _)| change));
    assert_eq!(
        rows,
        states(log.iter().map(|recorded| &recorded.change)),
        "the rows are not what the log says"
    );
    log
}

/// How things stand after changes, each thing in a word.
fn states<'c>(changes: impl Iterator<Item = &'c Change>) -> BTreeMap<String, &'static str> {
    let mut states = BTreeMap::new();
    for change in changes {
        let account = |account: &AccountId| format!("account {}", account.as_str());
        let key = |access_key: &AccessKeyId| format!("key {access_key}");
        match change {
            Change::AccountOpened { account: a, .. } | Change::AccountResumed { account: a } => {
                states.insert(account(a), "active");
            }
            Change::AccountSuspended { account: a } => {
                states.insert(account(a), "suspended");
            }
            Change::ProjectCreated { project, .. } => {
                states.insert(format!("project {}", project.as_str()), "there");
            }
            Change::ProjectDeleted { project, .. } => {
                states.remove(&format!("project {}", project.as_str()));
            }
            Change::AccessKeyCreated { access_key, .. } | Change::AccessKeyEnabled { access_key, .. } => {
                states.insert(key(access_key), "enabled");
            }
            Change::AccessKeyDisabled { access_key, .. } | Change::AccessKeyRestored { access_key, .. } => {
                states.insert(key(access_key), "disabled");
            }
            Change::AccessKeyDeleted { access_key, .. } => {
                states.insert(key(access_key), "deleted");
            }
            Change::AccessKeyPurged { access_key, .. } => {
                states.remove(&key(access_key));
            }
            Change::AccountClosed { account: a } => {
                states.insert(account(a), "closed");
            }
            _ => {}
        }
    }
    states
}

/// Numbers that look random, from a seed that is said where a test fails.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new() -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let seed = u64::try_from(now.as_nanos() & u128::from(u64::MAX)).unwrap() | 1;
        eprintln!("seed {seed}");
        Self(seed)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // Xorshift (Marsaglia 2003).
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    /// A pause of up to so many microseconds.
    pub(crate) fn pause(&mut self, micros: u64) {
        std::thread::sleep(Duration::from_micros(self.below(micros)));
    }
}
