//! What people try who mean no good, each by its name.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::site::{ADMINISTRATOR, PASSWORD, Site, totp};
use crate::support::browser::{Browser, DESK};
use crate::support::http::{Reply, Visitor};

const OWNER: &str = "wei@example.com";

/// A site of somebody who means no good: it answers all requests with one page, and counts them.
struct Elsewhere {
    port: u16,
    visits: Arc<AtomicUsize>,
}

impl Elsewhere {
    fn with_page(body: String) -> Self {
        // No icon is asked for: that would be another visit.
        let page = format!("<!doctype html><title>Elsewhere</title><link rel=icon href=data:,>{body}");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let visits = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&visits);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, page, counted) = (stream.unwrap(), page.clone(), Arc::clone(&counted));
                // Chromium opens connections before it knows what for: nobody is to wait behind those.
                std::thread::spawn(move || {
                    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                    if lines.map_while(Result::ok).take_while(|line| !line.is_empty()).count() == 0 {
                        return;
                    }
                    counted.fetch_add(1, Ordering::SeqCst);
                    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close";
                    let _ = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{page}", page.len());
                });
            }
        });
        Self { port, visits }
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }
}

fn sign_in(visitor: &mut Visitor, email: &str, password: &str) -> Reply {
    visitor.post("/sign-in", &[("email", email), ("password", password)])
}

/// The text of the element with this id.
fn text(reply: &Reply, id: &str) -> String {
    let start = format!("id=\"{id}\"");
    let (_, rest) = reply.body.split_once(&start).unwrap_or_else(|| panic!("no {start}: {}", reply.body));
    rest.split_once('>').unwrap().1.split('<').next().unwrap().to_owned()
}

/// `page`, but for what is another in each answer, and for the address that was typed.
fn without_what_changes(reply: &Reply, typed: &str) -> String {
    reply.body.replace(typed, "TYPED")
}

#[test]
fn a_form_on_a_page_of_another_origin_changes_nothing() {
    let Some(site) = Site::start("") else { return };
    let Some(browser) = Browser::start("en-US", DESK) else { return };
    site.lend(&site.open(), &browser);
    let form = format!(
        "<form method=post action='{}'><input name=name value=stolen></form>
         <button onclick='document.forms[0].submit()'>You have won</button>",
        site.page("/projects")
    );
    let elsewhere = Elsewhere::with_page(form);
    // Another port of this host gets its cookies too, for browsers call that one site; another host gets none.
    for host in ["localhost", "127.0.0.1"] {
        browser.go(&format!("http://{host}:{}/", elsewhere.port));
        browser.follow("button");
        assert_eq!(browser.url().as_str(), site.page("/projects"));
        browser.expect_status(403);
        browser.go(&site.page("/projects"));
        assert!(!browser.page_text().contains("stolen"));
    }
    assert_eq!(elsewhere.visits(), 2);
    // The browser was signed in all the time.
    browser.fill("#project-name", "stolen");
    browser.follow("#create-project");
    browser.visible("tr[data-project='stolen']");
}

#[test]
fn no_other_page_can_hold_the_console_in_a_frame() {
    let Some(site) = Site::start("") else { return };
    let Some(browser) = Browser::start("en-US", DESK) else { return };
    site.lend(&site.open(), &browser);
    let frame = format!("<iframe src='{}'></iframe>", site.page("/account"));
    let elsewhere = Elsewhere::with_page(frame);
    browser.go(&format!("http://localhost:{}/", elsewhere.port));
    let errors =
        browser.until("Chromium refuses the frame", || Some(browser.errors()).filter(|e| !e.is_empty()));
    assert!(errors.iter().all(|error| error.contains("frame-ancestors")), "{errors:?}");
}

#[test]
fn a_session_that_somebody_planted_is_not_the_one_that_is_signed_in() {
    let Some(site) = Site::start("") else { return };
    let Some(browser) = Browser::start("en-US", DESK) else { return };
    let mut mallory = site.open();
    site.register(OWNER);
    let planted = mallory.cookies["__Host-session"].clone();

    // One that nobody knows, and one that is mallory's own.
    for planted in ["A".repeat(43), planted] {
        browser.set_cookie(&site.page("/"), "__Host-session", &planted);
        // The page is not asked for again: to whoever is signed in it would not show its form.
        browser.tell(
            "Network.deleteCookies",
            serde_json::json!({ "name": "__Host-session", "url": site.page("/") }),
        );
        browser.go(&site.page("/sign-in"));
        browser.set_cookie(&site.page("/"), "__Host-session", &planted);
        browser.fill("#email", OWNER);
        browser.fill("#password", PASSWORD);
        browser.follow("#sign-in");
        assert!(browser.page_text().contains(OWNER), "{}", browser.page_text());
        assert_ne!(browser.cookie("__Host-session").unwrap(), planted);
        mallory.cookies.insert("__Host-session".to_owned(), planted);
        let reply = mallory.get("/account");
        assert_eq!((reply.status, reply.body.contains(OWNER)), (303, false), "{}", reply.location());
    }
}

#[test]
fn signing_in_leads_to_no_other_site() {
    let Some(site) = Site::start("") else { return };
    let Some(browser) = Browser::start("en-US", DESK) else { return };
    site.open();
    let elsewhere = Elsewhere::with_page("<p>Please type your password again</p>".to_owned());
    let there = format!("127.0.0.1:{}", elsewhere.port);
    for next in [
        format!("http://{there}/"),
        format!("//{there}/"),
        format!("/%5C{there}/"),
        format!("%5C%5C{there}/"),
        format!("/%09/{there}/"),
        format!("/%0A/{there}/"),
        format!("http:{there}/"),
        format!("javascript:location='http://{there}/'"),
    ] {
        browser.go(&site.page(&format!("/sign-in?next={next}")));
        browser.fill("#email", ADMINISTRATOR);
        browser.fill("#password", PASSWORD);
        browser.follow("#sign-in");
        assert_eq!(browser.url().as_str(), site.page("/access-keys"), "{next}");
        // Whoever is signed in is sent on at once.
        browser.go(&site.page(&format!("/sign-in?next={next}")));
        assert_eq!(browser.url().as_str(), site.page("/access-keys"), "{next}");
        browser.press("#name-menu summary");
        browser.follow("#sign-out");
    }
    assert_eq!(elsewhere.visits(), 0);
}

#[test]
fn links_in_mails_lead_to_the_console_whatever_host_was_asked_for() {
    let Some(site) = Site::start("") else { return };
    let mut administrator = site.open();
    site.register(OWNER);
    let mails = site.smtp.mails().len();
    for visitor in [&mut site.visitor(), &mut administrator] {
        visitor.host = Some("evil.example".to_owned());
        for (name, value) in [
            ("X-Forwarded-Host", "evil.example"),
            ("X-Forwarded-Proto", "https"),
            ("Forwarded", "host=evil.example;proto=https"),
            ("X-Original-URL", "http://evil.example/"),
        ] {
            visitor.fields.push((name.to_owned(), value.to_owned()));
        }
    }
    let mut stranger = site.visitor();
    stranger.clone_from(&administrator);
    stranger.cookies.clear();
    stranger.post("/sign-up", &[("email", "new@example.com"), ("new_password", PASSWORD)]);
    stranger.post("/sign-up", &[("email", OWNER), ("new_password", PASSWORD)]);
    stranger.post("/forgot", &[("email", OWNER)]);
    administrator.post("/administration/invite", &[("email", "invited@example.com")]);
    administrator.post("/account/email", &[("email", "root@example.com")]);
    for (to, path) in [
        ("new@example.com", "/sign-up/"),
        (OWNER, "/sign-in"),
        (OWNER, "/reset/"),
        ("invited@example.com", "/invitation/"),
        ("root@example.com", "/email/"),
    ] {
        let link = site.smtp.link_to(to, path);
        assert!(link.starts_with(&format!("{}{path}", site.printed)), "{link}");
    }
    let all = site.smtp.mails();
    assert!(all.len() >= mails + 5, "{}", all.len());
    assert!(!all.iter().any(|mail| mail.text.contains("evil")), "{all:?}");
}

#[test]
fn a_link_works_once_and_looking_at_it_is_no_use_of_it() {
    let Some(site) = Site::start("") else { return };
    let first = site.first_link();
    let mut administrator = site.open();
    let mut mallory = site.visitor();
    let path = |link: String| link.strip_prefix(&site.printed).unwrap().to_owned();

    mallory.post("/sign-up", &[("email", OWNER), ("new_password", PASSWORD)]);
    administrator.post("/administration/invite", &[("email", "invited@example.com")]);
    mallory.post("/forgot", &[("email", ADMINISTRATOR)]);
    let sign_up = path(site.smtp.link_to(OWNER, "/sign-up/"));
    let invitation = path(site.smtp.link_to("invited@example.com", "/invitation/"));
    let reset = path(site.smtp.link_to(ADMINISTRATOR, "/reset/"));
    let used = |path: &str, form: &[(&str, &str)]| {
        for _ in 0..3 {
            assert_eq!(site.visitor().get(path).status, 200, "{path}");
        }
        let reply = site.visitor().post(path, form);
        assert_eq!(reply.status, 303, "{path}: {}", reply.body);
    };
    used(&sign_up, &[("password", PASSWORD)]);
    used(&invitation, &[("new_password", PASSWORD)]);
    used(&reset, &[("new_password", "eleven brass kettles at dawn")]);
    assert_eq!(administrator.get("/account").status, 303, "a password set anew ends all sessions");

    sign_in(&mut administrator, ADMINISTRATOR, "eleven brass kettles at dawn");
    administrator.post("/account/email", &[("email", "root@example.com")]);
    let email = path(site.smtp.link_to("root@example.com", "/email/"));
    assert_eq!(administrator.get(&email).status, 200);
    assert_eq!(administrator.post(&email, &[]).status, 303);

    let form = [("email", "mallory@example.com"), ("password", PASSWORD), ("new_password", PASSWORD)];
    for path in [&first, &sign_up, &invitation, &reset] {
        assert_eq!(mallory.get(path).status, 410, "{path}");
        assert_eq!(mallory.post(path, &form).status, 410, "{path}");
    }
    assert_eq!(administrator.get(&email).status, 410);
    assert_eq!(administrator.post(&email, &[]).status, 410);
    assert!(!mallory.cookies.contains_key("__Host-session"));
}

#[test]
fn nothing_that_somebody_types_becomes_a_header_field_or_another_recipient() {
    const MARK: &str = "bcc@evil.example";
    let Some(site) = Site::start("trusted_proxies = [\"127.0.0.1\"]\n") else { return };
    let mut administrator = site.open();
    let emails = [
        format!("a@example.com\r\nBcc: {MARK}"),
        format!("a@example.com\nBcc: {MARK}\n\n"),
        format!("a@example.com%0d%0aBcc: {MARK}"),
        format!("a@example.com, {MARK}"),
        format!("a@example.com;{MARK}"),
        format!("a@example.com> {MARK}"),
        format!("<{MARK}>a@example.com"),
        format!("\"a\r\nBcc: {MARK}\"@example.com"),
        format!("a@example.com\0{MARK}"),
        format!("a@{MARK}"),
    ];
    for (number, email) in emails.iter().enumerate() {
        // Each from an address of its own, or most of them would be slowed down and not looked at.
        let from = |address: String| vec![("X-Forwarded-For".to_owned(), address)];
        let mut stranger = site.visitor().with("User-Agent", &format!("x%0d%0aBcc: {MARK}"));
        stranger.fields.extend(from(format!("192.0.2.{number}")));
        administrator.fields = from(format!("198.51.100.{number}"));
        let form = [("email", email.as_str()), ("new_password", PASSWORD)];
        for path in ["/sign-up", "/forgot"] {
            let status = stranger.post(path, &form).status;
            assert!([200, 422].contains(&status), "{path} {email:?}: {status}");
        }
        for path in ["/administration/invite", "/account/email"] {
            let status = administrator.post(path, &form).status;
            assert!([303, 422].contains(&status), "{path} {email:?}: {status}");
        }
    }
    // What goes into the text of a mail: the name of a factor, and what a browser says that it is.
    let page = administrator.get("/account/second-factors/new");
    let code = totp(&text(&page, "totp-secret"), 0);
    let name = format!("app\r\nBcc: {MARK}\r\n\r\nDear customer");
    let refused = administrator.post("/account/second-factors/new", &[("name", &name), ("code", &code)]);
    assert_eq!(refused.status, 422, "a name is one line");
    let page = administrator.get("/account/second-factors/new");
    let code = totp(&text(&page, "totp-secret"), 0);
    let name = format!("Bcc: {MARK} ");
    let added = administrator.post("/account/second-factors/new", &[("name", &name), ("code", &code)]);
    assert_eq!(added.status, 200, "{}", added.body);
    // A mail that comes after all others shows that these have arrived.
    administrator.post("/administration/mail", &[]);
    crate::support::eventually("the last mail", || {
        (site.smtp.mails_to(ADMINISTRATOR).len() >= 2).then_some(())
    });

    for mail in site.smtp.mails() {
        let [recipient] = &mail.recipients[..] else { panic!("{mail:?}") };
        assert!(!recipient.contains("evil"), "{mail:?}");
        assert_eq!(mail.sender, "no-reply@example.com", "{mail:?}");
        assert_eq!(mail.header("Bcc").len() + mail.header("Cc").len(), 0, "{mail:?}");
        assert_eq!(mail.header("To"), [recipient.as_str()], "{mail:?}");
        assert!(!mail.header("Subject")[0].contains(MARK), "{mail:?}");
        assert!(!mail.text.lines().any(|line| line.starts_with("Bcc:")), "{mail:?}");
    }
}

#[test]
fn markup_in_every_text_that_somebody_can_set_is_shown_as_text() {
    const MARKUP: &str = "<b id=owned>\"'><script>document.title='owned'</script>&amp;";
    let Some(site) = Site::start("require_real_name = true\n") else { return };
    let Some(browser) = Browser::start("en-US", DESK) else { return };
    let mut administrator = site.open();
    let mut owner = site.register(OWNER);
    // Somebody else's browser, in the list of sessions.
    let mut other = site.visitor().with("User-Agent", MARKUP);
    sign_in(&mut other, OWNER, PASSWORD);
    let shown = |path: &str| {
        browser.go(&site.page(path));
        is_text(&browser, path, MARKUP);
    };

    owner.post("/account/real-name", &[("name", MARKUP), ("document", MARKUP)]);
    site.lend(&administrator, &browser);
    browser.go(&site.page("/administration"));
    let link = browser.attribute("#real-names li a", "href").unwrap();
    shown(&link);
    let submitted = browser.attribute("#reject-form [name='submitted']", "value").unwrap();
    let reject = [("submitted", submitted.as_str()), ("reason", MARKUP), ("decision", "reject")];
    assert_eq!(administrator.post(&link, &reject).status, 303);
    browser.go(&site.page("/administration"));
    browser.fill("#search", MARKUP);
    browser.follow("#find");
    assert_eq!(browser.attribute("#search", "value").as_deref(), Some(MARKUP));
    assert!(!browser.has("#owned"));

    site.lend(&owner, &browser);
    shown("/account");
    shown("/activity");
    owner.post("/account/real-name", &[("name", "Wei"), ("document", "passport 1")]);
    browser.go(&site.page("/account"));
    approve(&mut administrator, &link);
    let page = owner.get("/account/second-factors/new");
    let code = totp(&text(&page, "totp-secret"), 0);
    let added = owner.post("/account/second-factors/new", &[("name", MARKUP), ("code", &code)]);
    assert_eq!(added.status, 200, "{}", added.body);
    shown("/account");

    browser.go(&site.page("/access-keys/new"));
    browser.fill("#description", MARKUP);
    browser.fill("#networks", MARKUP);
    browser.press("#agreed");
    browser.follow("#create");
    browser.expect_status(422);
    assert!(!browser.has("#owned"));
    browser.fill("#networks", "");
    browser.follow("#create");
    let id = browser.text("#access-key-id");
    shown("/access-keys");
    shown(&format!("/access-keys/{id}"));
    browser.follow("#disable");
    shown(&format!("/access-keys/{id}/delete"));
    browser.fill("#typed-id", &id);
    browser.follow("#delete");
    shown("/access-keys");

    let reply = owner.post("/projects", &[("name", MARKUP)]);
    assert_eq!(reply.status, 422);
    assert!(!reply.body.contains("<b id"), "{}", reply.body);
    browser.go(&site.page("/debugger"));
    browser.fill(
        "#request",
        &format!("GET /{MARKUP} HTTP/1.1\nX: {MARKUP}\nAuthorization: {MARKUP}\n\n{MARKUP}"),
    );
    browser.follow("#explain");
    assert!(!browser.has("#owned"), "{}", browser.page_text());
    browser.errors();
    browser.go(&site.page("/activity?key=%3Cb%20id=owned%3E%22'%3E"));
    assert_eq!(browser.attribute("#key", "value").as_deref(), Some("<b id=owned>\"'>"));
    assert!(!browser.has("#owned"));
    browser.go(&site.page("/%3Cb%20id=owned%3E"));
    browser.expect_status(404);
    assert!(!browser.has("#owned"));
}

/// The page has the markup as text, and not as an element.
fn is_text(browser: &Browser, path: &str, markup: &str) {
    assert!(browser.page_text().contains(markup), "{path}: {}", browser.page_text());
    assert!(!browser.has("#owned"), "{path}");
    assert_ne!(browser.eval("return document.title", vec![]), "owned");
}

/// An administrator approves what somebody submitted.
fn approve(administrator: &mut Visitor, path: &str) {
    let page = administrator.get(path);
    let (_, rest) = page.body.split_once("name=\"submitted\" value=\"").unwrap();
    let submitted = rest.split('"').next().unwrap().to_owned();
    let reply = administrator.post(path, &[("submitted", &submitted), ("decision", "approve")]);
    assert_eq!(reply.status, 303, "{}", reply.body);
}

#[test]
fn a_code_that_was_used_is_not_accepted_again() {
    let Some(site) = Site::start("") else { return };
    let mut owner = site.open();
    let page = owner.get("/account/second-factors/new");
    let secret = text(&page, "totp-secret");
    let enrolled = totp(&secret, 0);
    let form = [("name", "app"), ("code", enrolled.as_str())];
    assert_eq!(owner.post("/account/second-factors/new", &form).status, 200);

    let shown = |code: &str| {
        let mut visitor = site.visitor();
        let reply = sign_in(&mut visitor, ADMINISTRATOR, PASSWORD);
        assert_eq!((reply.status, reply.location()), (303, "/sign-in/second-factor"));
        assert_eq!(visitor.get("/account").status, 303, "half way is not in");
        let status = visitor.post("/sign-in/second-factor", &[("code", code)]).status;
        (status, visitor.get("/account").status)
    };
    assert_eq!(shown(&enrolled), (422, 303), "it was used when the app was added");
    let next = totp(&secret, 1);
    assert_eq!(shown(&next), (303, 200));
    assert_eq!(shown(&next), (422, 303), "it was used to sign in");
    assert_eq!(shown(&enrolled), (422, 303), "none before the last one counts");
}

#[test]
fn another_spelling_of_an_address_is_no_further_guess() {
    let Some(site) = Site::start("") else { return };
    site.open();
    site.register(OWNER);
    let mut statuses = Vec::new();
    for spelled in [OWNER, "WEI@example.com", " wei@example.com", "wei@EXAMPLE.COM ", "Wei@Example.com"]
        .iter()
        .cycle()
        .take(15)
    {
        statuses.push(sign_in(&mut site.visitor(), spelled, "a guess, and not the last one").status);
    }
    let slowed = statuses.iter().position(|status| *status == 429).expect("guessing is slowed down");
    assert!(slowed <= 10, "{statuses:?}");
    assert!(statuses[..slowed].iter().all(|status| *status == 422), "{statuses:?}");
    assert!(statuses[slowed..].iter().all(|status| *status == 429), "{statuses:?}");
    // Others are not slowed down.
    assert_eq!(sign_in(&mut site.visitor(), "lin@example.com", "a guess").status, 422);
}

#[test]
fn no_answer_tells_whether_an_address_has_an_account() {
    const NOBODY: &str = "nobody@example.com";
    let Some(site) = Site::start("") else { return };
    site.open();
    site.register(OWNER);
    let ask = |path: &str, email: &str| {
        let form = [("email", email), ("password", "a wrong password it is"), ("new_password", PASSWORD)];
        let reply = site.visitor().post(path, &form);
        let mut fields: Vec<_> =
            reply.head.lines().skip(1).map(|line| line.split(':').next().unwrap().to_owned()).collect();
        fields.sort();
        (reply.status, fields, without_what_changes(&reply, email))
    };
    for path in ["/sign-in", "/sign-up", "/forgot"] {
        assert_eq!(ask(path, OWNER), ask(path, NOBODY), "{path}");
    }
    // Nor does how often one may guess.
    let until_slowed = |email: &str| {
        (0..30).take_while(|_| sign_in(&mut site.visitor(), email, "another wrong one").status == 422).count()
    };
    assert_eq!(until_slowed(OWNER), until_slowed(NOBODY));
}

#[test]
fn strangers_who_guess_do_not_lock_the_owner_out() {
    let Some(site) = Site::start("") else { return };
    site.open();
    let mut owner = site.register(OWNER);
    assert_eq!(owner.post("/sign-out", &[]).status, 303);
    let mut guesses = 0;
    while sign_in(&mut site.visitor(), OWNER, "a guess, and not the last one").status != 429 {
        guesses += 1;
        assert!(guesses < 30, "guessing is not slowed down");
    }
    assert_eq!(
        sign_in(&mut site.visitor(), OWNER, PASSWORD).status,
        429,
        "strangers are slowed down all the same"
    );
    let reply = sign_in(&mut owner, OWNER, PASSWORD);
    assert_eq!((reply.status, reply.location()), (303, "/"), "the owner's browser is known: {}", reply.body);
    assert_eq!(owner.get("/account").status, 200);
    // And one without it can be let in by mail.
    site.visitor().post("/forgot", &[("email", OWNER)]);
    let link = site.smtp.link_to(OWNER, "/reset/");
    let path = link.strip_prefix(&site.printed).unwrap();
    let mut another = site.visitor();
    let reply = another.post(path, &[("new_password", "eleven brass kettles at dawn")]);
    assert_eq!(reply.status, 303, "{}", reply.body);
}
