//! The program itself: how soon it is ready, how soon a disabled key is refused, how much memory it takes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign::{Credential, SignOptions, schemes, sign};
use countersign_accounts::change::Change;
use countersign_accounts::clock;

use crate::measure::figure;
use crate::store::{World, commit, open_account};
use crate::verify::Pair;

pub(crate) const MANY: usize = 1_000_000;
const DISABLES: usize = 200;
/// How many keys are created in one commit, in an account of their own.
const AT_ONCE: usize = 250;

/// A store on disk with keys in it.
pub(crate) struct Data {
    world: World,
    some: Pair,
    runtime: tokio::runtime::Runtime,
}

impl Data {
    pub(crate) fn with_keys(count: usize) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (world, some) = runtime.block_on(async {
            let world = World::new().await;
            let some = world.create(&world.account, 1).await.pop();
            for _ in 0..count / AT_ONCE {
                let account = open_account(&world.store).await;
                world.create(&account, AT_ONCE).await;
            }
            (world, some.unwrap())
        });
        let key = world.directory.path().join("data.master-key");
        std::fs::write(&key, world.master.to_text().as_bytes()).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        Self { world, some, runtime }
    }
}

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(data: &Data) -> Self {
        let program = std::env::current_exe().unwrap().with_file_name("countersign");
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0", "--data"])
            .arg(data.world.directory.path().join("data"))
            .env("COUNTERSIGN_LOG", "warn")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program is built beside this one");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("the server starts").unwrap();
            if let Some(rest) = line.strip_prefix("countersign serves http://") {
                break rest.trim_end_matches("/api").to_owned();
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    fn resident_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection on which signed requests go one after the other.
struct Client {
    stream: TcpStream,
    credential: Credential,
}

impl Client {
    fn new(server: &Server, (id, secret): &Pair) -> Self {
        let stream = TcpStream::connect(&server.address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, credential: Credential { id: id.clone(), secret: secret.clone() } }
    }

    /// The status of the answer to a signed request.
    fn ask(&mut self) -> u16 {
        let (mut parts, ()) = http::Request::get("/api/projects/demo").body(()).unwrap().into_parts();
        sign(
            schemes::ODPS,
            countersign::Place::at("/api"),
            &mut parts,
            b"",
            &self.credential,
            &SignOptions::at(clock::now()),
        )
        .unwrap();
        let mut head = "GET /api/projects/demo HTTP/1.1\r\nhost: bench\r\n".to_owned();
        for (name, value) in &parts.headers {
            head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        head.push_str("\r\n");
        self.stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let read = self.stream.read(&mut chunk).unwrap();
            assert!(read > 0, "the connection was closed");
            answer.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&answer);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |n| n.parse().unwrap());
            if body.len() >= length {
                return head.split(' ').nth(1).unwrap().parse().unwrap();
            }
        }
    }
}

/// From the start of the process to the first request that is accepted.
pub(crate) fn ready(data: &Data) {
    let began = Instant::now();
    let server = Server::start(data);
    assert_eq!(Client::new(&server, &data.some).ask(), 200);
    let seconds = began.elapsed().as_secs_f64();
    figure(
        "ready_1e6_keys_seconds",
        seconds,
        &format!("with {MANY} sealed keys, then {:.0} MB resident", server.resident_mb()),
    );
}

/// From a disable that another process was told is durable, to the first refusal.
pub(crate) fn disable_to_refused() {
    let data = Data::with_keys(1);
    let server = Server::start(&data);
    let mut client = Client::new(&server, &data.some);
    let (account, access_key) = (data.world.account.clone(), data.some.0.clone());
    let change = |change: Change| {
        data.runtime.block_on(data.world.store.commit(commit(vec![change], Vec::new()))).unwrap();
        Instant::now()
    };
    let mut until = |status: u16, since: Instant| -> f64 {
        while client.ask() != status {
            assert!(since.elapsed() < Duration::from_secs(10), "it never came");
        }
        since.elapsed().as_secs_f64() * 1000.0
    };
    let mut waits = Vec::new();
    for _ in 0..DISABLES {
        let disabled =
            change(Change::AccessKeyDisabled { account: account.clone(), access_key: access_key.clone() });
        waits.push(until(401, disabled));
        let enabled =
            change(Change::AccessKeyEnabled { account: account.clone(), access_key: access_key.clone() });
        until(200, enabled);
    }
    waits.sort_by(f64::total_cmp);
    let from = format!(
        "ms, median {:.2}, slowest {:.2}, of {DISABLES}",
        waits[waits.len() / 2],
        waits[waits.len() - 1]
    );
    figure("disable_to_refused_p99_ms", waits[waits.len() * 99 / 100], &from);
}

/// The memory of a server that does nothing.
pub(crate) fn fresh() {
    let data = Data::with_keys(1);
    let server = Server::start(&data);
    std::thread::sleep(Duration::from_secs(10));
    figure("fresh_server_mb", server.resident_mb(), "MB resident after 10 s idle");
}
