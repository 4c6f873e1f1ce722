//! `countersign serve`: the endpoint, for real.

mod reload;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use countersign_accounts::clock;
use countersign_control::admin::Admin;
use countersign_control::connections::Connections;
use countersign_control::console::{Console, ConsoleSettings};
use countersign_control::endpoint::Endpoint;
use countersign_control::mail::Mailer;
use countersign_control::node::Node;
use countersign_control::server::{self, Listener};
use countersign_control::tls::Tls;
use countersign_store::Access;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::reload::Reload;
use crate::config::{Config, SmtpSection, TlsSection};
use crate::data::{DataArgs, Place};
use crate::notify::{self, Notify};
use crate::print::Printer;
use crate::{connections, telemetry};

/// Serve the endpoint
///
/// Told to stop (SIGTERM, SIGINT), it lets what is under way finish; told twice, it does not. Told to (SIGHUP), it reads
/// its configuration again.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    #[command(flatten)]
    data: DataArgs,
    /// Where programs connect [default: 127.0.0.1:8640]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Where people's browsers connect [default: 127.0.0.1:8641]
    #[arg(long, value_name = "ADDRESS")]
    console: Option<SocketAddr>,
    /// Tell the sender of every verified request that nothing here serves who signed it
    #[arg(long)]
    echo: bool,
    /// The configuration file; `countersign config sample` prints one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Serve {
    pub(crate) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let config = self.read()?;
        let logged = telemetry::start(config.log.format, &config.log.level)?;
        let mut stop = Stop::new()?;
        let mut hangup = signal(SignalKind::hangup())?;
        let notify = Notify::from_env();

        // Before the store is touched: an address that is taken, or a certificate that is none, should leave no trace.
        let tls = open_tls(config.endpoint.tls.as_ref())?;
        let smtp = config.console.smtp.as_ref().map(SmtpSection::read).transpose()?;
        let console_tls = open_tls(config.console.tls.as_ref())?;
        let admin_tls = open_tls(config.admin.tls.as_ref())?;
        let tcp = listen(config.endpoint.listen).await?;
        let address = tcp.local_addr()?;
        let console_tcp = match config.console.enabled {
            true => Some(listen(config.console.listen).await?),
            false => None,
        };
        let origins = Origins {
            endpoint: origin(&tls, address),
            console: match &console_tcp {
                Some(tcp) => origin(&console_tls, tcp.local_addr()?),
                None => String::new(),
            },
        };
        let admin = self.serve_admin(&config, admin_tls.clone(), printer).await?;

        let place = self.data.place_over(&config.store)?;
        let node = tokio::select! {
            node = start(&place, &config) => node?,
            () = stop.told() => return Ok(0),
        };
        admin.tell_of(&node);
        let endpoint = Endpoint::new(Arc::clone(&node.state));
        let endpoint = Arc::new(if tls.is_some() { endpoint.over_tls() } else { endpoint });
        let connections = Connections::new(connections::room(config.endpoint.max_connections));
        let (tell_stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let listener = Listener::new(tcp, tls.clone());
        let mut serving = tokio::spawn(server::serve(listener, endpoint, connections, async {
            let _ = stopped.await;
        }));
        printer.note(&format!("countersign serves {}{}", origins.endpoint, config.maxcompute.base_path));
        let mailer = smtp.as_ref().map_or_else(|| Ok(Mailer::off()), Mailer::smtp)?;
        let mail_is_off = !mailer.is_on();
        let console = Arc::new(Console::new(Arc::clone(&node.state), mailer, origins.settings(&config))?);
        let (tell_console, console_stopped) = tokio::sync::oneshot::channel::<()>();
        if config.console.enabled {
            let console = Arc::clone(&console);
            tokio::spawn(async move { console.keep_reminding().await });
        }
        let console_serving = console_tcp.map(|tcp| {
            printer.note(&format!("countersign console {}", origins.console));
            if mail_is_off {
                printer.note(
                    "no mail is sent, so nobody can register or set a forgotten password anew: see [console.smtp]",
                );
            }
            let listener = Listener::new(tcp, console_tls.clone());
            let connections = Connections::new(config.console.max_connections);
            tokio::spawn(server::serve_console(listener, Arc::clone(&console), connections, async {
                let _ = console_stopped.await;
            }))
        });
        if config.console.enabled
            && let Some(url) = console.first_administrator_url(clock::now()).await?
        {
            printer.note(&format!("there is no account yet; open the first one, once, at {url}"));
        }
        notify.ready(&status(&node));
        if let Some(every) = notify::watchdog() {
            tokio::spawn(give_signs_of_life(Notify::from_env(), every));
        }

        let mut reload = Reload {
            drain_delay: config.drain_delay(),
            started: config,
            state: Arc::clone(&node.state),
            admin: Arc::clone(&admin),
            console,
            origins,
            tls,
            console_tls,
            admin_tls,
            logged,
        };
        loop {
            tokio::select! {
                () = stop.told() => break,
                _ = hangup.recv() => {
                    notify.reloading();
                    reload.again(|| self.read());
                    notify.ready(&status(&node));
                }
                ended = &mut serving => bail!("the endpoint's listener ended: {ended:?}"),
            }
        }

        admin.drain();
        notify.stopping();
        tracing::info!("told to stop: what is under way is finished");
        let drained = async {
            tokio::time::sleep(reload.drain_delay).await;
            let _ = tell_stop.send(());
            let _ = tell_console.send(());
            let _ = serving.await;
            if let Some(serving) = console_serving {
                let _ = serving.await;
            }
            node.stop().await;
        };
        tokio::select! {
            () = drained => Ok(0),
            () = stop.told() => bail!("told to stop twice: what was under way was dropped"),
        }
    }

    /// The configuration, with what the command line has to say.
    fn read(&self) -> anyhow::Result<Config> {
        let mut config = match &self.config {
            Some(file) => Config::read(file)?,
            None => Config::parse("")?,
        };
        if let Some(listen) = self.listen {
            config.endpoint.listen = listen;
        }
        if let Some(listen) = self.console {
            config.console.enabled = true;
            config.console.listen = listen;
        }
        config.endpoint.echo |= self.echo;
        config.check()?;
        Ok(config)
    }

    /// The admin listener, where one is asked for. It serves until the process ends.
    async fn serve_admin(
        &self,
        config: &Config,
        tls: Option<Tls>,
        printer: &mut Printer,
    ) -> anyhow::Result<Arc<Admin>> {
        let admin = Arc::new(Admin::default());
        admin.set_max_age(config.max_age());
        if let Some(address) = config.admin.listen {
            let tcp = listen(address).await?;
            let scheme = if tls.is_some() { "https" } else { "http" };
            printer.note(&format!("countersign admin {scheme}://{}", tcp.local_addr()?));
            let listener = Listener::new(tcp, tls);
            tokio::spawn(server::serve_admin(listener, Arc::clone(&admin), std::future::pending()));
        }
        Ok(admin)
    }
}

async fn start(place: &Place, config: &Config) -> anyhow::Result<Node> {
    let (store, ring) = place.open(Access::Migrate).await?;
    Ok(Node::start(store, ring, config.settings()).await?)
}

/// What the listeners are reached at: `http://127.0.0.1:8640`.
#[derive(Debug)]
struct Origins {
    endpoint: String,
    console: String,
}

impl Origins {
    fn settings(&self, config: &Config) -> ConsoleSettings {
        config.console.settings(&self.console, &self.endpoint, &config.maxcompute.base_path)
    }
}

fn origin(tls: &Option<Tls>, address: SocketAddr) -> String {
    let scheme = if tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{address}")
}

fn open_tls(section: Option<&TlsSection>) -> anyhow::Result<Option<Tls>> {
    section.map(|section| Ok(Tls::new(section.read()?)?)).transpose()
}

/// What a service manager shows of it.
fn status(node: &Node) -> String {
    let snapshot = node.state.verifier.keyring().snapshot();
    format!("{} AccessKeys at revision {}", snapshot.len(), snapshot.revision())
}

async fn give_signs_of_life(notify: Notify, every: Duration) {
    loop {
        notify.alive();
        tokio::time::sleep(every).await;
    }
}

/// Listens on an address.
pub(super) async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    connections::listen(address).with_context(|| format!("cannot listen on {address}"))
}

/// Completes when the process is told to stop. Asked for early, so that no signal comes between.
pub(super) fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut stop = Stop::new()?;
    Ok(async move { stop.told().await })
}

/// The signals that tell a process to stop. One that comes while nobody waits is not lost.
#[derive(Debug)]
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn new() -> anyhow::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
