//! Logs, to standard error.

use anyhow::Context;
use clap::ValueEnum;
use serde::Deserialize;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::env;

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
}

/// Begins to log. `COUNTERSIGN_LOG` goes before `level`.
pub(crate) fn start(format: Format, level: &str) -> anyhow::Result<()> {
    let wanted = env::get(env::LOG).unwrap_or_else(|| level.to_owned());
    let targets: Targets = wanted.parse().with_context(|| format!("`{wanted}` does not say what to log"))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(targets);
    match format {
        Format::Text => registry.with(lines.with_ansi(false)).try_init(),
        Format::Json => registry.with(lines.json()).try_init(),
    }
    .context("logging could not be started")
}
