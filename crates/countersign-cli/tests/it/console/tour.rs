//! A walk past every page of the console, as somebody sees them who uses it.

use super::site::{ADMINISTRATOR, PASSWORD, Site, totp};
use crate::public_keys::RSA;
use crate::support::browser::Browser;
use crate::support::{Key, program, write_profile};

const VISITOR: &str = "wei@example.com";

/// What sites need for all their pages to be there.
pub(super) const CONFIG: &str = "require_real_name = true\n";

/// Goes past every page, and has each looked at under its name.
pub(super) fn tour(site: &Site, browser: &Browser, mut look: impl FnMut(&str)) {
    let page = |path: &str| site.page(path);
    browser.go(&page("/sign-up"));
    look("sign-up-closed");
    browser.go(&page(&site.first_link()));
    look("start");
    let mut administrator = site.open();
    site.known_as_localhost();

    browser.go(&page("/sign-in"));
    look("sign-in");
    browser.fill("#email", ADMINISTRATOR);
    browser.fill("#password", "not the password at all");
    browser.follow("#sign-in");
    browser.expect_status(422);
    look("sign-in-refused");
    browser.go(&page("/forgot"));
    look("forgot");
    browser.fill("#email", ADMINISTRATOR);
    browser.follow("#send-link");
    look("forgot-sent");
    browser.go(&site.here(&site.smtp.link_to(ADMINISTRATOR, "/reset/")));
    look("link-reset");
    administrator.post("/administration/invite", &[("email", "invited@example.com")]);
    browser.go(&site.here(&site.smtp.link_to("invited@example.com", "/invitation/")));
    look("link-invitation");

    browser.go(&page("/sign-up"));
    look("sign-up");
    browser.fill("#email", VISITOR);
    browser.fill("#new-password", "passwordpassword");
    browser.follow("#sign-up");
    browser.expect_status(422);
    look("sign-up-refused");
    browser.fill("#new-password", PASSWORD);
    browser.follow("#sign-up");
    look("sign-up-sent");
    let link = site.here(&site.smtp.link_to(VISITOR, "/sign-up/"));
    browser.go(&link);
    look("link-sign-up");
    browser.fill("#password", PASSWORD);
    browser.follow("#confirm");
    look("access-keys-none");
    browser.go(&link);
    browser.expect_status(410);
    look("link-over");

    browser.go(&page("/account/real-name"));
    look("real-name");
    browser.fill("#name", "王伟");
    browser.fill("#document", "passport E12345678");
    browser.follow("#submit");
    look("account-real-name-waits");
    let visitor = browser.cookie("__Host-session").unwrap();
    site.lend(&administrator, browser);
    browser.go(&page("/administration"));
    look("administration");
    browser.follow("#real-names li a");
    look("administration-real-name");
    browser.follow("#approve");
    browser.go(&page("/administration"));
    browser.follow("#accounts tbody a");
    look("administration-account");
    browser.set_cookie(&page("/"), "__Host-session", &visitor);

    browser.go(&page("/projects"));
    look("projects-none");
    browser.fill("#project-name", "demo");
    browser.follow("#create-project");
    look("projects");
    browser.press("details.confirm summary");
    look("projects-delete");

    browser.go(&page("/access-keys/new"));
    look("access-key-new");
    let report = create(site, browser, "nightly report", "never", "", &mut look);
    look("access-key-created");
    browser.go(&page(&format!("/access-keys/{}", report.id)));
    look("access-key-unused");
    assert!(is_accepted(site, &report));
    browser.until("the use is noted", || {
        browser.go(&page(&format!("/access-keys/{}", report.id)));
        browser.has("#last-used").then_some(())
    });
    look("access-key-used");
    browser.follow("#rotate");
    look("access-key-rotate");
    browser.follow("#create-successor");
    browser.follow("#done");
    look("access-key-rotate-successor");
    browser.follow("#disable");
    look("access-key-rotate-disabled");
    browser.follow("#delete");
    look("access-key-delete");
    browser.fill("#typed-id", &report.id);
    browser.follow("#delete");
    look("access-key-deleted");
    let paused = create(site, browser, "勘定系統の照合 · reconciliation", "30", "127.0.0.0/8", &mut |_| ());
    browser.go(&page(&format!("/access-keys/{}", paused.id)));
    browser.follow("#disable");
    look("access-key-disabled");
    browser.go(&page("/access-keys/new"));
    browser.fill("#description", "deployment robot");
    browser.press("input[name='kind'][value='public']");
    browser.press("#agreed");
    browser.follow("#create");
    browser.expect_status(422);
    look("access-key-new-public-refused");
    browser.fill("#public-key", RSA);
    browser.follow("#create");
    look("access-key-registered");
    let id = browser.text("#access-key-id");
    browser.go(&page(&format!("/access-keys/{id}")));
    look("access-key-public");
    browser.follow("#rotate");
    look("access-key-public-rotate");
    browser.go(&page("/access-keys"));
    look("access-keys");

    assert!(!is_accepted(site, &paused));
    browser.until("the refusal is noted", || {
        browser.go(&page("/activity"));
        browser.has("#refusals table").then_some(())
    });
    look("activity");
    browser.go(&page("/debugger"));
    look("debugger");
    browser.fill("#request", &wrong(&report));
    browser.follow("#explain");
    look("debugger-verdict");

    browser.go(&page("/account/email"));
    look("account-email");
    browser.fill("#new-email", "wei.wang@example.com");
    browser.follow("#send-link");
    browser.go(&site.here(&site.smtp.link_to("wei.wang@example.com", "/email/")));
    look("link-email");
    browser.go(&page("/account/password"));
    look("account-password");
    browser.go(&page("/account/close"));
    look("account-close");
    browser.go(&page("/account/second-factors/passkey"));
    look("account-passkey");
    browser.go(&page("/account/second-factors/new"));
    look("account-second-factor");
    let secret = browser.text("#totp-secret");
    browser.fill("#code", &totp(&secret, 0));
    browser.follow("#add-factor");
    look("account-recovery-codes");
    browser.follow("#done");
    look("account");
    browser.go(&page("/prove"));
    look("prove");
    browser.go(&page("/no-such-page"));
    browser.expect_status(404);
    look("not-found");

    browser.go(&page("/account"));
    browser.press("#name-menu summary");
    look("menu");
    browser.follow("#sign-out");
    look("signed-out");
    browser.fill("#email", VISITOR);
    browser.fill("#password", PASSWORD);
    browser.follow("#sign-in");
    look("second-factor");
}

/// Creates an AccessKey by the form.
fn create(
    site: &Site,
    browser: &Browser,
    description: &str,
    expiry: &str,
    networks: &str,
    look: &mut impl FnMut(&str),
) -> Key {
    browser.go(&site.page("/access-keys/new"));
    browser.fill("#description", description);
    browser.press(&format!("input[name='expiry'][value='{expiry}']"));
    browser.press("#agreed");
    browser.fill("#networks", "not a network");
    browser.follow("#create");
    browser.expect_status(422);
    look("access-key-new-refused");
    browser.fill("#networks", networks);
    browser.follow("#create");
    Key { id: browser.text("#access-key-id"), secret: browser.text("#access-key-secret") }
}

/// Sends a signed request. Returns whether it was accepted.
fn is_accepted(site: &Site, key: &Key) -> bool {
    let profile = site.data.directory.path().join("odps_config.ini");
    write_profile(&profile, key, &site.server.endpoint);
    program().arg("whoami").arg("--profile").arg(&profile).output().unwrap().status.success()
}

/// A request whose signature does not match.
fn wrong(key: &Key) -> String {
    format!(
        "GET /api/projects/demo HTTP/1.1\nHost: odps.example\nDate: Sat, 21 Nov 2026 23:23:13 GMT\n\
         Authorization: ODPS {}:Y291bnRlcnNpZ25lZCBieSBubyE=\n\n",
        key.id
    )
}
