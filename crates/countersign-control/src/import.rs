//! Files that hold pairs of ids and secrets, as other services and gateways write them.
//!
//! What is read here is not judged yet: [`crate::app::import`] does that. No error holds anything of the file but
//! names and places, for the rest may be a secret.

mod apisix;
mod csv;
mod kong;
mod minio;

use countersign::AccessKeySecret;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

/// In which form a file holds its pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A heading and a line for each pair, as consoles offer it for download.
    Csv,
    /// Kong's declarative configuration, in YAML or JSON.
    Kong,
    /// Consumers or credentials of APISIX, as its Admin API or its standalone file has them.
    Apisix,
    /// `users.json` or `svcaccts.json` of what `mc admin cluster iam export` writes.
    Minio,
}

/// A pair that a file holds, as it is written there.
#[derive(Debug)]
pub struct Pair {
    /// Where in the file: `line 3`, `consumers[0].hmacauth_credentials[1]`.
    pub place: String,
    /// Empty where there is none. It may be no AccessKey id, and then it may be anything.
    pub id: String,
    pub secret: Option<AccessKeySecret>,
    /// Whose it is or what for; empty where nothing is said.
    pub description: String,
    pub standing: Standing,
    /// When it ends, as it is written.
    pub expires: Option<String>,
}

/// Whether a pair is in force where it comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    #[default]
    Enabled,
    Disabled,
    /// Said in a word that is not known here.
    Unknown,
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("it is not UTF-8")]
    NotUtf8,
    #[error("it is not {what}{place}", place = .place.map_or_else(String::new, |(line, column)| format!(": see line {line}, column {column}")))]
    NotOfForm { what: &'static str, place: Option<(u64, u64)> },
    #[error("its first line names no columns that are known, such as `AccessKey ID,AccessKey Secret`")]
    NoHeading,
    #[error("line {0} has another number of columns than the first")]
    Columns(usize),
    #[error("the quotation mark in line {0} is not closed")]
    Quotation(usize),
    #[error("it does not tell in which form it is: say so with `--format`")]
    WhichFormat,
}

/// Reads the pairs of a file. Where no format is named, the file tells it.
pub fn pairs(bytes: &[u8], format: Option<Format>) -> Result<Vec<Pair>, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotUtf8)?;
    // What a spreadsheet puts before its first line.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let format = match format {
        Some(format) => format,
        None => tell(text)?,
    };
    match format {
        Format::Csv => csv::pairs(text),
        Format::Kong => kong::pairs(text),
        Format::Apisix => apisix::pairs(text),
        Format::Minio => minio::pairs(text),
    }
}

/// What stands at the top of a file, as far as it tells one form from another.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Top {
    #[serde(rename = "_format_version")]
    format_version: Option<IgnoredAny>,
    hmacauth_credentials: Option<IgnoredAny>,
    consumers: Option<IgnoredAny>,
    list: Option<IgnoredAny>,
    node: Option<IgnoredAny>,
    value: Option<IgnoredAny>,
    plugins: Option<IgnoredAny>,
}

fn tell(text: &str) -> Result<Format, Unreadable> {
    if csv::has_heading(text) {
        return Ok(Format::Csv);
    }
    if text.trim_start().starts_with('[') {
        // Of these, the consumers of APISIX alone come as a bare list.
        return Ok(Format::Apisix);
    }
    // What the wrong parser says of a file helps nobody.
    let top: Top = read(text).map_err(|_| Unreadable::WhichFormat)?;
    if top.format_version.is_some() || top.hmacauth_credentials.is_some() {
        return Ok(Format::Kong);
    }
    if top.list.is_some() || top.node.is_some() || top.value.is_some() || top.plugins.is_some() {
        return Ok(Format::Apisix);
    }
    match top.consumers.is_none() && is_json(text) {
        true => Ok(Format::Minio),
        false => Err(Unreadable::WhichFormat),
    }
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Reads JSON or YAML.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    // Both parsers quote what they stumble over, so nothing is kept of their errors but the place.
    if is_json(text) {
        return serde_json::from_str(text).map_err(|error| Unreadable::NotOfForm {
            what: "JSON of the expected form",
            place: Some((error.line() as u64, error.column() as u64)),
        });
    }
    // As much as a file of the size that is taken can hold; what it would come to once its aliases are followed stays
    // bounded.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: 6_000_000, max_events: 12_000_000 },
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| Unreadable::NotOfForm {
        what: "YAML of the expected form",
        place: error.location().map(|place| (place.line(), place.column())),
    })
}

/// A secret in a file.
struct Secret(AccessKeySecret);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(AccessKeySecret::new(text)))
    }
}

impl Secret {
    fn into_inner(self) -> AccessKeySecret {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Told = (String, Option<String>, String, Standing, Option<String>);

    fn told(text: &str, format: Option<Format>) -> Vec<Told> {
        let told = |pair: Pair| {
            let secret = pair.secret.map(|secret| secret.expose().to_owned());
            (pair.id, secret, pair.description, pair.standing, pair.expires)
        };
        pairs(text.as_bytes(), format).unwrap().into_iter().map(told).collect()
    }

    fn one(id: &str, secret: &str, description: &str) -> Told {
        (id.to_owned(), Some(secret.to_owned()), description.to_owned(), Standing::Enabled, None)
    }

    const KONG: &str = r#"
_format_version: "3.0"
services:
- name: orders
  url: http://orders.internal
  plugins: [{name: hmac-auth, config: {clock_skew: 300}}]
consumers:
- username: alice
  custom_id: c-1
  hmacauth_credentials:
  - username: alice-key   # a comment
    secret: "alice's secret: one"
  - username: alice-two
    secret: 123456789
- id: 6a1cd2a2-1a8e-4a2f-9a70-0c6a1f4b7a11
  username: bob
  keyauth_credentials: [{key: not-ours}]
- username: carol
  hmacauth_credentials:
hmacauth_credentials:
- consumer: alice
  username: alice-three
  secret: "{vault://env/alice}"
- consumer: {id: 6a1cd2a2-1a8e-4a2f-9a70-0c6a1f4b7a11}
  username: bob-key
  secret: bobs-secret-text
- consumer: 6a1cd2a2-1a8e-4a2f-9a70-0c6a1f4b7a11
  username: bob-two
"#;

    #[test]
    fn kong_has_credentials_within_consumers_and_beside_them() {
        let found = told(KONG, None);
        assert_eq!(
            found,
            [
                one("alice-key", "alice's secret: one", "alice"),
                one("alice-two", "123456789", "alice"),
                one("alice-three", "{vault://env/alice}", "alice"),
                one("bob-key", "bobs-secret-text", "bob"),
                ("bob-two".to_owned(), None, "bob".to_owned(), Standing::Enabled, None),
            ]
        );
        let json = r#"{"_format_version":"3.0","consumers":[{"username":"alice",
            "hmacauth_credentials":[{"username":"k","secret":"some secret","tags":["a"]}]}]}"#;
        assert_eq!(told(json, None), [one("k", "some secret", "alice")]);
        let place = &pairs(KONG.as_bytes(), None).unwrap()[1].place;
        assert_eq!(place, "consumers[0].hmacauth_credentials[1]");
    }

    #[test]
    fn apisix_has_consumers_in_many_wrappings() {
        let new = r#"{"username":"jack","plugins":{"hmac-auth":{"key_id":"jack-key","secret_key":"jack secret"},"limit-count":{}}}"#;
        let old = r#"{"username":"jack","plugins":{"hmac-auth":{"access_key":"jack-key","secret_key":"jack secret","algorithm":"hmac-sha256"}}}"#;
        let jack = [one("jack-key", "jack secret", "jack")];
        for consumer in [new, old] {
            for text in [
                consumer.to_owned(),
                format!("[{consumer}]"),
                format!(r#"{{"key":"/apisix/consumers/jack","value":{consumer},"createdIndex":1}}"#),
                format!(r#"{{"total":1,"list":[{{"key":"/apisix/consumers/jack","value":{consumer}}}]}}"#),
                format!(
                    r#"{{"action":"get","count":"1","node":{{"dir":true,"key":"/apisix/consumers","nodes":[{{"value":{consumer}}}]}}}}"#
                ),
            ] {
                assert_eq!(told(&text, None), jack, "{text}");
            }
        }
        let standalone = format!("consumers:\n  - {new}\n#END\n");
        assert_eq!(told(&standalone, Some(Format::Apisix)), jack);
        assert_eq!(pairs(standalone.as_bytes(), None).unwrap_err(), Unreadable::WhichFormat);
        let credential = r#"{"total":1,"list":[{"value":{"id":"cred-1","desc":"reports","plugins":{"hmac-auth":
            {"key_id":"k","secret_key":"some secret","_meta":{"disable":true}}}}}]}"#;
        let mut disabled = one("k", "some secret", "reports");
        disabled.3 = Standing::Disabled;
        assert_eq!(told(credential, None), [disabled]);
        assert!(told(r#"{"username":"none","plugins":{"key-auth":{"key":"x"}}}"#, None).is_empty());
    }

    #[test]
    fn minio_has_users_and_service_accounts() {
        let users = r#"{"alice":{"secretKey":"alice-secret","status":"enabled"},
            "bob":{"secretKey":"bobs-secret","policy":"readwrite","status":"disabled"},
            "carol":{"secretKey":"carols-secret","status":"resting"}}"#;
        let found = told(users, None);
        assert_eq!(found[0], one("alice", "alice-secret", ""));
        assert_eq!((found[1].3, found[2].3), (Standing::Disabled, Standing::Unknown));
        let accounts = r#"{"SVC1":{"parent":"alice","accessKey":"SVC1","secretKey":"svc-secret","groups":null,"claims":
            {"accessKey":"SVC1"},"sessionPolicy":null,"status":"on","name":"","description":"nightly",
            "expiration":"2030-01-02T03:04:05Z"},"SVC2":{"parent":"alice","accessKey":"SVC2","secretKey":"svc-secret",
            "status":"off","name":"","description":"","expiration":"1970-01-01T00:00:00Z"}}"#;
        let found = told(accounts, None);
        let mut first = one("SVC1", "svc-secret", "nightly");
        first.4 = Some("2030-01-02T03:04:05Z".to_owned());
        let mut second = one("SVC2", "svc-secret", "alice");
        second.3 = Standing::Disabled;
        assert_eq!(found, [first, second]);
    }

    #[test]
    fn nothing_of_a_broken_file_is_told_but_the_place() {
        for (text, format) in [
            ("{\"alice\":{\"secretKey\":hidden}}", Format::Minio),
            ("{\"alice\":{\"secretKey\":[\"hidden\"]}}", Format::Minio),
            ("{\"alice\":\"hidden\"}", Format::Minio),
            ("consumers: hidden", Format::Kong),
            ("consumers:\n- hmacauth_credentials: [hidden\n", Format::Kong),
            ("consumers:\n- hmacauth_credentials: *hidden\n", Format::Kong),
            ("{\"list\":\"hidden\"}", Format::Apisix),
            ("AccessKeyId,hidden", Format::Csv),
            ("AccessKeyId,AccessKeySecret\nA,\"hidden", Format::Csv),
            ("AccessKeyId,AccessKeySecret\nA,B,hidden", Format::Csv),
        ] {
            let error = pairs(text.as_bytes(), Some(format)).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hidden"), "{error}");
        }
        assert_eq!(pairs(b"hidden", None).unwrap_err(), Unreadable::WhichFormat);
        assert_eq!(pairs(b"\xff", None).unwrap_err(), Unreadable::NotUtf8);
    }

    #[test]
    fn a_small_file_does_not_become_a_large_one() {
        let mut text = "_format_version: '3.0'\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert!(pairs(text.as_bytes(), Some(Format::Kong)).is_err());
    }
}
