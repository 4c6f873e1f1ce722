//! `countersign explain`: how a captured request was signed, and why it does not verify.

mod show;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::{Args, ValueEnum};
use countersign::crypto::PublicKey;
use countersign::explain::{About, Explanation, explain};
use countersign::{AccessKeySecret, Timestamp};
use countersign_control::captured::{self, Item};
use zeroize::Zeroizing;

use crate::data::is_open_to_others;
use crate::print::Printer;

/// How much is read of a file or of standard input, in bytes.
const LIMIT: u64 = 64 << 20;

/// Show step by step how captured requests were signed, and why they do not verify
///
/// A request is HTTP as it stood on the wire, what `curl -v` printed of it, or JSON: one object, an array, or an
/// object with an array `vectors`. Its fields are `method`, `request_target` (or `target`, `full_url`, `url`), `headers` (an
/// object, or a list of pairs), and where they are known `id`, `endpoint`, `secret` or `public_key_pem`, `body` or
/// `body_b64`, `bucket_domains`, and `canonical_request`, `canonical_string` or `string_to_sign`: the client's own. Others
/// are left alone.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct Explain {
    /// The captured requests; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The file of the AccessKey secret; a line end behind it is left out, other blanks are not
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The file of the AccessKey itself, in PEM, where it is the public half of a pair
    #[arg(long, value_name = "FILE", conflicts_with = "secret_file")]
    public_key_file: Option<PathBuf>,
    /// The file of the string that the client signed, from its log, to compare with
    #[arg(long, value_name = "FILE")]
    client_string: Option<PathBuf>,
    /// The path of the endpoint, for schemes that leave it out [default: that of the request's `endpoint`, or /api]
    #[arg(long, value_name = "PATH", value_parser = base_path)]
    base_path: Option<String>,
    /// A domain whose subdomains are buckets (OSS); it may be given several times
    #[arg(long = "bucket-domain", value_name = "DOMAIN")]
    bucket_domains: Vec<String>,
    /// When the requests arrived, such as 2026-11-21T23:23:13Z [default: when they were signed]
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    /// How far the signer's clock may differ, before and after
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    clock_skew_seconds: u64,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

const EXIT_STATUS: &str = "Exit status: 0 every signature matches; 1 one does not; otherwise 2 where one could not \
                           be judged: it cannot be read, bears the marks of no known scheme, or there is no secret \
                           for it. A matching signature that a server refuses for what it \
                           covers counts as matching; one that is too old or too new at the time of --at does not.";

/// How an explanation is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    #[default]
    Text,
    /// For programs: a line for each request
    Json,
}

impl Explain {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<u8> {
        let requests = if self.file == Path::new("-") { read(io::stdin())? } else { read_file(&self.file)? };
        if let Some(file) = self.secret_file.as_deref().filter(|file| is_open_to_others(file)) {
            // Refusing it would not make it a secret again, and whoever asks wants to know about a signature.
            printer.note(&format!("warning: `{}` can be read by others", file.display()));
        }
        self.run_on(&requests, printer.out())
    }

    fn run_on(&self, requests: &[u8], out: &mut dyn Write) -> anyhow::Result<u8> {
        let secret = self.secret_file.as_deref().map(read_file).transpose()?;
        let secret =
            secret.as_deref().map(|text| std::str::from_utf8(text).context("the secret is not UTF-8"));
        let secret =
            secret.transpose()?.map(|text| AccessKeySecret::new(text.strip_suffix('\n').unwrap_or(text)));
        let public_key = self.public_key_file.as_deref().map(read_public_key).transpose()?;
        let client_string = self.client_string.as_deref().map(read_file).transpose()?;
        let client_string = client_string.map(|text| String::from_utf8_lossy(&text).into_owned());
        let items = captured::items(requests);
        ensure!(
            client_string.is_none() || items.len() == 1,
            "`--client-string` goes with one request, and here are {}; put each string into its request as \
             `canonical_string`",
            items.len()
        );

        let (mut failed, mut unjudged) = (false, false);
        for (at, item) in items.iter().enumerate() {
            let explained =
                self.explain(item, secret.as_ref(), public_key.as_ref(), client_string.as_deref());
            match explained.verified {
                Some(true) => {}
                Some(false) => failed = true,
                None => unjudged = true,
            }
            match self.output {
                Output::Json => writeln!(out, "{}", show::json(item.id.as_deref(), &explained))?,
                Output::Text => {
                    let gap = if at == 0 { "" } else { "\n" };
                    write!(out, "{gap}{}", show::text(item.id.as_deref(), &explained))?;
                }
            }
        }
        out.flush()?;
        Ok(if failed { 1 } else { u8::from(unjudged) * 2 })
    }

    fn explain(
        &self,
        item: &Item,
        secret: Option<&AccessKeySecret>,
        public_key: Option<&PublicKey>,
        client_string: Option<&str>,
    ) -> Explanation {
        let captured = match &item.captured {
            Ok(captured) => captured,
            Err(reason) => return Explanation { reason: Some(reason.clone()), ..Explanation::default() },
        };
        let about = About {
            base: self.base_path.as_deref().or(item.base.as_deref()),
            bucket_domains: if self.bucket_domains.is_empty() {
                &item.bucket_domains
            } else {
                &self.bucket_domains
            },
            secret: secret.or(item.secret.as_ref()),
            public_key: public_key.or(item.public_key.as_ref()),
            client_string: client_string.or(item.client_string.as_deref()),
            now: self.at,
            clock_skew: Duration::from_secs(self.clock_skew_seconds),
        };
        explain(captured, &about)
    }
}

pub(super) fn read_file(file: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let cannot = || format!("cannot read `{}`", file.display());
    read(File::open(file).with_context(cannot)?).with_context(cannot)
}

fn read_public_key(file: &Path) -> anyhow::Result<PublicKey> {
    let pem = read_file(file)?;
    PublicKey::from_pem(&String::from_utf8_lossy(&pem)).with_context(|| format!("`{}`", file.display()))
}

/// Reads all there is, which may hold secrets, up to a limit.
pub(super) fn read(from: impl Read) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let length = from.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if length as u64 > LIMIT {
        bail!("it is longer than {} MiB", LIMIT >> 20);
    }
    Ok(bytes)
}

fn base_path(text: &str) -> Result<String, &'static str> {
    if !text.is_empty() && !text.starts_with('/') {
        return Err("a base path begins with `/`, or is empty");
    }
    Ok(text.to_owned())
}

fn time(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse_rfc3339(text)
        .or_else(|| Timestamp::parse_http_date(text))
        .ok_or("a time reads like `2026-11-21T23:23:13Z` or `Sat, 21 Nov 2026 23:23:13 GMT`")
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        explain: Explain,
    }

    fn run(arguments: &[&str], requests: &[u8]) -> (u8, String) {
        let arguments = ["explain", "-"].iter().chain(arguments);
        let explain = Arguments::try_parse_from(arguments).unwrap().explain;
        let mut out = Vec::new();
        let status = explain.run_on(requests, &mut out).unwrap();
        (status, String::from_utf8(out).unwrap())
    }

    fn json_lines(text: &str) -> Vec<Value> {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn vector() -> Value {
        json!({
            "id": "one",
            "endpoint": "http://127.0.0.1:8640/api/",
            "secret": "the secret",
            "method": "GET",
            "full_url": "http://127.0.0.1:8640/api/tenants",
            "headers": {
                "Date": "Sat, 21 Nov 2026 23:23:13 GMT",
                "Authorization": "ODPS CSAKexample:aHOTTME1qi58Wu8o71n33Bd2cM4=",
            },
            "unknown": 1,
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut vector = vector();
        vector[name] = value;
        vector
    }

    fn status(vectors: &Value) -> u8 {
        run(&[], vectors.to_string().as_bytes()).0
    }

    const VECTORS: [&str; 3] = [
        include_str!("../../../../vectors/odps/pyodps.json"),
        include_str!("../../../../vectors/odps/odpscmd.json"),
        include_str!("../../../../vectors/odps/alternates.json"),
    ];

    #[test]
    fn every_vector_verifies_and_reproduces_its_string_to_sign() {
        for file in VECTORS {
            let (status, text) = run(&["--output", "json"], file.as_bytes());
            assert_eq!(status, 0);
            let vectors: Value = serde_json::from_str(file).unwrap();
            let vectors = vectors["vectors"].as_array().unwrap().clone();
            let lines = json_lines(&text);
            assert_eq!(lines.len(), vectors.len());
            for (line, vector) in lines.iter().zip(&vectors) {
                assert_eq!(line["id"], vector["id"]);
                assert_eq!((&line["scheme"], &line["verified"]), (&json!("odps"), &json!(true)), "{line}");
                assert_eq!(line["string_to_sign"], vector["canonical_string"], "{line}");
                assert_eq!(line["reason"].is_null(), line["accepted_by_serve"] == json!(true), "{line}");
            }
            let (status, text) = run(&[], file.as_bytes());
            assert_eq!((status, text.split("\n\n").count()), (0, vectors.len()));
            assert!(!text.contains("exampleSecret") && !text.contains("ownSecret"));
        }
    }

    /// Vectors of the other schemes, and how many there are.
    const OTHERS: [(&str, &str, usize); 16] = [
        ("odps", include_str!("../../../../vectors/odps/rsa.json"), 2),
        ("acs-rpc", include_str!("../../../../vectors/acs-rpc/captured.json"), 31),
        ("acs-rpc", include_str!("../../../../vectors/acs-rpc/rsa.json"), 2),
        ("acs-roa", include_str!("../../../../vectors/acs-roa/captured.json"), 21),
        ("acs3", include_str!("../../../../vectors/acs3/captured.json"), 44),
        ("oss", include_str!("../../../../vectors/oss/ali-oss.json"), 74),
        ("oss", include_str!("../../../../vectors/oss/oss2.json"), 70),
        ("oss", include_str!("../../../../vectors/oss/documented.json"), 1),
        ("sigv4", include_str!("../../../../vectors/sigv4/botocore.json"), 29),
        ("sigv4", include_str!("../../../../vectors/sigv4/s3.json"), 7),
        ("sigv4", include_str!("../../../../vectors/sigv4/suite.json"), 72),
        ("sigv4", include_str!("../../../../vectors/sigv4/suite_2015.json"), 30),
        ("rfc9421", include_str!("../../../../vectors/rfc9421/own.json"), 6),
        ("kong-hmac", include_str!("../../../../vectors/kong-hmac/own.json"), 12),
        ("apisix-hmac", include_str!("../../../../vectors/apisix-hmac/own.json"), 5),
        ("oss", include_str!("../../../../vectors/oss/client-bugs.json"), 0),
    ];

    #[test]
    fn every_vector_of_every_scheme_verifies_and_reproduces_what_was_signed() {
        for (family, file, expected) in OTHERS {
            let (_, text) = run(&["--output", "json"], file.as_bytes());
            let vectors: Value = serde_json::from_str(file).unwrap();
            let vectors = vectors.get("vectors").unwrap_or(&vectors).as_array().unwrap();
            let mut verified = 0;
            for (line, vector) in json_lines(&text).iter().zip(vectors) {
                assert!(line["scheme"].as_str().unwrap().starts_with(family), "{line}");
                if line["verified"] == json!(true) {
                    verified += 1;
                    let signed = ["canonical_string", "string_to_sign"].map(|name| &vector[name]);
                    assert!(signed.contains(&&line["string_to_sign"]), "{}", line["id"]);
                }
                let secret = vector["secret"].as_str().unwrap_or("no secret here");
                assert!(!line.to_string().contains(secret), "{}", line["id"]);
            }
            assert_eq!(verified, expected, "{family}");
        }
    }

    #[test]
    fn a_failure_counts_more_than_what_was_not_judged() {
        let (good, wrong) = (vector(), with("secret", json!("another")));
        let (unjudged, unreadable) = (with("secret", Value::Null), with("method", Value::Null));
        assert_eq!(status(&good), 0);
        assert_eq!(status(&json!([good, wrong])), 1);
        assert_eq!(status(&json!({ "vectors": [good, unjudged] })), 2);
        assert_eq!(status(&json!([unreadable, good])), 2);
        assert_eq!(status(&json!([unjudged, wrong, unreadable])), 1);
    }

    #[test]
    fn what_is_missing_is_told_with_the_vector() {
        let cases = [
            (with("method", Value::Null), "vector `one`: `method` is missing"),
            (with("full_url", Value::Null), "vector `one`: `request_target` is missing"),
            (with("full_url", json!("ftp://x")), "vector `one`: `full_url`: the target begins neither"),
            (with("headers", Value::Null), "vector `one`: `headers` is missing"),
            (with("headers", json!([["a"]])), "vector `one`: `headers` is neither"),
            (with("headers", json!({"a b": "c"})), "vector `one`: `headers`: `a b`"),
            (with("headers", json!({"a": "b\n"})), "vector `one`: `headers`: the value of `a`"),
            (with("method", json!(5)), "vector `one`: `method` is not a text"),
            (with("body_b64", json!("!")), "vector `one`: `body_b64` is not base 64"),
            (json!(5), "vector `1`: it is not an object"),
            (json!([]), "there is no request in it"),
            (json!({ "vectors": 5 }), "`vectors` is not an array"),
        ];
        for (vectors, expected) in cases {
            let vectors = if vectors.is_number() { json!([vectors]) } else { vectors };
            let (status, text) = run(&["--output", "json"], vectors.to_string().as_bytes());
            let line = &json_lines(&text)[0];
            assert_eq!((status, &line["verified"]), (2, &Value::Null), "{expected}");
            let reason = line["reason"].as_str().unwrap();
            assert!(reason.starts_with(expected), "{reason}");
        }
        for (text, expected) in
            [("{", "it is not JSON"), ("", "it is not an HTTP request: line 1"), ("x", "it is not an HTTP")]
        {
            let (status, output) = run(&[], text.as_bytes());
            assert!(status == 2 && output.contains(expected), "{output}");
        }
    }

    #[test]
    fn arguments_go_before_what_stands_in_the_request() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            use std::os::unix::fs::PermissionsExt;
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let vector = vector().to_string();
        let (status, _) = run(&["--secret-file", &file("good", "the secret\n")], vector.as_bytes());
        assert_eq!(status, 0);
        for text in ["the secret\r\n", "the secret\n\n", " the secret\n"] {
            let (status, text) = run(&["--secret-file", &file("blank", text)], vector.as_bytes());
            assert!(status == 1 && text.contains("secret with blanks around it"), "{text}");
        }
        let (status, text) = run(&["--base-path", "", "--output", "json"], vector.as_bytes());
        assert_eq!((status, &json_lines(&text)[0]["hypothesis"]), (1, &json!("base path")));

        let (status, text) = run(&["--at", "2026-11-22T00:00:00Z", "--output", "json"], vector.as_bytes());
        let line = &json_lines(&text)[0];
        assert_eq!(
            (status, &line["accepted_by_serve"], &line["hypothesis"]),
            (1, &json!(false), &json!("clock"))
        );
        assert!(line["reason"].as_str().unwrap().contains("may differ by 900 s"));

        let own = file("own", "get\n\n\nSat, 21 Nov 2026 23:23:13 GMT\n/tenants\n");
        let wrong = file("wrong", "another");
        let arguments = ["--client-string", &own, "--secret-file", &wrong, "--output", "json"];
        let (status, text) = run(&arguments, vector.as_bytes());
        let line = &json_lines(&text)[0];
        assert_eq!(
            (status, &line["hypothesis"], &line["difference"]["name"]),
            (1, &json!("method"), &json!("method"))
        );
        let explain = Arguments::try_parse_from(["explain", "-", "--client-string", &own]).unwrap().explain;
        let two = format!("[{vector},{vector}]");
        assert!(explain.run_on(two.as_bytes(), &mut Vec::new()).is_err());

        for arguments in [["--at", "now"], ["--base-path", "api"], ["--output", "table"]] {
            assert!(Arguments::try_parse_from(["explain", "-"].iter().chain(&arguments)).is_err());
        }
    }

    #[test]
    fn raw_http_is_explained_step_by_step() {
        let http = "> PUT /api/t?v=%1B%5B2J HTTP/1.1\r\n> Date: Sat, 21 Nov 2026 23:23:13 GMT\r\n\
                    > Authorization: ODPS CSAK1:AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n>\r\n";
        let (status, text) = run(&[], http.as_bytes());
        assert_eq!(status, 2);
        let expected = "\
request
  method                      PUT
  path                        /api/t
  base path                   /api
  path behind the base path   /t
  query parameter             v=\\u{1b}[2J
  AccessKey id                CSAK1
  algorithm                   HMAC-SHA1
  signed at                   2026-11-21T23:23:13.000Z
  signed header field         date: Sat, 21 Nov 2026 23:23:13 GMT
  header fields not signed    authorization
  body                        not covered by the signature
  string to sign
    1  method                 PUT
    2  Content-MD5            (empty)
    3  Content-Type           (empty)
    4  Date                   Sat, 21 Nov 2026 23:23:13 GMT
    5  canonical resource     /t?v=\\u{1b}[2J
  signature (odps)            not judged: no secret was given, so the signature was not judged
  a server                    refuses it: the path or the query holds a control character
";
        assert_eq!(text, expected);
    }

    #[test]
    fn input_is_bounded() {
        let error = read(io::repeat(b'a')).unwrap_err();
        assert!(error.to_string().contains("64 MiB"), "{error}");
    }
}
