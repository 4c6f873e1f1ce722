//! Where the data is, and opening it: the store, the master key, the ring.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use countersign_accounts::change::Actor;
use countersign_accounts::seal::{MasterKey, Ring};
use countersign_accounts::{clock, random};
use countersign_control::app::{self, Asked};
use countersign_store::{Access, Store};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::config::StoreSection;
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
        self.place_over(&StoreSection::default())
    }

    /// These before the environment before a configuration file. Whoever names a store of one kind passes over those
    /// of both kinds that come after.
    pub(crate) fn place_over(&self, file: &StoreSection) -> anyhow::Result<Place> {
        let secret = |text: String| Zeroizing::new(text.trim().to_owned());
        let flags = (self.data.clone(), self.database.clone().map(secret));
        let variables = || (env::get(env::DATA).map(PathBuf::from), env::get(env::DATABASE).map(secret));
        let is_named = |(data, database): &(Option<_>, Option<_>)| data.is_some() || database.is_some();
        let (data, database) =
            match Some(flags).filter(is_named).or_else(|| Some(variables()).filter(is_named)) {
                Some(named) => named,
                None => {
                    let database = file.database_file.as_deref().map(read_secret_file).transpose()?;
                    (file.data.clone(), database.map(|text| Zeroizing::new(text.trim().to_owned())))
                }
            };
        let key_file = self.master_key_file.clone();
        let key_file = key_file.or_else(|| env::get(env::MASTER_KEY_FILE).map(PathBuf::from));
        Place::new(data, database, key_file.or_else(|| file.master_key_file.clone()))
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
        if access == Access::Existing {
            // It alters nothing, and says more of what is wrong there than a missing key does.
            let store = self.open_store(access).await?;
            return match self.read_master_key() {
                Ok(master) => self.open_ring(store, &master).await,
                Err(error) => {
                    store.close().await;
                    Err(error)
                }
            };
        }
        // The key first: without it nothing can be done, and nothing should have been touched.
        let makes_key = self.may_make_master_key(access) && !self.master_key_file.exists();
        let master =
            if makes_key { make_master_key(&self.master_key_file)? } else { self.read_master_key()? };
        match self.open_store(access).await {
            Ok(store) => self.open_ring(store, &master).await,
            Err(error) => {
                if makes_key {
                    // It has sealed nothing.
                    let _ = fs::remove_file(&self.master_key_file);
                }
                Err(error)
            }
        }
    }

    async fn open_ring(&self, store: Store, master: &MasterKey) -> anyhow::Result<(Store, Ring)> {
        match app::ring::open(&store, master, &mut random::from_system()).await {
            Ok(ring) => {
                // The master key may be replaced while this process runs.
                let file = self.master_key_file.clone();
                Ok((store, ring.looking_again(move || read_master_key(&file).ok())))
            }
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

    /// Reads the master key.
    pub(crate) fn read_master_key(&self) -> anyhow::Result<MasterKey> {
        read_master_key(&self.master_key_file)
    }

    /// Whether a master key may be made: never where there may be secrets already that it could not open.
    fn may_make_master_key(&self, access: Access) -> bool {
        match access {
            Access::Existing => false,
            // There is no store, or it will not be opened.
            Access::Create => true,
            // Whether a database holds a store is not known before it is open.
            Access::Migrate => {
                self.directory.as_ref().is_some_and(|directory| !directory.join(DATABASE_FILE).exists())
            }
        }
    }

    /// Where the master key is.
    pub(crate) fn master_key_file(&self) -> &Path {
        &self.master_key_file
    }

    /// Whether the master key is where it is by default, in a file of its own that this program may replace.
    pub(crate) fn has_default_master_key_file(&self) -> bool {
        let default = self.directory.as_deref().map(beside);
        let file = fs::symlink_metadata(&self.master_key_file);
        default.as_ref() == Some(&self.master_key_file) && file.is_ok_and(|file| file.is_file())
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
    let directory = directory_of(file);
    fs::create_dir_all(directory).with_context(cannot)?;
    let written = write_secret_beside(file, master.to_text().as_bytes()).with_context(cannot)?;
    // Not over a file that is there.
    written.persist_noclobber(file).map_err(|error| error.error).with_context(cannot)?;
    fs::File::open(directory).and_then(|directory| directory.sync_all()).with_context(cannot)?;
    Ok(master)
}

/// Reads a master key.
pub(crate) fn read_master_key(file: &Path) -> anyhow::Result<MasterKey> {
    let text = read_secret_file(file).context("the master key")?;
    MasterKey::from_text(&text).with_context(|| format!("`{}`", file.display()))
}

/// A file in the same directory that is to take a file's place, readable by its owner alone and on the disk.
pub(crate) fn write_secret_beside(file: &Path, secret: &[u8]) -> io::Result<NamedTempFile> {
    let permissions = fs::Permissions::from_mode(0o600);
    let mut written = tempfile::Builder::new()
        .prefix(".countersign-")
        .permissions(permissions)
        .tempfile_in(directory_of(file))?;
    written.write_all(secret)?;
    written.as_file().sync_all()?;
    Ok(written)
}

/// The directory that a file is in.
pub(crate) fn directory_of(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
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
    // systemd lets a service read its credentials by an access control list, which shows as the mode of the group.
    let credential =
        env::get(env::CREDENTIALS_DIRECTORY).is_some_and(|directory| file.starts_with(directory));
    let others = if credential { 0o007 } else { 0o077 };
    fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & others != 0)
}

/// A change asked for on the command line, now.
pub(crate) fn asked() -> Asked {
    let user = env::get(env::USER).unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
    Asked::new(Actor::CommandLine(user), clock::now(), &mut random::from_system())
}
