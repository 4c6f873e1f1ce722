//! `countersign request`: a signed request, sent.

use std::io::Write;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use clap::Args;
use countersign::Malformed;
use countersign_accounts::{clock, random};
use countersign_client::{Answer, Client, ClientError, Signed};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use rand_core::CryptoRng;

use super::signing::Signing;
use crate::print::{Printer, printable};
use crate::profile::ProfileArgs;

/// Header fields that are not for the caller to choose.
const SET_BY_SIGNING: [&str; 2] = ["authorization", "date"];

/// Send a signed request and print the body of the answer
#[derive(Args, Debug)]
pub(crate) struct Request {
    #[command(flatten)]
    profile: ProfileArgs,
    #[command(flatten)]
    signing: Signing,
    #[command(flatten)]
    about: About,
    /// Print the status and the header fields of the answer too
    #[arg(long, short)]
    include: bool,
}

/// What to sign.
#[derive(Args, Debug)]
pub(super) struct About {
    /// The method, such as GET
    method: Method,
    /// A path behind the endpoint's own, such as /tenants, or a whole URL: by `odps` of the endpoint, by other schemes any
    url: String,
    /// A header field, such as 'Content-Type: application/xml'; it may be given several times
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The body; with @ before it, the file that it is in
    #[arg(long, short = 'd', value_name = "TEXT|@FILE")]
    body: Option<String>,
}

impl Request {
    pub(crate) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let client = self.signing.client(&self.profile, printer)?;
        let answer = self.about.send(&client).await?;
        if self.include {
            printer.line(&format!("HTTP/1.1 {}", answer.status))?;
            for (name, value) in &answer.headers {
                printer
                    .line(&format!("{name}: {}", printable(&String::from_utf8_lossy(value.as_bytes()))))?;
            }
            printer.line("")?;
        }
        let out: &mut dyn Write = printer.out();
        out.write_all(&answer.body)?;
        if !answer.body.ends_with(b"\n") {
            out.write_all(b"\n")?;
        }
        let done = answer.status.is_success();
        if !done && !self.include {
            printer.note(&format!("status: {}", answer.status));
        }
        Ok(u8::from(!done))
    }
}

impl About {
    /// The signed request, not sent.
    pub(super) fn sign(self, client: &Client) -> anyhow::Result<Signed> {
        let body = match self.body.as_deref().map(|body| body.strip_prefix('@').ok_or(body)) {
            None => Bytes::new(),
            Some(Err(text)) => Bytes::copy_from_slice(text.as_bytes()),
            Some(Ok(file)) => std::fs::read(file).with_context(|| format!("cannot read `{file}`"))?.into(),
        };
        let headers = parse_headers(&self.headers)?;
        let nonce = nonce(&mut random::from_system());
        match client.sign(self.method, &self.url, headers, body, clock::now(), &nonce) {
            Err(ClientError::Sign(Malformed::Missing(what @ ("region" | "service")))) => {
                bail!("the scheme signs the {what}, and none is known: give `--{what} NAME`")
            }
            signed => Ok(signed?),
        }
    }

    async fn send(self, client: &Client) -> anyhow::Result<Answer> {
        Ok(client.send(self.sign(client)?).await?)
    }
}

/// What no other request has: 128 random bits.
pub(crate) fn nonce(random: &mut impl CryptoRng) -> String {
    format!("{:016x}{:016x}", random.next_u64(), random.next_u64())
}

fn parse_headers(lines: &[String]) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            bail!("`{line}` is not a header field: it should read `NAME: VALUE`");
        };
        let name: HeaderName =
            name.trim().parse().with_context(|| format!("`{name}` cannot name a header field"))?;
        ensure!(!SET_BY_SIGNING.contains(&name.as_str()), "`{name}` is set by signing: leave it out");
        let value = HeaderValue::from_bytes(value.trim().as_bytes())
            .with_context(|| format!("the value of `{name}` cannot be one"))?;
        headers.append(name, value);
    }
    Ok(headers)
}
