//! `countersign serve`: the endpoint, for real.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use countersign_control::endpoint::Endpoint;
use countersign_control::node::Node;
use countersign_control::server;
use countersign_store::Access;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::data::DataArgs;
use crate::print::Printer;
use crate::telemetry;

/// Serve the endpoint
///
/// Told to stop (SIGTERM, SIGINT), it lets what is under way finish.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    #[command(flatten)]
    data: DataArgs,
    /// Where programs connect [default: 127.0.0.1:8640]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The configuration file; `countersign config sample` prints one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Serve {
    pub(crate) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let mut config = match &self.config {
            Some(file) => Config::read(file)?,
            None => Config::parse("")?,
        };
        if let Some(listen) = self.listen {
            config.endpoint.listen = listen;
            config.check()?;
        }
        telemetry::start(config.log.format, &config.log.level)?;
        let flagged =
            self.data.data.is_some() || self.data.database.is_some() || self.data.master_key_file.is_some();
        let place = if flagged { self.data.place()? } else { config.place()? };

        // Before the store is touched: an address that is taken should leave no trace.
        let listener = listen(config.endpoint.listen).await?;
        let (store, ring) = place.open(Access::Migrate).await?;
        let node = Node::start(store, ring, config.settings()).await?;
        let (address, base) = (listener.local_addr()?, &config.maxcompute.base_path);
        printer.note(&format!("countersign serves http://{address}{base}"));
        let endpoint = Arc::new(Endpoint::new(Arc::clone(&node.state)));
        server::serve(listener, endpoint, told_to_stop()?).await;
        node.stop().await;
        Ok(0)
    }
}

/// Listens on an address.
pub(super) async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Completes when the process is told to stop. Asked for early, so that no signal comes between.
pub(super) fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
