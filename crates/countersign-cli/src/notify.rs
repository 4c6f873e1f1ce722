//! Tells systemd how the service fares: sd_notify(3), of which a few lines are enough here.
//!
//! Where no service manager listens, nothing is sent. Nothing depends on its being heard.

use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::env;

/// A service manager that wants to be told.
#[derive(Debug)]
pub(crate) struct Notify {
    to: Option<(UnixDatagram, SocketAddr)>,
}

impl Notify {
    /// The one that `NOTIFY_SOCKET` names.
    pub(crate) fn from_env() -> Self {
        let to = env::get(env::NOTIFY_SOCKET).and_then(|name| match connect(&name) {
            Ok(to) => Some(to),
            Err(error) => {
                tracing::warn!(%error, "the service manager at `{name}` cannot be told anything");
                None
            }
        });
        Self { to }
    }

    /// The service is up.
    pub(crate) fn ready(&self, status: &str) {
        self.send(&format!("READY=1\nSTATUS={status}"));
    }

    /// The configuration is being read again; [`Notify::ready`] ends that.
    pub(crate) fn reloading(&self) {
        // systemd tells by the time which of its own requests this answers.
        let now = clock_gettime(ClockId::Monotonic);
        let micros = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000;
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// The service is on its way out.
    pub(crate) fn stopping(&self) {
        self.send("STOPPING=1\nSTATUS=finishing what is under way");
    }

    /// The service still runs.
    pub(crate) fn alive(&self) {
        self.send("WATCHDOG=1");
    }

    fn send(&self, message: &str) {
        let Some((socket, to)) = &self.to else { return };
        if let Err(error) = socket.send_to_addr(message.as_bytes(), to) {
            tracing::debug!(%error, "the service manager was not told");
        }
    }
}

/// How often [`Notify::alive`] is to be called: twice in the time after which systemd takes this process for dead.
/// `None` where nobody asks for it, or asks another process.
pub(crate) fn watchdog() -> Option<Duration> {
    let asked = env::get(env::WATCHDOG_PID).is_none_or(|pid| pid == std::process::id().to_string());
    let micros: u64 = env::get(env::WATCHDOG_USEC)?.parse().ok()?;
    (asked && micros > 1).then(|| Duration::from_micros(micros / 2))
}

fn connect(name: &str) -> io::Result<(UnixDatagram, SocketAddr)> {
    let to = match name.strip_prefix('@') {
        #[cfg(target_os = "linux")]
        Some(name) => {
            use std::os::linux::net::SocketAddrExt as _;
            SocketAddr::from_abstract_name(name)?
        }
        _ => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    // A service manager that does not listen must not hold up the service.
    socket.set_nonblocking(true)?;
    Ok((socket, to))
}
