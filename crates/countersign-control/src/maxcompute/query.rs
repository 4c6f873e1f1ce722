//! The query of a request as names and values, decoded as its signature was tested.

use countersign::canonical;

/// The parameters of a query.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a query. What is not UTF-8 once decoded is replaced: no name and no value that is looked for holds such.
    pub(super) fn read(query: &str) -> Self {
        let pairs = canonical::parameters(query.as_bytes());
        Self(pairs.iter().map(|pair| (text(pair.name()), text(pair.value()))).collect())
    }

    /// Whether there is a parameter of this name, with a value or without.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found == name)
    }

    /// The value of a parameter. An empty one is as good as none. Of two the last counts, as it does for the
    /// signature; unless the operator takes such requests, they are refused before.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let last = self.0.iter().rev().find(|(found, _)| found == name);
        last.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The names of parameters without a value.
    pub(super) fn bare(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| name.as_str())
    }
}

/// Decodes `%41` to `A`. What is not two hexadecimal digits after a `%` stays as it is.
pub(super) fn decode(segment: &str) -> String {
    text(&canonical::decode(segment.as_bytes()))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_decoded_after_they_are_split() {
        let parameters = Parameters::read("a=1%262&&b+c=%2B&policy&extended=&a=3&=x");
        assert_eq!(parameters.get("a"), Some("3"));
        assert_eq!(parameters.get("b c"), Some("+"));
        assert!(parameters.has("policy") && parameters.get("policy").is_none() && !parameters.has("2"));
        assert_eq!(parameters.bare().collect::<Vec<_>>(), ["policy", "extended"]);
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        assert_eq!(decode("%41%zz%4"), "A%zz%4");
        assert_eq!(decode("a+b%2Fc"), "a+b/c");
        assert_eq!(decode("%ff"), "\u{fffd}");
    }
}
