//! Passkeys, with the authenticator that Chromium has for tests.

use super::site::{ADMINISTRATOR, PASSWORD, Site};
use crate::support::browser::{Browser, DESK};

#[test]
fn a_passkey_opens_the_account_and_another_authenticator_does_not() {
    let Some(site) = Site::start("") else { return };
    let Some(browser) = Browser::start("en-US", DESK) else { return };
    let Some(another) = Browser::start("en-US", DESK) else { return };
    let administrator = site.open();
    site.known_as_localhost();
    browser.add_authenticator();
    site.lend(&administrator, &browser);

    browser.go(&site.page("/account"));
    browser.follow("#add-passkey");
    browser.fill("#factor-name", "this machine");
    browser.follow("#passkey-form button");
    assert!(browser.text("#recovery-codes").lines().count() >= 8);
    browser.follow("#done");
    assert!(browser.text("#second-factors").contains("this machine"));
    browser.press("#name-menu summary");
    browser.follow("#sign-out");

    with_password(&site, &browser);
    browser.go(&site.page("/account"));
    assert_eq!(browser.path(), "/sign-in", "the password alone is half way");
    with_password(&site, &browser);
    browser.follow("#use-passkey");
    assert_eq!(browser.path(), "/access-keys");
    browser.go(&site.page("/prove?next=/projects"));
    browser.fill("#password", PASSWORD);
    browser.follow("#prove");
    assert_eq!(browser.path(), "/projects", "it is shown again for what matters");

    another.add_authenticator();
    with_password(&site, &another);
    another.press("#use-passkey");
    another.visible("#passkey-form [data-failed]");
    another.go(&site.page("/account"));
    assert_eq!(another.path(), "/sign-in");
}

fn with_password(site: &Site, browser: &Browser) {
    browser.go(&site.page("/sign-in"));
    browser.fill("#email", ADMINISTRATOR);
    browser.fill("#password", PASSWORD);
    browser.follow("#sign-in");
    assert_eq!(browser.path(), "/sign-in/second-factor");
}
