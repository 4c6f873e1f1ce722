//! `countersign exec`: a program, with the AccessKey in its environment.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};

use anyhow::{Context, ensure};
use clap::Args;
use countersign_client::{Family, environment};
use rustix::process::{Pid, Signal, kill_process};
use tokio::signal::unix::{SignalKind, signal};

use crate::print::Printer;
use crate::profile::ProfileArgs;

/// Run a program with the AccessKey in the environment variables that its SDK reads
///
/// They are those of MaxCompute (ODPS_*), Alibaba Cloud (ALIBABA_CLOUD_*, ALIBABACLOUD_*, ALICLOUD_*), OSS (OSS_*) and AWS
/// (AWS_*), with the endpoint, the region and the project where the profile has them. What would lead to another AccessKey
/// is taken out of them. The exit status is the program's; where a signal has ended it, 128 and the signal's number.
#[derive(Args, Debug)]
pub(crate) struct Exec {
    #[command(flatten)]
    profile: ProfileArgs,
    /// The program and its arguments, behind `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Exec {
    pub(crate) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let family = self.profile.family().unwrap_or(Family::Odps);
        let profile = self.profile.profile_for(family, printer)?;
        ensure!(
            profile.access_key_id.is_some() && profile.access_key_secret.is_some(),
            "no AccessKey is known: name a profile that has one with `--profile`, or give `--access-key-id ID` and \
             `--access-key-secret-file FILE`"
        );
        let (program, arguments) = self.command.split_first().context("no program is named")?;
        let mut command = Command::new(program);
        command.args(arguments);
        for (name, value) in environment(&profile) {
            match value {
                Some(value) => command.env(name, value.as_str()),
                None => command.env_remove(name),
            };
        }
        // Before there is a child that they could be meant for.
        let mut signals = Signals::new()?;
        let child = command.spawn().with_context(|| format!("cannot run `{}`", program.display()))?;
        Ok(status(signals.pass_on_until_it_ends(child).await?))
    }
}

/// What a shell says of how a program ended.
fn status(ended: ExitStatus) -> u8 {
    let code = ended.code().or_else(|| ended.signal().map(|signal| 128 + signal)).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

/// The signals that ask a program to end. Those that a terminal sends reach the child by themselves: this program only has
/// to outlive them.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    quit: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    async fn pass_on_until_it_ends(&mut self, mut child: Child) -> anyhow::Result<ExitStatus> {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let mut ended = tokio::task::spawn_blocking(move || child.wait());
        loop {
            let signal = tokio::select! {
                ended = &mut ended => return Ok(ended??),
                _ = self.terminate.recv() => Signal::TERM,
                _ = self.hang_up.recv() => Signal::HUP,
                _ = self.interrupt.recv() => continue,
                _ = self.quit.recv() => continue,
            };
            if let Some(pid) = pid {
                // It may have ended this very moment.
                let _ = kill_process(pid, signal);
            }
        }
    }
}
