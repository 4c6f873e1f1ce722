//! Every page is one that everybody can use, whatever their window, colours and language.

use super::site::Site;
use super::tour;
use crate::support::browser::{Browser, DESK, TELEPHONE, axe};

#[test]
fn every_page_can_be_used_by_everybody_in_english() {
    can_be_used_by_everybody("en-US", "en");
}

#[test]
fn every_page_can_be_used_by_everybody_in_chinese() {
    can_be_used_by_everybody("zh-CN", "zh-CN");
}

/// No barrier in light or in dark colours, in a wide or in a narrow window; nothing beyond the right edge, which people
/// would have to scroll for; the language that was asked for; and nothing on the browser's console.
fn can_be_used_by_everybody(accepts: &str, language: &str) {
    let Some(axe) = axe() else { return };
    let Some(site) = Site::start(tour::CONFIG) else { return };
    let Some(browser) = Browser::start(accepts, DESK) else { return };
    let mut wrong = Vec::new();
    tour::tour(&site, &browser, |name| {
        let mut note = |what: String| wrong.push(format!("{name}: {what}"));
        let spoken = browser.attribute("html", "lang");
        if spoken.as_deref() != Some(language) {
            note(format!("it is in {spoken:?}"));
        }
        for (width, scheme) in [(TELEPHONE, "dark"), (DESK, "light")] {
            browser.resize(width);
            browser.prefer(scheme);
            browser.overflow().into_iter().for_each(&mut note);
            browser.barriers(&axe).into_iter().for_each(&mut note);
        }
        browser.errors().into_iter().for_each(&mut note);
    });
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
}
