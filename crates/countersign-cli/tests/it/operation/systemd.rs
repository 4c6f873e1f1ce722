//! The service manager: what it is told, and whether it likes our unit.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::serving::{Serving, config};
use crate::support::{Data, program, root, skip};

/// How exposed `systemd-analyze security` may find it, in tenths of its points: 100 is a service that may do everything.
const THRESHOLD: &str = "14";

/// What must be in the unit though it weighs little or nothing there.
const BESIDES: [&str; 12] = [
    "Type=notify",
    "WatchdogSec=30s",
    "ExecReload=/bin/kill -HUP $MAINPID",
    "LoadCredential=master-key:/etc/countersign/master-key",
    "StateDirectoryMode=0700",
    "UMask=0077",
    "LimitCORE=0",
    "MemoryDenyWriteExecute=yes",
    "LockPersonality=yes",
    "RestrictRealtime=yes",
    "KeyringMode=private",
    "ProtectClock=yes",
];

#[test]
fn the_service_manager_is_told_of_start_reload_and_end() {
    let data = Data::new();
    let name = data.directory.path().join("notify");
    let socket = UnixDatagram::bind(&name).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let heard = || {
        let mut message = [0; 4096];
        let length = socket.recv(&mut message).expect("nothing was said");
        String::from_utf8(message[..length].to_vec()).unwrap()
    };
    let mut command = program();
    command.env("NOTIFY_SOCKET", &name).env("WATCHDOG_USEC", "400000");
    let text = config(&data, "", "", "");
    let mut server = Serving::run(command, &data, &text);

    assert_eq!(heard(), "READY=1\nSTATUS=0 AccessKeys at revision 1.2");
    // By then it serves.
    assert_eq!(server.readiness().0, 200);
    assert_eq!(server.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").0, 401);
    assert_eq!([heard(), heard(), heard()], ["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);

    let but_watchdog = || std::iter::repeat_with(heard).find(|said| said != "WATCHDOG=1").unwrap();
    let before = clock_gettime(ClockId::Monotonic).tv_sec;
    server.reload(&text);
    let reloading = but_watchdog();
    let time =
        reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap_or_else(|| panic!("{reloading}"));
    let told = time.parse::<i64>().unwrap() / 1_000_000;
    assert!((before..=clock_gettime(ClockId::Monotonic).tv_sec).contains(&told), "{time} is not of now");
    assert!(but_watchdog().starts_with("READY=1\n"));

    server.signal("TERM");
    assert_eq!(but_watchdog(), "STOPPING=1\nSTATUS=finishing what is under way");
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_watchdog_for_another_process_is_not_ours_and_nobody_need_listen() {
    let data = Data::new();
    let name = data.directory.path().join("notify");
    let socket = UnixDatagram::bind(&name).unwrap();
    let mut command = program();
    command.env("NOTIFY_SOCKET", &name).env("WATCHDOG_USEC", "100000").env("WATCHDOG_PID", "1");
    let server = Serving::run(command, &data, &config(&data, "", "", "")).up();
    std::thread::sleep(Duration::from_millis(500));
    let mut message = [0; 4096];
    let length = socket.recv(&mut message).unwrap();
    assert!(message[..length].starts_with(b"READY=1"));
    socket.set_nonblocking(true).unwrap();
    assert!(socket.recv(&mut message).is_err(), "a sign of life for another process");
    drop((socket, server));

    let mut command = program();
    command.env("NOTIFY_SOCKET", data.directory.path().join("nobody"));
    let server = Serving::run(command, &data, &config(&data, "", "", "")).up();
    assert_eq!(server.readiness().0, 200);
}

#[test]
fn systemd_accepts_the_unit_and_finds_it_well_confined() {
    let unit = fs::read_to_string(root().join("deploy/systemd/countersign.service")).unwrap();
    for line in BESIDES {
        assert!(unit.lines().any(|there| there == line), "`{line}` is missing");
    }
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        skip("systemd-analyze", "apt-get install --no-install-recommends systemd");
        return;
    }
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("countersign.service");
    // The program is where it will be once installed; here it is elsewhere.
    let program = "/usr/bin/countersign";
    assert!(unit.contains(&format!("ExecStart={program} serve")));
    fs::write(&file, unit.replace(program, env!("CARGO_BIN_EXE_countersign"))).unwrap();
    let analyze = |arguments: &[&str]| {
        let output = Command::new("systemd-analyze").args(arguments).arg(&file).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    let (fine, said) = analyze(&["verify", "--man=no"]);
    // What it says of other units of this machine is not about ours.
    let about_ours: Vec<_> = said.lines().filter(|line| line.contains("countersign")).collect();
    assert!(fine && about_ours.is_empty(), "{said}");
    let threshold = format!("--threshold={THRESHOLD}");
    let (fine, said) = analyze(&["security", "--offline=true", "--no-pager", &threshold]);
    assert!(fine, "{said}");
}
