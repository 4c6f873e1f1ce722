//! Opening an account, signing in, and what nobody should get out of these pages.

use std::time::Duration;

use countersign_accounts::account::Registration;
use countersign_accounts::change::Actor;
use countersign_accounts::random;
use countersign_control::app::{Asked, administration};
use http::Request;

use super::browser::{Answer, Browser, Site, encoded, now};

const PASSWORD: &str = "purple horse staple wagon";

/// Lets everybody register.
async fn open_registration(site: &Site) {
    let account = site.open_account("admin@example.com").await;
    let asked = || Asked::new(Actor::System, now(), &mut random::from_system());
    administration::appoint(site.store(), asked(), account.id).await.unwrap();
    administration::set_registration(site.store(), asked(), Registration::Open).await.unwrap();
}

/// The path of the link in the latest mail to an address.
async fn link(browser: &mut Browser<'_>, to: &str) -> String {
    let mails = browser.get("/mails").await.body;
    let mail = mails.split("<article").find(|mail| mail.contains(&format!("data-to=\"{to}\""))).unwrap();
    let url = mail.split("<a href=\"").nth(1).unwrap().split('"').next().unwrap();
    url.strip_prefix("https://console.test").unwrap_or_else(|| panic!("{url}")).to_owned()
}

/// Registers an address and opens its account. The browser is signed in then.
async fn register(browser: &mut Browser<'_>, email: &str) {
    let sent = browser.post("/sign-up", &[("email", email), ("new_password", PASSWORD)]).await;
    assert!(sent.status == 200 && sent.body.contains("id=\"sent\""), "{}", sent.body);
    let path = link(browser, email).await;
    let opened = browser.post(&path, &[("password", PASSWORD)]).await;
    assert_eq!((opened.status, opened.header("location")), (303, "/"), "{}", opened.body);
}

async fn sign_in(browser: &mut Browser<'_>, email: &str, password: &str) -> Answer {
    browser.post("/sign-in", &[("email", email), ("password", password), ("next", "/projects")]).await
}

#[tokio::test]
async fn somebody_registers_signs_out_and_signs_in() {
    let site = Site::new().await;
    open_registration(&site).await;
    let mut browser = site.browser();
    register(&mut browser, "alice@example.com").await;
    assert!(browser.get("/access-keys").await.body.contains("alice@example.com"));
    let out = browser.post("/sign-out", &[]).await;
    assert_eq!((out.status, out.header("location")), (303, "/sign-in"));
    assert!(!browser.cookies.contains_key("__Host-session"));
    assert_eq!(browser.get("/access-keys").await.status, 303);
    let signed_in = sign_in(&mut browser, "Alice@Example.com", PASSWORD).await;
    assert_eq!((signed_in.status, signed_in.header("location")), (303, "/projects"));
    assert_eq!(browser.get("/projects").await.status, 200);
}

#[tokio::test]
async fn a_link_is_looked_at_often_and_used_once() {
    let site = Site::new().await;
    open_registration(&site).await;
    let mut browser = site.browser();
    browser.post("/sign-up", &[("email", "alice@example.com"), ("new_password", PASSWORD)]).await;
    let path = link(&mut browser, "alice@example.com").await;
    for _ in 0..3 {
        assert_eq!(browser.get(&path).await.status, 200);
    }
    assert_eq!(browser.post(&path, &[("password", "not what was chosen")]).await.status, 422);
    assert_eq!(browser.post(&path, &[("password", PASSWORD)]).await.status, 303);
    assert_eq!(browser.get(&path).await.status, 410);
    assert_eq!(browser.post(&path, &[("password", PASSWORD)]).await.status, 410);

    browser.post("/forgot", &[("email", "alice@example.com")]).await;
    let path = link(&mut browser, "alice@example.com").await;
    assert!(path.starts_with("/reset/"), "{path}");
    let late = now().plus(Duration::from_secs(2 * 60 * 60));
    assert_eq!(browser.send_at(Request::get(path.as_str()), "", late).await.status, 410);
    assert_eq!(browser.post(&path, &[("new_password", "short")]).await.status, 422);
    let other = "another purple wagon horse";
    assert_eq!(browser.post(&path, &[("new_password", other)]).await.status, 303);
    assert_eq!(browser.get("/projects").await.status, 303, "everybody is signed out");
    assert_eq!(browser.post(&path, &[("new_password", PASSWORD)]).await.status, 410);
    assert_eq!(sign_in(&mut browser, "alice@example.com", PASSWORD).await.status, 422);
    assert_eq!(sign_in(&mut browser, "alice@example.com", other).await.status, 303);
}

#[tokio::test]
async fn links_in_mails_lead_where_the_operator_says_whatever_the_host() {
    let site = Site::new().await;
    open_registration(&site).await;
    let mut browser = site.browser();
    for (path, form) in [
        ("/sign-up", &[("email", "alice@example.com"), ("new_password", PASSWORD)][..]),
        ("/forgot", &[("email", "admin@example.com")]),
    ] {
        let request = Request::post(path)
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header("sec-fetch-site", "same-origin");
        assert_eq!(browser.send(request, &encoded(form)).await.status, 200);
    }
    let mails = browser.get("/mails").await.body;
    assert!(!mails.contains("evil.example") && mails.matches("href=\"https://console.test/").count() == 2);
}

#[tokio::test]
async fn no_answer_tells_whether_there_is_an_account() {
    let site = Site::new().await;
    open_registration(&site).await;
    register(&mut site.browser(), "alice@example.com").await;
    let normalised = |answer: Answer, email: &str| (answer.status, answer.body.replace(email, "EMAIL"));
    for path in ["/sign-up", "/forgot", "/sign-in"] {
        let mut answers = Vec::new();
        for email in ["alice@example.com", "nobody@example.com"] {
            let form = [("email", email), ("new_password", PASSWORD), ("password", "wrong all the same")];
            answers.push(normalised(site.browser().post(path, &form).await, email));
        }
        assert_eq!(answers[0], answers[1], "{path}");
    }
}

#[tokio::test]
async fn signing_in_gives_a_session_that_nobody_had_before() {
    let site = Site::new().await;
    open_registration(&site).await;
    register(&mut site.browser(), "alice@example.com").await;
    // Somebody made the browser keep this.
    let planted = "A".repeat(43);
    let mut browser = site.browser();
    browser.cookies.insert("__Host-session".to_owned(), planted.clone());
    let answer = sign_in(&mut browser, "alice@example.com", PASSWORD).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let first = browser.cookies["__Host-session"].clone();
    assert_ne!(first, planted);
    let mut thief = site.browser();
    thief.cookies.insert("__Host-session".to_owned(), planted);
    assert_eq!(thief.get("/projects").await.status, 303);
    // Signing in again ends the session that was, and so does showing the password again.
    sign_in(&mut browser, "alice@example.com", PASSWORD).await;
    thief.cookies.insert("__Host-session".to_owned(), first);
    assert_eq!(thief.get("/projects").await.status, 303);
    let second = browser.cookies["__Host-session"].clone();
    browser.post("/prove", &[("password", PASSWORD)]).await;
    assert_ne!(browser.cookies["__Host-session"], second);
    thief.cookies.insert("__Host-session".to_owned(), second);
    assert_eq!(thief.get("/projects").await.status, 303);
    assert_eq!(browser.get("/projects").await.status, 200);
}

#[tokio::test]
async fn cookies_are_for_this_host_and_not_for_scripts() {
    let site = Site::new().await;
    open_registration(&site).await;
    let mut browser = site.browser();
    register(&mut browser, "alice@example.com").await;
    browser.post("/sign-out", &[]).await;
    browser.cookies.clear();
    let answer = sign_in(&mut browser, "alice@example.com", PASSWORD).await;
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|c| c.to_str().unwrap()).collect();
    for name in ["__Host-session=", "__Host-device="] {
        let cookie = cookies.iter().find(|cookie| cookie.starts_with(name)).unwrap();
        for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
            assert!(cookie.contains(attribute) && !cookie.contains("Domain"), "{cookie}");
        }
    }
}

#[tokio::test]
async fn after_signing_in_nobody_is_led_to_another_site() {
    let site = Site::new().await;
    open_registration(&site).await;
    let mut browser = site.browser();
    register(&mut browser, "alice@example.com").await;
    for next in ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example"] {
        let form = [("email", "alice@example.com"), ("password", PASSWORD), ("next", next)];
        for path in ["/sign-in", "/prove"] {
            assert_eq!(browser.post(path, &form).await.header("location"), "/", "{path}: {next}");
        }
        let query = format!("/sign-in?{}", encoded(&[("next", next)]));
        assert_eq!(browser.get(&query).await.header("location"), "/", "{next}");
    }
}

#[tokio::test]
async fn what_matters_needs_the_password_again() {
    let site = Site::new().await;
    open_registration(&site).await;
    let mut browser = site.browser();
    register(&mut browser, "alice@example.com").await;
    let later = now().plus(Duration::from_secs(11 * 60));
    for path in [
        "/access-keys/new",
        "/account/password",
        "/account/email",
        "/account/second-factors/new",
        "/account/close",
    ] {
        let answer = browser.send_at(Request::get(path), "", later).await;
        assert_eq!((answer.status, answer.header("location")), (303, &*format!("/prove?next={path}")));
        let form = encoded(&[
            ("description", "x"),
            ("agreed", "yes"),
            ("new_password", "another purple wagon horse"),
            ("email", "alice@example.com"),
            ("name", "x"),
            ("code", "000000"),
        ]);
        let request = Request::post(path).header("sec-fetch-site", "same-origin");
        let answer = browser.send_at(request, &form, later).await;
        assert!(
            answer.status == 303 && answer.header("location").starts_with("/prove"),
            "{path}: {answer:?}"
        );
    }
    let wrong = Request::post("/prove").header("sec-fetch-site", "same-origin");
    assert_eq!(browser.send_at(wrong, "password=wrong", later).await.status, 422);
    let right = Request::post("/prove").header("sec-fetch-site", "same-origin");
    let form = encoded(&[("password", PASSWORD), ("next", "/access-keys/new")]);
    let answer = browser.send_at(right, &form, later).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/access-keys/new"));
    assert_eq!(browser.send_at(Request::get("/access-keys/new"), "", later).await.status, 200);
}

#[tokio::test]
async fn guessing_is_slowed_down_with_429() {
    let site = Site::new().await;
    open_registration(&site).await;
    register(&mut site.browser(), "alice@example.com").await;
    let mut browser = site.browser();
    let mut refused = None;
    for _ in 0..40 {
        let answer = sign_in(&mut browser, "alice@example.com", "wrong all the time").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("it was never slowed down");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    assert!(refused.body.contains("Too many attempts"), "{}", refused.body);
}

#[tokio::test]
async fn administration_is_there_for_administrators_alone() {
    let site = Site::new().await;
    open_registration(&site).await;
    let admin = site.store().list_administrators().await.unwrap().remove(0);
    let mut browser = site.browser();
    register(&mut browser, "alice@example.com").await;
    let alice = site.store().search_accounts("alice", None, 1).await.unwrap().remove(0);
    let suspend = format!("/administration/accounts/{}/suspend", admin.id);
    for path in ["/administration", &suspend.replace("/suspend", "")] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    for path in [&suspend, "/administration/registration", "/administration/invite", "/administration/mail"] {
        let form = [("mode", "closed"), ("email", "x@example.com")];
        assert_eq!(browser.post(path, &form).await.status, 404, "{path}");
    }
    let mut browser = site.signed_in(&admin).await;
    assert!(browser.get("/administration").await.body.contains("alice@example.com"));
    let answer = browser.post(&suspend, &[]).await;
    assert_eq!(answer.status, 303);
    let told = browser.get(&suspend.replace("/suspend", "")).await;
    assert!(told.body.contains("You are the last administrator"), "{}", told.body);
    let path = format!("/administration/accounts/{}", alice.id);
    browser.post(&format!("{path}/suspend"), &[]).await;
    assert!(browser.get(&path).await.body.contains("The account is suspended."));
    assert_eq!(sign_in(&mut site.browser(), "alice@example.com", PASSWORD).await.status, 422);
    let limit = browser.post(&format!("{path}/limit"), &[("limit", "3")]).await;
    assert_eq!(limit.status, 303);
    assert_eq!(site.store().find_account(&alice.id).await.unwrap().unwrap().access_key_limit, 3);
}

#[tokio::test]
async fn the_first_account_is_opened_by_a_link_that_works_once() {
    let site = Site::new().await;
    let url = site.console.first_administrator_url(now()).await.unwrap().unwrap();
    let path = url.strip_prefix("https://console.test").unwrap().to_owned();
    let mut browser = site.browser();
    assert!(browser.get(&path).await.body.contains("Welcome to Countersign"));
    let form = [("email", "root@example.com"), ("new_password", PASSWORD)];
    assert_eq!(browser.post(&path, &form).await.status, 303);
    assert_eq!(browser.get("/administration").await.status, 200);
    assert_eq!(site.browser().post(&path, &form).await.status, 410);
    assert_eq!(site.console.first_administrator_url(now()).await.unwrap(), None);
}

#[tokio::test]
async fn no_token_of_a_link_is_in_a_page_but_its_own() {
    let site = Site::new().await;
    open_registration(&site).await;
    let mut browser = site.browser();
    browser.post("/sign-up", &[("email", "alice@example.com"), ("new_password", PASSWORD)]).await;
    let path = link(&mut browser, "alice@example.com").await;
    let answer = browser.get(&path).await;
    assert_eq!(answer.header("referrer-policy"), "same-origin");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.body.contains("href=\"http"), "nothing on it leads to another site: {}", answer.body);
}

#[tokio::test]
async fn who_has_an_access_key_that_expires_is_reminded_once() {
    let site = Site::new().await;
    let account = site.open_account("alice@example.com").await;
    let mut browser = site.signed_in(&account).await;
    let form = [("description", "<b>nightly</b>\u{202e}"), ("agreed", "yes"), ("expiry", "30")];
    assert_eq!(browser.post("/access-keys/new", &form).await.status, 200);
    assert_eq!(site.console.remind(now()).await.unwrap(), 0);
    let soon = now().plus(Duration::from_secs(25 * 24 * 60 * 60));
    assert_eq!(site.console.remind(soon).await.unwrap(), 1);
    assert_eq!(site.console.remind(soon).await.unwrap(), 0);
    let mails = browser.get("/mails").await.body;
    assert!(mails.contains("An AccessKey is about to expire") && !mails.contains("<b>"), "{mails}");
    assert!(mails.contains("href=\"https://console.test/access-keys/CSAK"), "{mails}");
}
