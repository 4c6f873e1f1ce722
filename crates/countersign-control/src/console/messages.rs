//! What the console says, in each of its languages: catalogues in Fluent, compiled in.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use super::language::Language;

const ENGLISH: &str = include_str!("messages/en.ftl");
const CHINESE: &str = include_str!("messages/zh-CN.ftl");

type Bundle = FluentBundle<FluentResource>;

static IN_ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::English));
static IN_CHINESE: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::SimplifiedChinese));

fn text(language: Language) -> &'static str {
    match language {
        Language::English => ENGLISH,
        Language::SimplifiedChinese => CHINESE,
    }
}

/// What of a catalogue cannot be read is left out; tests see to it that all can.
fn bundle(language: Language) -> Bundle {
    let tags: Vec<LanguageIdentifier> = language.tag().parse().into_iter().collect();
    let mut bundle = Bundle::new_concurrent(tags);
    // Marks of direction around what is put in: both languages run from left to right.
    bundle.set_use_isolating(false);
    let resource =
        FluentResource::try_new(text(language).to_owned()).unwrap_or_else(|(resource, _)| resource);
    // Two messages with one id: the first stays.
    let _ = bundle.add_resource(resource);
    bundle
}

/// What is put into a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'v> {
    Text(&'v str),
    Number(i64),
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(text)
    }
}

/// A message in a language. One that is not there is its own id; a test sees to it that all are.
pub(crate) fn say(language: Language, id: &str, values: &[(&str, Value<'_>)]) -> String {
    let bundle = match language {
        Language::English => &*IN_ENGLISH,
        Language::SimplifiedChinese => &*IN_CHINESE,
    };
    let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
        return id.to_owned();
    };
    let mut arguments = FluentArgs::with_capacity(values.len());
    for (name, value) in values {
        let value = match value {
            Value::Text(text) => FluentValue::String(Cow::Borrowed(*text)),
            Value::Number(number) => FluentValue::from(*number),
        };
        arguments.set(*name, value);
    }
    bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use super::*;

    /// The ids of a catalogue, each with what is put into it.
    fn ids(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut id = String::new();
        for line in text(language).lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            if !line.starts_with([' ', '}']) {
                id = line.split(" =").next().unwrap().to_owned();
                assert!(!ids.contains_key(&id), "{language:?}: `{id}` is there twice");
                ids.insert(id.clone(), BTreeSet::new());
            }
            for part in line.split('$').skip(1) {
                let end = |c: char| !c.is_ascii_lowercase() && c != '-';
                ids.get_mut(&id).unwrap().insert(part.split(end).next().unwrap().to_owned());
            }
        }
        ids
    }

    #[test]
    fn the_catalogues_can_be_read_whole() {
        for language in Language::ALL {
            if let Err((_, errors)) = FluentResource::try_new(text(language).to_owned()) {
                panic!("{language:?}: {errors:?}");
            }
        }
    }

    #[test]
    fn the_catalogues_say_the_same_with_the_same_values() {
        let (english, chinese) = (ids(Language::English), ids(Language::SimplifiedChinese));
        for (id, values) in &english {
            assert_eq!(chinese.get(id), Some(values), "`{id}`");
        }
        for id in chinese.keys() {
            assert!(english.contains_key(id), "`{id}` is in Chinese alone");
        }
    }

    #[test]
    fn what_pages_say_is_in_the_catalogues_and_the_other_way_round() {
        let known = ids(Language::English);
        let mut used = BTreeSet::new();
        let mut texts = String::new();
        let mut left = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console")];
        left.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mail"));
        while let Some(directory) = left.pop() {
            let Ok(entries) = std::fs::read_dir(directory) else { continue };
            for entry in entries {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    left.push(path);
                } else if path.extension().is_some_and(|e| e == "rs" || e == "html") {
                    texts.push_str(&std::fs::read_to_string(path).unwrap());
                }
            }
        }
        // Whatever stands between quotes and is an id, and what is asked for as one.
        used.extend(texts.split('"').filter(|text| known.contains_key(*text)).map(str::to_owned));
        for call in ["page.t(\"", "page.t1(\"", "page.n(\"", ".say(\""] {
            for text in texts.split(call).skip(1) {
                let id = text.split('"').next().unwrap();
                assert!(known.contains_key(id), "`{id}` is said, and is in no catalogue");
            }
        }
        // Each mail has a subject of its own.
        let is_used = |id: &String| used.contains(id.strip_suffix("-subject").unwrap_or(id));
        let unused: Vec<_> = known.keys().filter(|id| !is_used(id)).collect();
        assert!(unused.is_empty(), "never said: {unused:?}");
    }

    #[test]
    fn numbers_choose_their_form() {
        let days = |language, n| say(language, "time-days", &[("n", Value::Number(n))]);
        assert_eq!(days(Language::English, 1), "1 day");
        assert_eq!(days(Language::English, 3), "3 days");
        assert_eq!(days(Language::SimplifiedChinese, 3), "3 天");
    }
}
