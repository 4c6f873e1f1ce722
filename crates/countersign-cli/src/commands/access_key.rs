//! `countersign access-key …`

mod create;
mod import;
mod list;
mod public;
mod rotate;

use clap::{Args, Subcommand};
use countersign_accounts::change::Revision;
use countersign_control::app::{Asked, Failure, access_keys};
use countersign_store::{Access, Store};
use serde_json::json;

use crate::data::{DataArgs, asked};
use crate::print::{Output, Printer};
use crate::profile::AccessKeyIdArg;

/// AccessKeys, one for each application: create, import, list, show, disable, enable, delete, restore, rotate
#[derive(Debug, Subcommand)]
pub(crate) enum AccessKey {
    /// Create an AccessKey; its secret is shown now and never again. Or register a public key as one
    Create(create::Create),
    Import(import::Import),
    /// List the AccessKeys of an account
    List(list::List),
    /// Show an AccessKey
    Show(list::Show),
    /// Disable an AccessKey: whatever uses it fails from now on
    Disable(One),
    /// Enable a disabled AccessKey
    Enable(One),
    /// Delete a disabled AccessKey; it can be restored for 30 days
    Delete(One),
    /// Restore a deleted AccessKey, disabled
    Restore(One),
    Rotate(rotate::Rotate),
}

#[derive(Args, Debug)]
pub(crate) struct One {
    #[command(flatten)]
    data: DataArgs,
    /// The AccessKey id
    id: AccessKeyIdArg,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// What can be done to an AccessKey.
#[derive(Clone, Copy, Debug)]
enum Action {
    Disable,
    Enable,
    Delete,
    Restore,
}

impl AccessKey {
    pub(crate) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        match self {
            Self::Create(command) => command.run(printer).await,
            Self::Import(command) => command.run(printer).await,
            Self::List(command) => command.run(printer).await,
            Self::Show(command) => command.run(printer).await,
            Self::Disable(command) => command.run(printer, Action::Disable).await,
            Self::Enable(command) => command.run(printer, Action::Enable).await,
            Self::Delete(command) => command.run(printer, Action::Delete).await,
            Self::Restore(command) => command.run(printer, Action::Restore).await,
            Self::Rotate(command) => command.run(printer).await,
        }
    }
}

impl One {
    async fn run(self, printer: &mut Printer, action: Action) -> anyhow::Result<u8> {
        let store = self.data.place()?.open_store(Access::Existing).await?;
        let done = action.carry_out(&store, &self.id, asked()).await;
        store.close().await;
        report(printer, self.output, &self.id, action, done?)?;
        Ok(0)
    }
}

impl Action {
    async fn carry_out(self, store: &Store, id: &AccessKeyIdArg, asked: Asked) -> Result<Revision, Failure> {
        let account = access_keys::find(store, &id.0).await?.key.account;
        let id = id.0.clone();
        match self {
            Self::Disable => access_keys::disable(store, asked, account, id).await,
            Self::Enable => access_keys::enable(store, asked, account, id).await,
            Self::Delete => access_keys::delete(store, asked, account, id).await,
            Self::Restore => access_keys::restore(store, asked, account, id).await,
        }
    }

    /// The status after it.
    fn status(self) -> &'static str {
        match self {
            Self::Disable | Self::Restore => "disabled",
            Self::Enable => "enabled",
            Self::Delete => "deleted",
        }
    }
}

fn report(
    printer: &mut Printer,
    output: Output,
    id: &AccessKeyIdArg,
    action: Action,
    revision: Revision,
) -> anyhow::Result<()> {
    let (id, status) = (&id.0, action.status());
    match output {
        Output::Table => printer.line(&format!("{id} is {status}, revision {revision}"))?,
        Output::Json => printer.json(
            &json!({ "access_key_id": id.as_str(), "status": status, "revision": revision.to_string() }),
        )?,
    }
    Ok(())
}
