//! `countersign whoami`: whose AccessKey this is, as the endpoint sees it.

use anyhow::{Context, bail};
use bytes::Bytes;
use clap::Args;
use countersign_accounts::clock;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;
use serde_json::Value;

use crate::print::{Output, Printer, Table, printable};
use crate::profile::ProfileArgs;

const QUERY: &str =
    "<Authorization><Query>whoami</Query><ResponseInJsonFormat>true</ResponseInJsonFormat></Authorization>";

/// Ask the endpoint whose AccessKey this is, as odpscmd's `whoami` does
#[derive(Args, Debug)]
pub(crate) struct Whoami {
    #[command(flatten)]
    profile: ProfileArgs,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl Whoami {
    pub(crate) async fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let client = self.profile.client(printer)?;
        let project = self.profile.profile(printer)?.project;
        let project = project
            .context("no project is known: give `project_name` in the profile, or `--project NAME`")?;
        let url = format!("/projects/{project}/authorization");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/xml"))]);
        let query = Bytes::from_static(QUERY.as_bytes());
        let signed = client.sign(Method::POST, &url, headers, query, clock::now(), "")?;
        let answer = client.send(signed).await?;
        if !answer.status.is_success() {
            let said = element(&answer.body, "Message").unwrap_or_default();
            bail!("the endpoint answered {}: {}", answer.status, printable(&said));
        }
        let result = element(&answer.body, "Result")
            .context("the endpoint answered something else than MaxCompute does")?;
        let who: Value = serde_json::from_str(&result).context("the endpoint's answer cannot be read")?;
        match self.output {
            Output::Json => printer.json(&who)?,
            Output::Table => {
                let mut table = Table::new(&["NAME", "ACCOUNT", "SOURCE ADDRESS", "PROJECT"]);
                let field = |name: &str| who.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                table.row(["DisplayName", "ID", "SourceIP", "ProjectName"].map(field));
                printer.table(&table)?;
            }
        }
        Ok(0)
    }
}

/// The text of the first element of this name.
fn element(xml: &[u8], name: &str) -> Option<String> {
    let mut reader = quick_xml::Reader::from_str(std::str::from_utf8(xml).ok()?);
    let mut text: Option<String> = None;
    loop {
        let part = match reader.read_event().ok()? {
            Event::Start(start) if start.name().as_ref() == name => {
                text = Some(String::new());
                continue;
            }
            Event::End(end) if end.name().as_ref() == name => return text,
            Event::Text(part) => part.xml10_content().into_owned(),
            Event::CData(part) => part.xml10_content().into_owned(),
            Event::GeneralRef(part) => resolve_xml_entity(&part)?.to_owned(),
            Event::Eof => return None,
            _ => continue,
        };
        if let Some(text) = &mut text {
            text.push_str(&part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_element_is_found_escaped_or_not() {
        assert_eq!(element(b"<A><B>x&quot;y<![CDATA[<z>]]></B></A>", "B").as_deref(), Some("x\"y<z>"));
        assert_eq!(element(b"<A/>", "B"), None);
        assert_eq!(element(b"not xml", "B"), None);
    }
}
