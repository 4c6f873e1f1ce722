//! Everything that somebody does from the first start of a server to signing out, one thing after the other.

use serde_json::Value;

use super::site::{ADMINISTRATOR, PASSWORD, Site, totp};
use crate::support::browser::{Browser, DESK, TELEPHONE};
use crate::support::python::Script;
use crate::support::{Key, eventually};

const OWNER: &str = "wei@example.com";

/// What the downloaded odps_config.ini says.
struct Login {
    key: Key,
    endpoint: String,
    project: String,
}

impl Login {
    fn read(file: &str) -> Self {
        let value = |name: &str| {
            let mut lines = file.lines().filter(|line| !line.starts_with('#'));
            let found = lines.find_map(|line| line.split_once('=').filter(|(known, _)| *known == name));
            found.unwrap_or_else(|| panic!("{name} is not in {file}")).1.trim().to_owned()
        };
        let key = Key { id: value("access_id"), secret: value("access_key") };
        Self { key, endpoint: value("end_point"), project: value("project_name") }
    }

    /// Signs in with PyODPS. Returns what came of its first request.
    fn sign_in(&self) -> Value {
        let script = Script::new("login.py").unwrap().signing_as(&self.key, &self.endpoint);
        script.with("PROJECT", &self.project).run()["steps"]["exist_project"].clone()
    }

    fn is_accepted(&self) {
        assert_eq!(self.sign_in()["result"], true, "{}", self.sign_in());
    }

    /// The change is in force before the page that says so is there.
    fn is_refused(&self, code: &str) {
        assert_eq!(self.sign_in()["error"]["code"], code, "{}", self.sign_in());
    }
}

#[test]
fn somebody_does_all_there_is_to_do_in_english_at_a_desk() {
    journey("en-US", "en", DESK);
}

#[test]
fn somebody_does_all_there_is_to_do_in_chinese_on_a_telephone() {
    journey("zh-CN", "zh-CN", TELEPHONE);
}

fn journey(accepts: &str, language: &str, width: u32) {
    if Script::new("login.py").is_none() {
        return;
    }
    let Some(site) = Site::start("") else { return };
    let Some(browser) = Browser::start(accepts, width) else { return };

    open_the_first_account(&site, &browser);
    register(&site, &browser);
    assert_eq!(browser.attribute("html", "lang").as_deref(), Some(language));
    let secret = enrol(&browser);
    sign_out(&browser);
    sign_in(&site, &browser, &secret);

    let login = create_a_project_and_an_access_key(&browser);
    let page = site.page(&format!("/access-keys/{}", login.key.id));
    // The page turns by itself while PyODPS runs.
    assert!(!browser.has("#first-use.arrived"));
    login.is_accepted();
    browser.visible("#first-use.arrived [data-arrived]");
    browser.follow("#done");
    let row = format!("tr[data-access-key='{}'][data-status='enabled']", login.key.id);
    browser.visible(&row);

    browser.go(&page);
    assert!(browser.text("#last-used").contains("127.0.0.1"), "{}", browser.page_text());
    browser.follow("#disable");
    assert!(browser.text("#notice").contains(&login.key.id));
    login.is_refused("AccessKeyDisabled");
    browser.follow("#enable");
    login.is_accepted();

    let next = rotate(&browser, &login);
    next.is_accepted();
    login.is_refused("AccessKeyIdNotFound");
    restore(&browser, &login);
    login.is_refused("AccessKeyDisabled");
    next.is_accepted();

    browser.go(&site.page("/activity"));
    assert!(browser.text("#changes").contains(&login.key.id));
    sign_out(&browser);
    browser.go(&page);
    assert_eq!(browser.path(), "/sign-in", "signed out is signed out");
}

/// The printed link opens the first account, which then opens registration and goes.
fn open_the_first_account(site: &Site, browser: &Browser) {
    browser.go(&site.page(&site.first_link()));
    browser.fill("#email", ADMINISTRATOR);
    browser.fill("#new-password", PASSWORD);
    browser.follow("#confirm");
    browser.go(&site.page("/administration"));
    browser.press("#registration input[value='open']");
    browser.follow("#set-registration");
    sign_out(browser);
}

fn register(site: &Site, browser: &Browser) {
    browser.go(&site.page("/sign-in"));
    browser.follow("#sign-up");
    browser.fill("#email", OWNER);
    browser.fill("#new-password", PASSWORD);
    assert!(!browser.text("#strength").is_empty(), "a word on the password while it is typed");
    browser.follow("#sign-up");
    assert!(browser.text("#sent").contains(OWNER));
    browser.go(&site.here(&site.smtp.link_to(OWNER, "/sign-up/")));
    assert_eq!(browser.text("#link-email"), OWNER);
    browser.fill("#password", PASSWORD);
    browser.follow("#confirm");
    assert_eq!(browser.path(), "/access-keys", "it leads to the AccessKeys");
}

/// Adds an authenticator app. Returns its secret.
fn enrol(browser: &Browser) -> String {
    browser.press("#name-menu summary");
    browser.follow("#menu-account");
    browser.follow("#add-totp");
    let secret = browser.text("#totp-secret");
    browser.fill("#code", &totp(&secret, 0));
    browser.follow("#add-factor");
    assert!(browser.text("#recovery-codes").lines().count() >= 8);
    browser.follow("#done");
    secret
}

fn sign_in(site: &Site, browser: &Browser, secret: &str) {
    browser.go(&site.page("/sign-in"));
    browser.fill("#email", OWNER);
    browser.fill("#password", PASSWORD);
    browser.follow("#sign-in");
    assert_eq!(browser.path(), "/sign-in/second-factor");
    // The code of now was used to add the app.
    browser.fill("#code", &totp(secret, 1));
    browser.follow("#verify");
    assert_eq!(browser.path(), "/access-keys");
}

fn sign_out(browser: &Browser) {
    browser.press("#name-menu summary");
    browser.follow("#sign-out");
    assert_eq!(browser.path(), "/sign-in");
}

fn create_a_project_and_an_access_key(browser: &Browser) -> Login {
    browser.follow("nav.parts a[href='/projects']");
    browser.fill("#project-name", "nightly");
    browser.follow("#create-project");
    browser.visible("tr[data-project='nightly']");
    browser.follow("nav.parts a[href='/access-keys']");
    browser.follow("#create-access-key");
    browser.fill("#description", "nightly report");
    browser.press("#agreed");
    browser.follow("#create");
    let login = save(browser);
    assert_eq!(login.project, "nightly");
    login
}

/// Saves the file of a new AccessKey, and reads it.
fn save(browser: &Browser) -> Login {
    browser.press("#download-ini");
    let login = Login::read(&browser.downloaded("odps_config.ini"));
    assert_eq!(browser.text("#access-key-id"), login.key.id);
    assert_eq!(browser.text("#access-key-secret"), login.key.secret);
    login
}

/// Replaces an AccessKey by another, which it returns, and deletes it.
fn rotate(browser: &Browser, old: &Login) -> Login {
    browser.follow("#rotate");
    browser.follow("#create-successor");
    let new = save(browser);
    browser.follow("#done");
    assert_eq!(browser.text("#successor"), new.key.id);
    browser.visible("#new-unused");
    new.is_accepted();
    let reload = browser.url();
    eventually("the page knows that the new one is used", || {
        browser.go(reload.as_str());
        (!browser.has("#new-unused")).then_some(())
    });
    browser.follow("#disable");
    old.is_refused("AccessKeyDisabled");
    browser.follow("#delete");
    browser.fill("#typed-id", "something else");
    browser.follow("#delete");
    browser.expect_status(422);
    browser.fill("#typed-id", &old.key.id);
    browser.follow("#delete");
    new
}

/// Takes an AccessKey out of the recycle bin.
fn restore(browser: &Browser, old: &Login) {
    browser.follow("nav.parts a[href='/access-keys']");
    let id = &old.key.id;
    browser.follow(&format!("#recycle-bin tr[data-access-key='{id}'] [data-action='restore']"));
    browser.follow("nav.parts a[href='/access-keys']");
    browser.visible(&format!("#access-keys tr[data-access-key='{id}'][data-status='disabled']"));
}
