//! Two strings to sign, and where they part.

use super::hypotheses::Written;
use crate::scheme::Scheme;

/// A line of a string to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: usize,
    /// What stands in it.
    pub name: &'static str,
    pub text: String,
}

/// The first place where the server's string to sign and the client's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Whether it is one of two canonical requests, and not of two strings to sign.
    pub in_canonical_request: bool,
    /// The line, counted from 1.
    pub line: usize,
    /// What stands in that line.
    pub name: &'static str,
    /// The server's line; `None` where it has no such line.
    pub server: Option<String>,
    /// The client's.
    pub client: Option<String>,
    /// The first character in the line that is not the same, counted from 1.
    pub column: usize,
}

/// How a scheme names a line of a text.
pub(super) type Names<'s> = dyn Fn(usize, &str) -> &'static str + 's;

/// The lines of a text, named.
pub(super) fn lines(names: &Names<'_>, text: &str) -> Vec<Line> {
    let line =
        |(at, text): (usize, &str)| Line { number: at + 1, name: names(at, text), text: text.to_owned() };
    text.split('\n').enumerate().map(line).collect()
}

/// The first difference of what a server wrote and what a client did; `None` where there is none. Where the scheme signs
/// the hash of a canonical request, that is where they part, unless the client's text is a string to sign.
pub(super) fn parting(scheme: &dyn Scheme, server: &Written, client: &str) -> Option<Difference> {
    let first = |text: &str| text.split('\n').next().map(str::to_owned);
    match &server.canonical_request {
        Some(canonical) if first(client) != first(&server.string_to_sign) => {
            let found = difference(&|at, text| scheme.canonical_line_name(at, text), canonical, client)?;
            Some(Difference { in_canonical_request: true, ..found })
        }
        _ => difference(&|at, text| scheme.line_name(at, text), &server.string_to_sign, client),
    }
}

/// The first difference of two texts; `None` where they are the same.
fn difference(names: &Names<'_>, server: &str, client: &str) -> Option<Difference> {
    let (mut servers, mut clients) = (server.split('\n'), client.split('\n'));
    let mut at = 0;
    loop {
        let (server, client) = (servers.next(), clients.next());
        if server.is_none() && client.is_none() {
            return None;
        }
        if server != client {
            let alike = |(a, b): &(char, char)| a == b;
            let (a, b) = (server.unwrap_or_default(), client.unwrap_or_default());
            return Some(Difference {
                in_canonical_request: false,
                line: at + 1,
                name: names(at, server.or(client).unwrap_or_default()),
                server: server.map(str::to_owned),
                client: client.map(str::to_owned),
                column: a.chars().zip(b.chars()).take_while(alike).count() + 1,
            });
        }
        at += 1;
    }
}

/// A client's string to sign as it came out of a log: lines ended by CR LF, a line end too many, or line ends written
/// as `\n`, as this project's own refusals have them.
pub(super) fn from_log(text: &str, server: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    if text == server {
        return text;
    }
    let text = text.strip_suffix('\n').unwrap_or(&text);
    if text.contains('\n') { text.to_owned() } else { text.replace("\\n", "\n") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemes::ODPS;

    #[test]
    fn the_first_difference_is_told_with_line_and_column() {
        let server = "GET\n\n\nSat\nx-odps-a:1\n/p?a=b";
        let names: &Names<'_> = &|at, text| ODPS.line_name(at, text);
        let find = |client| difference(names, server, client).map(|d| (d.line, d.name, d.column));
        assert_eq!(find(server), None);
        assert_eq!(find("get\n\n\nSat\nx-odps-a:1\n/p?a=b"), Some((1, "method", 1)));
        assert_eq!(find("GET\nx\n\nSat\nx-odps-a:1\n/p?a=b"), Some((2, "Content-MD5", 1)));
        assert_eq!(find("GET\n\n\nSat\nx-odps-a:12\n/p?a=b"), Some((5, "header field", 11)));
        assert_eq!(find("GET\n\n\nSat\n/p?a=b"), Some((5, "header field", 1)));
        assert_eq!(find("GET\n\n\nSat\nx-odps-a:1\n/p?a=c"), Some((6, "canonical resource", 6)));
        let short = difference(names, server, "GET\n\n\nSat\nx-odps-a:1").unwrap();
        assert_eq!((short.client, short.server.as_deref()), (None, Some("/p?a=b")));
        let long = difference(names, server, "GET\n\n\nSat\nx-odps-a:1\n/p?a=b\nmore").unwrap();
        assert_eq!((long.server, long.line), (None, 7));
    }

    #[test]
    fn a_string_to_sign_may_come_out_of_a_log() {
        for text in ["a\n\nb", "a\r\n\r\nb\r\n", "a\\n\\nb", "a\\n\\nb\n", "\u{feff}a\n\nb\n"] {
            assert_eq!(from_log(text, "a\n\nb"), "a\n\nb", "{text:?}");
        }
        assert_eq!(from_log("a\n\\n", ""), "a\n\\n");
        // Where the path is that of the endpoint, nothing stands behind the last line end.
        assert_eq!(from_log("a\n", "a\n"), "a\n");
        assert_eq!(from_log("a\n\n", "a\n"), "a\n");
    }
}
