//! Secrets that are known are planted, everything is done with them, and then they are looked for in all that was
//! written: logs, messages, what types print, files, backups, command lines.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use countersign::{AccessKeyId, AccessKeySecret, Credential};
use countersign_accounts::id::AccountId;
use countersign_accounts::keyring::Snapshot;
use countersign_accounts::password::PasswordHash;
use countersign_accounts::random;
use countersign_accounts::seal::{MasterKey, RingKey};
use countersign_client::Profile;
use countersign_store::Secret;

use super::load::{bearer_token, bearing, call, signed};
use super::{Inside, created};
use crate::support::{Data, Key, eventually, program};

const SECRET: &str = "PlantedSecret+7q/with=signs";
const PASSWORD: &str = "planted passphrase of an owner";
const MASTER: [u8; 32] = *b"a planted master key of 32 bytes";
/// What a private key is made of: the seed of RFC 8410, section 10.3.
const PRIVATE: [u8; 32] = [
    0xd4, 0xee, 0x72, 0xdb, 0xf9, 0x13, 0x58, 0x4a, 0xd5, 0xb6, 0xd8, 0xf1, 0xf7, 0x69, 0xf8, 0xad, 0x3a,
    0xfe, 0x7c, 0x28, 0xcb, 0xf1, 0xd4, 0xfb, 0xe0, 0x97, 0xa8, 0x8f, 0x44, 0x75, 0x58, 0x42,
];
const PRIVATE_PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
const IMPORTED: &str = "ImportedSecret/9k+with=signs";
const NEXT_MASTER: [u8; 32] = *b"another planted master key, too!";

/// A planted secret, in all forms in which it might turn up.
struct Planted {
    what: &'static str,
    forms: Vec<Vec<u8>>,
}

impl Planted {
    fn new(what: &'static str, bytes: &[u8]) -> Self {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let list = format!("{bytes:?}");
        let mut forms = vec![
            bytes.to_vec(),
            hex.to_ascii_uppercase().into_bytes(),
            hex.into_bytes(),
            list.trim_matches(['[', ']']).as_bytes().to_vec(),
            format!("{bytes:x?}").trim_matches(['[', ']']).as_bytes().to_vec(),
        ];
        // Base 64, wherever in an encoded text it begins: what only these bytes decide.
        for before in 0..3 {
            let padded = [&vec![0; before][..], bytes].concat();
            let (from, to) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
            for encoded in [STANDARD.encode(&padded), URL_SAFE.encode(&padded)] {
                forms.push(encoded.as_bytes()[from..to].to_vec());
            }
        }
        if let Ok(text) = std::str::from_utf8(bytes) {
            forms.push(text.bytes().rev().collect());
            let encoded = text.bytes().map(|byte| match byte {
                b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
                b => format!("%{b:02X}"),
            });
            forms.push(encoded.collect::<String>().into_bytes());
        }
        Self { what, forms }
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        self.forms.iter().any(|form| bytes.windows(form.len()).any(|window| window == form))
    }
}

fn all_planted() -> Vec<Planted> {
    vec![
        Planted::new("the AccessKey secret", SECRET.as_bytes()),
        Planted::new("the password", PASSWORD.as_bytes()),
        Planted::new("the master key", &MASTER),
        Planted::new("the new master key", &NEXT_MASTER),
        Planted::new("the private key", &PRIVATE),
        Planted::new("the imported secret", IMPORTED.as_bytes()),
    ]
}

/// Fails where any of them is in these bytes.
fn none_in(planted: &[Planted], place: &str, bytes: &[u8]) {
    for one in planted {
        assert!(!one.is_in(bytes), "{} is in {place}: {}", one.what, String::from_utf8_lossy(bytes));
    }
}

fn secret_file(file: &Path, bytes: &[u8]) -> String {
    fs::write(file, bytes).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    file.to_str().unwrap().to_owned()
}

fn master_key_text(key: &[u8; 32]) -> String {
    format!("countersign-master-key-1:{}\n", STANDARD.encode(key))
}

/// A server that logs all that it can into a file.
struct Logging {
    child: Child,
    log: PathBuf,
    address: String,
}

impl Logging {
    fn start(data: &Data, name: &str) -> Self {
        let log = data.directory.path().join(name);
        let child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .env("COUNTERSIGN_LOG", "trace")
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let address = eventually("the server listens", || {
            let said = fs::read_to_string(&log).unwrap();
            let (_, rest) = said.split_once("countersign serves http://")?;
            Some(rest.split_once("/api")?.0.to_owned())
        });
        Self { child, log, address }
    }

    /// What the system shows of the process to others.
    fn shown(&self) -> Vec<u8> {
        let process = PathBuf::from(format!("/proc/{}", self.child.id()));
        [fs::read(process.join("cmdline")).unwrap(), fs::read(process.join("environ")).unwrap()].concat()
    }

    fn stop(mut self) -> Vec<u8> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        fs::read(&self.log).unwrap()
    }
}

/// What the program says on both streams, of commands that none of the planted things is an argument of.
struct Said(Vec<u8>);

impl Said {
    fn by(&mut self, data: &Data, succeeds: bool, arguments: &[&str]) {
        let output = data.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.success(), succeeds, "{arguments:?}: {errors}");
        for argument in arguments {
            self.0.extend_from_slice(argument.as_bytes());
            self.0.push(b' ');
        }
        self.0.extend(output.stdout);
        self.0.extend(output.stderr);
    }
}

#[test]
fn what_is_planted_is_found_nowhere() {
    let planted = all_planted();
    let data = Data::nowhere();
    let file = |name: &str| data.directory.path().join(name);
    let master_key = secret_file(&file("data.master-key"), master_key_text(&MASTER).as_bytes());
    let next = secret_file(&file("next"), master_key_text(&NEXT_MASTER).as_bytes());
    let password = secret_file(&file("password"), PASSWORD.as_bytes());
    // The search finds what is there.
    assert!(planted[2].is_in(&fs::read(&master_key).unwrap()) && planted[3].is_in(&fs::read(&next).unwrap()));
    assert!(planted[0].is_in(format!("...{}", STANDARD.encode(format!("x{SECRET}y"))).as_bytes()));

    let mut said = Said(Vec::new());
    said.by(&data, true, &["init", "--email", "owner@example.com", "--password-file", &password]);
    said.by(&data, true, &["project", "create", "demo"]);
    let account = data.json(&["account", "show"])["account"].as_str().unwrap().to_owned();
    let (inside, owner) = (Inside::new(&data), AccountId::from_text(account.as_str()));
    inside.commit(vec![created(&owner, "PLANTED")], &[("PLANTED", &owner, SECRET)]);
    let key = Key { id: "PLANTED".to_owned(), secret: SECRET.to_owned() };

    // A private key that is given for the public one, and files to import, as they should be and not.
    let private = secret_file(&file("private.pem"), PRIVATE_PEM.as_bytes());
    assert!(planted[4].is_in(PRIVATE_PEM.as_bytes()));
    said.by(&data, false, &["access-key", "create", "--public-key", &private]);
    said.by(&data, false, &["access-key", "rotate", "PLANTED", "--public-key", &private]);
    let csv = format!("AccessKeyId,AccessKeySecret\nIMPORTED,{IMPORTED}\n");
    let import = secret_file(&file("import.csv"), csv.as_bytes());
    said.by(&data, true, &["access-key", "import", &import, "--dry-run"]);
    said.by(&data, true, &["access-key", "import", &import, "--output", "json"]);
    said.by(&data, false, &["access-key", "import", &import]);
    for (name, text) in [
        ("swapped.csv", format!("AccessKeySecret,AccessKeyId\nIMPORTED,{IMPORTED}\n")),
        ("broken.csv", format!("AccessKeyId,AccessKeySecret\nA,B,{IMPORTED}\n")),
        ("broken.json", format!("{{\"A\":{{\"secretKey\":{IMPORTED}}}}}")),
        (
            "broken.yaml",
            format!("_format_version: '3.0'\nconsumers: [{{hmacauth_credentials: '{IMPORTED}'}}]\n"),
        ),
        ("private.csv", format!("AccessKeyId,AccessKeySecret\nA,\"{PRIVATE_PEM}\"\n")),
    ] {
        let file = secret_file(&file(name), text.as_bytes());
        said.by(&data, false, &["access-key", "import", &file]);
    }

    let server = Logging::start(&data, "log");
    let mut answers = Vec::new();
    let mut ask = |expected: u16, (status, answer): (u16, String)| {
        assert_eq!(status, expected, "{answer}");
        answers.extend_from_slice(answer.as_bytes());
    };
    let address = server.address.as_str();
    let fails = |answer: (u16, String)| (if answer.0 >= 400 { 400 } else { answer.0 }, answer.1);
    let everything = |ask: &mut dyn FnMut(u16, (u16, String))| {
        ask(200, call(address, &signed(&key, "GET", "/projects/demo", "")));
        let wrong = Key { secret: "not it".to_owned(), ..key.clone() };
        ask(400, fails(call(address, &signed(&wrong, "GET", "/projects/demo", ""))));
        let unknown = Key { id: "NOSUCHKEY".to_owned(), ..key.clone() };
        ask(400, fails(call(address, &signed(&unknown, "GET", "/projects/demo", ""))));
        // Signed by the right secret, then altered.
        let altered = String::from_utf8(signed(&key, "GET", "/projects/demo", "")).unwrap();
        ask(400, fails(call(address, altered.replace("/demo", "/demo?x=y").as_bytes())));
        ask(
            400,
            fails(call(address, b"GET /api/tenants HTTP/1.1\r\nhost: h\r\nauthorization: ODPS x\r\n\r\n")),
        );
        // A client that goes away in the middle of a head is of interest only to who looks closely.
        std::net::TcpStream::connect(address).unwrap().write_all(b"GET /api/pro").unwrap();
        let token = bearer_token(address, &key);
        ask(200, bearing(address, &token));
        ask(400, fails(bearing(address, &token[4..])));
    };
    everything(&mut ask);
    said.by(&data, true, &["ring-key", "add"]);
    said.by(&data, true, &["ring-key", "activate"]);
    everything(&mut ask);
    said.by(&data, true, &["master-key", "rotate", "--new-master-key-file", &next]);
    said.by(&data, true, &["ring-key", "retire", "1"]);
    said.by(&data, true, &["ring-key", "add"]);
    said.by(&data, true, &["ring-key", "activate"]);
    everything(&mut ask);
    said.by(&data, true, &["access-key", "disable", "PLANTED"]);
    said.by(&data, true, &["access-key", "enable", "PLANTED"]);
    for listing in [["access-key", "list"], ["account", "list"], ["ring-key", "list"], ["access-key", "list"]]
    {
        said.by(&data, true, &listing);
    }
    said.by(&data, true, &["doctor", "--output", "json"]);

    // What goes wrong is told without what it went wrong with.
    let short = secret_file(&file("short"), &PASSWORD.as_bytes()[..7]);
    let not_a_key = secret_file(&file("not-a-key"), &MASTER);
    let cut = master_key_text(&NEXT_MASTER);
    let cut = secret_file(&file("cut"), &cut.as_bytes()[..60]);
    let open = secret_file(&file("open"), master_key_text(&NEXT_MASTER).as_bytes());
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    let email = ["account", "create", "--email", "other@example.com", "--password-file"];
    said.by(&data, false, &[&email[..], &[&short]].concat());
    said.by(&data, true, &[&email[..], &[&password]].concat());
    said.by(&data, false, &[&email[..], &[&password]].concat());
    let old = format!("{master_key}.{}", MasterKey::from_text(&master_key_text(&MASTER)).unwrap().id());
    for wrong in [&not_a_key, &cut, &open, &old, &file("none").display().to_string()] {
        said.by(&data, false, &["doctor", "--master-key-file", wrong]);
        said.by(&data, false, &["ring-key", "add", "--master-key-file", wrong]);
        said.by(
            &data,
            false,
            &["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0", "--master-key-file", wrong],
        );
    }
    for wrong in [&not_a_key, &cut, &open] {
        said.by(&data, false, &["master-key", "rotate", "--new-master-key-file", wrong]);
    }
    none_in(&planted, "what commands say", &said.0);
    none_in(&planted, "what the server answers", &answers);
    none_in(&planted, "the command line and the environment of the server", &server.shown());

    // A row that was altered is complained of, without what it holds.
    super::sqlite(
        &data.path().join("countersign.db"),
        "UPDATE access_key SET secret = 'AQAAAAIAAAAA' WHERE id = 'PLANTED'",
    );
    said.by(&data, false, &["doctor"]);
    none_in(&planted, "what doctor says", &said.0);

    // While the server runs, with the log of SQLite beside the file; in a backup; and when it has stopped.
    files_hold_none(&planted, &data.path());
    let backup = file("backup.db");
    super::sqlite(&data.path().join("countersign.db"), &format!("VACUUM INTO '{}'", backup.display()));
    none_in(&planted, "the backup", &fs::read(&backup).unwrap());
    let log = server.stop();
    files_hold_none(&planted, &data.path());

    let text = String::from_utf8_lossy(&log);
    assert!(text.contains(" DEBUG "), "it says what it says to nobody else: {text}");
    assert!(text.lines().filter(|line| line.contains("PLANTED")).count() > 10, "{text}");
    none_in(&planted, "the log", &log);
}

fn files_hold_none(planted: &[Planted], directory: &Path) {
    let mut count = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        none_in(planted, &path.display().to_string(), &fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn types_do_not_print_what_they_hold() {
    let planted = all_planted();
    let random = &mut random::from_system();
    let master = MasterKey::from_text(&master_key_text(&MASTER)).unwrap();
    let row = RingKey::generate(1, random).seal("cluster", &master, true, random);
    let ring_key = RingKey::open("cluster", &master, &row).unwrap();
    let ring =
        countersign_accounts::seal::Ring::open("cluster", &master, std::slice::from_ref(&row)).unwrap();
    let (id, owner) = (AccessKeyId::new("PLANTED").unwrap(), AccountId::from_text("acc_1"));
    let secret = AccessKeySecret::new(SECRET);
    let sealed = ring.seal_secret(&id, &owner, &secret, random);
    let change = created(&owner, "PLANTED");
    let snapshot = Snapshot::empty()
        .after(&[(Default::default(), change.clone(), Some(sealed.clone()))], &ring)
        .unwrap();
    let in_force = snapshot.get("PLANTED").unwrap();
    let profile = Profile {
        access_key_id: Some(id.clone()),
        access_key_secret: Some(secret.clone()),
        ..Profile::default()
    };
    let printed = format!(
        "{master:?} {row:?} {ring_key:?} {ring:?} {secret:?} {sealed:?} {snapshot:?} {in_force:?} {profile:?} \
         {:?} {:?} {:#?} {:?}",
        in_force.key(),
        Credential { id: id.clone(), secret: secret.clone() },
        Secret::AccessKey(id.clone(), sealed.clone()),
        Secret::Password(owner, PasswordHash::new(PASSWORD, random).unwrap()),
    );
    none_in(&planted, "what types print", printed.as_bytes());
    assert!(planted[0].is_in(format!("{:?}", secret.expose()).as_bytes()), "it would be found");
    for wrong in ["", &STANDARD.encode(MASTER), SECRET, &master_key_text(&MASTER)[..50]] {
        let error = MasterKey::from_text(wrong).unwrap_err();
        none_in(&planted, "an error", format!("{error} {error:?}").as_bytes());
    }
}
