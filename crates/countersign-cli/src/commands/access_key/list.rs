//! `countersign access-key list` and `show`.

use clap::Args;
use countersign_accounts::access_key::{AccessKeyKind, AccessKeyStatus};
use countersign_control::app::{access_keys, accounts};
use countersign_store::{Access, ListedAccessKey};
use serde_json::{Value, json};

use super::public;
use crate::data::DataArgs;
use crate::print::{Output, Printer, Table};
use crate::profile::AccessKeyIdArg;

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

#[derive(Args, Debug)]
pub(crate) struct Show {
    #[command(flatten)]
    data: DataArgs,
    /// The AccessKey id
    id: AccessKeyIdArg,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl List {
    pub(super) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let store = self.data.place()?.open_store(Access::Existing).await?;
        let found = async {
            let account = accounts::choose(&store, self.account.as_deref()).await?.id;
            access_keys::list(&store, &account).await
        }
        .await;
        store.close().await;
        let found = found?;
        match self.output {
            Output::Json => printer.json(&Value::Array(found.iter().map(to_json).collect()))?,
            Output::Table => printer.table(&table(&found))?,
        }
        Ok(0)
    }
}

impl Show {
    pub(super) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let place = self.data.place()?;
        let store = place.open_store(Access::Existing).await?;
        let found = access_keys::find(&store, &self.id.0).await;
        store.close().await;
        let found = found?;
        // What it is verified with is sealed, which a secret stays.
        let public_key = match found.key.kind {
            AccessKeyKind::Secret => None,
            AccessKeyKind::Public => public::open(&place, &self.id.0).await?,
        };
        match self.output {
            Output::Json => {
                let mut json = to_json(&found);
                if let (Some(key), Some(fields)) = (&public_key, json.as_object_mut()) {
                    fields.insert("public_key".to_owned(), public::key_to_json(key));
                }
                printer.json(&json)?;
            }
            Output::Table => {
                printer.table(&table(&[found]))?;
                if let Some(key) = &public_key {
                    printer.line("")?;
                    public::show_key(printer, key)?;
                }
            }
        }
        Ok(0)
    }
}

fn table(keys: &[ListedAccessKey]) -> Table {
    let mut table =
        Table::new(&["ACCESSKEY ID", "KIND", "STATUS", "DESCRIPTION", "CREATED", "EXPIRES", "LAST USED"]);
    for listed in keys {
        let key = &listed.key;
        table.row([
            key.id.to_string(),
            key.kind.name().to_owned(),
            status(key.status).to_owned(),
            key.description.as_str().to_owned(),
            key.created.to_string(),
            key.expires.map_or_else(|| "never".to_owned(), |at| at.to_string()),
            last_used(listed),
        ]);
    }
    table
}

/// When, from where and by what a key was last used, in words.
pub(super) fn last_used(listed: &ListedAccessKey) -> String {
    let Some(used) = &listed.last_used else { return "never".to_owned() };
    let mut text = used.at.to_string();
    if !used.address.is_empty() {
        text.push_str(&format!(" from {}", used.address));
    }
    if !used.client.is_empty() {
        text.push_str(&format!(" by {}", used.client));
    }
    text
}

fn to_json(listed: &ListedAccessKey) -> Value {
    let key = &listed.key;
    let deleted = match key.status {
        AccessKeyStatus::Deleted(at) => Some(at.to_string()),
        _ => None,
    };
    json!({
        "access_key_id": key.id.as_str(),
        "account": key.account.as_str(),
        "kind": key.kind.name(),
        "status": status(key.status),
        "description": key.description.as_str(),
        "created": key.created.to_string(),
        "expires": key.expires.map(|at| at.to_string()),
        "networks": key.networks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "deleted": deleted,
        "last_used": listed.last_used.as_ref().map(|used| json!({
            "at": used.at.to_string(),
            "address": used.address,
            "scheme": used.scheme,
            "client": used.client,
        })),
    })
}

fn status(status: AccessKeyStatus) -> &'static str {
    match status {
        AccessKeyStatus::Enabled => "enabled",
        AccessKeyStatus::Disabled => "disabled",
        AccessKeyStatus::Deleted(_) => "deleted",
    }
}
