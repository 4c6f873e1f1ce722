//! Verifying: no signature is proven by a key that did not make it, under no reading, whatever the request holds.

use countersign::{Place, Readings, Refusal, verify};

/// A secret that nobody signs with.
const WRONG: &str = "a secret that nobody signs with, 7f3a";

/// The law.
pub fn law(bytes: &[u8]) {
    let Some(captured) = crate::captured(bytes) else { return };
    let request = captured.request();
    let Some((scheme, claim)) = crate::claim(&request) else { return };
    let expected = crate::strict(scheme, &request, &claim).map(|text| text.to_text()).unwrap_or_default();
    for base in ["", crate::BASE, "/api/projects"] {
        for accepted in [Readings::Every, Readings::Preserving { and: &[] }] {
            let judged = crate::with_key(WRONG, |key| {
                verify(scheme, Place::at(base), &request, &claim, key, accepted)
            });
            let refusal = judged.expect_err("proven by a wrong key");
            let Refusal::SignatureMismatch { string_to_sign, .. } = &refusal else { panic!("{refusal:?}") };
            assert!(base != crate::BASE || *string_to_sign == expected, "{string_to_sign}");
            crate::read::told(&refusal);
        }
    }
    let _ = crate::with_key("", |key| verify(scheme, crate::PLACE, &request, &claim, key, Readings::Every));
}
