//! `countersign ring-key …`

use anyhow::bail;
use clap::{Args, Subcommand};
use countersign_accounts::random;
use countersign_control::app::ring::{self, Listing};
use countersign_store::Access;
use serde_json::{Value, json};

use crate::data::DataArgs;
use crate::print::{Output, Printer, Table, shortened};

/// Ring keys, which seal the secrets in the data: list, add, activate, retire
#[derive(Debug, Subcommand)]
pub(crate) enum RingKey {
    /// List the ring keys, and how many secrets each seals
    List(Common),
    /// Add a ring key, which opens and does not seal yet
    ///
    /// The first step of replacing a ring key. Running servers learn of it by themselves, within a second.
    Add(Common),
    /// Let the newest ring key seal what is new, and seal again by it what others sealed
    ///
    /// The second step. Servers go on meanwhile, and no request fails. Broken off, it is run again and goes on where it
    /// was.
    Activate(Common),
    /// Remove a ring key that seals nothing any more
    ///
    /// The last step. Bearer tokens that were made by it end: wait for as long as they may be valid, or take it that
    /// their holders ask for others.
    Retire(Retire),
}

#[derive(Args, Debug)]
pub(crate) struct Common {
    #[command(flatten)]
    data: DataArgs,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct Retire {
    #[command(flatten)]
    data: DataArgs,
    /// The id of the ring key
    id: u32,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl RingKey {
    pub(crate) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        match self {
            Self::List(command) => command.list(printer).await,
            Self::Add(command) => command.add(printer).await,
            Self::Activate(command) => command.activate(printer).await,
            Self::Retire(command) => command.run(printer).await,
        }
    }
}

impl Common {
    async fn list(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let store = self.data.place()?.open_store(Access::Existing).await?;
        let listing = ring::list(&store).await;
        store.close().await;
        let listing = listing?;
        match self.output {
            Output::Json => printer.json(&to_json(&listing))?,
            Output::Table => {
                let mut table = Table::new(&["RING KEY", "STATE", "SECRETS", "MASTER KEY"]);
                for key in &listing.ring_keys {
                    table.row([
                        key.id.to_string(),
                        state(key.active).to_owned(),
                        key.secrets.to_string(),
                        key.master_key.clone(),
                    ]);
                }
                printer.table(&table)?;
            }
        }
        if !listing.lost.is_empty() {
            printer.note("some secrets are under no ring key: `countersign doctor` names them");
        }
        Ok(0)
    }

    async fn add(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let place = self.data.place()?;
        let master = place.read_master_key()?;
        let store = place.open_store(Access::Existing).await?;
        let added = ring::add(&store, &master, &mut random::from_system()).await;
        store.close().await;
        let id = added?;
        match self.output {
            Output::Json => printer.json(&json!({ "ring_key": id, "state": state(false) }))?,
            Output::Table => {
                printer.line(&format!("ring key {id} is added"))?;
                printer.note("Next: `countersign ring-key activate`.");
            }
        }
        Ok(0)
    }

    async fn activate(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let place = self.data.place()?;
        let master = place.read_master_key()?;
        let store = place.open_store(Access::Existing).await?;
        let told = |sealed: u64| {
            if sealed.is_multiple_of(50_000) {
                printer.note(&format!("{sealed} secrets sealed again so far"));
            }
        };
        let activated = ring::activate(&store, &master, &mut random::from_system(), told).await;
        store.close().await;
        let done = activated?;
        match self.output {
            Output::Json => printer.json(&json!({
                "ring_key": done.id,
                "state": state(true),
                "resealed": done.resealed,
                "not_opened": done.unopened.iter().map(ToString::to_string).collect::<Vec<_>>(),
            }))?,
            Output::Table => {
                printer.line(&format!(
                    "ring key {} is active, {} secrets sealed again",
                    done.id, done.resealed
                ))?;
            }
        }
        if !done.unopened.is_empty() {
            bail!(
                "{} secrets cannot be opened and were left as they are: {}",
                done.unopened.len(),
                shortened(&done.unopened)
            );
        }
        Ok(0)
    }
}

impl Retire {
    async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let store = self.data.place()?.open_store(Access::Existing).await?;
        let retired = ring::retire(&store, self.id).await;
        store.close().await;
        retired?;
        match self.output {
            Output::Json => printer.json(&json!({ "ring_key": self.id, "state": "retired" }))?,
            Output::Table => printer.line(&format!("ring key {} is retired", self.id))?,
        }
        Ok(0)
    }
}

/// The ring keys for programs.
pub(super) fn to_json(listing: &Listing) -> Value {
    let ring_keys = listing.ring_keys.iter().map(|key| {
        json!({
            "ring_key": key.id,
            "state": state(key.active),
            "secrets": key.secrets,
            "master_key": key.master_key,
        })
    });
    Value::Array(ring_keys.collect())
}

fn state(active: bool) -> &'static str {
    if active { "active" } else { "decrypt-only" }
}
