//! The environment variables that Countersign reads, and the only place that reads them. Those that hold an AccessKey are
//! listed with the profiles that they make: `client/src/profile/environment.rs`.

/// The data directory: as `--data`.
pub(crate) const DATA: &str = "COUNTERSIGN_DATA";
/// The database: as `--database`. It may hold a password, which a command line should not.
pub(crate) const DATABASE: &str = "COUNTERSIGN_DATABASE";
/// The file of the master key: as `--master-key-file`.
pub(crate) const MASTER_KEY_FILE: &str = "COUNTERSIGN_MASTER_KEY_FILE";
/// What to log, in the syntax of `tracing_subscriber`'s `EnvFilter` targets, such as `info` or `debug`.
pub(crate) const LOG: &str = "COUNTERSIGN_LOG";
/// Where systemd puts the credentials of a service (systemd.exec(5)): `master-key` there is the master key.
pub(crate) const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// Where systemd wants to be told how a service fares (sd_notify(3)).
pub(crate) const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";
/// After how many microseconds without a sign of life systemd takes a service for dead (sd_watchdog_enabled(3)).
pub(crate) const WATCHDOG_USEC: &str = "WATCHDOG_USEC";
/// Which process it expects one from.
pub(crate) const WATCHDOG_PID: &str = "WATCHDOG_PID";
/// Who runs the command, for the change log.
pub(crate) const USER: &str = "USER";

/// Where the profiles of other programs are.
pub(crate) const HOME: &str = "HOME";
/// Which profile of `~/.aliyun/config.json` is meant, as Alibaba Cloud's programs read it.
pub(crate) const ALIBABA_CLOUD_PROFILE: &str = "ALIBABA_CLOUD_PROFILE";
/// Which profile of `~/.aws` is meant, and where its files are, as AWS's programs read them.
pub(crate) const AWS_PROFILE: &str = "AWS_PROFILE";
pub(crate) const AWS_SHARED_CREDENTIALS_FILE: &str = "AWS_SHARED_CREDENTIALS_FILE";
pub(crate) const AWS_CONFIG_FILE: &str = "AWS_CONFIG_FILE";

/// The value of a variable; one that is empty counts as not set.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub(crate) fn get(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
