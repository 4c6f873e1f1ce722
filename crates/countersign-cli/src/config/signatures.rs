//! The sections `[signatures]` and `[replays]`: what is asked of signed requests, and what is remembered of them.

use std::time::Duration;

use anyhow::{bail, ensure};
use countersign::{Unsigned, schemes};
use countersign_accounts::replay::DEFAULT_CAPACITY;
use countersign_accounts::verifier::Demands;
use countersign_control::state::ReplaySettings;
use http::HeaderName;
use serde::Deserialize;

/// What is asked of requests elsewhere than on the MaxCompute login surface.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SignaturesSection {
    pub(crate) schemes: Vec<String>,
    pub(crate) clock_skew_seconds: u64,
    pub(crate) readings: Vec<String>,
    pub(crate) signed_headers: Vec<String>,
    pub(crate) refuse_repeats: bool,
    pub(crate) bucket_domains: Vec<String>,
    pub(crate) danger_unsigned: Vec<UnsignedPart>,
    pub(crate) danger_ambiguous: bool,
    pub(crate) danger_rsa_sha1: bool,
    pub(crate) hide_unknown_keys: bool,
}

/// What may go unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UnsignedPart {
    Target,
    Time,
    Body,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ReplaysSection {
    pub(crate) capacity: usize,
    pub(crate) after_restart: AfterRestart,
}

/// What becomes of requests with a nonce that were signed before the server started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AfterRestart {
    #[default]
    Accept,
    Refuse,
}

impl Default for SignaturesSection {
    fn default() -> Self {
        Self {
            schemes: Vec::new(),
            clock_skew_seconds: 900,
            readings: Vec::new(),
            signed_headers: Vec::new(),
            refuse_repeats: false,
            bucket_domains: Vec::new(),
            danger_unsigned: Vec::new(),
            danger_ambiguous: false,
            danger_rsa_sha1: false,
            hide_unknown_keys: false,
        }
    }
}

impl Default for ReplaysSection {
    fn default() -> Self {
        Self { capacity: DEFAULT_CAPACITY, after_restart: AfterRestart::default() }
    }
}

impl SignaturesSection {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(
            (1..=24 * 60 * 60).contains(&self.clock_skew_seconds),
            "`signatures.clock_skew_seconds` is {}: it may be 1 to 86400",
            self.clock_skew_seconds
        );
        if let Some(unknown) = self.schemes.iter().find(|name| schemes::named(name).is_none()) {
            let known: Vec<_> = schemes::ALL.iter().map(|scheme| scheme.name()).collect();
            bail!("`signatures.schemes` names `{unknown}`; there are: {}", known.join(", "));
        }
        let known = schemes::ALL.iter().flat_map(|scheme| scheme.readings()).map(|reading| reading.name);
        let known: Vec<_> = known.collect();
        if let Some(unknown) = self.readings.iter().find(|name| !known.contains(&name.as_str())) {
            bail!("`signatures.readings` names `{unknown}`; there are: {}", known.join(", "));
        }
        let lower = |name: &String| HeaderName::from_lowercase(name.as_bytes()).is_ok();
        if let Some(wrong) = self.signed_headers.iter().find(|name| !lower(name)) {
            bail!("`signatures.signed_headers` names `{wrong}`: a header field's name, in lower case");
        }
        let host = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-:=".contains(c);
        let domain =
            |name: &String| !name.is_empty() && !name.starts_with(['.', '=']) && name.chars().all(host);
        if let Some(wrong) = self.bucket_domains.iter().find(|name| !domain(name)) {
            bail!(
                "`signatures.bucket_domains` names `{wrong}`: it should read like oss.example.com, or files.example.com=bucket, in lower case"
            );
        }
        Ok(())
    }

    pub(super) fn demands(&self, secure: bool) -> Demands {
        let unsigned = |part| self.danger_unsigned.contains(&part);
        Demands {
            secure,
            bucket_domains: self.bucket_domains.clone(),
            clock_skew: Duration::from_secs(self.clock_skew_seconds),
            schemes: (!self.schemes.is_empty()).then(|| self.schemes.clone()),
            readings: self.readings.clone(),
            rsa_sha1: self.danger_rsa_sha1,
            unsigned: Unsigned {
                target: unsigned(UnsignedPart::Target),
                time: unsigned(UnsignedPart::Time),
                body: unsigned(UnsignedPart::Body),
            },
            signed_headers: self.signed_headers.clone(),
            refuse_repeats: self.refuse_repeats,
            ambiguous: self.danger_ambiguous,
            hide_unknown_keys: self.hide_unknown_keys,
            ..Demands::at("")
        }
    }
}

impl ReplaysSection {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(
            (1000..=1_000_000_000).contains(&self.capacity),
            "`replays.capacity` is {}: it may be 1000 to 1000000000",
            self.capacity
        );
        Ok(())
    }

    pub(super) fn settings(&self) -> ReplaySettings {
        let refuse_earlier = self.after_restart == AfterRestart::Refuse;
        ReplaySettings { capacity: self.capacity, refuse_earlier }
    }
}
