//! What must not work, whoever tries it.

use http::Request;

use super::browser::{Answer, HOST, Site, encoded, now};

const NEW: &[(&str, &str)] = &[("description", "x"), ("agreed", "yes")];
const MARKUP: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;{{7*7}}";

async fn created(browser: &mut super::browser::Browser<'_>, form: &[(&str, &str)]) -> (String, Answer) {
    let answer = browser.post("/access-keys/new", form).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    (answer.text("access-key-id"), answer)
}

#[tokio::test]
async fn a_form_of_another_origin_changes_nothing() {
    let site = Site::new().await;
    let account = site.open_account("alice@example.com").await;
    let mut browser = site.signed_in(&account).await;
    let (id, _) = created(&mut browser, NEW).await;
    let paths = ["/access-keys/new".to_owned(), format!("/access-keys/{id}/disable"), "/projects".to_owned()];
    for path in &paths {
        for fields in [
            &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[],
        ] {
            let mut request = Request::post(path.as_str());
            for (name, value) in fields {
                request = request.header(*name, *value);
            }
            let body = encoded(&[("description", "x"), ("agreed", "yes"), ("name", "taken")]);
            let answer = browser.send(request, &body).await;
            assert_eq!(answer.status, 403, "{path}: {fields:?}");
            assert!(answer.body.contains("did not come from the console"));
        }
    }
    // An older browser says where the form stood.
    let request = Request::post("/projects").header("origin", format!("http://{HOST}"));
    assert_eq!(browser.send(request, "name=demo").await.status, 303);
    let keys = site.store().list_access_keys(&account.id).await.unwrap();
    assert_eq!((keys.len(), format!("{:?}", keys[0].key.status)), (1, "Enabled".to_owned()));
}

#[tokio::test]
async fn nothing_is_changed_by_a_get() {
    let site = Site::new().await;
    let account = site.open_account("alice@example.com").await;
    let mut browser = site.signed_in(&account).await;
    let (id, _) = created(&mut browser, NEW).await;
    for path in ["disable", "enable", "restore"] {
        let answer = browser.get(&format!("/access-keys/{id}/{path}")).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{path}");
    }
    assert_eq!(browser.get("/language?language=zh-CN").await.status, 405);
}

#[tokio::test]
async fn markup_in_any_text_stays_text() {
    let site = Site::new().await;
    let account = site.open_account("alice@example.com").await;
    let mut browser = site.signed_in(&account).await;
    let (id, answer) = created(&mut browser, &[("description", MARKUP), ("agreed", "yes")]).await;
    let mut answers = vec![answer];
    let used = countersign_accounts::access_key::LastUsed {
        at: now(),
        address: MARKUP.to_owned(),
        scheme: "odps".to_owned(),
        client: MARKUP.to_owned(),
    };
    let key = countersign::AccessKeyId::new(&id).unwrap();
    site.store().note_usage(&[(key, used)]).await.unwrap();
    for path in [
        "/access-keys".to_owned(),
        format!("/access-keys/{id}"),
        format!("/access-keys/{id}/rotate"),
        format!("/activity?about={}&key={}", "%3Cscript%3E", "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
        "/activity".to_owned(),
        "/%3Cscript%3Ealert(1)%3C/script%3E?%3Cscript%3E".to_owned(),
    ] {
        answers.push(browser.get(&path).await);
    }
    browser.post(&format!("/access-keys/{id}/disable"), &[]).await;
    answers.push(browser.get(&format!("/access-keys/{id}/delete")).await);
    let request = format!(
        "GET /{MARKUP} HTTP/1.1\nX: {MARKUP}\nAuthorization: ODPS {id}:AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n{MARKUP}"
    );
    for form in [
        &[("request", request.as_str()), ("base_path", MARKUP), ("client_string", MARKUP)][..],
        &[("request", MARKUP)],
        &[("request", "{\"method\": \"<script>alert(1)</script>\"}")],
    ] {
        answers.push(browser.post("/debugger", form).await);
    }
    answers.push(browser.post("/access-keys/new", &[("description", MARKUP), ("networks", MARKUP)]).await);
    answers.push(browser.post("/projects", &[("name", MARKUP)]).await);
    let used = browser.get(&format!("/access-keys/{id}/use.json")).await;
    assert_eq!(used.header("content-type"), "application/json");
    for answer in answers {
        for markup in ["<script>alert", "<img", "onerror=alert(1)>", "\"'>"] {
            assert!(!answer.body.contains(markup), "{markup}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let site = Site::new().await;
    let mut browser = site.browser();
    for next in
        ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:1"]
    {
        let answer = browser.post("/language", &[("language", "en"), ("next", next)]).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/"), "{next}");
    }
    for path in ["//evil.example/", "/access-keys//evil.example", "/access-keys?next=//evil.example"] {
        let location = browser.get(path).await.header("location").to_owned();
        assert!(location.is_empty() || location.starts_with("/sign-in"), "{path}: {location}");
    }
}

#[tokio::test]
async fn a_host_that_somebody_made_up_is_said_nowhere() {
    let site = Site::new().await;
    let account = site.open_account("alice@example.com").await;
    let mut browser = site.signed_in(&account).await;
    for path in ["/", "/access-keys", "/access-keys/new", "/nothing"] {
        let request = Request::get(path)
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header("forwarded", "host=evil.example");
        let answer = browser.send(request, "").await;
        assert!(!answer.body.contains("evil.example"), "{path}: {}", answer.body);
        assert!(!format!("{:?}", answer.headers).contains("evil.example"), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn every_answer_tells_the_browser_what_it_may_do() {
    let site = Site::new().await;
    let account = site.open_account("alice@example.com").await;
    let mut browser = site.signed_in(&account).await;
    let (_, secret) = created(&mut browser, NEW).await;
    let mut answers = vec![secret];
    for path in ["/access-keys", "/activity.csv", "/nothing", "/", "/projects"] {
        answers.push(browser.get(path).await);
    }
    for answer in answers {
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"),
            "{policy}"
        );
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.header("strict-transport-security").starts_with("max-age"));
        assert!(!answer.body.contains(" style=") && !answer.body.contains(" onclick="));
    }
    let style = browser.get("/access-keys").await.body;
    let style = style.split("href=\"/assets/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let asset = browser.get(&format!("/assets/{style}")).await;
    assert_eq!((asset.status, asset.header("content-type")), (200, "text/css; charset=utf-8"));
    assert!(asset.header("cache-control").contains("immutable") && !asset.body.contains("url("));
}

#[tokio::test]
async fn what_belongs_to_another_account_is_not_there() {
    let site = Site::new().await;
    let (alice, bob) =
        (site.open_account("alice@example.com").await, site.open_account("bob@example.com").await);
    let (id, _) = created(&mut site.signed_in(&alice).await, NEW).await;
    let mut browser = site.signed_in(&bob).await;
    for path in ["", "/use.json", "/rotate", "/delete"] {
        assert_eq!(browser.get(&format!("/access-keys/{id}{path}")).await.status, 404, "{path}");
    }
    for path in ["disable", "enable", "restore", "rotate", "delete"] {
        let answer = browser.post(&format!("/access-keys/{id}/{path}"), &[("id", &id)]).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    // The debugger does not even tell whether there is such a key.
    let explain = |id: &str| {
        format!(
            "GET /api/tenants HTTP/1.1\nDate: x\nAuthorization: ODPS {id}:AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
        )
    };
    let request = explain(&id).replace("Date: x", "Date: Sun, 22 Nov 2026 05:06:35 GMT");
    let theirs = browser.post("/debugger", &[("request", &request), ("base_path", "/api")]).await.body;
    let made_up = "CSAKnobodyhasthis0";
    let request = request.replace(&id, made_up);
    let nobodys = browser.post("/debugger", &[("request", &request), ("base_path", "/api")]).await.body;
    assert!(theirs.contains("None of your AccessKeys has this id"), "{theirs}");
    assert_eq!(theirs.replace(&id, "ID"), nobodys.replace(made_up, "ID"));
}

#[tokio::test]
async fn case_32_nobody_learns_whether_the_captured_request_of_another_verifies() {
    use countersign::{AccessKeySecret, Credential, SignOptions, schemes, sign};
    let site = Site::new().await;
    let (alice, bob) =
        (site.open_account("alice@example.com").await, site.open_account("bob@example.com").await);
    let (id, answer) = created(&mut site.signed_in(&alice).await, NEW).await;
    let credential = Credential {
        id: countersign::AccessKeyId::new(&id).unwrap(),
        secret: AccessKeySecret::new(answer.text("access-key-secret").as_str()),
    };
    let (mut parts, ()) = Request::get("/api/projects/demo").body(()).unwrap().into_parts();
    let place = countersign::Place::at("/api");
    sign(schemes::ODPS, place, &mut parts, b"", &credential, &SignOptions::at(now())).unwrap();
    let text = |name: &str| parts.headers.get(name).unwrap().to_str().unwrap().to_owned();
    let (date, authorization) = (text("date"), text("authorization"));
    let signature = authorization.rsplit_once(':').unwrap().1;
    let forged = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let mut browser = site.signed_in(&bob).await;
    let mut pages = Vec::new();
    for signature in [signature, forged] {
        let request = format!(
            "GET /api/projects/demo HTTP/1.1\nDate: {date}\nAuthorization: ODPS {id}:{signature}\n\n"
        );
        let page = browser.post("/debugger", &[("request", &request), ("base_path", "/api")]).await.body;
        pages.push(page.replace(signature, "SIGNATURE"));
    }
    assert_eq!(pages[0], pages[1]);
    assert!(pages[0].contains("data-verdict=\"warn\""), "{}", pages[0]);
}

#[tokio::test]
async fn the_debugger_shows_neither_the_secret_nor_the_signature_that_would_match() {
    use countersign::{AccessKeySecret, Credential, SignOptions, schemes, sign};
    let site = Site::new().await;
    let account = site.open_account("alice@example.com").await;
    let mut browser = site.signed_in(&account).await;
    let (id, answer) = created(&mut browser, NEW).await;
    let secret = answer.text("access-key-secret");
    let (mut parts, ()) =
        Request::get("/api/projects/demo").header("host", "h").body(()).unwrap().into_parts();
    let credential = Credential {
        id: countersign::AccessKeyId::new(&id).unwrap(),
        secret: AccessKeySecret::new(secret.as_str()),
    };
    sign(
        schemes::ODPS,
        countersign::Place::at("/api"),
        &mut parts,
        b"",
        &credential,
        &SignOptions::at(now()),
    )
    .unwrap();
    let text = |name: &str| parts.headers.get(name).unwrap().to_str().unwrap().to_owned();
    let (date, authorization) = (text("date"), text("authorization"));
    let pasted = |authorization: &str| {
        format!(
            "> GET /api/projects/demo HTTP/1.1\r\n> Date: {date}\r\n> Authorization: {authorization}\r\n>\r\n"
        )
    };
    let good =
        browser.post("/debugger", &[("request", &pasted(&authorization)), ("base_path", "/api")]).await;
    assert!(good.body.contains("data-verdict=\"good\""), "{}", good.body);

    let signature = authorization.rsplit_once(':').unwrap().1;
    let wrong = pasted(&format!("ODPS {id}:AAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    for client_string in ["", "GET\n\n\nother\n/projects/demo", secret.as_str()] {
        let form = [("request", wrong.as_str()), ("base_path", "/api"), ("client_string", client_string)];
        let bad = browser.post("/debugger", &form).await.body;
        assert!(bad.contains("data-verdict=\"bad\"") && !bad.contains(signature), "{bad}");
        // What the visitor typed comes back in its own field, and nowhere else.
        assert_eq!(bad.matches(&secret).count(), usize::from(client_string == secret), "{bad}");
    }
}

#[tokio::test]
async fn a_session_is_over_when_it_is_over() {
    let site = Site::new().await;
    let account = site.open_account("alice@example.com").await;
    let mut browser = site.signed_in(&account).await;
    assert_eq!(browser.get("/access-keys").await.status, 200);
    let later = now().plus(std::time::Duration::from_secs(61 * 60));
    let answer = browser.send_at(Request::get("/access-keys?x=1"), "", later).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/sign-in?next=/access-keys%3Fx%3D1"));
    browser.cookies.insert("__Host-session".to_owned(), "A".repeat(43));
    assert_eq!(browser.get("/access-keys").await.status, 303);
    browser.cookies.insert("__Host-session".to_owned(), "x".to_owned());
    let answer = browser.post("/projects", &[("name", "demo")]).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/sign-in"));
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let site = Site::new().await;
    let account = site.open_account("alice@example.com").await;
    let mut browser = site.signed_in(&account).await;
    let long = "x".repeat(70 * 1024);
    assert_eq!(browser.post("/access-keys/new", &[("description", &long)]).await.status, 413);
    assert_eq!(browser.post("/debugger", &[("request", &long)]).await.status, 200);
    let longer = "x".repeat(2 * 1024 * 1024);
    assert_eq!(browser.post("/debugger", &[("request", &longer)]).await.status, 413);
}
