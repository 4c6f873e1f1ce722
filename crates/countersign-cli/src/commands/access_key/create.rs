//! `countersign access-key create`, and how a new AccessKey is shown: its secret once, where one was made.

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use countersign::Timestamp;
use countersign_accounts::access_key::DEFAULT_ID_PREFIX;
use countersign_accounts::id::AccountId;
use countersign_accounts::network::Networks;
use countersign_accounts::random;
use countersign_client::{Profile, write_odps_config};
use countersign_control::app::access_keys::{self, Created, Registered, Wanted};
use countersign_control::app::{accounts, projects};
use countersign_store::{Access, Store};
use serde_json::json;

use super::public::{self, PublicKeyArg};
use crate::data::{DataArgs, asked};
use crate::print::{Output, Printer};

#[derive(Args, Debug)]
pub(crate) struct Create {
    #[command(flatten)]
    data: DataArgs,
    /// The account, by e-mail address or id; where there is only one it need not be named
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// What it is for, such as the application that will use it
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,
    /// When it expires, such as 2027-01-31T00:00:00Z
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// Where it may be used from, such as 192.0.2.0/24, up to 20 [default: anywhere]
    #[arg(long = "network", value_name = "NETWORK")]
    networks: Vec<String>,
    #[command(flatten)]
    public: PublicKeyArg,
    #[command(flatten)]
    shown: Shown,
}

/// How a new AccessKey is shown, and for what.
#[derive(Args, Debug)]
pub(super) struct Shown {
    /// What its id begins with
    #[arg(long, value_name = "PREFIX", default_value = DEFAULT_ID_PREFIX)]
    pub(super) prefix: String,
    /// The endpoint to write into `ini` and `env`
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8640/api")]
    endpoint: String,
    /// The project to write into `ini` and `env` [default: the account's first]
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// How to print it: for people, for programs, as a complete odps_config.ini, as environment variables, or as the
    /// CSV that Alibaba Cloud's console offers
    #[arg(long, value_enum, default_value_t)]
    output: Form,
}

/// How a new AccessKey is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    #[default]
    Table,
    Json,
    Ini,
    Env,
    Csv,
}

/// What was added.
pub(super) enum New {
    /// And the project to write down with it.
    Created(Created, Option<String>),
    Registered(Registered),
}

impl Create {
    pub(super) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let expires = self.expires.as_deref().map(parse_time).transpose()?;
        let networks = Networks::new(self.networks.iter().map(String::as_str))?;
        let public_key = self.public.read(&self.shown)?;
        let (store, ring) = self.data.place()?.open(Access::Existing).await?;
        let created = async {
            let account = accounts::choose(&store, self.account.as_deref()).await?.id;
            let project = self.shown.project(&store, &account).await?;
            let description = self.description;
            let wanted = Wanted { description, expires, networks, ..Wanted::default() };
            let random = &mut random::from_system();
            let prefix = &self.shown.prefix;
            anyhow::Ok(match public_key {
                None => {
                    let created =
                        access_keys::create(&store, &ring, asked(), account, prefix, wanted, random).await?;
                    New::Created(created, project)
                }
                Some(key) => {
                    let named = (prefix.as_str(), key);
                    let registered =
                        access_keys::register(&store, &ring, asked(), account, named, wanted, random).await?;
                    New::Registered(registered)
                }
            })
        }
        .await;
        store.close().await;
        self.shown.show_new(printer, &created?)?;
        Ok(0)
    }
}

impl Shown {
    /// The project to write down: the one named, or the account's first.
    pub(super) async fn project(&self, store: &Store, account: &AccountId) -> anyhow::Result<Option<String>> {
        if self.project.is_some() || !matches!(self.output, Form::Ini | Form::Env) {
            return Ok(self.project.clone());
        }
        let first = projects::list(store, account).await?.into_iter().next();
        Ok(first.map(|project| project.name.to_string()))
    }

    /// The same for a change that makes no AccessKey: what has a form for it keeps that.
    pub(super) fn of_a_change(&self) -> Output {
        if self.output == Form::Json { Output::Json } else { Output::Table }
    }

    /// Fails where what is to be printed is a form for a secret.
    pub(super) fn is_for_public_keys(&self) -> anyhow::Result<()> {
        ensure!(
            matches!(self.output, Form::Table | Form::Json),
            "`--output` ini, env and csv are for a secret, and a public key has none: take `table` or `json`"
        );
        Ok(())
    }

    /// Shows what was added.
    pub(super) fn show_new(&self, printer: &mut Printer, new: &New) -> anyhow::Result<()> {
        match new {
            New::Created(created, project) => {
                self.show(printer, created, project.clone()).with_context(|| unseen(created))
            }
            New::Registered(registered) => match self.of_a_change() {
                Output::Table => public::show(printer, registered),
                Output::Json => Ok(printer.json(&public::to_json(registered))?),
            },
        }
    }

    fn show(&self, printer: &mut Printer, created: &Created, project: Option<String>) -> anyhow::Result<()> {
        let (id, secret) = (&created.id, created.secret.expose());
        match self.output {
            Form::Table => {
                printer.line(&format!("AccessKey id      {id}"))?;
                printer.line(&format!("AccessKey secret  {secret}"))?;
                printer
                    .note("\nThe secret is not shown again. Keep it where only its application can read it.");
            }
            Form::Json => printer.json(&json!({
                "access_key_id": id.as_str(),
                "access_key_secret": secret,
                "revision": created.revision.to_string(),
            }))?,
            Form::Ini => {
                if project.is_none() {
                    printer.note("the account has no project yet: `countersign project create NAME`, then fill in project_name");
                }
                let profile = Profile {
                    endpoint: Some(self.endpoint.clone()),
                    access_key_id: Some(id.clone()),
                    access_key_secret: Some(created.secret.clone()),
                    project,
                    ..Profile::default()
                };
                printer.out().write_all(write_odps_config(&profile).as_bytes())?;
            }
            Form::Env => {
                printer.line(&format!("ALIBABA_CLOUD_ACCESS_KEY_ID={id}"))?;
                printer.line(&format!("ALIBABA_CLOUD_ACCESS_KEY_SECRET={secret}"))?;
                printer.line(&format!("ODPS_ENDPOINT={}", self.endpoint))?;
                if let Some(project) = project {
                    printer.line(&format!("ODPS_PROJECT_NAME={project}"))?;
                }
            }
            Form::Csv => {
                printer.line("AccessKey ID,AccessKey Secret")?;
                printer.line(&format!("{id},{secret}"))?;
            }
        }
        Ok(())
    }
}

/// What to say where a new AccessKey could not be shown: its secret is lost.
fn unseen(created: &Created) -> String {
    format!("AccessKey `{}` was created but could not be shown; disable and delete it", created.id)
}

fn parse_time(text: &str) -> anyhow::Result<Timestamp> {
    Timestamp::parse_rfc3339(text)
        .with_context(|| format!("`{text}` is not a time: it should read like 2027-01-31T00:00:00Z"))
}
