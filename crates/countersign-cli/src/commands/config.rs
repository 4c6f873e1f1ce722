//! `countersign config …`

use std::path::PathBuf;

use clap::Subcommand;

use crate::config::{Config as File, SAMPLE};
use crate::print::Printer;

/// The configuration file of `serve`: check, sample
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Check a configuration file, and say what is wrong with it
    Check {
        /// The file
        file: PathBuf,
    },
    /// Print a sample: every key with its default
    Sample,
}

impl Config {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        match self {
            Self::Check { file } => {
                File::read(&file)?;
                printer.note(&format!("`{}` is in order", file.display()));
            }
            Self::Sample => printer.out().write_all(SAMPLE.as_bytes())?,
        }
        Ok(0)
    }
}
