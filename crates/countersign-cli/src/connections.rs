//! What the operating system has to say about connections: how many may be held, and how many may wait.

use std::io;
use std::net::SocketAddr;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpSocket};

/// How many connections may wait to be accepted, as far as the system allows (`net.core.somaxconn`). With the 128 that
/// are usual, a burst of more makes some wait for a second, until their system asks again.
const WAITING: u32 = 4096;

/// Files that are open besides connections: the store's, its journal, the standard ones, and some to spare.
const OTHERS: u64 = 128;

/// Listens on an address. It must be called within a runtime.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// Room for as many connections as asked for, or as many as there may be open files. The soft limit on those is raised
/// to the hard one first: it is low for the sake of programs that use `select`, which this is not.
pub(crate) fn room(asked: usize) -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let files = if raised.is_ok() { maximum } else { current };
    let Some(most) = files.map(|files| usize::try_from(files.saturating_sub(OTHERS)).unwrap_or(usize::MAX))
    else {
        return asked;
    };
    if most < asked {
        tracing::warn!(
            "room for {most} connections, not for the {asked} that `endpoint.max_connections` asks for: the limit on \
             open files is {} (`ulimit -n`, or LimitNOFILE= in a unit of systemd)",
            most.saturating_add(usize::try_from(OTHERS).unwrap_or_default())
        );
    }
    most.min(asked)
}
