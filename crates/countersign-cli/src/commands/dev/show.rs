//! The product at work on itself, live: a signed request accepted; the same with one byte changed, refused; its key
//! disabled, and after how long it was refused; enabled again.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use countersign::{AccessKeyId, schemes};
use countersign_accounts::change::Revision;
use countersign_accounts::clock;
use countersign_client::{Answer, Client, Profile, Signed};
use countersign_control::app::access_keys;
use countersign_store::Store;
use http::{HeaderMap, Method, StatusCode};

use super::{PROJECT, asked};
use crate::print::Printer;

/// A change that is not in force after this long is a defect, not a matter of patience.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn show(printer: &mut Printer, profile: &Profile, store: &Store) -> anyhow::Result<()> {
    let client = Client::new(profile)?;
    let id = profile.access_key_id.clone().context("the demonstration has an AccessKey")?;
    let account = access_keys::find(store, &id).await?.key.account;

    printer.line("What it does, live:\n")?;
    let signed = sign(&client)?;
    let began = Instant::now();
    let answer = client.send(signed).await?;
    ensure!(answer.status == StatusCode::OK, "the signed request was not accepted: {}", answer.status);
    printer.line(&format!(
        "  accepted  GET /projects/{PROJECT}, signed: {} in {}",
        answer.status,
        ms(began.elapsed())
    ))?;

    tampered(printer, &client).await?;

    let began = Instant::now();
    let revision = access_keys::disable(store, asked(), account.clone(), id.clone()).await?;
    let acknowledged = began.elapsed();
    until(&client, StatusCode::UNAUTHORIZED).await?;
    said(printer, "disabled", &id, acknowledged, "refused", began.elapsed(), revision)?;

    let began = Instant::now();
    let revision = access_keys::enable(store, asked(), account, id.clone()).await?;
    let acknowledged = began.elapsed();
    until(&client, StatusCode::OK).await?;
    said(printer, "enabled", &id, acknowledged, "accepted", began.elapsed(), revision)
}

/// Sends a request that was changed on the way: its target is not the one that was signed.
async fn tampered(printer: &mut Printer, client: &Client) -> anyhow::Result<()> {
    let mut signed = sign(client)?;
    let ours = signed.string_to_sign.to_text();
    signed.url.pop();
    signed.url.push('a');
    let target = signed.url.rsplit_once("/api").map_or("", |(_, target)| target).to_owned();
    let answer = client.send(signed).await?;
    ensure!(answer.status == StatusCode::UNAUTHORIZED, "a request that was changed got {}", answer.status);
    printer.line(&format!("  refused   GET {target}, one byte changed on the way: {}", answer.status))?;

    let said = String::from_utf8_lossy(&answer.body).into_owned();
    let theirs = said.split_once("the string to sign is here: ").and_then(|(_, rest)| rest.split_once("]]>"));
    let theirs =
        theirs.map(|(text, _)| text.replace("\\n", "\n")).context("the refusal holds the string to sign")?;
    let lines = ours.lines().zip(theirs.lines()).enumerate();
    let (number, (ours, theirs)) =
        lines.into_iter().find(|(_, (a, b))| a != b).context("one line of the string to sign differs")?;
    let name = schemes::ODPS.line_name(number, ours);
    printer.line(&format!("            line {} of the string to sign differs, the {name}:", number + 1))?;
    printer.line(&format!("              signed    {ours}"))?;
    printer.line(&format!("              received  {theirs}"))?;
    Ok(())
}

fn said(
    printer: &mut Printer,
    done: &str,
    id: &AccessKeyId,
    acknowledged: Duration,
    outcome: &str,
    after: Duration,
    revision: Revision,
) -> anyhow::Result<()> {
    let (acknowledged, after) = (ms(acknowledged), ms(after));
    printer.line(&format!(
        "  {done:<9} {id}: on disk after {acknowledged}, {outcome} after {after} (revision {revision})"
    ))?;
    Ok(())
}

/// Asks until the answer has this status.
async fn until(client: &Client, status: StatusCode) -> anyhow::Result<Answer> {
    let began = Instant::now();
    loop {
        let answer = client.send(sign(client)?).await?;
        if answer.status == status {
            return Ok(answer);
        }
        ensure!(began.elapsed() < PATIENCE, "after {} it is still {}", ms(PATIENCE), answer.status);
    }
}

fn sign(client: &Client) -> anyhow::Result<Signed> {
    let url = format!("/projects/{PROJECT}");
    Ok(client.sign(Method::GET, &url, HeaderMap::new(), Bytes::new(), clock::now(), "")?)
}

fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}
