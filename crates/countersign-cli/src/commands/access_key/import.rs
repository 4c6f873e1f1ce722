//! `countersign access-key import`: ids and secrets that were made elsewhere.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use countersign_accounts::random;
use countersign_control::app::accounts;
use countersign_control::app::import::{self, Destination, Imported, Outcome, Report, Skipped};
use countersign_control::import::{Format, Pair, pairs};
use countersign_store::Access;
use serde_json::{Value, json};

use crate::commands::explain;
use crate::data::{DataArgs, asked, is_open_to_others};
use crate::print::{Output, Printer, Table};

/// Import AccessKeys that were made elsewhere, with the ids and secrets that programs hold already
///
/// Each becomes an AccessKey of one account, or is skipped with a reason; none is altered that is there. What is
/// disabled stays so, and what has an end keeps it. Secrets are sealed as all others are, and none is shown.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct Import {
    #[command(flatten)]
    data: DataArgs,
    /// The file with ids and secrets; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The account, by e-mail address or id; where there is only one it need not be named
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// The form of the file [default: what it looks like]
    #[arg(long, value_enum)]
    format: Option<Form>,
    /// Write nothing, and say what would be done
    #[arg(long)]
    dry_run: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

const EXIT_STATUS: &str = "Exit status: 0 all were imported, or would be; 2 some were skipped; 1 it was broken off. \
                           What was imported before stays, and the same command goes on from there.";

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A heading such as `AccessKeyId,AccessKeySecret` and a line for each, as consoles offer for download
    Csv,
    /// Kong's declarative configuration, in YAML or JSON
    Kong,
    /// Consumers of APISIX, as its Admin API or its standalone file has them
    Apisix,
    /// users.json or svcaccts.json from the archive of `mc admin cluster iam export`
    Minio,
}

impl From<Form> for Format {
    fn from(form: Form) -> Self {
        match form {
            Form::Csv => Self::Csv,
            Form::Kong => Self::Kong,
            Form::Apisix => Self::Apisix,
            Form::Minio => Self::Minio,
        }
    }
}

impl Import {
    pub(super) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let pairs = self.read(printer)?;
        let (store, ring) = self.data.place()?.open(Access::Existing).await?;
        let done = async {
            let account = accounts::choose(&store, self.account.as_deref()).await?;
            let to = Destination { store: &store, ring: &ring, account: &account, dry_run: self.dry_run };
            import::import(to, pairs, asked, &mut random::from_system()).await
        }
        .await;
        store.close().await;
        let Report { outcomes, broken_off } = done?;
        self.show(printer, &outcomes)?;
        match broken_off {
            Some(failure) => Err(failure).context("broken off"),
            None if outcomes.iter().any(|outcome| outcome.done.is_err()) => Ok(2),
            None => Ok(0),
        }
    }

    fn read(&self, printer: &mut Printer) -> anyhow::Result<Vec<Pair>> {
        let file = self.file.display();
        let bytes = if self.file == Path::new("-") {
            explain::read(std::io::stdin())?
        } else {
            explain::read_file(&self.file)?
        };
        if is_open_to_others(&self.file) {
            // Refusing it would not make its secrets secret again.
            printer.note(&format!(
                "warning: `{file}` can be read by others: chmod 600 it, and think about replacing what is in it"
            ));
        }
        pairs(&bytes, self.format.map(Format::from)).with_context(|| format!("cannot read `{file}`"))
    }

    fn show(&self, printer: &mut Printer, outcomes: &[Outcome]) -> anyhow::Result<()> {
        let imported = outcomes.iter().filter(|outcome| outcome.done.is_ok()).count();
        let skipped = outcomes.len() - imported;
        match self.output {
            Output::Json => printer.json(&json!({
                "dry_run": self.dry_run,
                "imported": imported,
                "skipped": skipped,
                "access_keys": outcomes.iter().map(to_json).collect::<Vec<_>>(),
            }))?,
            Output::Table => {
                let mut table = Table::new(&["ACCESSKEY ID", "WHERE", "OUTCOME"]);
                for Outcome { place, id, done } in outcomes {
                    let id = id.as_ref().map_or("-", |id| id.as_str()).to_owned();
                    table.row([id, place.clone(), self.in_words(done)]);
                }
                printer.table(&table)?;
                let would = if self.dry_run { " (nothing was written)" } else { "" };
                printer.note(&format!("\n{imported} imported, {skipped} skipped{would}"));
            }
        }
        Ok(())
    }

    fn in_words(&self, done: &Result<Imported, Skipped>) -> String {
        match done {
            Err(skipped) => format!("skipped: {skipped}"),
            Ok(Imported { disabled, expires, .. }) => {
                let mut words = if self.dry_run { "would be imported" } else { "imported" }.to_owned();
                if *disabled {
                    words.push_str(", disabled");
                }
                if let Some(expires) = expires {
                    words.push_str(&format!(", expires {expires}"));
                }
                words
            }
        }
    }
}

fn to_json(Outcome { place, id, done }: &Outcome) -> Value {
    let id = id.as_ref().map(|id| id.as_str());
    match done {
        Ok(imported) => json!({
            "access_key_id": id,
            "where": place,
            "imported": true,
            "status": if imported.disabled { "disabled" } else { "enabled" },
            "expires": imported.expires.map(|at| at.to_string()),
            "revision": imported.revision.map(|revision| revision.to_string()),
        }),
        Err(skipped) => json!({
            "access_key_id": id,
            "where": place,
            "imported": false,
            "reason": skipped.name(),
            "text": skipped.to_string(),
        }),
    }
}
