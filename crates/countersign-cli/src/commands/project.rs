//! `countersign project …`

use clap::{Args, Subcommand};
use countersign_accounts::project::Project as Record;
use countersign_control::app::{accounts, projects};
use countersign_store::Access;
use serde_json::{Value, json};

use crate::data::{DataArgs, asked};
use crate::print::{Output, Printer, Table};

/// MaxCompute projects, which clients log in to: create, list, delete
#[derive(Debug, Subcommand)]
pub(crate) enum Project {
    /// Take a free name
    Create(Named),
    /// List the projects of an account
    List(List),
    /// Give a name back
    Delete(Named),
}

#[derive(Args, Debug)]
pub(crate) struct Named {
    #[command(flatten)]
    data: DataArgs,
    /// The name: 3 to 28 letters, digits or underscores, beginning with a letter
    name: String,
    /// The account, by e-mail address or id; where there is only one it need not be named
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    data: DataArgs,
    /// The account, by e-mail address or id; where there is only one it need not be named
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl Project {
    pub(crate) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        match self {
            Self::Create(command) => command.run(printer, true).await,
            Self::Delete(command) => command.run(printer, false).await,
            Self::List(command) => command.run(printer).await,
        }
    }
}

impl Named {
    async fn run(self, printer: &mut Printer, create: bool) -> anyhow::Result<u8> {
        let store = self.data.place()?.open_store(Access::Existing).await?;
        let done = async {
            let account = accounts::choose(&store, self.account.as_deref()).await?.id;
            if create {
                projects::create(&store, asked(), account, &self.name).await
            } else {
                projects::delete(&store, asked(), account, &self.name).await
            }
        }
        .await;
        store.close().await;
        let revision = done?;
        let (name, done) = (self.name.to_ascii_lowercase(), if create { "created" } else { "deleted" });
        match self.output {
            Output::Table => printer.line(&format!("project {name} {done}, revision {revision}"))?,
            Output::Json => {
                printer
                    .json(&json!({ "project": name, "status": done, "revision": revision.to_string() }))?;
            }
        }
        Ok(0)
    }
}

impl List {
    async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let store = self.data.place()?.open_store(Access::Existing).await?;
        let found = async {
            let account = accounts::choose(&store, self.account.as_deref()).await?.id;
            projects::list(&store, &account).await
        }
        .await;
        store.close().await;
        let found = found?;
        match self.output {
            Output::Json => printer.json(&Value::Array(found.iter().map(to_json).collect()))?,
            Output::Table => {
                let mut table = Table::new(&["PROJECT", "CREATED"]);
                for project in &found {
                    table.row([project.name.to_string(), project.created.to_string()]);
                }
                printer.table(&table)?;
            }
        }
        Ok(0)
    }
}

fn to_json(project: &Record) -> Value {
    json!({
        "project": project.name.as_str(),
        "account": project.account.as_str(),
        "created": project.created.to_string(),
    })
}
