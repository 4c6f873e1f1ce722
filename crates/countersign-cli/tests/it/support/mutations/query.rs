//! The query.

use super::Must::{BeAccepted, BeRefused};
use super::rows::{BLANK, ESCAPE, NO_PARAMETER, NO_QUERY, NO_VALUE, ORDER};
use super::{
    Made, Must, Unit, flipped, in_raw_letters, may_be_plain, mixed, of_a_percent_sign, other_letter,
    replaced, units,
};

impl Made<'_> {
    fn with_query(&mut self, what: impl Into<String>, query: &str, must: Must) {
        let (path, _) = self.path_and_query();
        let wire = self.original.wire.to(format!("{path}?{query}"));
        self.add("query", what, wire, must);
    }

    pub(super) fn query(&mut self) {
        let (path, query) = self.path_and_query();
        let Some(query) = query else {
            self.with_query("an empty one", "", BeAccepted(NO_QUERY));
            for query in ["&", "&&"] {
                self.with_query("of nothing", query, BeAccepted(NO_PARAMETER));
            }
            for query in ["x", "x=1", "=", "=x", "?"] {
                self.with_query("one that was not there", query, BeRefused);
            }
            return;
        };
        let wire = self.original.wire.to(path.as_str());
        self.add("query", "dropped", wire, BeRefused);

        let mut in_name = true;
        for (at, spelt, unit) in units(&query) {
            if self.is_picked_of_target(at, unit) {
                self.bytes_of_query(&query, at, spelt, unit, in_name);
            }
            match unit {
                Unit::Plain(b'&') => in_name = true,
                Unit::Plain(b'=') => in_name = false,
                _ => {}
            }
        }
        if let Some(raw) = in_raw_letters(&query) {
            self.with_query("letters beyond ASCII unescaped", &raw, BeAccepted(ESCAPE));
        }
        self.parameters(&query);
    }

    fn bytes_of_query(&mut self, query: &str, at: usize, spelt: &str, unit: Unit, in_name: bool) {
        for inner in at..at + spelt.len() {
            let byte = query.as_bytes()[inner];
            let to = other_letter(byte).to_string();
            self.with_query(format!("byte {inner} to {to}"), &replaced(query, inner, 1, &to), BeRefused);
            // `k=` without its sign is `k`.
            let at_end = query.as_bytes().get(inner + 1).is_none_or(|next| *next == b'&');
            let must = if byte == b'=' && in_name && at_end { BeAccepted(NO_VALUE) } else { BeRefused };
            self.with_query(format!("byte {inner} dropped"), &replaced(query, inner, 1, ""), must);
        }
        let mut to = |what: &str, length: usize, must: Must| {
            self.with_query(format!("{spelt} at {at} to {what}"), &replaced(query, at, length, what), must);
        };
        match unit {
            Unit::Plain(b'&') => {
                to("%26", 1, BeRefused);
                to(";", 1, BeRefused);
                to("&&", 1, BeAccepted(NO_PARAMETER));
                to("?", 1, BeRefused);
            }
            Unit::Plain(b'=') if in_name => {
                to("%3D", 1, BeRefused);
                to("%3d", 1, BeRefused);
                to("==", 1, BeRefused);
            }
            Unit::Plain(b'+') => {
                to("%20", 1, BeAccepted(BLANK));
                to("%2B", 1, BeRefused);
                to("%2b", 1, BeRefused);
                to("%09", 1, BeRefused);
            }
            Unit::Plain(byte) => {
                let escape = format!("%{byte:02X}");
                to(&escape, 1, BeAccepted(ESCAPE));
                if escape.to_ascii_lowercase() != escape {
                    to(&escape.to_ascii_lowercase(), 1, BeAccepted(ESCAPE));
                }
                to(&format!("%25{byte:02X}"), 1, BeRefused);
                if byte.is_ascii_alphabetic() {
                    to(&flipped(char::from(byte)).to_string(), 1, BeRefused);
                }
            }
            Unit::Escape(byte) => {
                let other_case = spelt.chars().map(flipped).collect::<String>();
                if other_case != spelt {
                    to(&other_case, 3, BeAccepted(ESCAPE));
                }
                to("%25", 1, BeRefused);
                match byte {
                    b' ' => to("+", 3, BeAccepted(BLANK)),
                    b'+' => to("+", 3, BeRefused),
                    b'%' => to("%", 3, of_a_percent_sign(query, at)),
                    b'=' if in_name => to("=", 3, BeRefused),
                    b'/' => to("/", 3, BeAccepted(ESCAPE)),
                    _ if may_be_plain(byte) => to(&char::from(byte).to_string(), 3, BeAccepted(ESCAPE)),
                    _ => {}
                }
            }
        }
    }

    fn parameters(&mut self, query: &str) {
        let parameters: Vec<&str> = query.split('&').collect();
        let joined = |parameters: &[&str]| parameters.join("&");
        for (at, parameter) in parameters.iter().enumerate() {
            let name = parameter.split('=').next().unwrap_or_default();
            let without = [&parameters[..at], &parameters[at + 1..]].concat();
            if without.is_empty() {
                self.with_query("its only parameter dropped", "", BeRefused);
            } else {
                self.with_query(format!("`{name}` dropped"), &joined(&without), BeRefused);
            }
            for (what, twin) in [
                ("doubled", (*parameter).to_owned()),
                ("doubled without a value", name.to_owned()),
                ("doubled with another value", format!("{name}=other")),
                ("doubled in another spelling", format!("%{:02X}{}=other", name.as_bytes()[0], &name[1..])),
                ("doubled in another case", format!("{}=other", mixed(name))),
                ("doubled as a list", format!("{name}[]=other")),
            ] {
                for (side, place) in [("before", 0), ("behind", parameters.len())] {
                    let mut with = parameters.clone();
                    with.insert(place, &twin);
                    self.with_query(format!("`{name}` {what} {side}"), &joined(&with), BeRefused);
                }
            }
            let with = |by: &str| {
                let mut with = parameters.clone();
                with[at] = by;
                joined(&with)
            };
            match parameter.split_once('=') {
                Some((_, "")) => {
                    self.with_query(format!("`{name}=` to `{name}`"), &with(name), BeAccepted(NO_VALUE));
                }
                Some((name, value)) => {
                    self.with_query(format!("`{name}` emptied"), &with(&format!("{name}=")), BeRefused);
                    self.with_query(format!("`{name}` bare"), &with(name), BeRefused);
                    self.with_query(format!("`{name}` longer"), &with(&format!("{parameter}x")), BeRefused);
                    self.with_query(
                        format!("`{name}` and a blank"),
                        &with(&format!("{parameter}+")),
                        BeRefused,
                    );
                    let swapped = format!("{value}={name}");
                    if swapped != *parameter {
                        self.with_query(
                            format!("`{name}` and its value swapped"),
                            &with(&swapped),
                            BeRefused,
                        );
                    }
                }
                None => {
                    self.with_query(
                        format!("`{name}` to `{name}=`"),
                        &with(&format!("{name}=")),
                        BeAccepted(NO_VALUE),
                    );
                    self.with_query(format!("`{name}` gets a value"), &with(&format!("{name}=1")), BeRefused);
                }
            }
            self.with_query(format!("`{name}` renamed"), &with(&format!("x{parameter}")), BeRefused);
        }
        for at in 1..parameters.len() {
            let mut swapped = parameters.clone();
            swapped.swap(at - 1, at);
            self.with_query(format!("{} and {at} swapped", at - 1), &joined(&swapped), BeAccepted(ORDER));
        }
        if parameters.len() > 2 {
            let mut turned = parameters.clone();
            turned.rotate_left(1);
            self.with_query("turned round", &joined(&turned), BeAccepted(ORDER));
        }
        for added in [
            "zzz",
            "zzz=1",
            "aaa=",
            "x-odps-new=1",
            "x-odps-new",
            "=",
            "=1",
            "Authorization=x",
            "curr_project",
        ] {
            self.with_query(format!("`{added}` added at the end"), &format!("{query}&{added}"), BeRefused);
            self.with_query(
                format!("`{added}` added at the beginning"),
                &format!("{added}&{query}"),
                BeRefused,
            );
        }
        self.with_query("nothing added at the beginning", &format!("&{query}"), BeAccepted(NO_PARAMETER));
        self.with_query("nothing added at the end", &format!("{query}&"), BeAccepted(NO_PARAMETER));
        self.with_query("a second question mark", &format!("?{query}"), BeRefused);
    }
}
