//! The configuration file of `serve`. The sample is compiled in, and is the default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use countersign::schemes;
use countersign_accounts::verifier::Demands;
use countersign_control::state::Settings;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::data::{Place, read_secret_file};
use crate::env;
use crate::telemetry::Format;

/// The sample: every key with its default.
pub(crate) const SAMPLE: &str = include_str!("config.sample.toml");

/// The configuration of a server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    #[serde(default)]
    pub(crate) store: StoreSection,
    #[serde(default)]
    pub(crate) endpoint: EndpointSection,
    #[serde(default)]
    pub(crate) maxcompute: MaxComputeSection,
    #[serde(default)]
    pub(crate) log: LogSection,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreSection {
    pub(crate) data: Option<PathBuf>,
    pub(crate) database_file: Option<PathBuf>,
    pub(crate) master_key_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EndpointSection {
    pub(crate) listen: SocketAddr,
    pub(crate) danger_plain_http: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MaxComputeSection {
    pub(crate) base_path: String,
    pub(crate) odps_v4: bool,
    pub(crate) clock_skew_seconds: u64,
    pub(crate) readings: Vec<String>,
    pub(crate) danger_ambiguous: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogSection {
    pub(crate) format: Format,
    pub(crate) level: String,
}

impl Default for EndpointSection {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8640)), danger_plain_http: false }
    }
}

impl Default for MaxComputeSection {
    fn default() -> Self {
        Self {
            base_path: "/api".to_owned(),
            odps_v4: true,
            clock_skew_seconds: 900,
            readings: Vec::new(),
            danger_ambiguous: false,
        }
    }
}

impl Default for LogSection {
    fn default() -> Self {
        Self { format: Format::default(), level: "info".to_owned() }
    }
}

impl Config {
    /// Reads a configuration file and checks what can be checked without acting on it.
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?;
        Self::parse(&text).with_context(|| format!("`{}`", file.display()))
    }

    /// Reads the text of a configuration file. Unknown keys are errors.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let config: Self = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let base = &self.maxcompute.base_path;
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        ensure!(
            base.is_empty() || (base.starts_with('/') && !base.ends_with('/') && base.chars().all(plain)),
            "`maxcompute.base_path` is `{base}`: it begins with a slash and does not end in one, or is empty"
        );
        ensure!(
            (1..=24 * 60 * 60).contains(&self.maxcompute.clock_skew_seconds),
            "`maxcompute.clock_skew_seconds` is {}: it may be 1 to 86400",
            self.maxcompute.clock_skew_seconds
        );
        let known: Vec<_> =
            schemes::ALL.iter().flat_map(|scheme| scheme.readings()).map(|reading| reading.name).collect();
        if let Some(unknown) = self.maxcompute.readings.iter().find(|name| !known.contains(&name.as_str())) {
            bail!("`maxcompute.readings` names `{unknown}`; there are: {}", known.join(", "));
        }
        let (listen, danger) = (self.endpoint.listen, self.endpoint.danger_plain_http);
        ensure!(
            listen.ip().is_loopback() || danger,
            "`endpoint.listen` is {listen}, where others can read and replay plain HTTP: listen on 127.0.0.1 behind a \
             proxy that speaks TLS, or say `danger_plain_http = true`"
        );
        ensure!(
            self.store.data.is_none() || self.store.database_file.is_none(),
            "`store.data` and `store.database_file` both name a store: name one"
        );
        Ok(())
    }

    /// Where the data is: as the file says, or else the environment.
    pub(crate) fn place(&self) -> anyhow::Result<Place> {
        let section = &self.store;
        let from_file = section.database_file.as_deref().map(read_secret_file).transpose()?;
        let mut database = from_file.map(|text| Zeroizing::new(text.trim().to_owned()));
        let mut data = section.data.clone();
        if data.is_none() && database.is_none() {
            data = env::get(env::DATA).map(PathBuf::from);
            database = env::get(env::DATABASE).map(Zeroizing::new);
        }
        let key_file =
            section.master_key_file.clone().or_else(|| env::get(env::MASTER_KEY_FILE).map(PathBuf::from));
        Place::new(data, database, key_file)
    }

    /// What the server needs to know of it.
    pub(crate) fn settings(&self) -> Settings {
        let section = &self.maxcompute;
        Settings {
            maxcompute: Demands {
                base: section.base_path.clone(),
                clock_skew: Duration::from_secs(section.clock_skew_seconds),
                readings: section.readings.clone(),
                derived_keys: section.odps_v4,
                ambiguous: section.danger_ambiguous,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_the_default() {
        let sample = format!("{:?}", Config::parse(SAMPLE).unwrap());
        let default = format!("{:?}", Config::parse("").unwrap());
        assert_eq!(sample, default);
        // And every key of the sample, comments taken away, is one that is known.
        let uncommented: String =
            SAMPLE.lines().filter_map(|line| line.strip_prefix("#: ")).map(|l| format!("{l}\n")).collect();
        let parsed: toml::Table = toml::from_str(&uncommented).unwrap();
        assert_eq!(
            parsed.keys().map(String::as_str).collect::<Vec<_>>(),
            ["data", "database_file", "master_key_file"]
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_to_do() {
        let cases = [
            ("[endpoint]\nlisten = \"0.0.0.0:8640\"", "danger_plain_http = true"),
            ("[endpoint]\nlisen = \"127.0.0.1:1\"", "unknown field `lisen`"),
            ("[maxcompute]\nbase_path = \"api/\"", "begins with a slash"),
            ("[maxcompute]\nreadings = [\"sloppy\"]", "there are: strict, no-leading-slash"),
            ("[maxcompute]\nclock_skew_seconds = 0", "1 to 86400"),
            ("[store]\ndata = \"a\"\ndatabase_file = \"b\"", "name one"),
        ];
        for (text, expected) in cases {
            let error = format!("{:#}", Config::parse(text).unwrap_err());
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
