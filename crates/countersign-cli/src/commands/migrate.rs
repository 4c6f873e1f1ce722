//! `countersign migrate`: brings a store up to date.

use clap::Args;
use countersign_store::Access;

use crate::data::DataArgs;
use crate::print::Printer;

/// Bring a store up to date with this release
///
/// `serve` does so by itself; no other command alters a schema.
#[derive(Args, Debug)]
pub(crate) struct Migrate {
    #[command(flatten)]
    data: DataArgs,
}

impl Migrate {
    pub(crate) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let (store, _) = self.data.place()?.open(Access::Migrate).await?;
        store.close().await;
        printer.note("the store is up to date");
        Ok(0)
    }
}
