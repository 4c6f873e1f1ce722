//! A server with a console and a mail server, and people who use it.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::browser::Browser;
use crate::support::http::Visitor;
use crate::support::python::python;
use crate::support::smtp::Smtp;
use crate::support::{Data, Server, program};

/// The first administrator of each site.
pub(super) const ADMINISTRATOR: &str = "administrator@example.com";
/// Everybody's password, but where a test is about passwords.
pub(super) const PASSWORD: &str = "seven quiet lanterns by the river";

/// A server that was never used before, with its mail server.
pub(super) struct Site {
    pub(super) server: Server,
    pub(super) smtp: Smtp,
    pub(super) data: Data,
    /// Where the console listens, as it says: `http://127.0.0.1:41234`.
    pub(super) printed: String,
}

impl Site {
    /// `None`, with a word on what is missing, where there is no mail server.
    pub(super) fn start(more: &str) -> Option<Self> {
        let smtp = Smtp::start()?;
        let data = Data::nowhere();
        let config = format!(
            "[console]\nlisten = \"127.0.0.1:0\"\n{more}\n[console.smtp]\nhost = \"127.0.0.1\"\nport = {}\n\
             encryption = \"danger_plain\"\nfrom = \"Countersign <no-reply@example.com>\"\n",
            smtp.port
        );
        let server = Server::start_with(program(), &data, &config);
        let printed = server.says("countersign console ");
        Some(Self { server, smtp, data, printed })
    }

    /// `127.0.0.1:41234`.
    pub(super) fn address(&self) -> &str {
        self.printed.strip_prefix("http://").unwrap()
    }

    /// The address of a page by the name that browsers let passkeys be made for.
    pub(super) fn page(&self, path: &str) -> String {
        format!("http://{}{path}", self.address().replace("127.0.0.1", "localhost"))
    }

    /// Tells the server that people reach it as `localhost`. Passkeys are bound to a name.
    pub(super) fn known_as_localhost(&self) {
        let file = self.data.directory.path().join("config.toml");
        let config = fs::read_to_string(&file).unwrap();
        let url = self.page("");
        fs::write(&file, config.replace("[console]\n", &format!("[console]\npublic_url = {url:?}\n")))
            .unwrap();
        self.server.hang_up();
        self.server.says("the configuration was read again and is in force");
    }

    /// What a link of this console leads to.
    pub(super) fn here(&self, link: &str) -> String {
        let path = link.strip_prefix(&self.printed).or(link.strip_prefix(&self.page("")));
        self.page(path.unwrap_or_else(|| panic!("{link} leads elsewhere")))
    }

    /// The path of the link that opens the first administrator's account.
    pub(super) fn first_link(&self) -> String {
        let link = self.server.says("open the first one, once, at ");
        link.strip_prefix(&self.printed).unwrap_or_else(|| panic!("{link} leads elsewhere")).to_owned()
    }

    pub(super) fn visitor(&self) -> Visitor {
        Visitor::to(self.address())
    }

    /// Opens the first administrator's account, and registration to everybody.
    pub(super) fn open(&self) -> Visitor {
        let mut administrator = self.visitor();
        let form = [("email", ADMINISTRATOR), ("new_password", PASSWORD)];
        let reply = administrator.post(&self.first_link(), &form);
        assert_eq!(reply.status, 303, "{}", reply.body);
        let reply = administrator.post("/administration/registration", &[("mode", "open")]);
        assert_eq!(reply.status, 303, "{}", reply.body);
        administrator
    }

    /// Registers somebody, with the link of the mail, who is signed in then.
    pub(super) fn register(&self, email: &str) -> Visitor {
        let mut visitor = self.visitor();
        let reply = visitor.post("/sign-up", &[("email", email), ("new_password", PASSWORD)]);
        assert_eq!(reply.status, 200, "{}", reply.body);
        let link = self.smtp.link_to(email, "/sign-up/");
        let path = link.strip_prefix(&self.printed).unwrap_or_else(|| panic!("{link} leads elsewhere"));
        let reply = visitor.post(path, &[("password", PASSWORD)]);
        assert_eq!((reply.status, reply.location()), (303, "/"), "{}", reply.body);
        visitor
    }

    /// Lets a browser have the session of somebody who is signed in elsewhere.
    pub(super) fn lend(&self, visitor: &Visitor, browser: &Browser) {
        for (name, value) in &visitor.cookies {
            browser.set_cookie(&self.page("/"), name, value);
        }
    }
}

/// The code that an authenticator app shows, so many steps of 30 seconds from now. Python's library computes it.
pub(super) fn totp(secret: &str, steps: i64) -> String {
    const SCRIPT: &str = "import base64, hashlib, hmac, struct, sys, time
secret = sys.argv[1].replace(' ', '').upper()
key = base64.b32decode(secret + '=' * (-len(secret) % 8))
step = int(time.time()) // 30 + int(sys.argv[2])
mac = hmac.new(key, struct.pack('>Q', step), hashlib.sha1).digest()
at = mac[-1] & 15
print('%06d' % ((struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000))";
    let python = python("Python", "python").unwrap();
    let mut command = Command::new(python);
    let output = command.args(["-c", SCRIPT, secret, &steps.to_string()]).stderr(Stdio::inherit());
    String::from_utf8(output.output().unwrap().stdout).unwrap().trim().to_owned()
}
