//! The configuration file of `serve`. The sample is compiled in, and is the default.

mod signatures;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use countersign::schemes;
use countersign_accounts::network::Networks;
use countersign_accounts::session::SessionLimits;
use countersign_accounts::verifier::Demands;
use countersign_control::connections::DEFAULT_CONNECTIONS;
use countersign_control::console::ConsoleSettings;
use countersign_control::mail::{Encryption, SmtpSettings};
use countersign_control::state::Settings;
use countersign_control::tls::Certificate;
use serde::Deserialize;
use tracing_subscriber::filter::{LevelFilter, Targets};
use zeroize::Zeroizing;

use self::signatures::{ReplaysSection, SignaturesSection};
use crate::data::read_secret_file;
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
    pub(crate) console: ConsoleSection,
    #[serde(default)]
    pub(crate) admin: AdminSection,
    #[serde(default)]
    pub(crate) maxcompute: MaxComputeSection,
    #[serde(default)]
    pub(crate) signatures: SignaturesSection,
    #[serde(default)]
    pub(crate) replays: ReplaysSection,
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
    pub(crate) max_connections: usize,
    pub(crate) drain_delay_seconds: u64,
    pub(crate) echo: bool,
    pub(crate) tls: Option<TlsSection>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConsoleSection {
    pub(crate) enabled: bool,
    pub(crate) listen: SocketAddr,
    pub(crate) danger_plain_http: bool,
    pub(crate) max_connections: usize,
    pub(crate) public_url: Option<String>,
    pub(crate) endpoint_url: Option<String>,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) session_idle_seconds: u64,
    pub(crate) session_seconds: u64,
    pub(crate) max_key_age_days: u64,
    pub(crate) max_password_age_days: u64,
    pub(crate) require_real_name: bool,
    pub(crate) smtp: Option<SmtpSection>,
    pub(crate) tls: Option<TlsSection>,
}

/// Where mails go.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SmtpSection {
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    #[serde(default)]
    pub(crate) encryption: SmtpEncryption,
    pub(crate) from: String,
    pub(crate) username: Option<String>,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) ca_file: Option<PathBuf>,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SmtpEncryption {
    #[default]
    Starttls,
    Tls,
    DangerPlain,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AdminSection {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) danger_plain_http: bool,
    pub(crate) max_age_seconds: u64,
    pub(crate) tls: Option<TlsSection>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsSection {
    pub(crate) certificate_file: PathBuf,
    pub(crate) key_file: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MaxComputeSection {
    pub(crate) base_path: String,
    pub(crate) odps_v4: bool,
    pub(crate) clock_skew_seconds: u64,
    pub(crate) readings: Vec<String>,
    pub(crate) danger_ambiguous: bool,
    pub(crate) hide_unknown_keys: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogSection {
    pub(crate) format: Format,
    pub(crate) level: String,
}

impl Default for EndpointSection {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8640)),
            danger_plain_http: false,
            max_connections: DEFAULT_CONNECTIONS,
            drain_delay_seconds: 0,
            echo: false,
            tls: None,
        }
    }
}

impl Default for ConsoleSection {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: SocketAddr::from(([127, 0, 0, 1], 8641)),
            danger_plain_http: false,
            max_connections: 1024,
            public_url: None,
            endpoint_url: None,
            trusted_proxies: Vec::new(),
            session_idle_seconds: 60 * 60,
            session_seconds: 12 * 60 * 60,
            max_key_age_days: 0,
            max_password_age_days: 0,
            require_real_name: false,
            smtp: None,
            tls: None,
        }
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
            hide_unknown_keys: false,
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
        let known: Vec<_> = schemes::ODPS.readings().iter().map(|reading| reading.name).collect();
        if let Some(unknown) = self.maxcompute.readings.iter().find(|name| !known.contains(&name.as_str())) {
            bail!("`maxcompute.readings` names `{unknown}`; there are: {}", known.join(", "));
        }
        self.signatures.check()?;
        self.replays.check()?;
        ensure!(
            self.endpoint.drain_delay_seconds <= 60 * 60,
            "`endpoint.drain_delay_seconds` is {}: it may be 0 to 3600",
            self.endpoint.drain_delay_seconds
        );
        let endpoint = &self.endpoint;
        check_listen("endpoint", endpoint.listen, endpoint.tls.is_some(), endpoint.danger_plain_http)?;
        self.console.check()?;
        if let Some(listen) = self.admin.listen {
            check_listen("admin", listen, self.admin.tls.is_some(), self.admin.danger_plain_http)?;
        }
        let level = &self.log.level;
        level.parse::<Targets>().with_context(|| format!("`log.level` is `{level}`"))?;
        // A lone word that is no level would be taken for the name of a target, and silence all others.
        let is_level = |word: &str| word.parse::<LevelFilter>().is_ok();
        ensure!(
            level.split(',').all(|part| part.contains('=') || is_level(part.trim())),
            "`log.level` is `{level}`: it should be error, warn, info, debug, trace or off, or `target=level` pairs"
        );
        ensure!(
            self.store.data.is_none() || self.store.database_file.is_none(),
            "`store.data` and `store.database_file` both name a store: name one"
        );
        Ok(())
    }

    /// The keys that differ from those of another configuration and that a running server cannot change.
    pub(crate) fn fixed_differences(&self, other: &Self) -> Vec<&'static str> {
        let names = self.fixed().into_iter().zip(other.fixed());
        names.filter(|((_, one), (_, other))| one != other).map(|((name, _), _)| name).collect()
    }

    fn fixed(&self) -> [(&'static str, String); 18] {
        let Self { store, endpoint, console, admin, maxcompute: _, signatures: _, replays, log } = self;
        [
            ("store.data", format!("{:?}", store.data)),
            ("store.database_file", format!("{:?}", store.database_file)),
            ("store.master_key_file", format!("{:?}", store.master_key_file)),
            ("endpoint.listen", endpoint.listen.to_string()),
            ("endpoint.max_connections", endpoint.max_connections.to_string()),
            // Which files they are may change, but not whether there are any.
            ("endpoint.tls", endpoint.tls.is_some().to_string()),
            ("console.enabled", console.enabled.to_string()),
            ("console.listen", console.listen.to_string()),
            ("console.max_connections", console.max_connections.to_string()),
            ("console.session_idle_seconds", console.session_idle_seconds.to_string()),
            ("console.session_seconds", console.session_seconds.to_string()),
            ("console.smtp", format!("{:?}", console.smtp)),
            ("console.tls", console.tls.is_some().to_string()),
            ("admin.listen", format!("{:?}", admin.listen)),
            ("admin.tls", admin.tls.is_some().to_string()),
            ("replays.capacity", replays.capacity.to_string()),
            ("replays.after_restart", format!("{:?}", replays.after_restart)),
            ("log.format", format!("{:?}", log.format)),
        ]
    }

    /// How long to go on taking connections after being told to stop.
    pub(crate) fn drain_delay(&self) -> Duration {
        Duration::from_secs(self.endpoint.drain_delay_seconds)
    }

    /// The age from which on a keyring is too old to be ready with.
    pub(crate) fn max_age(&self) -> Option<Duration> {
        let seconds = self.admin.max_age_seconds;
        (seconds > 0).then(|| Duration::from_secs(seconds))
    }

    /// What the server needs to know of it.
    pub(crate) fn settings(&self) -> Settings {
        let section = &self.maxcompute;
        let usual = Settings::at(&section.base_path);
        let secure = self.endpoint.tls.is_some();
        Settings {
            maxcompute: Demands {
                secure,
                clock_skew: Duration::from_secs(section.clock_skew_seconds),
                readings: section.readings.clone(),
                derived_keys: section.odps_v4,
                rsa_sha1: self.signatures.danger_rsa_sha1,
                ambiguous: section.danger_ambiguous,
                hide_unknown_keys: section.hide_unknown_keys,
                ..usual.maxcompute
            },
            signatures: self.signatures.demands(secure),
            echo: self.endpoint.echo,
            replays: self.replays.settings(),
        }
    }
}

impl ConsoleSection {
    fn check(&self) -> anyhow::Result<()> {
        if self.enabled {
            check_listen("console", self.listen, self.tls.is_some(), self.danger_plain_http)?;
        }
        if let Some(url) = &self.public_url {
            let origin = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
            ensure!(
                origin.is_some_and(|origin| !origin.is_empty() && origin.chars().all(plain)),
                "`console.public_url` is `{url}`: it should read like https://console.example.com, without a path"
            );
        }
        if let Some(url) = &self.endpoint_url {
            let plain = |c: char| c.is_ascii_graphic() && !"\"\\<>^`{|}".contains(c);
            ensure!(
                (url.starts_with("https://") || url.starts_with("http://")) && url.chars().all(plain),
                "`console.endpoint_url` is `{url}`: it should read like https://odps.example.com/api"
            );
        }
        Networks::new(self.trusted_proxies.iter().map(String::as_str))
            .context("`console.trusted_proxies`")?;
        let (idle, longest) = (self.session_idle_seconds, self.session_seconds);
        ensure!(
            (60..=longest).contains(&idle) && longest <= 90 * 24 * 60 * 60,
            "`console.session_idle_seconds` is {idle} and `console.session_seconds` is {longest}: the first may be 60 up \
             to the second, and that one up to 7776000"
        );
        if let Some(smtp) = &self.smtp {
            smtp.check()?;
        }
        let ages = [("key", self.max_key_age_days), ("password", self.max_password_age_days)];
        for (what, days) in ages {
            ensure!(days <= 36_500, "`console.max_{what}_age_days` is {days}: it may be 0 to 36500");
        }
        Ok(())
    }

    /// What the console needs to know of it. `listener` and `endpoint` are the origins that the listeners have, for
    /// where nothing else is said.
    pub(crate) fn settings(&self, listener: &str, endpoint: &str, base_path: &str) -> ConsoleSettings {
        let age = |days: u64| (days > 0).then(|| Duration::from_secs(days * 24 * 60 * 60));
        ConsoleSettings {
            public_url: self.public_url.clone().unwrap_or_else(|| listener.to_owned()),
            endpoint_url: self.endpoint_url.clone().unwrap_or_else(|| format!("{endpoint}{base_path}")),
            // They were found to be networks when the file was read.
            trusted_proxies: Networks::new(self.trusted_proxies.iter().map(String::as_str))
                .unwrap_or_default(),
            require_real_name: self.require_real_name,
            max_key_age: age(self.max_key_age_days),
            max_password_age: age(self.max_password_age_days),
            sessions: SessionLimits {
                idle: Duration::from_secs(self.session_idle_seconds),
                longest: Duration::from_secs(self.session_seconds),
            },
        }
    }
}

impl SmtpSection {
    fn check(&self) -> anyhow::Result<()> {
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
        ensure!(
            !self.host.is_empty() && self.host.chars().all(plain),
            "`console.smtp.host` is `{}`: it should be a name or an address, without a port",
            self.host
        );
        ensure!(
            self.username.is_some() == self.password_file.is_some(),
            "`console.smtp.username` and `console.smtp.password_file` go together"
        );
        let here =
            self.host == "localhost" || self.host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        ensure!(
            self.encryption != SmtpEncryption::DangerPlain || here,
            "`console.smtp.encryption` is `danger_plain`, which is for a server on this machine: mails hold links that \
             open accounts"
        );
        // Whether the sender is one is found out without a server.
        SmtpSettings { password: None, trusted: None, ..self.known() }.check()?;
        Ok(())
    }

    fn known(&self) -> SmtpSettings {
        let (encryption, port) = match self.encryption {
            SmtpEncryption::Starttls => (Encryption::StartTls, 587),
            SmtpEncryption::Tls => (Encryption::Tls, 465),
            SmtpEncryption::DangerPlain => (Encryption::Plain, 25),
        };
        SmtpSettings {
            host: self.host.clone(),
            port: self.port.unwrap_or(port),
            encryption,
            from: self.from.clone(),
            username: self.username.clone(),
            password: None,
            trusted: None,
        }
    }

    /// Reads the files that it names.
    pub(crate) fn read(&self) -> anyhow::Result<SmtpSettings> {
        let mut settings = self.known();
        if let Some(file) = &self.password_file {
            let password = read_secret_file(file)?;
            settings.password = Some(Zeroizing::new(password.trim_end_matches(['\r', '\n']).to_owned()));
        }
        if let Some(file) = &self.ca_file {
            let read = std::fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))?;
            settings.trusted = Some(read);
        }
        Ok(settings)
    }
}

/// Plain HTTP is for this machine, unless the operator says so.
fn check_listen(section: &str, listen: SocketAddr, tls: bool, danger: bool) -> anyhow::Result<()> {
    ensure!(
        listen.ip().is_loopback() || tls || danger,
        "`{section}.listen` is {listen}, where others can read and replay plain HTTP: give it a certificate in \
         `[{section}.tls]`, or listen on 127.0.0.1 behind a proxy that speaks TLS, or say `danger_plain_http = true`"
    );
    Ok(())
}

impl TlsSection {
    /// Reads the certificate and its key, and finds out whether they belong together.
    pub(crate) fn read(&self) -> anyhow::Result<Certificate> {
        let (chain, key) = (&self.certificate_file, &self.key_file);
        let cannot = || format!("cannot read `{}`", chain.display());
        let text = std::fs::read(chain).with_context(cannot)?;
        let secret = read_secret_file(key)?;
        Certificate::from_pem(&text, secret.as_bytes())
            .with_context(|| format!("`{}` and `{}`", chain.display(), key.display()))
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
        // And every key that has no default, comments taken away, is one that is known.
        toml::from_str::<Config>(&SAMPLE.replace("#: ", "")).unwrap();
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_to_do() {
        let cases = [
            ("[endpoint]\nlisten = \"0.0.0.0:8640\"", "danger_plain_http = true"),
            ("[endpoint]\nlisten = \"[::]:8640\"", "[endpoint.tls]"),
            ("[admin]\nlisten = \"0.0.0.0:8642\"", "`admin.listen` is 0.0.0.0:8642"),
            ("[console]\nlisten = \"0.0.0.0:8641\"", "`console.listen` is 0.0.0.0:8641"),
            ("[console]\npublic_url = \"https://c.example/x\"", "without a path"),
            ("[console]\npublic_url = \"c.example\"", "`console.public_url` is `c.example`"),
            ("[console]\nendpoint_url = \"javascript:x\"", "`console.endpoint_url`"),
            ("[console.smtp]\nhost = \"m.example\"\nfrom = \"nobody\"", "`nobody` is not a sender"),
            ("[console.smtp]\nhost = \"m.example:25\"\nfrom = \"a@b.c\"\nusername = \"u\"", "go together"),
            (
                "[console.smtp]\nhost = \"m.example\"\nfrom = \"a@b.c\"\nencryption = \"danger_plain\"",
                "on this machine",
            ),
            ("[console]\ntrusted_proxies = [\"nowhere\"]", "`console.trusted_proxies`"),
            ("[console]\nsession_idle_seconds = 50000", "`console.session_idle_seconds` is 50000"),
            ("[endpoint.tls]\ncertificate_file = \"c\"", "missing field `key_file`"),
            ("[endpoint]\ndrain_delay_seconds = 3601", "0 to 3600"),
            ("[endpoint]\nlisen = \"127.0.0.1:1\"", "unknown field `lisen`"),
            ("[maxcompute]\nbase_path = \"api/\"", "begins with a slash"),
            ("[maxcompute]\nreadings = [\"sloppy\"]", "there are: strict, no-leading-slash"),
            ("[maxcompute]\nclock_skew_seconds = 0", "1 to 86400"),
            ("[signatures]\nclock_skew_seconds = 0", "`signatures.clock_skew_seconds` is 0"),
            ("[signatures]\nschemes = [\"oauth\"]", "`oauth`; there are: odps"),
            ("[signatures]\nreadings = [\"sloppy\"]", "`signatures.readings` names `sloppy`"),
            ("[signatures]\nsigned_headers = [\"Host\"]", "in lower case"),
            ("[signatures]\nbucket_domains = [\".oss.example\"]", "like oss.example.com"),
            ("[signatures]\ndanger_unsigned = [\"all\"]", "unknown variant `all`"),
            ("[replays]\ncapacity = 1", "1000 to 1000000000"),
            ("[log]\nlevel = \"inof\"", "error, warn, info"),
            ("[log]\nlevel = \"info=what=is\"", "`log.level` is `info=what=is`"),
            ("[store]\ndata = \"a\"\ndatabase_file = \"b\"", "name one"),
        ];
        for (text, expected) in cases {
            let error = format!("{:#}", Config::parse(text).unwrap_err());
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn with_tls_a_listener_may_be_anywhere() {
        let tls = "certificate_file = \"c\"\nkey_file = \"k\"\n";
        for section in ["endpoint", "console", "admin"] {
            let text = format!("[{section}]\nlisten = \"0.0.0.0:1\"\n[{section}.tls]\n{tls}");
            Config::parse(&text).unwrap();
        }
    }

    #[test]
    fn what_a_running_server_cannot_change_is_named() {
        let one = Config::parse("").unwrap();
        let other = "[endpoint]\nlisten = \"127.0.0.1:1\"\ndrain_delay_seconds = 9\n[endpoint.tls]\n\
                     certificate_file = \"c\"\nkey_file = \"k\"\n[maxcompute]\nodps_v4 = false\n[log]\nformat = \"json\"";
        let other = Config::parse(other).unwrap();
        assert_eq!(one.fixed_differences(&other), ["endpoint.listen", "endpoint.tls", "log.format"]);
        assert!(other.fixed_differences(&other).is_empty());
    }
}
