//! `countersign account …`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use countersign_accounts::account::{Account as Record, Registration};
use countersign_accounts::change::Revision;
use countersign_accounts::random;
use countersign_control::app::{accounts, administration};
use countersign_store::{Access, Store};
use serde_json::{Value, json};

use crate::data::{DataArgs, asked, read_secret_file};
use crate::print::{Output, Printer, Table};

/// Accounts, which own projects and AccessKeys: create, list, show, suspend, resume, close, limit, appoint, dismiss,
/// registration
#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// Open an account
    Create(Create),
    /// List all accounts
    List(List),
    /// Show an account
    Show(Named),
    /// Suspend an account: none of its AccessKeys is accepted until it is resumed
    Suspend(Named),
    /// Resume a suspended account
    Resume(Named),
    /// Close an account for good: its AccessKeys are refused, and its e-mail address is free
    Close(Named),
    /// Set how many AccessKeys an account may have
    Limit(Limit),
    /// Make an account an administrator, who looks after all accounts in the console
    Appoint(Named),
    /// Make an administrator an account like any other
    Dismiss(Named),
    /// Say, or set, who may open an account by themselves
    Registration(RegistrationMode),
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    #[command(flatten)]
    data: DataArgs,
    /// Its e-mail address; case does not matter
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// The file of its password; without one nobody can sign in to it yet
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// How many AccessKeys it may have [default: 10]
    #[arg(long, value_name = "COUNT")]
    access_key_limit: Option<u32>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    data: DataArgs,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct Named {
    #[command(flatten)]
    data: DataArgs,
    /// The account, by e-mail address or id; where there is only one it need not be named
    account: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct Limit {
    #[command(flatten)]
    named: Named,
    /// How many AccessKeys it may have, not counting deleted ones
    #[arg(long, value_name = "COUNT")]
    access_keys: u32,
}

#[derive(Args, Debug)]
pub(crate) struct RegistrationMode {
    #[command(flatten)]
    data: DataArgs,
    /// Who may from now on; without it nothing is changed
    mode: Option<Mode>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// Who may open an account by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Whoever proves an e-mail address
    Open,
    /// Whom an administrator invited
    Invitation,
    /// Nobody
    Closed,
}

impl Account {
    pub(crate) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        match self {
            Self::Create(command) => command.run(printer).await,
            Self::List(command) => {
                let store = command.data.place()?.open_store(Access::Existing).await?;
                let all = accounts::list(&store).await;
                store.close().await;
                print(printer, command.output, &all?)?;
                Ok(0)
            }
            Self::Show(command) => {
                let (store, account) = command.find().await?;
                store.close().await;
                match command.output {
                    Output::Json => printer.json(&to_json(&account))?,
                    Output::Table => print(printer, Output::Table, &[account])?,
                }
                Ok(0)
            }
            Self::Suspend(command) => {
                let (store, account) = command.find().await?;
                let done = accounts::suspend(&store, asked(), account.id.clone()).await;
                store.close().await;
                command.report(printer, &account, "suspended", done?)
            }
            Self::Resume(command) => {
                let (store, account) = command.find().await?;
                let done = accounts::resume(&store, asked(), account.id.clone()).await;
                store.close().await;
                command.report(printer, &account, "active", done?)
            }
            Self::Close(command) => {
                let (store, account) = command.find().await?;
                let done = accounts::close(&store, asked(), account.id.clone()).await;
                store.close().await;
                command.report(printer, &account, "closed", done?)
            }
            Self::Limit(command) => {
                let (store, account) = command.named.find().await?;
                let id = account.id.clone();
                let done =
                    administration::set_access_key_limit(&store, asked(), id, command.access_keys).await;
                store.close().await;
                command.named.report(printer, &account, status(&account), done?)
            }
            Self::Appoint(command) => {
                let (store, account) = command.find().await?;
                let done = administration::appoint(&store, asked(), account.id.clone()).await;
                store.close().await;
                command.report(printer, &account, "an administrator", done?)
            }
            Self::Dismiss(command) => {
                let (store, account) = command.find().await?;
                let done = administration::dismiss(&store, asked(), account.id.clone()).await;
                store.close().await;
                command.report(printer, &account, "not an administrator", done?)
            }
            Self::Registration(command) => command.run(printer).await,
        }
    }
}

impl RegistrationMode {
    async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let store = self.data.place()?.open_store(Access::Existing).await?;
        let done = async {
            if let Some(mode) = self.mode {
                administration::set_registration(&store, asked(), mode.into()).await?;
            }
            administration::registration(&store).await
        }
        .await;
        store.close().await;
        let mode = done?.as_str();
        match self.output {
            Output::Table => printer.line(&format!("registration is {mode}"))?,
            Output::Json => printer.json(&json!({ "registration": mode }))?,
        }
        Ok(0)
    }
}

impl From<Mode> for Registration {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Open => Self::Open,
            Mode::Invitation => Self::Invitation,
            Mode::Closed => Self::Closed,
        }
    }
}

impl Create {
    async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let password = self.password_file.as_deref().map(read_secret_file).transpose()?;
        let password = password.as_ref().map(|text| text.trim_end_matches(['\r', '\n']));
        let store = self.data.place()?.open_store(Access::Existing).await?;
        let limit = self.access_key_limit;
        let opened =
            accounts::open(&store, asked(), &self.email, password, limit, &mut random::from_system()).await;
        store.close().await;
        let (account, revision) = opened?;
        match self.output {
            Output::Table => printer.line(account.as_str())?,
            Output::Json => printer.json(&json!({
                "account": account.as_str(),
                "email": self.email.trim().to_ascii_lowercase(),
                "revision": revision.to_string(),
            }))?,
        }
        Ok(0)
    }
}

impl Named {
    async fn find(&self) -> anyhow::Result<(Store, Record)> {
        let store = self.data.place()?.open_store(Access::Existing).await?;
        match accounts::choose(&store, self.account.as_deref()).await {
            Ok(account) => Ok((store, account)),
            Err(failure) => {
                store.close().await;
                Err(failure.into())
            }
        }
    }

    fn report(
        &self,
        printer: &mut Printer,
        account: &Record,
        status: &str,
        revision: Revision,
    ) -> anyhow::Result<u8> {
        match self.output {
            Output::Table => printer.line(&format!("{} is {status}, revision {revision}", account.email))?,
            Output::Json => printer.json(&json!({
                "account": account.id.as_str(),
                "email": account.email.as_str(),
                "status": status,
                "revision": revision.to_string(),
            }))?,
        }
        Ok(0)
    }
}

fn print(printer: &mut Printer, output: Output, accounts: &[Record]) -> anyhow::Result<()> {
    match output {
        Output::Json => printer.json(&Value::Array(accounts.iter().map(to_json).collect()))?,
        Output::Table => {
            let mut table = Table::new(&["ACCOUNT", "E-MAIL", "STATUS", "CREATED", "ACCESSKEY LIMIT"]);
            for account in accounts {
                table.row([
                    account.id.to_string(),
                    account.email.to_string(),
                    status(account).to_owned(),
                    account.created.to_string(),
                    account.access_key_limit.to_string(),
                ]);
            }
            printer.table(&table)?;
        }
    }
    Ok(())
}

fn to_json(account: &Record) -> Value {
    json!({
        "account": account.id.as_str(),
        "email": account.email.as_str(),
        "status": status(account),
        "created": account.created.to_string(),
        "access_key_limit": account.access_key_limit,
        "administrator": account.administrator,
    })
}

fn status(account: &Record) -> &'static str {
    match (account.closed, account.suspended) {
        (Some(_), _) => "closed",
        (None, true) => "suspended",
        (None, false) => "active",
    }
}
