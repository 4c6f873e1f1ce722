//! `countersign doctor`: whether a store is in order.

use clap::Args;
use countersign::AccessKeyId;
use countersign_accounts::seal::Ring;
use countersign_store::{Access, Store};
use serde_json::{Value, json};

use crate::data::{DataArgs, Place};
use crate::print::{Output, Printer, Table};

/// Check that a store is in order
///
/// It alters nothing. It looks at the master key, which nobody else may read; at the store, which must be up to date;
/// at every sealed secret, which must open; and at the keyring that the rows make.
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
}

impl Doctor {
    pub(crate) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let findings = examine(&self.data.place()?).await;
        match self.output {
            Output::Json => {
                let finding = |f: &Finding| json!({ "check": f.about, "ok": f.sound, "found": f.found });
                printer.json(&Value::Array(findings.iter().map(finding).collect()))?;
            }
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

async fn examine(place: &Place) -> Vec<Finding> {
    let finding = |about, result: anyhow::Result<String>| match result {
        Ok(found) => Finding { about, sound: true, found },
        Err(error) => Finding { about, sound: false, found: format!("{error:#}") },
    };
    let (store, ring) = match place.open(Access::Existing).await {
        Ok(opened) => opened,
        Err(error) => return vec![finding("store and master key", Err(error))],
    };
    let findings = vec![
        finding("store and master key", Ok(format!("open, installation {}", store.cluster()))),
        finding("sealed secrets", secrets(&store, &ring).await),
        finding("keyring", keyring(&store, &ring).await),
    ];
    store.close().await;
    findings
}

async fn secrets(store: &Store, ring: &Ring) -> anyhow::Result<String> {
    const PAGE: u32 = 1000;
    let mut last: Option<AccessKeyId> = None;
    let (mut opened, mut wrong) = (0usize, Vec::new());
    loop {
        let page = store.sealed_secrets(last.as_ref(), PAGE).await?;
        for (id, owner, sealed) in &page {
            match ring.open_secret(id, owner, sealed) {
                Ok(_) => opened += 1,
                Err(error) => wrong.push(error.to_string()),
            }
        }
        last = page.last().map(|(id, ..)| id.clone());
        if page.len() < PAGE as usize {
            break;
        }
    }
    anyhow::ensure!(wrong.is_empty(), "{opened} open, {} do not: {}", wrong.len(), wrong.join("; "));
    Ok(format!("all {opened} open"))
}

async fn keyring(store: &Store, ring: &Ring) -> anyhow::Result<String> {
    use countersign_accounts::keyring::Snapshot;
    let full = store.full_state().await?;
    let snapshot = Snapshot::from_full_state(full.revision, &full.changes, ring)?;
    Ok(format!("{} AccessKeys at revision {}", snapshot.len(), snapshot.revision()))
}
