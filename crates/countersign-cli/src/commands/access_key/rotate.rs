//! `countersign access-key rotate`: a new AccessKey in place of an old one, without downtime.

use clap::Args;
use countersign_accounts::random;
use countersign_control::app::access_keys;
use countersign_store::{Access, ListedAccessKey};

use super::create::{New, Shown};
use super::list::last_used;
use super::public::PublicKeyArg;
use super::{Action, report};
use crate::data::{DataArgs, asked};
use crate::print::Printer;
use crate::profile::AccessKeyIdArg;

/// Replace an AccessKey without downtime, in three steps
///
/// First, `rotate ID` creates its successor, which may exceed the account's limit by one. Give that to the
/// application. Then `rotate ID --disable` disables the old one; it says when, from where and by which client that was
/// last used, and if something fails all the same, `access-key enable ID` is the way back. Last, `rotate ID --delete`
/// moves it to the recycle bin, from which it can be restored for 30 days.
///
/// The successor of a public key is another one, given with `--public-key`.
#[derive(Args, Debug)]
pub(crate) struct Rotate {
    #[command(flatten)]
    data: DataArgs,
    /// The id of the AccessKey to replace
    id: AccessKeyIdArg,
    /// Disable it now
    #[arg(long, conflicts_with_all = ["delete", "public_key"])]
    disable: bool,
    /// Delete it now
    #[arg(long, conflicts_with = "public_key")]
    delete: bool,
    /// What the successor is for [default: what the old one is for]
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["disable", "delete"])]
    description: Option<String>,
    #[command(flatten)]
    public: PublicKeyArg,
    #[command(flatten)]
    shown: Shown,
}

impl Rotate {
    pub(super) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let action = match (self.disable, self.delete) {
            (true, _) => Action::Disable,
            (_, true) => Action::Delete,
            _ => return self.create(printer).await,
        };
        let store = self.data.place()?.open_store(Access::Existing).await?;
        let done = async {
            let old = access_keys::find(&store, &self.id.0).await?;
            anyhow::Ok((action.carry_out(&store, &self.id, asked()).await?, old))
        }
        .await;
        store.close().await;
        let (revision, old) = done?;
        tell_last_use(printer, &old);
        report(printer, self.shown.of_a_change(), &self.id, action, revision)?;
        Ok(0)
    }

    async fn create(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let public_key = self.public.read(&self.shown)?;
        let (store, ring) = self.data.place()?.open(Access::Existing).await?;
        let created = async {
            let old = access_keys::find(&store, &self.id.0).await?;
            let project = self.shown.project(&store, &old.key.account).await?;
            let random = &mut random::from_system();
            let prefix = &self.shown.prefix;
            let description = self.description;
            let new = match public_key {
                None => {
                    let by = asked();
                    let created =
                        access_keys::create_successor(&store, &ring, by, &old, prefix, description, random);
                    New::Created(created.await?, project)
                }
                Some(key) => {
                    let (by, named) = (asked(), (prefix.as_str(), key));
                    let registered =
                        access_keys::register_successor(&store, &ring, by, &old, named, description, random);
                    New::Registered(registered.await?)
                }
            };
            anyhow::Ok((new, old))
        }
        .await;
        store.close().await;
        let (new, old) = created?;
        self.shown.show_new(printer, &new)?;
        tell_last_use(printer, &old);
        printer.note(&format!(
            "Give the new one to the application; then `countersign access-key rotate {0} --disable`, and when nothing \
             fails `countersign access-key rotate {0} --delete`.",
            old.key.id
        ));
        Ok(0)
    }
}

fn tell_last_use(printer: &mut Printer, old: &ListedAccessKey) {
    printer.note(&crate::print::printable(&format!("{} was last used: {}", old.key.id, last_used(old))));
}
