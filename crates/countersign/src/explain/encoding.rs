//! Guesses about the target: percent-encoded otherwise than the server reads it, or rewritten on the way.

use super::hypotheses::{Change, Hypothesis, Trial};
use crate::canonical::{decode, decode_form};

/// How many parameters are left out, one at a time.
const PARAMETERS: usize = 32;

/// A way of writing a target such that the scheme, reading it, comes to what the client signed.
struct Spelling {
    path: fn(&str) -> String,
    query: fn(&str) -> String,
    /// How the client signed, to stand behind "the client signed the path".
    how: &'static str,
}

/// From the plainest to the strangest. Schemes that sign decoded text get an encoded one by another `%25`.
const SPELLINGS: [Spelling; 15] = [
    Spelling {
        path: same,
        query: plus_as_plus,
        how: "with `+` as `+`, which in a query is a blank: send `%2B` for a plus",
    },
    Spelling {
        path: escape,
        query: escape_query,
        how: "as it stands on the wire, still percent-encoded: decode it before signing",
    },
    Spelling {
        path: blank_as_plus,
        query: blank_as_plus,
        how: "with `+` for each blank: sign the blank itself",
    },
    Spelling {
        path: plus_as_blank,
        query: plus_as_blank,
        how: "with a blank for each `+`: it decodes once too often, or as a form what is none",
    },
    Spelling { path: unescape, query: unescape, how: "decoded twice: decode it once" },
    Spelling {
        path: |path| escape(&escape(path)),
        query: |query| escape(&escape_query(query)),
        how: "encoded once more than it was sent: do not encode for signing what is encoded already",
    },
    Spelling {
        path: |path| escape(&upper(path)),
        query: |query| escape_query(&upper(query)),
        how: "percent-encoded with upper-case digits: decode it before signing",
    },
    Spelling {
        path: |path| escape(&lower(path)),
        query: |query| escape_query(&lower(query)),
        how: "percent-encoded with lower-case digits: decode it before signing",
    },
    Spelling {
        path: |path| escape(&encode(path, b"-._~/", false)),
        query: |query| escape(&encode_query(query, b"-._~", false)),
        how: "with names and values percent-encoded: sign them decoded",
    },
    Spelling {
        path: |path| escape(&encode(path, b"-._~/", false)),
        query: |query| escape(&encode_query(query, b"-._~/", false)),
        how: "with names and values percent-encoded but for `/`: sign them decoded",
    },
    Spelling {
        path: |path| escape_query(&encode(path, b"-._*/", true)),
        query: |query| escape_query(&encode_query(query, b"-._*", true)),
        how: "with names and values encoded as a form is: sign them decoded",
    },
    Spelling {
        path: |path| escape(&encode(path, b"-._~/!$&'()*+,;=:@", false)),
        query: |query| escape(&encode_query(query, b"-._~/!$'()*,;:@?", false)),
        how: "percent-encoded as a URL allows it: sign it decoded",
    },
    Spelling {
        path: |path| escape(&lower(&encode(path, b"-._~/", false))),
        query: |query| escape(&lower(&encode_query(query, b"-._~", false))),
        how: "with names and values percent-encoded in lower-case digits: sign them decoded",
    },
    Spelling {
        path: upper,
        query: upper,
        how: "with upper-case digits in its escapes: sign it as it is sent",
    },
    Spelling {
        path: lower,
        query: lower,
        how: "with lower-case digits in its escapes: sign it as it is sent",
    },
];

/// Tries other encodings, of the path, of the query, and of both.
pub(super) fn spellings(trial: &mut Trial<'_, '_>) -> Option<Hypothesis> {
    let request = trial.captured.request();
    let query = request.query().unwrap_or_default();
    let mut tried = vec![trial.captured.target.clone()];
    for spelling in &SPELLINGS {
        let (other_path, other_query) = ((spelling.path)(request.path()), (spelling.query)(query));
        // One part alone first: a reading that decodes more than once could make two changes look like one.
        let only_path = (&*other_path, query);
        let only_query = (request.path(), &*other_query);
        for (path, query) in [only_path, only_query, (&*other_path, &*other_query)] {
            let target = join(path, request.query().map(|_| query));
            if tried.contains(&target) {
                continue;
            }
            let what =
                match (path == request.path(), Some(query) == request.query() || request.query().is_none()) {
                    (false, false) => "the path and the query",
                    (false, true) => "the path",
                    (true, _) => "the query",
                };
            let cause = || format!("the client signed {what} {}", spelling.how);
            let change = Change { target: Some(&target), ..Change::default() };
            if let Some(found) = trial.test("encoding", &change, cause) {
                return Some(found);
            }
            tried.push(target);
        }
    }
    None
}

/// Tries a target that was another before a proxy or a library touched it.
pub(super) fn rewritten(trial: &mut Trial<'_, '_>) -> Option<Hypothesis> {
    let request = trial.captured.request();
    let test = |trial: &mut Trial<'_, '_>, name, path: &str, query: Option<&str>, cause: String| {
        let target = join(path, query);
        if target == trial.captured.target {
            return None;
        }
        trial.test(name, &Change { target: Some(&target), ..Change::default() }, || cause)
    };

    let slash = format!("{}/", request.path());
    let added = "the client signed the path without the slash at its end: write both alike";
    let taken = "the client signed the path with a slash at its end, which was taken away on the way: write both alike";
    let merged = "the client signed `/` where `//` was received: something on the way doubles slashes, or the client \
                  joins its endpoint and the path with one too many";
    for (path, cause) in [
        (request.path().trim_end_matches('/'), added),
        (&slash, taken),
        (&merge_slashes(request.path()), merged),
    ] {
        let found = test(trial, "path", path, request.query(), cause.to_owned());
        if found.is_some() {
            return found;
        }
    }

    let query = request.query()?;
    let cause = "the client signed the path without the query: sign the query too";
    let found = test(trial, "query", request.path(), None, cause.to_owned());
    if found.is_some() {
        return found;
    }
    let parts: Vec<&str> = query.split('&').collect();
    for (at, left_out) in parts.iter().enumerate().take(PARAMETERS) {
        let others: Vec<&str> =
            parts.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, part)| *part).collect();
        let name = left_out.split('=').next().unwrap_or_default();
        let cause = format!(
            "the client did not sign the parameter `{name}`: it was added after signing, by a proxy or a part of the \
             client that runs later; add it before signing"
        );
        let found = test(trial, "query", request.path(), Some(&others.join("&")), cause);
        if found.is_some() {
            return found;
        }
    }
    None
}

fn join(path: &str, query: Option<&str>) -> String {
    query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))
}

fn same(text: &str) -> String {
    text.to_owned()
}

/// Makes decoding give back what stands here.
fn escape(text: &str) -> String {
    text.replace('%', "%25")
}

/// The same where `+` is a blank.
fn escape_query(text: &str) -> String {
    plus_as_plus(&escape(text))
}

fn unescape(text: &str) -> String {
    text.replace("%25", "%")
}

fn plus_as_plus(text: &str) -> String {
    text.replace('+', "%2B")
}

fn blank_as_plus(text: &str) -> String {
    text.replace("%20", "+").replace('+', "%2B")
}

fn plus_as_blank(text: &str) -> String {
    text.replace("%2B", "%20").replace("%2b", "%20").replace('+', "%20")
}

fn upper(text: &str) -> String {
    recase(text, |digit| digit.to_ascii_uppercase())
}

fn lower(text: &str) -> String {
    recase(text, |digit| digit.to_ascii_lowercase())
}

/// Changes the case of the two digits behind each `%`.
fn recase(text: &str, digit: fn(char) -> char) -> String {
    let mut left = 0;
    let change = |c: char| {
        if c == '%' {
            left = 2;
            return c;
        }
        let in_escape = left > 0 && c.is_ascii_hexdigit();
        left = if in_escape { left - 1 } else { 0 };
        if in_escape { digit(c) } else { c }
    };
    text.chars().map(change).collect()
}

/// Decodes a path and encodes it again, leaving letters, digits and these as they are.
fn encode(path: &str, plain: &[u8], form: bool) -> String {
    encoded(&decode(path.as_bytes()), plain, form)
}

/// The same for each name and value of a query.
fn encode_query(query: &str, plain: &[u8], form: bool) -> String {
    let part = |part: &str| encoded(&decode_form(part.as_bytes()), plain, form);
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) => format!("{}={}", part(name), part(value)),
        None => part(pair),
    };
    query.split('&').map(pair).collect::<Vec<_>>().join("&")
}

fn encoded(bytes: &[u8], plain: &[u8], form: bool) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b' ' if form => text.push('+'),
            _ if byte.is_ascii_alphanumeric() || plain.contains(&byte) => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

fn merge_slashes(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !merged.ends_with('/') {
            merged.push(c);
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_what_their_names_say() {
        let text = "/a%2fb+c%20d%2B%25e";
        assert_eq!(escape(text), "/a%252fb+c%2520d%252B%2525e");
        assert_eq!(escape_query("+%20"), "%2B%2520");
        assert_eq!(upper(text), "/a%2Fb+c%20d%2B%25e");
        assert_eq!(lower(text), "/a%2fb+c%20d%2b%25e");
        assert_eq!(lower("%AG%B%%C1"), "%aG%b%%c1");
        assert_eq!(blank_as_plus("%20+"), "%2B%2B");
        assert_eq!(plus_as_blank("%2B+%2b"), "%20%20%20");
        assert_eq!(encode("/a%20b+%7e'", b"-._~/", false), "/a%20b%2B~%27");
        assert_eq!(encode_query("a+b=c%2Fd&e", b"-._~", true), "a+b=c%2Fd&e");
        assert_eq!(merge_slashes("//a///b/"), "/a/b/");
    }
}
