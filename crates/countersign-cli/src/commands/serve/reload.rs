//! Reading the configuration again while the server runs.

use std::sync::Arc;
use std::time::Duration;

use countersign_control::admin::Admin;
use countersign_control::console::Console;
use countersign_control::state::State;
use countersign_control::tls::{Certificate, Tls};
use tracing_subscriber::filter::Targets;

use super::Origins;
use crate::config::{Config, TlsSection};
use crate::telemetry::{self, Logged};

/// What a running server can change.
#[derive(Debug)]
pub(super) struct Reload {
    /// The configuration that the server was started with.
    pub(super) started: Config,
    /// For how long connections are taken after the server is told to stop.
    pub(super) drain_delay: Duration,
    pub(super) state: Arc<State>,
    pub(super) admin: Arc<Admin>,
    pub(super) console: Arc<Console>,
    pub(super) origins: Origins,
    pub(super) tls: Option<Tls>,
    pub(super) console_tls: Option<Tls>,
    pub(super) admin_tls: Option<Tls>,
    pub(super) logged: Logged,
}

/// All that a new configuration asks for, read and found to be good.
struct Prepared {
    config: Config,
    certificate: Option<Certificate>,
    console_certificate: Option<Certificate>,
    admin_certificate: Option<Certificate>,
    targets: Targets,
}

impl Reload {
    /// Reads the configuration again and puts it in force: all that can be changed, or, where anything is wrong with it,
    /// nothing.
    pub(super) fn again(&mut self, read: impl FnOnce() -> anyhow::Result<Config>) {
        match read().and_then(|config| self.prepare(config)) {
            Ok(prepared) => self.put(prepared),
            Err(error) => tracing::error!(
                error = format!("{error:#}"),
                "the configuration was read again and cannot be used: the one before stays in force"
            ),
        }
    }

    fn prepare(&self, config: Config) -> anyhow::Result<Prepared> {
        // Whether there is TLS at all cannot change, so a certificate that would not be used is not asked for.
        let certificate = |tls: &Option<Tls>, section: &Option<TlsSection>| {
            section.as_ref().filter(|_| tls.is_some()).map(TlsSection::read).transpose()
        };
        Ok(Prepared {
            certificate: certificate(&self.tls, &config.endpoint.tls)?,
            console_certificate: certificate(&self.console_tls, &config.console.tls)?,
            admin_certificate: certificate(&self.admin_tls, &config.admin.tls)?,
            targets: telemetry::wanted(&config.log.level)?,
            config,
        })
    }

    fn put(&mut self, prepared: Prepared) {
        let Prepared { config, certificate, console_certificate, admin_certificate, targets } = prepared;
        self.logged.replace(targets);
        let certificates = [
            (&self.tls, certificate),
            (&self.console_tls, console_certificate),
            (&self.admin_tls, admin_certificate),
        ];
        for (tls, certificate) in certificates {
            if let Some((tls, certificate)) = tls.as_ref().zip(certificate) {
                tls.replace(certificate);
            }
        }
        self.admin.set_max_age(config.max_age());
        self.drain_delay = config.drain_delay();
        self.state.put_settings(config.settings());
        self.console.put_settings(self.origins.settings(&config));
        for key in self.started.fixed_differences(&config) {
            tracing::warn!("`{key}` has changed, but takes effect only when the server is started again");
        }
        tracing::info!("the configuration was read again and is in force");
    }
}
