//! TLS by itself, with certificates that the `openssl` program makes.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::serving::{GET, Serving, config, connect};
use crate::support::python::Script;
use crate::support::{Data, program, read_answer, skip, write_profile};

/// An authority, and the place where the server finds the certificate that it issued last.
struct Authority {
    directory: TempDir,
}

impl Authority {
    /// `None`, with a word on what is missing, where there is no `openssl`.
    fn new() -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            skip("openssl", "apt-get install openssl");
            return None;
        }
        let authority = Self { directory: TempDir::new().unwrap() };
        authority.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=an authority",
            "-keyout",
            "ca.key",
            "-out",
            "ca.crt",
        ]);
        authority.issue("01");
        Some(authority)
    }

    /// Issues a certificate for this machine with this serial number.
    fn issue(&self, serial: &str) {
        fs::write(self.file("extensions"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n").unwrap();
        self.openssl(&[
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=localhost",
            "-keyout",
            "next.key",
            "-out",
            "next.csr",
        ]);
        let serial = format!("0x{serial}");
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            "next.csr",
            "-CA",
            "ca.crt",
            "-CAkey",
            "ca.key",
            "-set_serial",
            &serial,
            "-days",
            "2",
            "-extfile",
            "extensions",
            "-out",
            "next.crt",
        ]);
        fs::set_permissions(self.file("next.key"), fs::Permissions::from_mode(0o600)).unwrap();
        for (from, to) in [("next.key", "tls.key"), ("next.crt", "tls.crt")] {
            fs::rename(self.file(from), self.file(to)).unwrap();
        }
    }

    fn openssl(&self, arguments: &[&str]) {
        let mut command = Command::new("openssl");
        let output = command.args(arguments).current_dir(self.directory.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `[NAME.tls]`
    fn section(&self, name: &str) -> String {
        let (chain, key) = (self.file("tls.crt"), self.file("tls.key"));
        format!("[{name}.tls]\ncertificate_file = {chain:?}\nkey_file = {key:?}\n")
    }

    /// The serial number of the certificate that a server shows to one who checks it.
    fn serial_at(&self, address: &str) -> String {
        let script = format!(
            "openssl s_client -connect {address} -verify_return_error -CAfile ca.crt </dev/null | openssl x509 -noout -serial"
        );
        let output =
            Command::new("sh").args(["-c", &script]).current_dir(self.directory.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("serial="), "{said}{}", String::from_utf8_lossy(&output.stderr));
        said.trim().to_owned()
    }
}

/// An open connection of TLS, spoken by `openssl`.
struct Spoken {
    child: std::process::Child,
}

impl Spoken {
    fn to(address: &str, authority: &Path) -> Self {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-quiet", "-verify_return_error", "-connect", address, "-CAfile"]);
        command.arg(authority).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self { child: command.spawn().unwrap() }
    }

    fn ask(&mut self, request: &str) -> String {
        let to = self.child.stdin.as_mut().unwrap();
        to.write_all(request.as_bytes()).unwrap();
        to.flush().unwrap();
        let (from, mut answer, mut chunk) = (self.child.stdout.as_mut().unwrap(), String::new(), [0; 4096]);
        while !answer.contains("</Project>") {
            let read = from.read(&mut chunk).unwrap();
            assert!(read > 0, "{answer}");
            answer.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
        }
        answer
    }
}

impl Drop for Spoken {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn clients_that_trust_the_certificate_are_served_and_others_are_not() {
    let Some(authority) = Authority::new() else { return };
    let data = Data::new();
    let key = data.create_key();
    // Where everybody can connect, without `danger_plain_http`.
    let text = config(&data, "", "", &authority.section("endpoint"));
    let server = Serving::configured(&data, &text.replacen("127.0.0.1:0", "0.0.0.0:0", 1));
    let endpoint = server.endpoint().replace("0.0.0.0", "127.0.0.1");
    assert!(endpoint.starts_with("https://127.0.0.1:") && endpoint.ends_with("/api"), "{endpoint}");

    let profile = data.directory.path().join("odps_config.ini");
    write_profile(&profile, &key, &endpoint);
    let whoami = |trusted: &str| {
        let mut command = program();
        command.args(["whoami", "--output", "json", "--profile"]).arg(&profile);
        command.env("SSL_CERT_FILE", authority.file(trusted)).output().unwrap()
    };
    let output = whoami("ca.crt");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("owner@example.com") && said.contains(&endpoint), "{said}");
    fs::write(authority.file("nobody.crt"), "").unwrap();
    assert!(!whoami("nobody.crt").status.success());

    // Who speaks no TLS gets no answer, and disturbs nobody.
    let mut plain = connect(endpoint.trim_start_matches("https://").trim_end_matches("/api")).unwrap();
    plain.write_all(GET.signed(&key).as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/1.1"), "{answer:?}");

    let Some(script) = Script::new("login.py") else { return };
    let report = script
        .signing_as(&key, &endpoint)
        .with("REQUESTS_CA_BUNDLE", authority.file("ca.crt").to_str().unwrap())
        .run();
    assert_eq!(report["steps"]["exist_project"]["result"], true, "{report:#}");
}

#[test]
fn a_certificate_is_replaced_while_connections_stay() {
    let Some(authority) = Authority::new() else { return };
    let data = Data::new();
    let key = data.create_key();
    let text = config(&data, "", "", &(authority.section("endpoint") + &authority.section("admin")));
    let server = Serving::configured(&data, &text);
    let (address, admin) = (server.address(), server.admin_address());
    assert_eq!(authority.serial_at(&address), "serial=01");
    let mut open = Spoken::to(&address, &authority.file("ca.crt"));
    assert!(open.ask(&GET.signed(&key)).starts_with("HTTP/1.1 200"));

    authority.issue("02");
    assert_eq!(authority.serial_at(&address), "serial=01", "nobody told the server");
    server.reload(&text);
    assert_eq!([authority.serial_at(&address), authority.serial_at(&admin)], ["serial=02", "serial=02"]);
    assert!(open.ask(&GET.signed(&key)).starts_with("HTTP/1.1 200"));

    // A key that is not the certificate's, a file that is none, a key that others can read: the one before stays.
    let good = fs::read(authority.file("tls.key")).unwrap();
    fs::copy(authority.file("ca.key"), authority.file("tls.key")).unwrap();
    let said = server.reload(&text).join("\n");
    assert!(said.contains("cannot be used together"), "{said}");
    fs::write(authority.file("tls.key"), "no key").unwrap();
    assert!(server.reload(&text).join("\n").contains("holds no private key"));
    fs::write(authority.file("tls.key"), &good).unwrap();
    fs::set_permissions(authority.file("tls.key"), fs::Permissions::from_mode(0o640)).unwrap();
    assert!(server.reload(&text).join("\n").contains("can be read by others"));
    assert_eq!(authority.serial_at(&address), "serial=02");
    for line in server.said() {
        assert!(!line.contains("PRIVATE KEY") && !line.contains("no key"), "{line}");
    }
}

#[test]
fn a_server_does_not_start_with_a_key_that_others_can_read_or_that_fits_no_certificate() {
    let Some(authority) = Authority::new() else { return };
    let data = Data::new();
    let text = config(&data, "", "", &authority.section("endpoint"));
    let refuses = |why: &str| {
        let mut server = Serving::run(program(), &data, &text);
        assert_eq!(server.end(), Some(1));
        server.says(why);
    };
    let mode =
        |mode| fs::set_permissions(authority.file("tls.key"), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    refuses("can be read by others");
    mode(0o600);
    fs::copy(authority.file("ca.key"), authority.file("tls.key")).unwrap();
    mode(0o600);
    refuses("cannot be used together");
    fs::write(authority.file("tls.crt"), "").unwrap();
    refuses("holds no certificate");
}

#[test]
fn who_does_not_finish_the_handshake_is_let_go() {
    let Some(authority) = Authority::new() else { return };
    let data = Data::new();
    let mut server = Serving::configured(&data, &config(&data, "", "", &authority.section("endpoint")));
    let began = Instant::now();
    let mut silent = connect(&server.address()).unwrap();
    assert_eq!(silent.read(&mut [0; 1]).unwrap(), 0);
    let took = began.elapsed();
    assert!((Duration::from_secs(9)..Duration::from_secs(25)).contains(&took), "{took:?}");
    // One who has just begun does not hold up the end either.
    let _silent = connect(&server.address()).unwrap();
    let mut admin = connect(&server.admin_address()).unwrap();
    admin.write_all(b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    assert_eq!(read_answer(&mut admin).0, 200);
    let began = Instant::now();
    server.signal("TERM");
    assert_eq!(server.end(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
}
