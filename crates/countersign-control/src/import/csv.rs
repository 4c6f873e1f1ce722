//! CSV (RFC 4180) with a heading: what the consoles of Alibaba Cloud and AWS offer for download, and our own.

use countersign::AccessKeySecret;
use zeroize::Zeroizing;

use super::{Pair, Standing, Unreadable};

/// Which columns hold what.
struct Columns {
    count: usize,
    id: usize,
    secret: usize,
    description: Option<usize>,
}

impl Columns {
    /// The columns that a heading names, however it writes them: `AccessKeyId`, `Access key ID`, `access_key_id`.
    fn of(heading: &[Zeroizing<String>]) -> Option<Self> {
        let named = |names: &[&str]| {
            let is = |field: &Zeroizing<String>| {
                let letters = field.chars().filter(|c| c.is_alphanumeric());
                let letters: String = letters.map(|c| c.to_ascii_lowercase()).collect();
                names.contains(&letters.as_str())
            };
            heading.iter().position(is)
        };
        Some(Self {
            count: heading.len(),
            id: named(&["accesskeyid"])?,
            secret: named(&["accesskeysecret", "secretaccesskey"])?,
            description: named(&["description"]).or_else(|| named(&["username"])),
        })
    }
}

/// Whether a text begins with a heading that is known.
pub(super) fn has_heading(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    records(first).is_ok_and(|records| records.first().is_some_and(|(_, first)| Columns::of(first).is_some()))
}

pub(super) fn pairs(text: &str) -> Result<Vec<Pair>, Unreadable> {
    let mut records = records(text)?.into_iter();
    let (_, heading) = records.next().ok_or(Unreadable::NoHeading)?;
    let columns = Columns::of(&heading).ok_or(Unreadable::NoHeading)?;
    let read = |(line, fields): (usize, Vec<Zeroizing<String>>)| {
        if fields.len() != columns.count {
            return Err(Unreadable::Columns(line));
        }
        let field = |at: usize| fields.get(at).map(|field| field.trim()).unwrap_or_default();
        let secret = field(columns.secret);
        Ok(Pair {
            place: format!("line {line}"),
            id: field(columns.id).to_owned(),
            secret: (!secret.is_empty()).then(|| AccessKeySecret::new(secret)),
            description: columns.description.map(field).unwrap_or_default().to_owned(),
            standing: Standing::Enabled,
            expires: None,
        })
    };
    records.map(read).collect()
}

type Record = (usize, Vec<Zeroizing<String>>);

/// The records of a text, each with the line on which it begins. Empty lines are none.
fn records(text: &str) -> Result<Vec<Record>, Unreadable> {
    let mut records = Vec::new();
    let (mut line, mut begins) = (1, 1);
    let mut fields = Vec::new();
    let mut field = Zeroizing::new(String::new());
    let mut quoted_since = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        line += usize::from(c == '\n');
        match (c, quoted_since) {
            ('"', Some(_)) if chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            ('"', Some(_)) => quoted_since = None,
            (c, Some(_)) => field.push(c),
            ('"', None) if field.is_empty() => quoted_since = Some(line),
            (',', None) => fields.push(std::mem::take(&mut field)),
            ('\r', None) if chars.peek() == Some(&'\n') => {}
            ('\n', None) => {
                fields.push(std::mem::take(&mut field));
                end(&mut records, begins, &mut fields);
                begins = line;
            }
            (c, None) => field.push(c),
        }
    }
    if let Some(line) = quoted_since {
        return Err(Unreadable::Quotation(line));
    }
    fields.push(field);
    end(&mut records, begins, &mut fields);
    Ok(records)
}

fn end(records: &mut Vec<Record>, begins: usize, fields: &mut Vec<Zeroizing<String>>) {
    let fields = std::mem::take(fields);
    if fields.iter().any(|field| !field.trim().is_empty()) {
        records.push((begins, fields));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, String, String)> {
        let pairs = pairs(text).unwrap().into_iter();
        let told = |pair: Pair| {
            let secret = pair.secret.map(|secret| secret.expose().to_owned()).unwrap_or_default();
            (pair.place, pair.id, secret, pair.description)
        };
        pairs.map(told).collect()
    }

    fn one(line: &str, id: &str, secret: &str, description: &str) -> (String, String, String, String) {
        (line.to_owned(), id.to_owned(), secret.to_owned(), description.to_owned())
    }

    #[test]
    fn the_headings_of_all_consoles_are_known() {
        for heading in [
            "AccessKeyId,AccessKeySecret",
            "AccessKey ID,AccessKey Secret",
            "Access key ID,Secret access key",
            "\"access_key_id\",\"secret_access_key\"",
        ] {
            let text = format!("{heading}\r\nLTAI1,the/secret+one=\r\n\r\n");
            assert!(has_heading(&text), "{heading}");
            assert_eq!(read(&text), [one("line 2", "LTAI1", "the/secret+one=", "")]);
        }
        for text in ["", "id,secret\na,b", "{\"AccessKeyId\":1}", "AccessKeyId\n"] {
            assert!(!has_heading(text), "{text}");
            assert_eq!(pairs(text).unwrap_err(), Unreadable::NoHeading, "{text}");
        }
    }

    #[test]
    fn columns_may_stand_in_any_order_and_fields_in_quotation_marks() {
        let text = "Secret access key,Description,Access key ID\n\"a,\"\"b\",\"two\nlines\",A\n,,\nc,d,B";
        assert_eq!(read(text), [one("line 2", "A", "a,\"b", "two\nlines"), one("line 5", "B", "c", "d")]);
        let text = "User Name,Access key ID,Secret access key\nbob,A,secret\n";
        assert_eq!(read(text), [one("line 2", "A", "secret", "bob")]);
    }

    #[test]
    fn what_is_broken_is_told_by_its_line_alone() {
        let text = "AccessKeyId,AccessKeySecret\nA,B\nA,B,hidden\n";
        assert_eq!(pairs(text).unwrap_err(), Unreadable::Columns(3));
        let text = "AccessKeyId,AccessKeySecret\nA,\"hidden\n";
        assert_eq!(pairs(text).unwrap_err(), Unreadable::Quotation(2));
    }
}
