//! What is over is forgotten: to be done once in a while.

use std::time::Duration;

use countersign::Timestamp;
use countersign_store::Store;

use super::Failure;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Forgets links whose time is over, refused requests of more than 30 days ago, and reminders of more than a year ago.
pub async fn sweep(store: &Store, now: Timestamp) -> Result<(), Failure> {
    store.purge_links(now).await?;
    store.purge_refusals(now.minus(DAY * 30)).await?;
    store.purge_reminders(now.minus(DAY * 366)).await?;
    Ok(())
}
