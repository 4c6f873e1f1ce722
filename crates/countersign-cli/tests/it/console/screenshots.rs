//! Pictures of every page, for people to look at: `make screenshots`.

use std::fs;

use super::site::Site;
use super::tour;
use crate::support::browser::{Browser, DESK, TELEPHONE};
use crate::support::target;

#[test]
#[ignore = "it judges nothing; `make screenshots` runs it"]
fn of_every_page() {
    for (accepts, language) in [("en-US", "en"), ("zh-CN", "zh-CN")] {
        let Some(site) = Site::start(tour::CONFIG) else { return };
        let Some(browser) = Browser::start(accepts, DESK) else { return };
        let directory = target().join("screenshots");
        fs::create_dir_all(&directory).unwrap();
        let mut number = 0;
        tour::tour(&site, &browser, |name| {
            number += 1;
            for scheme in ["dark", "light"] {
                browser.prefer(scheme);
                for width in [TELEPHONE, DESK] {
                    browser.resize(width);
                    let file = format!("{number:02}-{name}.{language}.{scheme}.{width}.png");
                    fs::write(directory.join(file), browser.picture()).unwrap();
                }
            }
        });
    }
}
