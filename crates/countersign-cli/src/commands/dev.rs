//! `countersign dev`: a server to try things out with, and the product at work on itself.

mod show;
mod snippets;

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::Args;
use countersign_accounts::account::Registration;
use countersign_accounts::change::Actor;
use countersign_accounts::{clock, random};
use countersign_client::{Profile, write_odps_config};
use countersign_control::app::access_keys::{self, Created, Wanted};
use countersign_control::app::{Asked, accounts, administration, projects};
use countersign_control::connections::{Connections, DEFAULT_CONNECTIONS};
use countersign_control::console::{Console, ConsoleSettings};
use countersign_control::endpoint::Endpoint;
use countersign_control::mail::Mailer;
use countersign_control::node::Node;
use countersign_control::server;
use countersign_control::state::Settings;
use countersign_store::Access;

use super::serve::{listen, told_to_stop};
use crate::data::Place;
use crate::print::Printer;
use crate::profile::DEFAULT_PROFILE;
use crate::telemetry::{self, Format};

const EMAIL: &str = "you@example.com";
const PROJECT: &str = "demo";
/// The first line of a profile that `dev` wrote, and may therefore write again.
const OURS: &str =
    "# Written by `countersign dev`, which replaces it at each start. Its AccessKey ends with the server.\n";

/// Try it out: a server with an account, an AccessKey and a project, gone when it stops
///
/// It writes the profile to log in with, and shows signed requests accepted and refused. Its data is in a temporary
/// directory.
#[derive(Args, Debug)]
pub(crate) struct Dev {
    /// Where programs connect
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8640")]
    listen: SocketAddr,
    /// Where people's browsers connect
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8641")]
    console: SocketAddr,
    /// The profile to write
    #[arg(long, value_name = "FILE", default_value = DEFAULT_PROFILE)]
    profile: PathBuf,
}

impl Dev {
    pub(crate) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        telemetry::start(Format::Text, "warn")?;
        ensure!(
            self.listen.ip().is_loopback() && self.console.ip().is_loopback(),
            "`dev` listens on this machine only: its secrets are for everybody to see"
        );
        may_write(&self.profile)?;
        let listener = listen(self.listen).await?;
        let address = listener.local_addr()?;
        let console_listener = listen(self.console).await?;
        let console_address = console_listener.local_addr()?;

        let directory = tempfile::Builder::new().prefix("countersign-dev-").tempdir()?;
        let data = directory.path().join("data");
        let (store, ring) = Place::new(Some(data.clone()), None, None)?.open(Access::Create).await?;
        let password = random_password();
        let created = seed(&store, &ring, &password).await?;
        let node = Node::start(store, ring, Settings { echo: true, ..Settings::at("/api") }).await?;
        let endpoint = Arc::new(Endpoint::new(Arc::clone(&node.state)));
        let stop = told_to_stop()?;
        let (tell_stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving =
            tokio::spawn(server::serve(listener, endpoint, Connections::new(DEFAULT_CONNECTIONS), async {
                let _ = stopped.await;
            }));

        // Browsers keep the session's cookie for `localhost` without TLS.
        let console_url = format!("http://localhost:{}", console_address.port());
        let settings = ConsoleSettings {
            public_url: console_url.clone(),
            endpoint_url: format!("http://{address}/api"),
            ..ConsoleSettings::default()
        };
        let console = Arc::new(Console::new(Arc::clone(&node.state), Mailer::kept(), settings)?);
        let (tell_console, console_stopped) = tokio::sync::oneshot::channel::<()>();
        let console_serving = tokio::spawn(server::serve_console(
            console_listener,
            console,
            Connections::new(DEFAULT_CONNECTIONS),
            async {
                let _ = console_stopped.await;
            },
        ));

        let profile = Profile {
            endpoint: Some(format!("http://{address}/api")),
            access_key_id: Some(created.id.clone()),
            access_key_secret: Some(created.secret.clone()),
            project: Some(PROJECT.to_owned()),
            ..Profile::default()
        };
        write_profile(&self.profile, &profile)?;
        self.introduce(printer, &profile, &created, (address, &data), &(console_url, password))?;
        let done = async {
            show::show(printer, &profile, &node.state.store).await?;
            printer.line("\nServing until you press Ctrl-C.")?;
            anyhow::Ok(())
        };
        let mut stop = std::pin::pin!(stop);
        // A signal during the show ends it, and what is cleaned up at the end is cleaned up.
        let shown = tokio::select! {
            shown = done => { if shown.is_ok() { stop.await; } shown }
            () = &mut stop => Ok(()),
        };

        let _ = tell_stop.send(());
        let _ = tell_console.send(());
        let _ = serving.await;
        let _ = console_serving.await;
        node.stop().await;
        shown.map(|()| 0)
    }

    fn introduce(
        &self,
        printer: &mut Printer,
        profile: &Profile,
        created: &Created,
        (address, data): (SocketAddr, &Path),
        (console, password): &(String, String),
    ) -> anyhow::Result<()> {
        let endpoint = profile.endpoint.as_deref().unwrap_or_default();
        let program = program();
        let named = if self.profile == Path::new(DEFAULT_PROFILE) {
            String::new()
        } else {
            format!(" --profile {}", self.profile.display())
        };
        printer.line(&format!(
            "Countersign {version}, for trying out: its data is gone when it stops.\n\n  \
             console   {console}\n  sign in   {EMAIL}, {password}\n  endpoint  {endpoint}\n  account   {EMAIL}\n  project   {PROJECT}\n  AccessKey {id}\n  profile   {file}  \
             (odpscmd --config={file})\n\n{snippets}\nA signed request from here:\n\n  \
             {program} request{named} GET /projects/{PROJECT}\n\nThe AccessKeys, from another terminal:\n\n  \
             {program} access-key list --data {data}\n",
            version = env!("CARGO_PKG_VERSION"),
            id = created.id,
            snippets = snippets::snippets(created.id.as_str(), created.secret.expose(), PROJECT, address),
            file = self.profile.display(),
            data = data.display(),
        ))?;
        Ok(())
    }
}

async fn seed(
    store: &countersign_store::Store,
    ring: &countersign_accounts::seal::Ring,
    password: &str,
) -> anyhow::Result<Created> {
    let random = &mut random::from_system();
    let (account, _) = accounts::open(store, asked(), EMAIL, Some(password), None, random).await?;
    administration::appoint(store, asked(), account.clone()).await?;
    administration::set_registration(store, asked(), Registration::Open).await?;
    projects::create(store, asked(), account.clone(), PROJECT).await?;
    let wanted = Wanted { description: "the demonstration".to_owned(), ..Wanted::default() };
    Ok(access_keys::create(store, ring, asked(), account, "CSAK", wanted, random).await?)
}

/// A password for this run: no two servers have the same.
fn random_password() -> String {
    use rand_core::Rng as _;
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let random = &mut random::from_system();
    let letter = |_| LETTERS.get(random.next_u32() as usize % LETTERS.len()).copied().map_or('a', char::from);
    let letters: Vec<char> = (0..16).map(letter).collect();
    letters.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// A change that the demonstration asks for.
fn asked() -> Asked {
    Asked::new(Actor::System, clock::now(), &mut random::from_system())
}

/// How to call this program from here.
fn program() -> String {
    let here = std::env::current_dir().ok();
    let program = std::env::current_exe().ok();
    let relative = here
        .zip(program.clone())
        .and_then(|(here, program)| Some(program.strip_prefix(here).ok()?.to_owned()));
    relative.or(program).map_or_else(|| "countersign".to_owned(), |path| path.display().to_string())
}

/// Fails where a profile is that somebody else wrote.
fn may_write(file: &Path) -> anyhow::Result<()> {
    match fs::read_to_string(file) {
        Ok(text) => ensure!(
            text.starts_with(OURS),
            "`{}` is not one that `dev` wrote, so it is left alone: name another with `--profile FILE`",
            file.display()
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read `{}`", file.display())),
    }
    Ok(())
}

fn write_profile(file: &Path, profile: &Profile) -> anyhow::Result<()> {
    use std::io::Write;
    let cannot = || format!("cannot write `{}`", file.display());
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory).with_context(cannot)?;
    }
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .with_context(cannot)?;
    // The mode above counts only for a file that was not there.
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).with_context(cannot)?;
    out.write_all(OURS.as_bytes()).with_context(cannot)?;
    out.write_all(write_odps_config(profile).as_bytes()).with_context(cannot)
}
