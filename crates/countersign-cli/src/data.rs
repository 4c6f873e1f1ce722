//! Where the data is, and opening it: the store, the master key, the ring.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use countersign_accounts::change::Actor;
use countersign_accounts::seal::{MasterKey, Ring};
use countersign_accounts::{clock, random};
use countersign_control::app::{self, Asked};
use countersign_store::{Access, Store};
use zeroize::Zeroizing;

use crate::env;

/// The name of the SQLite file in a data directory.
const DATABASE_FILE: &str = "countersign.db";
/// The name of the master key among systemd's credentials.
const CREDENTIAL: &str = "master-key";

/// Where the data is.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DataArgs {
    /// The data directory, for a store in SQLite [env: COUNTERSIGN_DATA]
    #[arg(long, value_name = "DIR", conflicts_with = "database")]
    pub(crate) data: Option<PathBuf>,
    /// The database, for a store in PostgreSQL; a URL with a password belongs into the environment [env:
    /// COUNTERSIGN_DATABASE]
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// The file of the master key [default: DIR.master-key, beside the data directory] [env:
    /// COUNTERSIGN_MASTER_KEY_FILE]
    #[arg(long, value_name = "FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
}

/// A place where data is or will be.
#[derive(Clone)]
pub(crate) struct Place {
    url: Zeroizing<String>,
    /// The data directory, where there is one.
    pub(crate) directory: Option<PathBuf>,
    master_key_file: PathBuf,
}

impl DataArgs {
    /// These, and what they leave open from the environment.
    pub(crate) fn place(&self) -> anyhow::Result<Place> {
        // A flag of either kind goes before a variable of the other.
        let flagged = self.data.is_some() || self.database.is_some();
        let from_env = |name| if flagged { None } else { env::get(name) };
        let data = self.data.clone().or_else(|| from_env(env::DATA).map(PathBuf::from));
        let database = self.database.clone().or_else(|| from_env(env::DATABASE)).map(Zeroizing::new);
        let key_file =
            self.master_key_file.clone().or_else(|| env::get(env::MASTER_KEY_FILE).map(PathBuf::from));
        Place::new(data, database, key_file)
    }
}

impl Place {
    /// The place of a data directory or of a database: exactly one of them.
    pub(crate) fn new(
        data: Option<PathBuf>,
        database: Option<Zeroizing<String>>,
        master_key_file: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        let credential = env::get(env::CREDENTIALS_DIRECTORY)
            .map(|directory| Path::new(&directory).join(CREDENTIAL))
            .filter(|file| file.exists());
        let master_key_file = master_key_file.or(credential);
        match (data, database) {
            (Some(_), Some(_)) => bail!("both a data directory and a database are named: name one"),
            (None, None) => bail!("say where the data is: `--data DIR`, or `--database URL` for PostgreSQL"),
            (Some(directory), None) => {
                let directory = std::path::absolute(&directory)?;
                let file = directory.join(DATABASE_FILE);
                let file = file.to_str().with_context(|| format!("`{}` is not UTF-8", file.display()))?;
                Ok(Self {
                    url: Zeroizing::new(format!("sqlite://{file}")),
                    master_key_file: master_key_file.unwrap_or_else(|| beside(&directory)),
                    directory: Some(directory),
                })
            }
            (None, Some(url)) => {
                ensure!(
                    url.starts_with("postgres://") || url.starts_with("postgresql://"),
                    "the database is not one of PostgreSQL: its URL begins with `postgres://`; for SQLite give `--data DIR`"
                );
                let master_key_file = master_key_file.context(
                    "say where the master key is: `--master-key-file FILE`; it is never kept in the database",
                )?;
                Ok(Self { url, directory: None, master_key_file })
            }
        }
    }

    /// Opens the store that is there, and the ring that seals its secrets.
    pub(crate) async fn open(&self, access: Access) -> anyhow::Result<(Store, Ring)> {
        // The key first: without it nothing can be done, and nothing should have been touched.
        let master = self.master_key(access)?;
        let store = Store::open(&self.url, access).await?;
        match app::ring::open(&store, &master, &mut random::from_system()).await {
            Ok(ring) => Ok((store, ring)),
            Err(failure) => {
                store.close().await;
                Err(failure).with_context(|| format!("master key `{}`", self.master_key_file.display()))
            }
        }
    }

    /// Opens the store that is there, for what needs no secret.
    pub(crate) async fn open_store(&self, access: Access) -> anyhow::Result<Store> {
        Ok(Store::open(&self.url, access).await?)
    }

    /// Reads the master key. Where a store may be made and there is no key yet, one is made.
    fn master_key(&self, access: Access) -> anyhow::Result<MasterKey> {
        let file = &self.master_key_file;
        let may_be_made = access != Access::Existing && !self.has_data();
        if may_be_made && !file.exists() {
            return make_master_key(file);
        }
        let text = read_secret_file(file).context("the master key")?;
        MasterKey::from_text(&text).with_context(|| format!("`{}`", file.display()))
    }

    /// Whether there may be secrets already that a new master key could not open.
    fn has_data(&self) -> bool {
        // Whether a database holds a store is not known before it is open: its key is never made here.
        self.directory.as_ref().is_none_or(|directory| directory.join(DATABASE_FILE).exists())
    }

    /// Where the master key is.
    pub(crate) fn master_key_file(&self) -> &Path {
        &self.master_key_file
    }
}

/// `DIR.master-key`: beside the directory, so that a copy of the data is not a copy of the key.
fn beside(directory: &Path) -> PathBuf {
    let mut name = directory.as_os_str().to_owned();
    name.push(".master-key");
    PathBuf::from(name)
}

/// Makes a master key in a file that only its owner can read. The file is complete or not there.
pub(crate) fn make_master_key(file: &Path) -> anyhow::Result<MasterKey> {
    let master = MasterKey::generate(&mut random::from_system());
    let cannot = || format!("cannot make the master key `{}`", file.display());
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory).with_context(cannot)?;
    }
    let mut written =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).with_context(cannot)?;
    written.write_all(master.to_text().as_bytes()).and_then(|()| written.sync_all()).with_context(cannot)?;
    Ok(master)
}

/// Reads a file that holds a secret. One that others can read is refused: the secret in it is one no longer.
pub(crate) fn read_secret_file(file: &Path) -> anyhow::Result<Zeroizing<String>> {
    let cannot = || format!("cannot read `{}`", file.display());
    let metadata = fs::metadata(file).with_context(cannot)?;
    ensure!(metadata.len() <= 64 * 1024, "`{}` is too large for what it should hold", file.display());
    ensure!(
        !is_open_to_others(file),
        "`{0}` can be read by others (mode {1:03o}): chmod 600 `{0}`, and think about replacing what is in it",
        file.display(),
        metadata.permissions().mode() & 0o777
    );
    Ok(Zeroizing::new(fs::read_to_string(file).with_context(cannot)?))
}

/// Whether others than its owner can read a file.
pub(crate) fn is_open_to_others(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o077 != 0)
}

/// A change asked for on the command line, now.
pub(crate) fn asked() -> Asked {
    let user = env::get(env::USER).unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
    Asked::new(Actor::CommandLine(user), clock::now(), &mut random::from_system())
}
