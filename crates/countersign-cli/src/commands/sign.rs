//! `countersign sign`: the header fields of a signed request, or its presigned URL.

use clap::Args;

use super::request::About;
use super::signing::Signing;
use crate::print::{Printer, printable};
use crate::profile::ProfileArgs;

/// Sign a request and print what to send: the header fields, or the URL where the signature is in it
#[derive(Args, Debug)]
pub(crate) struct Sign {
    #[command(flatten)]
    profile: ProfileArgs,
    #[command(flatten)]
    signing: Signing,
    #[command(flatten)]
    about: About,
    /// Print what was signed instead
    #[arg(long)]
    string_to_sign: bool,
}

impl Sign {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let client = self.signing.client(&self.profile, printer)?;
        let signed = self.about.sign(&client)?;
        if self.string_to_sign {
            printer.line(&signed.string_to_sign.to_text())?;
            return Ok(0);
        }
        if signed.in_query {
            printer.line(&signed.url)?;
            return Ok(0);
        }
        for (name, value) in &signed.headers {
            printer.line(&format!("{name}: {}", printable(&String::from_utf8_lossy(value.as_bytes()))))?;
        }
        Ok(0)
    }
}
