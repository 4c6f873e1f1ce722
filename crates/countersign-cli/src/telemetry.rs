//! Logs, to standard error.

use std::sync::Arc;

use anyhow::Context;
use arc_swap::ArcSwap;
use clap::ValueEnum;
use serde::Deserialize;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber, callsite};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{self, Layer, SubscriberExt};
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

/// What is logged. It can be changed while the program runs, and nobody who logs waits for that.
#[derive(Clone, Debug)]
pub(crate) struct Logged(Arc<ArcSwap<Targets>>);

/// Begins to log. `COUNTERSIGN_LOG` goes before `level`.
pub(crate) fn start(format: Format, level: &str) -> anyhow::Result<Logged> {
    let logged = Logged(Arc::new(ArcSwap::from_pointee(wanted(level)?)));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(logged.clone());
    match format {
        Format::Text => registry.with(lines.with_ansi(false)).try_init(),
        Format::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    }
    .context("logging could not be started")?;
    Ok(logged)
}

/// Reads what is to be logged: as `COUNTERSIGN_LOG` says, or else `level`.
pub(crate) fn wanted(level: &str) -> anyhow::Result<Targets> {
    let wanted = env::get(env::LOG).unwrap_or_else(|| level.to_owned());
    wanted.parse().with_context(|| format!("`{wanted}` does not say what to log"))
}

impl Logged {
    /// Logs this from now on.
    pub(crate) fn replace(&self, targets: Targets) {
        self.0.store(Arc::new(targets));
        // Each place that logs remembers whether anybody listens.
        callsite::rebuild_interest_cache();
    }
}

impl<S: Subscriber> Layer<S> for Logged {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        Layer::<S>::register_callsite(&**self.0.load(), metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: layer::Context<'_, S>) -> bool {
        Layer::<S>::enabled(&**self.0.load(), metadata, context)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Layer::<S>::max_level_hint(&**self.0.load())
    }
}
