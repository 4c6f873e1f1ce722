//! Every page in every language, as it was when somebody last looked at it, and what people do with AccessKeys.

use countersign::AccessKeyId;
use countersign_accounts::access_key::LastUsed;

use super::browser::{Answer, Browser, Site, now};

const PASSWORD: &str = "purple horse staple wagon";
const NEW: &[(&str, &str)] = &[("description", "nightly report"), ("expiry", "90"), ("agreed", "yes")];

/// A page without what differs each time.
fn normalised(body: &str) -> String {
    let token = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut out = String::new();
    let mut word = String::new();
    for c in body.chars().chain(['\n']) {
        if token(c) {
            word.push(c);
            continue;
        }
        let named = ["acc_", "ses_", "fac_", "CSAK", "CSSK"].into_iter().find(|name| word.starts_with(name));
        let named = named.filter(|name| name.ends_with('_') || word.len() > 12);
        let random = word.len() == 43
            || (word.len() == 32 && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()))
            || (word.len() == 19 && word.split('-').all(|part| part.len() == 4))
            || (word.len() == 24 && word.chars().all(|c| c.is_ascii_hexdigit()));
        match word.rsplit_once('-') {
            Some((name, hash)) if hash.len() == 16 && hash.chars().all(|c| c.is_ascii_hexdigit()) => {
                out.push_str(&format!("{name}-HASH"));
            }
            _ if named.is_some() || random => out.push_str(&format!("{}…", named.unwrap_or_default())),
            _ => out.push_str(&word),
        }
        word.clear();
        out.push(c);
    }
    // How long something took, and the squares of a QR code.
    let took = |line: &str| {
        let unit = [" ms, ", " 毫秒"].into_iter().find(|unit| line.contains(unit))?;
        let (before, after) = line.split_once(unit)?;
        Some(format!("{} N{unit}{after}", before.rsplit_once(' ')?.0))
    };
    let squares = |line: &str| {
        let (before, after) = line.contains("h1v1h-1z").then(|| line.split_once("<path d=\""))??;
        Some(format!("{before}<path d=\"…\"{}", after.split_once('"')?.1))
    };
    let lines =
        out.lines().map(|line| took(line).or_else(|| squares(line)).unwrap_or_else(|| line.to_owned()));
    let lines: Vec<_> =
        lines.map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect();
    lines.join("\n") + "\n"
}

pub(super) fn looks(name: &str, language: &str, answer: &Answer) {
    insta::assert_snapshot!(format!("{name}_{language}"), normalised(&answer.body));
}

/// Creates an AccessKey, and returns the page that shows it.
async fn create(browser: &mut Browser<'_>) -> Answer {
    let answer = browser.post("/access-keys/new", NEW).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer
}

#[tokio::test]
async fn the_pages_are_what_they_were() {
    for language in ["en", "zh-CN"] {
        let site = Site::new().await;
        let account = site.open_account("alice@example.com").await;
        let mut browser = site.signed_in(&account).await;
        browser.language = language;

        looks("access_keys_none", language, &browser.get("/access-keys").await);
        looks("access_key_new", language, &browser.get("/access-keys/new").await);
        let created = create(&mut browser).await;
        let id = created.text("access-key-id");
        looks("access_key_created", language, &created);
        let used = LastUsed {
            at: now(),
            address: "192.0.2.9".to_owned(),
            scheme: "odps".to_owned(),
            client: "pyodps/0.12".to_owned(),
        };
        site.store().note_usage(&[(AccessKeyId::new(&id).unwrap(), used)]).await.unwrap();
        looks("access_keys", language, &browser.get("/access-keys").await);
        looks("access_key", language, &browser.get(&format!("/access-keys/{id}")).await);
        looks("rotate", language, &browser.get(&format!("/access-keys/{id}/rotate")).await);
        browser.post(&format!("/access-keys/{id}/disable"), &[]).await;
        looks("access_key_disabled", language, &browser.get(&format!("/access-keys/{id}")).await);
        looks("delete", language, &browser.get(&format!("/access-keys/{id}/delete")).await);
        browser.post("/projects", &[("name", "demo")]).await;
        looks("projects", language, &browser.get("/projects").await);
        looks("debugger", language, &browser.get("/debugger").await);
        let request = format!(
            "GET /api/projects/demo HTTP/1.1\nDate: Sun, 22 Nov 2026 05:06:35 GMT\nAuthorization: ODPS {id}:AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
        );
        let explained =
            browser.post("/debugger", &[("request", request.as_str()), ("base_path", "/api")]).await;
        looks("debugger_explained", language, &explained);
        looks("activity", language, &browser.get("/activity").await);
        looks("not_found", language, &browser.get("/nothing/here").await);
    }
}

#[tokio::test]
async fn the_doors_and_the_account_are_what_they_were() {
    for language in ["en", "zh-CN"] {
        let site = Site::new().await;
        let start = site.console.first_administrator_url(now()).await.unwrap().unwrap();
        let start = start.strip_prefix("https://console.test").unwrap();
        let mut browser = site.browser();
        browser.language = language;
        looks("start", language, &browser.get(start).await);
        looks("sign_up_closed", language, &browser.get("/sign-up").await);
        let form = [("email", "root@example.com"), ("new_password", PASSWORD)];
        assert_eq!(browser.post(start, &form).await.status, 303);
        looks("administration", language, &browser.get("/administration").await);
        browser.post("/administration/registration", &[("mode", "open")]).await;
        let root = site.store().list_administrators().await.unwrap().remove(0);
        let path = format!("/administration/accounts/{}", root.id);
        looks("administration_account", language, &browser.get(&path).await);
        browser.post("/account/real-name", &[("name", "Root R. Root"), ("document", "passport 1")]).await;
        let path = format!("/administration/real-names/{}", root.id);
        looks("administration_real_name", language, &browser.get(&path).await);
        looks("account", language, &browser.get("/account").await);
        for page in
            ["email", "password", "close", "real-name", "second-factors/new", "second-factors/passkey"]
        {
            let name = format!("account_{}", page.replace(['-', '/'], "_"));
            looks(&name, language, &browser.get(&format!("/account/{page}")).await);
        }
        looks("recovery_codes", language, &browser.post("/account/recovery-codes", &[]).await);
        looks("prove", language, &browser.get("/prove").await);
        browser.post("/administration/invite", &[("email", "bob@example.com")]).await;
        browser.post("/account/email", &[("email", "other@example.com")]).await;
        looks("mails", language, &browser.get("/mails").await);

        let mut browser = site.browser();
        browser.language = language;
        looks("sign_in", language, &browser.get("/sign-in").await);
        let wrong = [("email", "root@example.com"), ("password", "wrong")];
        looks("sign_in_wrong", language, &browser.post("/sign-in", &wrong).await);
        looks("sign_up", language, &browser.get("/sign-up").await);
        let form = [("email", "carol@example.com"), ("new_password", PASSWORD)];
        looks("sent", language, &browser.post("/sign-up", &form).await);
        looks("forgot", language, &browser.get("/forgot").await);
        looks("link_over", language, &browser.get("/reset/nothing").await);
        let mails = browser.get("/mails").await.body;
        let paths =
            mails.split("href=\"https://console.test").skip(1).map(|rest| rest.split('"').next().unwrap());
        for path in paths
            .filter(|path| ["/sign-up/", "/invitation/", "/email/"].iter().any(|link| path.starts_with(link)))
        {
            let name = format!("link_{}", path.split('/').nth(1).unwrap().replace('-', "_"));
            looks(&name, language, &browser.get(path).await);
        }
    }
}

#[tokio::test]
async fn an_access_key_lives_as_its_owner_wants() {
    let site = Site::new().await;
    let account = site.open_account("alice@example.com").await;
    let mut browser = site.signed_in(&account).await;
    let created = create(&mut browser).await;
    let (id, secret) = (created.text("access-key-id"), created.text("access-key-secret"));
    assert!(secret.starts_with("CSSK") && created.body.contains(&format!("access_key={secret}")));
    let path = format!("/access-keys/{id}");

    let unused = browser.get(&format!("{path}/use.json")).await;
    assert_eq!(unused.body, r#"{"used":false,"text":""}"#);

    let disabled = browser.post(&format!("{path}/disable"), &[]).await;
    assert_eq!((disabled.status, disabled.header("location")), (303, path.as_str()));
    let told = browser.get(&path).await;
    assert!(told.body.contains(&format!("AccessKey {id} is disabled.")), "{}", told.body);
    assert!(told.body.contains("In force on this node after"), "{}", told.body);
    assert!(!browser.get(&path).await.body.contains("In force"), "a notice is for one page");
    let keyring = site.node.state.verifier.keyring().snapshot();
    let standing = keyring.get(&id).unwrap().standing;
    assert_eq!(format!("{standing:?}"), "Disabled");

    let mistyped = browser.post(&format!("{path}/delete"), &[("id", "CSAKother")]).await;
    assert_eq!(mistyped.status, 422);
    let deleted = browser.post(&format!("{path}/delete"), &[("id", &id)]).await;
    assert_eq!(deleted.status, 303);
    assert!(browser.get("/access-keys").await.body.contains("id=\"recycle-bin\""));
    browser.post(&format!("{path}/restore"), &[]).await;
    browser.post(&format!("{path}/enable"), &[]).await;
    assert!(browser.get(&path).await.body.contains(&format!("AccessKey {id} is enabled.")));
    let still = browser.post(&format!("{path}/delete"), &[("id", &id)]).await;
    assert_eq!(still.status, 303);
    assert!(browser.get(&path).await.body.contains("It is enabled. Disable it first."));
}

#[tokio::test]
async fn a_form_that_is_sent_twice_makes_one_access_key() {
    let site = Site::new().await;
    let account = site.open_account("alice@example.com").await;
    let mut browser = site.signed_in(&account).await;
    let form = [NEW, &[("request", "6A00E4D20011223344556677")]].concat();
    assert_eq!(browser.post("/access-keys/new", &form).await.status, 200);
    let again = browser.post("/access-keys/new", &form).await;
    assert_eq!(again.status, 422, "{}", again.body);
    assert!(!again.body.contains("CSSK"));
    assert_eq!(site.store().list_access_keys(&account.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_said_on_it() {
    let site = Site::new().await;
    let account = site.open_account("alice@example.com").await;
    let mut browser = site.signed_in(&account).await;
    for (form, said) in [
        (&[("description", "x")][..], "Please confirm"),
        (&[("agreed", "yes"), ("description", " ")], "what the AccessKey is for"),
        (&[("agreed", "yes"), ("description", "x"), ("networks", "nowhere")], "one network a line"),
        (&[("agreed", "yes"), ("description", "x"), ("expiry", "date")], "choose the day"),
        (
            &[("agreed", "yes"), ("description", "x"), ("expiry", "date"), ("expiry_date", "2020-01-01")],
            "in the past",
        ),
        (&[("agreed", "yes"), ("description", "a\nb")], "one line"),
    ] {
        let answer = browser.post("/access-keys/new", form).await;
        assert!(answer.status == 422 && answer.body.contains(said), "{form:?}: {}", answer.body);
    }
    assert!(site.store().list_access_keys(&account.id).await.unwrap().is_empty());
}
