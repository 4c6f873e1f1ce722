//! Chromium, as people have it, driven by its own driver.

use std::cell::RefCell;
use std::fmt::Display;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use url::Url;

use super::{skip, target};

/// How long anything may take that a page does.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser with a profile of its own. A test that uses one fails if a page has put an error on the browser's console.
pub(crate) struct Browser {
    client: Client,
    runtime: Runtime,
    driver: Child,
    /// The profile, and beside it what was downloaded.
    place: TempDir,
    /// What was read of the browser's console, and not looked at.
    errors: RefCell<Vec<String>>,
}

/// How wide the window of a telephone is, in CSS pixels.
pub(crate) const TELEPHONE: u32 = 360;
/// How wide a window on a desk is.
pub(crate) const DESK: u32 = 1280;

impl Browser {
    /// A browser of somebody who reads this language, with a window so wide. `None`, with a word on what is missing, where
    /// there is no Chromium.
    pub(crate) fn start(language: &str, width: u32) -> Option<Self> {
        let (Some(chromium), Some(driver)) = (program("chromium"), program("chromedriver")) else {
            skip("Chromium or its driver", "run `scripts/setup-tests`");
            return None;
        };
        let place = TempDir::new().unwrap();
        for name in ["profile", "downloads"] {
            fs::create_dir(place.path().join(name)).unwrap();
        }
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines
            .find_map(|line| {
                line.split_once("successfully on port ")
                    .map(|(_, port)| port.trim_end_matches('.').to_owned())
            })
            .expect("chromedriver says its port");
        // Read on, or the driver would wait for room in the pipe.
        std::thread::spawn(move || lines.for_each(drop));

        let profile = format!("--user-data-dir={}", place.path().join("profile").display());
        let capabilities = json!({
            "goog:chromeOptions": {
                "binary": chromium,
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", profile,
                    // Nothing is to leave this machine.
                    "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--no-first-run", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
                ],
                "prefs": {
                    "intl.accept_languages": language,
                    "download.default_directory": place.path().join("downloads"),
                    "profile.password_manager_leak_detection": false,
                },
            },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(
            ClientBuilder::new(HttpConnector::new())
                .capabilities(Capabilities::from(capabilities))
                .connect(&format!("http://127.0.0.1:{port}")),
        );
        let client = match client {
            Ok(client) => client,
            Err(error) => {
                let _ = driver.kill();
                let _ = driver.wait();
                panic!("Chromium did not start: {error}");
            }
        };
        let browser = Self { client, runtime, driver, place, errors: RefCell::default() };
        browser.resize(width);
        Some(browser)
    }

    /// Goes to an address, and waits until the page is there.
    pub(crate) fn go(&self, url: &str) {
        self.run(&format!("going to {url}"), self.client.goto(url));
    }

    pub(crate) fn url(&self) -> Url {
        self.run("asking where it is", self.client.current_url())
    }

    /// The path of the page.
    pub(crate) fn path(&self) -> String {
        self.url().path().to_owned()
    }

    /// Whether there is something.
    pub(crate) fn has(&self, css: &str) -> bool {
        !self.run(css, self.client.find_all(Locator::Css(css))).is_empty()
    }

    /// The text of something, as it is seen, once it is there.
    pub(crate) fn text(&self, css: &str) -> String {
        let element = self.find(css);
        self.run(css, element.text())
    }

    /// All of the text of the page, as it is seen.
    pub(crate) fn page_text(&self) -> String {
        self.text("body")
    }

    pub(crate) fn attribute(&self, css: &str, name: &str) -> Option<String> {
        let element = self.find(css);
        self.run(css, element.attr(name))
    }

    /// Writes into a field in place of what is there.
    pub(crate) fn fill(&self, css: &str, text: &str) {
        let element = self.visible(css);
        self.run(css, element.clear());
        self.run(css, element.send_keys(text));
    }

    /// Clicks on what leads nowhere else.
    pub(crate) fn press(&self, css: &str) {
        let element = self.visible(css);
        self.run(css, element.click());
    }

    /// Clicks on what leads to another page, such as a link or the button of a form, and waits until that is there.
    pub(crate) fn follow(&self, css: &str) {
        self.eval("window.countersignBefore = true", vec![]);
        self.press(css);
        self.until(&format!("{css} leads to another page"), || {
            // Between two pages there is none to ask.
            let there = self
                .client
                .execute("return !window.countersignBefore && document.readyState === 'complete'", vec![]);
            matches!(self.runtime.block_on(there), Ok(Value::Bool(true))).then_some(())
        });
    }

    /// Waits until something is there that matches.
    pub(crate) fn find(&self, css: &str) -> Element {
        self.until(css, || self.runtime.block_on(self.client.find(Locator::Css(css))).ok())
    }

    /// Waits until something is to be seen that matches.
    pub(crate) fn visible(&self, css: &str) -> Element {
        self.until(&format!("{css} is to be seen"), || {
            let element = self.runtime.block_on(self.client.find(Locator::Css(css))).ok()?;
            self.runtime.block_on(element.is_displayed()).ok()?.then_some(element)
        })
    }

    /// Waits until something holds.
    pub(crate) fn until<T>(&self, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = probe() {
                return found;
            }
            if began.elapsed() > PATIENCE {
                self.fail(&format!("in vain: {what}"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Runs a script in the page. What the page may load and run does not concern it.
    pub(crate) fn eval(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.run("running a script", self.client.execute(script, arguments))
    }

    /// What Chromium's developer tools can do.
    pub(crate) fn tell(&self, command: &str, parameters: Value) -> Value {
        self.ask("goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }

    /// Has an authenticator for passkeys from now on, with a user who says yes.
    pub(crate) fn add_authenticator(&self) {
        let authenticator = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": true, "isUserConsenting": true,
        });
        self.ask("webauthn/authenticator", authenticator);
    }

    /// Makes the page so wide.
    pub(crate) fn resize(&self, width: u32) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.tell("Emulation.setDeviceMetricsOverride", size);
    }

    /// Prefers dark or light colours from now on.
    pub(crate) fn prefer(&self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.tell("Emulation.setEmulatedMedia", json!({ "features": [feature] }));
    }

    /// What the page holds beyond the window's right edge, where there is anything.
    pub(crate) fn overflow(&self) -> Option<String> {
        let script = "const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width) return null;
            const out = [...document.body.querySelectorAll('*')]
                .filter((element) => element.getBoundingClientRect().right > width + 0.5);
            return `${document.documentElement.scrollWidth} > ${width}: ` +
                out.slice(-3).map((element) => element.outerHTML.slice(0, 120)).join(' … ');";
        self.eval(script, vec![]).as_str().map(str::to_owned)
    }

    /// What makes the page hard to use for some people, as far as axe-core can tell: each violation that it calls serious
    /// or critical.
    pub(crate) fn barriers(&self, axe: &str) -> Vec<String> {
        self.eval(&format!("if (!window.axe) {{ {axe} }}"), vec![]);
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'] }).then(
                (found) => done(found.violations.map((one) => ({
                    id: one.id, impact: one.impact, help: one.help,
                    nodes: one.nodes.map((node) => `${node.html} (${node.failureSummary})`),
                }))),
                (error) => done(String(error)),
            );";
        let found = self.run("running axe-core", self.client.execute_async(script, vec![]));
        let found = found.as_array().unwrap_or_else(|| self.fail(&format!("axe-core: {found}"))).clone();
        let serious = |one: &Value| one["impact"] == "serious" || one["impact"] == "critical";
        let told = |one: Value| format!("{} ({}): {:#}", one["id"], one["help"], one["nodes"]);
        found.into_iter().filter(serious).map(told).collect()
    }

    /// A picture of the whole page, as PNG.
    pub(crate) fn picture(&self) -> Vec<u8> {
        use base64::Engine as _;
        let size = self.tell("Page.getLayoutMetrics", json!({}))["cssContentSize"].clone();
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let taken =
            self.tell("Page.captureScreenshot", json!({ "captureBeyondViewport": true, "clip": clip }));
        base64::prelude::BASE64_STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }

    /// Waits until a file was downloaded, and takes it: returns what is in it.
    pub(crate) fn downloaded(&self, name: &str) -> String {
        let file = self.place.path().join("downloads").join(name);
        // Chromium gives a file its name when it is whole, and has it empty before.
        let text = self.until(&format!("{name} is downloaded"), || {
            fs::read_to_string(&file).ok().filter(|text| !text.is_empty())
        });
        fs::remove_file(file).unwrap();
        text
    }

    /// The errors on the browser's console since they were last asked for. Asking for them is to take them as expected.
    pub(crate) fn errors(&self) -> Vec<String> {
        self.read_errors();
        self.errors.take()
    }

    /// Takes it as expected that the page came with an error status, which Chromium puts on its console.
    pub(crate) fn expect_status(&self, status: u16) {
        let errors = self.errors();
        let words = format!("the server responded with a status of {status}");
        if errors.is_empty() || errors.iter().any(|error| !error.contains(&words)) {
            self.fail(&format!("{words}, expected nothing but that: {errors:?}"));
        }
    }

    /// The cookie of this name, as the browser keeps it.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let cookies = self.tell("Network.getCookies", json!({}));
        let cookie = cookies["cookies"].as_array()?.iter().find(|cookie| cookie["name"] == name)?;
        cookie["value"].as_str().map(str::to_owned)
    }

    /// Keeps a cookie as if the server at an address had set it.
    pub(crate) fn set_cookie(&self, url: &str, name: &str, value: &str) {
        let cookie = json!({
            "url": url, "name": name, "value": value, "path": "/", "secure": true, "httpOnly": true,
            "sameSite": "Lax",
        });
        let kept = self.tell("Network.setCookie", cookie);
        assert_eq!(kept["success"], true, "{name}: {kept}");
    }

    /// Fails the test, and says what the page looks like.
    pub(crate) fn fail(&self, why: &str) -> ! {
        let (url, text) = self.runtime.block_on(async {
            let url = self.client.current_url().await.map(|url| url.to_string());
            let text = self.client.execute("return document.body.innerText", vec![]).await;
            (url.unwrap_or_default(), text.unwrap_or_default())
        });
        let errors = self.errors();
        panic!("{why}\nat {url}\n{errors:?}\n{}", text.as_str().unwrap_or_default());
    }

    fn run<T, E: Display>(&self, what: &str, future: impl Future<Output = Result<T, E>>) -> T {
        self.runtime.block_on(future).unwrap_or_else(|error| self.fail(&format!("{what}: {error}")))
    }

    fn ask(&self, path: &'static str, body: Value) -> Value {
        self.run(path, self.client.issue_cmd(Extension { path, body }))
    }

    fn read_errors(&self) {
        let log = self.ask("se/log", json!({ "type": "browser" }));
        let entries = log.as_array().into_iter().flatten();
        let severe = entries.filter(|entry| entry["level"] == "SEVERE");
        self.errors.borrow_mut().extend(severe.map(|entry| entry["message"].as_str().unwrap().to_owned()));
    }

    /// Leaves a picture of the page behind for whoever looks for the reason.
    fn leave_a_picture(&self) {
        let name = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let file = target().join("screenshots/failures").join(name + ".png");
        let taken = self.runtime.block_on(self.client.screenshot());
        let written = taken.map_err(std::io::Error::other).and_then(|png| {
            fs::create_dir_all(file.parent().unwrap())?;
            fs::write(&file, png)
        });
        match written {
            Ok(()) => eprintln!("the page looked like {}", file.display()),
            Err(error) => eprintln!("there is no picture of the page: {error}"),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let failed = std::thread::panicking();
        let mut errors = Vec::new();
        if failed {
            self.leave_a_picture();
        } else {
            errors = self.errors();
        }
        // First the session, or Chromium would outlive its driver.
        let ended = self.runtime.block_on(self.client.clone().close());
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        if !failed {
            ended.unwrap();
            assert!(errors.is_empty(), "errors on the browser's console: {errors:#?}");
        }
    }
}

/// A command that WebDriver itself does not know.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

/// axe-core's program. `None`, with a word on what is missing, where it is not installed.
pub(crate) fn axe() -> Option<String> {
    let file = target().join("axe/node_modules/axe-core/axe.min.js");
    if !file.exists() {
        skip("axe-core", "run `scripts/setup-tests`");
        return None;
    }
    Some(fs::read_to_string(file).unwrap())
}

/// A program, where it is on the path.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| is_file(file))
}

fn is_file(file: &Path) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file())
}
