//! `countersign doctor`: whether a store is in order.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Context, ensure};
use clap::Args;
use countersign_accounts::seal::{MasterKey, Ring, SealedColumn};
use countersign_control::app::ring;
use countersign_control::node;
use countersign_store::{Access, SealedText, Store};
use serde_json::{Value, json};

use super::ring_key;
use crate::data::{DataArgs, Place};
use crate::print::{Output, Printer, Table, shortened};

/// Check that a store is in order
///
/// It alters nothing. It looks at the master key, which nobody else may read; at the store, which must be up to date;
/// at the ring keys, of which exactly one is active and none that seals anything is missing; at every sealed secret,
/// which must open; and at the keyring that the rows make.
#[derive(Args, Debug)]
pub(crate) struct Doctor {
    #[command(flatten)]
    data: DataArgs,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// What was looked at, whether it is in order, and what was found.
#[derive(Debug)]
struct Finding {
    about: &'static str,
    sound: bool,
    found: String,
    /// More, for programs.
    details: Option<Value>,
}

impl Doctor {
    pub(crate) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let findings = examine(&self.data.place()?).await;
        match self.output {
            Output::Json => printer.json(&Value::Array(findings.iter().map(Finding::to_json).collect()))?,
            Output::Table => {
                let mut table = Table::new(&["CHECK", "", "FOUND"]);
                for finding in &findings {
                    let sound = if finding.sound { "ok" } else { "WRONG" };
                    table.row([finding.about.to_owned(), sound.to_owned(), finding.found.clone()]);
                }
                printer.table(&table)?;
            }
        }
        Ok(u8::from(findings.iter().any(|finding| !finding.sound)))
    }
}

impl Finding {
    fn new(about: &'static str, result: anyhow::Result<String>) -> Self {
        match result {
            Ok(found) => Self { about, sound: true, found, details: None },
            Err(error) => Self { about, sound: false, found: format!("{error:#}"), details: None },
        }
    }

    fn to_json(&self) -> Value {
        let mut json = json!({ "check": self.about, "ok": self.sound, "found": self.found });
        if let (Some(details), Some(fields)) = (&self.details, json.as_object_mut()) {
            fields.insert("details".to_owned(), details.clone());
        }
        json
    }
}

async fn examine(place: &Place) -> Vec<Finding> {
    let master = place.read_master_key();
    let mut findings = vec![Finding::new("master key", master_key(place, &master))];
    let store = match place.open_store(Access::Existing).await {
        Ok(store) => store,
        Err(error) => {
            findings.push(Finding::new("store", Err(error)));
            return findings;
        }
    };
    let sound = store.check_integrity().await.map(|()| format!("open, installation {}", store.cluster()));
    findings.push(Finding::new("store", sound.map_err(Into::into)));
    let (ring_keys, ring) = ring_keys(&store, master.ok()).await;
    findings.push(ring_keys);
    if let Some(ring) = ring {
        findings.push(Finding::new("sealed secrets", secrets(&store, &ring).await));
        findings.push(Finding::new("keyring", keyring(&store, &ring).await));
    }
    store.close().await;
    findings
}

fn master_key(place: &Place, read: &anyhow::Result<MasterKey>) -> anyhow::Result<String> {
    let file = place.master_key_file();
    // Reading it has looked at its mode.
    let master = read.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let mode =
        fs::metadata(file).with_context(|| format!("cannot read `{}`", file.display()))?.permissions().mode();
    let inside = |directory: &std::path::PathBuf| file.starts_with(directory);
    ensure!(
        !place.directory.as_ref().is_some_and(inside),
        "`{}` is in the data directory, whose backups must not hold it: move it out",
        file.display()
    );
    Ok(format!("{}, mode {:03o}", master.id(), mode & 0o777))
}

/// The ring keys, and the ring where it can be opened.
async fn ring_keys(store: &Store, master: Option<MasterKey>) -> (Finding, Option<Ring>) {
    const ABOUT: &str = "ring keys";
    let (rows, listing) = match (store.ring_keys().await, ring::list(store).await) {
        (Ok(rows), Ok(listing)) => (rows, listing),
        (Err(error), _) => return (Finding::new(ABOUT, Err(error.into())), None),
        (_, Err(error)) => return (Finding::new(ABOUT, Err(error.into())), None),
    };
    let ring = master.map(|master| Ring::open(store.cluster(), &master, &rows));
    let active = listing.ring_keys.iter().filter(|key| key.active).count();
    let mut found: Vec<_> = listing
        .ring_keys
        .iter()
        .map(|key| format!("{}{} seals {}", key.id, if key.active { " (active)" } else { "" }, key.secrets))
        .collect();
    let mut wrong = Vec::new();
    if active != 1 {
        wrong.push(format!("{active} are active where one should be"));
    }
    for (id, secrets) in &listing.lost {
        wrong.push(match id {
            Some(id) => format!("{secrets} secrets are under ring key {id}, which is missing"),
            None => format!("{secrets} secrets are under none"),
        });
    }
    match &ring {
        Some(Err(error)) => wrong.push(error.to_string()),
        None => wrong.push("not opened, for want of the master key".to_owned()),
        Some(Ok(_)) => {}
    }
    let sound = wrong.is_empty();
    found.extend(wrong);
    let details = Some(ring_key::to_json(&listing));
    (Finding { about: ABOUT, sound, found: found.join("; "), details }, ring.and_then(Result::ok))
}

async fn secrets(store: &Store, ring: &Ring) -> anyhow::Result<String> {
    const PAGE: u32 = 1000;
    let (mut opened, mut wrong) = (0usize, Vec::new());
    for column in SealedColumn::ALL {
        let mut last = String::new();
        loop {
            let mut page = store.sealed_texts(column, &last, PAGE).await?;
            let open = |text: &SealedText| ring.open_text(column, &text.id, &text.owner, &text.sealed);
            if page.iter().any(|text| open(text).is_err_and(|error| error.is_missing_ring_key())) {
                // Sealed by a ring key that came after this began, or sealed again and the old one retired.
                ring::learn(store, ring).await?;
                page = store.sealed_texts(column, &last, PAGE).await?;
            }
            for text in &page {
                match open(text) {
                    Ok(_) => opened += 1,
                    Err(error) => wrong.push(error.to_string()),
                }
            }
            let more = page.len() >= PAGE as usize;
            match page.into_iter().next_back() {
                Some(text) if more => last = text.id,
                _ => break,
            }
        }
    }
    ensure!(wrong.is_empty(), "{opened} open, {} do not: {}", wrong.len(), shortened(&wrong));
    Ok(format!("all {opened} open"))
}

async fn keyring(store: &Store, ring: &Ring) -> anyhow::Result<String> {
    let snapshot = node::load(store, ring).await?;
    Ok(format!("{} AccessKeys at revision {}", snapshot.len(), snapshot.revision()))
}
