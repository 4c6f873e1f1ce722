//! The signed header fields, `Date` among them.

use super::Must::{BeAccepted, BeRefused, NotBeHttp};
use super::rows::{BLANKS, FIELD_ORDER, JAVA_FORM, LINES, NAME_CASE, NO_TYPE, OVERRIDDEN};
use super::{Made, Must, flipped, mixed, other_letter, replaced};
use crate::support::wire::Field;

impl Made<'_> {
    /// The names of the parameters that stand in for header fields.
    fn overriding(&self) -> Vec<String> {
        let query = self.path_and_query().1.unwrap_or_default();
        let names = query.split('&').map(|parameter| parameter.split('=').next().unwrap_or_default());
        names.filter(|name| name.starts_with("x-odps-")).map(str::to_owned).collect()
    }

    /// The fields that the signature covers, by their place.
    fn signed_fields(&self) -> Vec<usize> {
        let signed = |field: &Field| {
            let name = field.name.to_ascii_lowercase();
            matches!(name.as_str(), "content-md5" | "content-type" | "date") || name.starts_with("x-odps-")
        };
        (0..self.original.wire.fields.len()).filter(|at| signed(&self.original.wire.fields[*at])).collect()
    }

    pub(super) fn fields(&mut self) {
        for at in self.signed_fields() {
            let field = self.original.wire.fields[at].clone();
            let overridden = self.overriding().contains(&field.name.to_ascii_lowercase());
            self.names_of_field(at, &field, overridden);
            self.values_of_field(at, &field, if overridden { BeAccepted(OVERRIDDEN) } else { BeRefused });
            self.lines_of_field(at, &field, overridden);
        }
        let fields = &self.original.wire.fields;
        let repeated = fields.iter().any(|a| fields.iter().filter(|b| b.is(&a.name)).count() > 1);
        if !repeated {
            let mut wire = self.wire();
            wire.fields.reverse();
            self.add("field", "the order of all turned round", wire, BeAccepted(FIELD_ORDER));
            let mut wire = self.wire();
            wire.fields.rotate_left(1);
            self.add("field", "the first put last", wire, BeAccepted(FIELD_ORDER));
        }
    }

    fn with_field(&mut self, what: impl Into<String>, at: usize, field: Field, must: Must) {
        let mut wire = self.wire();
        let what = format!("{}: {}", wire.fields[at].name, what.into());
        wire.fields[at] = field;
        self.add(part_of(&self.original.wire.fields[at].name), what, wire, must);
    }

    fn names_of_field(&mut self, at: usize, field: &Field, overridden: bool) {
        let named = |name: String| Field { name, ..field.clone() };
        for name in [field.name.to_ascii_lowercase(), field.name.to_ascii_uppercase(), mixed(&field.name)] {
            if name != field.name {
                self.with_field("case of its name", at, named(name), BeAccepted(NAME_CASE));
            }
        }
        let name = &field.name;
        // Another signed name is one more field; any other is one fewer.
        let fewer = if overridden { BeAccepted(OVERRIDDEN) } else { BeRefused };
        for (other, must) in [
            (format!("{name}x"), BeRefused),
            (name[..name.len() - 1].to_owned(), BeRefused),
            (name.replace('-', "_"), fewer),
            (format!("x{name}"), fewer),
        ] {
            if other != *name {
                self.with_field(format!("renamed {other}"), at, named(other), must);
            }
        }
        let blank = named(format!("{name} "));
        self.with_field("a blank behind its name", at, blank, NotBeHttp);
        let mut wire = self.wire();
        wire.fields.remove(at);
        self.add(part_of(name), format!("{name} dropped"), wire, fewer);
    }

    fn values_of_field(&mut self, at: usize, field: &Field, must: Must) {
        let value = &field.value;
        let with = |value: String| Field { value, ..field.clone() };
        let length = value.len();
        let step = if self.original.thorough { 1 } else { (length / 3).max(1) };
        for place in (0..length).step_by(step).chain(length.checked_sub(1)) {
            let to = other_letter(value.as_bytes()[place]).to_string();
            self.with_field(format!("byte {place} to {to}"), at, with(replaced(value, place, 1, &to)), must);
            let dropped = replaced(value, place, 1, "");
            if dropped.trim() == value {
                continue;
            }
            self.with_field(format!("byte {place} dropped"), at, with(dropped), must);
            let letter = char::from(value.as_bytes()[place]);
            if letter.is_ascii_alphabetic() {
                let flipped = flipped(letter).to_string();
                self.with_field(
                    format!("case at {place}"),
                    at,
                    with(replaced(value, place, 1, &flipped)),
                    must,
                );
            }
        }
        if let Some(blank) = value.find(' ') {
            self.with_field("a blank doubled", at, with(replaced(value, blank, 1, "  ")), must);
            self.with_field("a blank to a tab", at, with(replaced(value, blank, 1, "\t")), must);
        }
        self.with_field("longer", at, with(format!("{value}x")), must);
        self.with_field("a comma behind it", at, with(format!("{value},")), must);
        self.with_field("twice in one line", at, with(format!("{value},{value}")), must);
        if !value.is_empty() {
            self.with_field("emptied", at, with(String::new()), must);
        }
        for (colon, end) in [(":", ""), (":   ", ""), (":\t", ""), (": ", " "), (": ", "\t "), (":", "  ")] {
            if colon != field.colon || end != field.end {
                let blanks = Field { colon: colon.to_owned(), end: end.to_owned(), ..field.clone() };
                self.with_field(format!("blanks `{colon}` `{end}`"), at, blanks, BeAccepted(BLANKS));
            }
        }
    }

    fn lines_of_field(&mut self, at: usize, field: &Field, overridden: bool) {
        let part = part_of(&field.name);
        let by_place = part != "field";
        let must = if overridden { BeAccepted(OVERRIDDEN) } else { BeRefused };
        for (what, value) in [("the same", field.value.as_str()), ("another value", "other"), ("nothing", "")]
        {
            for place in [0, at, at + 1, self.original.wire.fields.len()] {
                let mut wire = self.wire();
                wire.fields.insert(place, Field::new(&field.name, value));
                self.add(part, format!("{} doubled with {what} at {place}", field.name), wire, must);
            }
        }
        for (place, _) in field.value.match_indices(',') {
            let (before, behind) = (&field.value[..place], &field.value[place + 1..]);
            let mut wire = self.wire();
            wire.fields[at].value = before.to_owned();
            wire.fields.insert(at + 1, Field::new(&field.name, behind));
            let exact = before.trim() == before && behind.trim() == behind && !by_place;
            let same = if exact && !overridden { BeAccepted(LINES) } else { must };
            self.add(part, format!("{} cut at the comma at {place}", field.name), wire, same);
            let mut wire = self.wire();
            wire.fields[at].value = behind.to_owned();
            wire.fields.insert(at + 1, Field::new(&field.name, before));
            if before != behind {
                self.add(part, format!("{} cut at the comma and swapped", field.name), wire, must);
            }
        }
        let second = self.original.wire.fields.iter().skip(at + 1).position(|other| other.is(&field.name));
        if let Some(second) = second.map(|second| at + 1 + second) {
            let other = self.original.wire.fields[second].value.clone();
            for (comma, must) in [(",", BeAccepted(LINES)), (", ", BeRefused), ("", BeRefused)] {
                let mut wire = self.wire();
                wire.fields.remove(second);
                wire.fields[at].value = format!("{}{comma}{other}", field.value);
                self.add(part, format!("{} joined by `{comma}`", field.name), wire, must);
            }
            let mut wire = self.wire();
            wire.fields.swap(at, second);
            self.add(part, format!("the two of {} swapped", field.name), wire, BeRefused);
        }
    }

    pub(super) fn added_fields(&mut self) {
        let mut with = |what: &str, name: &str, value: &str, must: Must| {
            let mut wire = self.wire();
            wire.fields.push(Field::new(name, value));
            let part = part_of(name);
            self.add(part, format!("{name} added, {what}"), wire, must);
        };
        with("signed by its name", "x-odps-zzz", "1", BeRefused);
        with("signed by its name", "X-Odps-Aaa", "1", BeRefused);
        with("without a value", "x-odps-zzz", "", BeRefused);
        with("a name with nothing behind the prefix", "x-odps-", "1", BeRefused);
        for other in [
            "x-odps-bearer-token",
            "authorization-sts-token",
            "application-authentication",
            "sts-authentication",
            "sts-token",
            "odps-x-supervision-token",
        ] {
            with("a credential of another kind", other, "x", BeRefused);
        }
        let original = self.original.wire;
        let mut with = |what: &str, name: &str, value: &str, must: Must| {
            if original.value(name).is_none() {
                let mut wire = original.clone();
                wire.fields.insert(0, Field::new(name, value));
                self.add(part_of(name), format!("{name} added, {what}"), wire, must);
            }
        };
        with("that of no body", "Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==", BeRefused);
        with("of nothing", "Content-MD5", "", BeRefused);
        with("any", "Content-Type", "application/xml", BeRefused);
        with("of nothing", "Content-Type", "", BeAccepted(NO_TYPE));
        let form = "application/x-www-form-urlencoded";
        let java = original.value("x-odps-user-agent").is_some_and(|agent| agent.starts_with("JavaSDK"));
        let java = java && original.method == "POST";
        with("of a form", "Content-Type", form, if java { BeAccepted(JAVA_FORM) } else { BeRefused });
        with(
            "of a form, with a charset",
            "Content-Type",
            "application/x-www-form-urlencoded; charset=utf-8",
            BeRefused,
        );
        with("of a form, in capitals", "Content-Type", &form.to_ascii_uppercase(), BeRefused);
        for name in self.overriding() {
            let mut wire = original.clone();
            wire.fields.push(Field::new(&name, "anything"));
            self.add(
                "field",
                format!("{name} added, which a parameter overrides"),
                wire,
                BeAccepted(OVERRIDDEN),
            );
        }
    }

    pub(super) fn date(&mut self) {
        let at = self.original.wire.fields.iter().position(|field| field.is("date")).unwrap();
        let date = self.original.wire.fields[at].value.clone();
        let then = countersign::Timestamp::parse_http_date(&date).unwrap();
        let moved = |seconds: i64| {
            countersign::Timestamp::from_unix_millis(then.unix_millis() + seconds * 1000).http_date()
        };
        let (_, rest) = date.split_once(", ").unwrap();
        let (day, month, year, time) = match rest.split(' ').collect::<Vec<_>>()[..] {
            [day, month, year, time, "GMT"] => (day, month, year, time),
            _ => panic!("{date}"),
        };
        let iso = then.iso8601();
        for (what, value) in [
            ("a second later", moved(1)),
            ("a second earlier", moved(-1)),
            ("a minute later", moved(60)),
            ("a minute earlier", moved(-60)),
            ("a day later", moved(86_400)),
            ("an hour earlier", moved(-3_600)),
            ("RFC 850", format!("Saturday, {day}-{month}-{} {time} GMT", &year[2..])),
            ("asctime", format!("Sat {month} {day} {time} {year}")),
            ("ISO 8601", iso),
            ("in seconds", then.unix_seconds().to_string()),
            ("without its weekday", rest.to_owned()),
            ("another name of the zone", date.replace("GMT", "UTC")),
            ("a numbered zone", date.replace("GMT", "+0000")),
            ("an unknown zone", date.replace("GMT", "-0000")),
            ("a zone in small letters", date.replace("GMT", "gmt")),
            ("the same instant elsewhere", format!("{} +0100", moved(3_600).trim_end_matches(" GMT"))),
            ("with a comment", format!("{date} (x)")),
            ("in small letters", date.to_ascii_lowercase()),
        ] {
            self.with_field(what, at, Field::new("Date", &value), BeRefused);
        }
        for name in ["x-odps-date", "X-Date", "x-acs-date", "Last-Modified"] {
            let mut wire = self.wire();
            wire.fields[at].name = name.to_owned();
            self.add("date", format!("moved to {name}"), wire, BeRefused);
            let mut wire = self.wire();
            wire.fields[at].value = moved(1);
            wire.fields.push(Field::new(name, &date));
            self.add("date", format!("another one, and the signed one in {name}"), wire, BeRefused);
        }
    }
}

fn part_of(field: &str) -> &'static str {
    match field.to_ascii_lowercase().as_str() {
        "content-md5" => "Content-MD5",
        "content-type" => "Content-Type",
        "date" => "date",
        _ => "field",
    }
}
