//! `Authorization`: the id, the scope, the signature.

use super::Must::{BeAccepted, BeRefused};
use super::rows::{BLANKS, NAME_CASE};
use super::{Made, Must, flipped, mixed, other_letter, replaced};
use crate::support::wire::Field;

impl Made<'_> {
    fn with_authorization(&mut self, part: &'static str, what: impl Into<String>, value: &str, must: Must) {
        let mut wire = self.wire();
        let at = wire.fields.iter().position(|field| field.is("authorization")).unwrap();
        wire.fields[at].value = value.to_owned();
        self.add(part, what, wire, must);
    }

    pub(super) fn authorization(&mut self) {
        let at = self.original.wire.fields.iter().position(|field| field.is("authorization")).unwrap();
        let field = self.original.wire.fields[at].clone();
        let text = field.value.strip_prefix("ODPS ").unwrap();
        let (credential, signature) = text.rsplit_once(':').unwrap();
        self.signature(credential, signature);
        let (id, scope) = match credential.split_once('/') {
            Some((id, scope)) => (id, Some(scope)),
            None => (credential, None),
        };
        self.access_key_id(id, scope, signature);
        self.scope(id, scope, signature);
        self.authorization_field(at, &field, text);
    }

    fn signature(&mut self, credential: &str, signature: &str) {
        const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let letters = signature.trim_end_matches('=').len();
        let thorough = self.original.thorough;
        let picked: Vec<_> =
            (0..signature.len()).filter(|at| at + 2 > letters || self.is_picked(*at, 6)).collect();
        let mut with = |what: String, signature: &str| {
            let value = format!("ODPS {credential}:{signature}");
            self.with_authorization("signature", what, &value, BeRefused);
        };
        for at in picked {
            with(format!("{at} dropped"), &replaced(signature, at, 1, ""));
            with(format!("{at} doubled"), &replaced(signature, at, 0, &signature[at..=at]));
            let own = BASE64.iter().position(|letter| *letter == signature.as_bytes()[at]);
            let Some(own) = own else {
                with(format!("{at} to `A`"), &replaced(signature, at, 1, "A"));
                continue;
            };
            // One bit; for the last letter each of the others, some of which decode to the same bytes when read loosely.
            let others = 1..if at + 1 < letters {
                2
            } else if thorough {
                64
            } else {
                4
            };
            for other in others.map(|bits| BASE64[own ^ bits]) {
                let other = char::from(other).to_string();
                with(format!("{at} to {other}"), &replaced(signature, at, 1, &other));
            }
            let letter = char::from(signature.as_bytes()[at]);
            if letter.is_ascii_alphabetic() {
                with(format!("case of {at}"), &replaced(signature, at, 1, &flipped(letter).to_string()));
            }
        }
        with("without padding".to_owned(), signature.trim_end_matches('='));
        with("with more padding".to_owned(), &format!("{signature}="));
        with("padded by dots".to_owned(), &signature.replace('=', "."));
        if signature.contains(['+', '/']) {
            with("in the alphabet for URLs".to_owned(), &signature.replace('+', "-").replace('/', "_"));
        }
        with("in small letters".to_owned(), &signature.to_ascii_lowercase());
        with("in capitals".to_owned(), &signature.to_ascii_uppercase());
        with("of no bytes".to_owned(), "");
        with("of padding alone".to_owned(), "=");
        with("its first half".to_owned(), &signature[..12]);
        with("nineteen bytes".to_owned(), &format!("{}==", &signature[..26]));
        with("twenty-one bytes".to_owned(), &format!("{}A", &signature[..letters]));
        with("of zeros".to_owned(), "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        with("twice".to_owned(), &format!("{signature}{signature}"));
        with("twice, by a comma".to_owned(), &format!("{signature},{signature}"));
        with("a blank in it".to_owned(), &replaced(signature, 9, 0, " "));
        with("a blank before it".to_owned(), &format!(" {signature}"));
        with("encoded for URLs".to_owned(), &signature.replace('=', "%3D"));
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, signature).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        with("in hexadecimal digits".to_owned(), &hex);
    }

    fn access_key_id(&mut self, id: &str, scope: Option<&str>, signature: &str) {
        let scope = scope.map(|scope| format!("/{scope}")).unwrap_or_default();
        let other = self.original.other_id;
        let picked: Vec<_> = (0..id.len()).filter(|at| self.is_picked(*at, 6)).collect();
        let mut with = |what: &str, id: &str| {
            let value = format!("ODPS {id}{scope}:{signature}");
            self.with_authorization("AccessKey id", what, &value, BeRefused);
        };
        with("another that is there", other);
        with("in small letters", &id.to_ascii_lowercase());
        with("in capitals", &id.to_ascii_uppercase());
        with("one letter in the other case", &mixed(id));
        with("of nothing", "");
        with("longer", &format!("{id}x"));
        with("shorter", &id[..id.len() - 1]);
        with("a blank behind it", &format!("{id} "));
        with("a blank before it", &format!(" {id}"));
        with("a colon behind it", &format!("{id}:"));
        with("another and a colon before it", &format!("{other}:{id}"));
        with("a slash behind it", &format!("{id}/"));
        with("a comma behind it", &format!("{id},"));
        with("encoded", &format!("%{:02X}{}", id.as_bytes()[0], &id[1..]));
        with("a quote", &format!("{id}'"));
        with("a tab behind it", &format!("{id}\t"));
        for at in picked {
            let to = other_letter(id.as_bytes()[at]).to_string();
            with("a letter altered", &replaced(id, at, 1, &to));
            with("a letter dropped", &replaced(id, at, 1, ""));
        }
    }

    fn scope(&mut self, id: &str, scope: Option<&str>, signature: &str) {
        let mut with = |what: String, credential: &str| {
            let value = format!("ODPS {credential}:{signature}");
            self.with_authorization("scope", what, &value, BeRefused);
        };
        let Some(scope) = scope else {
            for scope in ["20261121/cn-hangzhou/odps/aliyun_v4_request", "20261121///_v4_request", ""] {
                with(format!("`{scope}` added"), &format!("{id}/{scope}"));
            }
            return;
        };
        with("dropped".to_owned(), id);
        let parts: Vec<&str> = scope.split('/').collect();
        for (at, part) in parts.iter().enumerate() {
            let mut others =
                vec![String::new(), format!("{part}x"), format!("x{part}"), part.to_ascii_uppercase()];
            others.extend(
                match at {
                    0 => &["20261120", "20261122", "20251121", "20261101", "2026-11-21", "261121"][..],
                    1 => &["cn-beijing", "us-east-1", "*"],
                    2 => &["oss", "ecs", "odps2"],
                    _ => &[
                        "aliyun_v3_request",
                        "aliyun_v4",
                        "_v4_request",
                        "apsara_v4_request",
                        "aws4_request",
                    ],
                }
                .iter()
                .map(|other| (*other).to_owned()),
            );
            for inner in 0..part.len() {
                others.push(replaced(part, inner, 1, &other_letter(part.as_bytes()[inner]).to_string()));
                others.push(replaced(part, inner, 1, ""));
            }
            for other in others.into_iter().filter(|other| other != part) {
                let mut altered = parts.clone();
                altered[at] = &other;
                with(format!("`{part}` to `{other}`"), &format!("{id}/{}", altered.join("/")));
            }
            let mut without = parts.clone();
            without.remove(at);
            with(format!("`{part}` dropped"), &format!("{id}/{}", without.join("/")));
            let mut doubled = parts.clone();
            doubled.insert(at, part);
            with(format!("`{part}` doubled"), &format!("{id}/{}", doubled.join("/")));
        }
        for at in 1..parts.len() {
            let mut swapped = parts.clone();
            swapped.swap(at - 1, at);
            with("two parts swapped".to_owned(), &format!("{id}/{}", swapped.join("/")));
        }
        with("a slash behind it".to_owned(), &format!("{id}/{scope}/"));
    }

    fn authorization_field(&mut self, at: usize, field: &Field, text: &str) {
        for (what, value) in [
            ("another scheme's name", format!("odps {text}")),
            ("another scheme's name", format!("ODPS4 {text}")),
            ("another scheme's name", format!("acs {text}")),
            ("no scheme's name", text.to_owned()),
            ("two blanks", format!("ODPS  {text}")),
            ("a tab", format!("ODPS\t{text}")),
            ("twice in one line", format!("ODPS {text}, ODPS {text}")),
            ("the name alone", "ODPS".to_owned()),
            ("nothing", String::new()),
        ] {
            self.with_authorization("Authorization", what, &value, BeRefused);
        }
        for (colon, end) in [(":", ""), (":\t ", ""), (": ", " \t")] {
            let mut wire = self.wire();
            wire.fields[at].colon = colon.to_owned();
            wire.fields[at].end = end.to_owned();
            self.add("Authorization", format!("blanks `{colon}` `{end}`"), wire, BeAccepted(BLANKS));
        }
        for name in ["authorization", "AUTHORIZATION", "aUTHORIZATION"] {
            if name != field.name {
                let mut wire = self.wire();
                wire.fields[at].name = name.to_owned();
                self.add("Authorization", "case of its name", wire, BeAccepted(NAME_CASE));
            }
        }
        for name in ["Proxy-Authorization", "x-odps-authorization", "X-Forwarded-Authorization"] {
            let mut wire = self.wire();
            wire.fields[at].name = name.to_owned();
            self.add("Authorization", format!("moved to {name}"), wire, BeRefused);
        }
        for (what, value) in [("the same", field.value.as_str()), ("another", "Basic eA=="), ("nothing", "")]
        {
            for place in [at, at + 1] {
                let mut wire = self.wire();
                wire.fields.insert(place, Field::new("Authorization", value));
                self.add("Authorization", format!("doubled with {what}"), wire, BeRefused);
            }
        }
        let mut wire = self.wire();
        wire.fields.remove(at);
        self.add("Authorization", "dropped", wire.clone(), BeRefused);
        let target = self.target();
        let mark = if target.contains('?') { '&' } else { '?' };
        let moved = format!("{target}{mark}Authorization={}", field.value.replace(' ', "+"));
        self.add("Authorization", "moved to the query", wire.to(moved), BeRefused);
    }
}
