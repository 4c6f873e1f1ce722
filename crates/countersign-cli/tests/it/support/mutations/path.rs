//! The path, and the forms that a target may take.

use super::Must::{BeAccepted, BeRefused, NotBeHttp};
use super::rows::{ESCAPE, FORM, FRAGMENT, SLASH};
use super::{
    Made, Must, Unit, flipped, in_raw_letters, may_be_plain, of_a_percent_sign, other_letter, replaced, units,
};

impl Made<'_> {
    fn with_path(&mut self, what: impl Into<String>, path: &str, must: Must) {
        let (_, query) = self.path_and_query();
        let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        let wire = self.original.wire.to(target);
        self.add("path", what, wire, must);
    }

    pub(super) fn path(&mut self) {
        let (path, query) = self.path_and_query();
        let base = self.original.base.len();
        let picked: Vec<_> =
            units(&path).into_iter().filter(|(at, _, unit)| self.is_picked_of_target(*at, *unit)).collect();
        for (at, spelt, unit) in picked {
            // A path that does not begin with a slash is no target of this form.
            let or_broken = if at == 0 { NotBeHttp } else { BeRefused };
            for inner in at..at + spelt.len() {
                let byte = path.as_bytes()[inner];
                let to = other_letter(byte).to_string();
                self.with_path(format!("byte {inner} to {to}"), &replaced(&path, inner, 1, &to), or_broken);
                // Without its first slash, a path that has two is still a path.
                let dropped = replaced(&path, inner, 1, "");
                let must = if dropped.starts_with('/') { BeRefused } else { or_broken };
                self.with_path(format!("byte {inner} dropped"), &dropped, must);
            }
            let beyond_base = at >= base;
            match unit {
                Unit::Plain(b'/') => {
                    // The slash behind the base path says where that ends.
                    let must = if at > base { BeAccepted(SLASH) } else { or_broken };
                    for escape in ["%2F", "%2f"] {
                        self.with_path(
                            format!("`/` at {at} to {escape}"),
                            &replaced(&path, at, 1, escape),
                            must,
                        );
                    }
                    for more in ["//", "/./", "/../", "/x/../", "/%2e/", "/%2E%2E/", "/x/"] {
                        self.with_path(
                            format!("`/` at {at} to {more}"),
                            &replaced(&path, at, 1, more),
                            BeRefused,
                        );
                    }
                    self.with_path(
                        format!("`/` at {at} to a backslash"),
                        &replaced(&path, at, 1, "%5C"),
                        or_broken,
                    );
                }
                Unit::Plain(byte) => {
                    let must = if beyond_base { BeAccepted(ESCAPE) } else { BeRefused };
                    let escape = format!("%{byte:02X}");
                    self.with_path(format!("{at} to {escape}"), &replaced(&path, at, 1, &escape), must);
                    if escape.bytes().any(|digit| digit.is_ascii_alphabetic()) {
                        let escape = escape.to_ascii_lowercase();
                        self.with_path(format!("{at} to {escape}"), &replaced(&path, at, 1, &escape), must);
                    }
                    let double = format!("%25{byte:02X}");
                    self.with_path(format!("{at} to {double}"), &replaced(&path, at, 1, &double), BeRefused);
                    if byte.is_ascii_alphabetic() {
                        let flipped = flipped(char::from(byte)).to_string();
                        self.with_path(
                            format!("{at} to {flipped}"),
                            &replaced(&path, at, 1, &flipped),
                            BeRefused,
                        );
                    }
                    if byte == b'+' {
                        self.with_path(
                            format!("`+` at {at} to %20"),
                            &replaced(&path, at, 1, "%20"),
                            BeRefused,
                        );
                    }
                }
                Unit::Escape(byte) => {
                    self.escape_in_path(&path, at, spelt, byte);
                }
            }
        }
        if let Some(raw) = in_raw_letters(&path) {
            self.with_path("letters beyond ASCII unescaped", &raw, BeAccepted(ESCAPE));
        }
        for (what, end) in [
            ("a slash at the end", "/"),
            ("an encoded slash at the end", "%2F"),
            ("a segment at the end", "/x"),
            ("a blank at the end", "%20"),
            ("a parameter of the path", ";x=1"),
            ("a NUL at the end", "%00"),
            ("a line at the end", "%0A"),
            ("an encoded fragment", "%23x"),
            ("dots at the end", "/."),
            ("parent at the end", "/x/.."),
        ] {
            self.with_path(what, &format!("{path}{end}"), BeRefused);
        }
        let cut = path.rfind('/').unwrap_or(0);
        if cut > 0 {
            self.with_path("the last segment dropped", &path[..cut], BeRefused);
        }
        self.with_path("upper case", &path.to_ascii_uppercase(), BeRefused);
        if let Some(query) = query {
            let wire = self.original.wire.to(format!("{path}%3F{query}"));
            self.add("path", "the query moved into it", wire, BeRefused);
        }
    }

    fn escape_in_path(&mut self, path: &str, at: usize, spelt: &str, byte: u8) {
        let other_case = spelt.chars().map(flipped).collect::<String>();
        if other_case != spelt {
            self.with_path(
                format!("{spelt} to {other_case}"),
                &replaced(path, at, 3, &other_case),
                BeAccepted(ESCAPE),
            );
        }
        self.with_path(format!("{spelt} encoded again"), &replaced(path, at, 1, "%25"), BeRefused);
        let must = match byte {
            b'/' => BeAccepted(SLASH),
            b'+' => BeAccepted(ESCAPE),
            b'%' => of_a_percent_sign(path, at),
            _ if may_be_plain(byte) => BeAccepted(ESCAPE),
            _ => return,
        };
        let plain = char::from(byte).to_string();
        self.with_path(format!("{spelt} to {plain}"), &replaced(path, at, 3, &plain), must);
    }

    pub(super) fn forms_of_the_target(&mut self) {
        let (path, query) = self.path_and_query();
        let target = self.target();
        // Of another host than the one in `Host` it would not be a request that is taken.
        let host = self.original.wire.value("host").unwrap_or("h").to_owned();
        for form in [format!("http://{host}{target}"), format!("https://{host}{target}")] {
            let wire = self.original.wire.to(form);
            self.add("form of the target", "absolute", wire, BeAccepted(FORM));
        }
        let wire = self.original.wire.to(format!("http://{host}/x{target}"));
        self.add("form of the target", "absolute, with a segment before it", wire, BeRefused);
        for fragment in ["#", "#x", "#?x=1", "#/../x"] {
            let wire = self.original.wire.to(format!("{target}{fragment}"));
            self.add("form of the target", format!("`{fragment}` at the end"), wire, BeAccepted(FRAGMENT));
        }
        if let Some(query) = query {
            let wire = self.original.wire.to(format!("{path}#?{query}"));
            self.add("form of the target", "a fragment before the query", wire, BeRefused);
        }
        for other in ["*", "/", "example.org:80"] {
            let wire = self.original.wire.to(other);
            self.add("form of the target", other, wire, BeRefused);
        }
    }
}
