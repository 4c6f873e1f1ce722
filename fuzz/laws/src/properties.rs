//! Profiles as Java writes them: what is read can be written and read again, and any text can be a key or a value.

use countersign_client::properties::{Properties, load, write_line};

/// The law.
pub fn law(bytes: &[u8]) {
    let bytes = bytes.get(..crate::LONGEST).unwrap_or(bytes);
    match load(bytes) {
        Ok(properties) => {
            let mut written = String::new();
            for (key, value) in pairs(&properties) {
                write_line(&mut written, &key, &value);
            }
            let again = load(written.as_bytes()).expect("what was written can be read");
            assert_eq!(pairs(&again), pairs(&properties), "{written}");
            assert!(written.is_ascii());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }

    let text = String::from_utf8_lossy(bytes);
    let middle = text.chars().count() / 2;
    let key: String = text.chars().take(middle).collect();
    let value: String = text.chars().skip(middle).collect();
    let mut line = String::new();
    write_line(&mut line, &key, &value);
    assert_eq!(pairs(&load(line.as_bytes()).expect("a line that was written")), [(key, value)], "{line}");
}

fn pairs(properties: &Properties) -> Vec<(String, String)> {
    let pair = |key: &str| (key.to_owned(), properties.get_untrimmed(key).unwrap_or_default().to_owned());
    let mut pairs: Vec<_> = properties.keys().map(pair).collect();
    pairs.sort();
    pairs
}
