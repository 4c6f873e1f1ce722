//! `countersign master-key …`

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use countersign_accounts::random;
use countersign_accounts::seal::MasterKey as Key;
use countersign_control::app::ring;
use countersign_store::Access;
use serde_json::json;

use crate::data::{DataArgs, Place, directory_of, make_master_key, read_master_key, write_secret_beside};
use crate::print::{Output, Printer};

/// The master key, which seals the ring keys: rotate
#[derive(Debug, Subcommand)]
pub(crate) enum MasterKey {
    Rotate(Rotate),
}

/// Replace the master key
///
/// The ring keys are sealed under the new key, all at once; no secret is touched, and running servers go on.
///
/// Where the master key is in its default place, DIR.master-key, the new one is then copied there, and the old one kept
/// beside it under its id, for it opens older backups. Anywhere else, such as in systemd's credentials, putting the new
/// file in place is left to you: until then servers keep running and do not start. If this is broken off, one of the
/// two keys opens the data: run it again.
#[derive(Args, Debug)]
pub(crate) struct Rotate {
    #[command(flatten)]
    data: DataArgs,
    /// The file of the new master key; made where there is none
    #[arg(long, value_name = "FILE")]
    new_master_key_file: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl MasterKey {
    pub(crate) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        match self {
            Self::Rotate(command) => command.run(printer).await,
        }
    }
}

impl Rotate {
    async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let place = self.data.place()?;
        let (current_file, new_file) = (place.master_key_file(), self.new_master_key_file.as_path());
        ensure!(
            std::path::absolute(new_file)? != std::path::absolute(current_file)?,
            "`{}` is the file of the master key in use: name another for the new one",
            new_file.display()
        );
        let old = place.read_master_key()?;
        let store = place.open_store(Access::Existing).await?;
        let replaced = async {
            // A key is made only for a store that the old one opens.
            let new = if new_file.exists() {
                read_master_key(new_file)?
            } else {
                ring::opens(&store, &old).await?;
                make_master_key(new_file)?
            };
            let replaced = ring::replace_master_key(&store, &old, &new, &mut random::from_system()).await?;
            anyhow::Ok((new, replaced))
        }
        .await;
        store.close().await;
        let (new, resealed) = replaced?;
        let kept = match place.has_default_master_key_file() {
            true if old.id() != new.id() => Some(switch(&place, &old, &new)?),
            _ => None,
        };
        self.report(printer, &place, &old, &new, resealed, kept.as_deref())?;
        Ok(0)
    }

    fn report(
        &self,
        printer: &mut Printer,
        place: &Place,
        old: &Key,
        new: &Key,
        resealed: bool,
        kept: Option<&Path>,
    ) -> anyhow::Result<()> {
        let in_place = old.id() == new.id() || kept.is_some();
        let (file, new_file) = (place.master_key_file(), &self.new_master_key_file);
        if self.output == Output::Json {
            printer.json(&json!({
                "master_key": new.id(),
                "resealed": resealed,
                "master_key_file": file,
                "in_place": in_place,
                "new_master_key_file": new_file,
                "old_master_key_file": kept,
            }))?;
            return Ok(());
        }
        match resealed {
            true => printer.line(&format!("the data is sealed under master key {}", new.id()))?,
            false => printer.line(&format!("the data was sealed under master key {} already", new.id()))?,
        }
        if !in_place {
            printer.note(&format!(
                "Next: put `{}` in the place of `{}`. Running servers go on; none starts before that.",
                new_file.display(),
                file.display()
            ));
            return Ok(());
        }
        if let Some(kept) = kept {
            printer.line(&format!("new  {}\nold  {}", file.display(), kept.display()))?;
        }
        printer.note(&format!(
            "`{}` holds the same key: keep it away from this machine, or remove it. The old key opens older backups.",
            new_file.display()
        ));
        Ok(())
    }
}

/// Puts the new key in the default place, where at every instant there is one of the two, and returns where the old one
/// is kept.
fn switch(place: &Place, old: &Key, new: &Key) -> anyhow::Result<PathBuf> {
    let file = place.master_key_file();
    let mut kept = file.as_os_str().to_owned();
    kept.push(format!(".{}", old.id()));
    let kept = PathBuf::from(kept);
    let cannot = || format!("the ring keys are sealed anew, and `{}` could not be replaced", file.display());
    let keep = write_secret_beside(&kept, old.to_text().as_bytes()).with_context(cannot)?;
    keep.persist(&kept).map_err(|error| error.error).with_context(cannot)?;
    let next = write_secret_beside(file, new.to_text().as_bytes()).with_context(cannot)?;
    next.persist(file).map_err(|error| error.error).with_context(cannot)?;
    fs::File::open(directory_of(file)).and_then(|directory| directory.sync_all()).with_context(cannot)?;
    Ok(kept)
}
