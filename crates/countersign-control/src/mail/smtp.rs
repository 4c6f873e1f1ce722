//! Sending mails by SMTP, and trying again where a server does not take one at once.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use countersign_accounts::random;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use rand_core::Rng as _;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use zeroize::Zeroizing;

use super::Letter;

/// How long to wait before each further attempt. Links in mails do not live much longer than all of it.
const AGAIN_AFTER: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(60),
    Duration::from_secs(180),
    Duration::from_secs(300),
];
/// How long one attempt may take.
const WITHIN: Duration = Duration::from_secs(30);
/// How many mails may wait for another attempt.
const PENDING: usize = 256;

/// Where mails go, and as whom.
#[derive(Clone)]
pub struct SmtpSettings {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    /// The sender, such as `Countersign <no-reply@example.com>`.
    pub from: String,
    pub username: Option<String>,
    pub password: Option<Zeroizing<String>>,
    /// Certificates to trust besides those of the system, as PEM.
    pub trusted: Option<Vec<u8>>,
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// It begins in clear and must turn to TLS before anything is said (usually port 587).
    StartTls,
    /// TLS from the first byte (usually port 465).
    Tls,
    /// None: for a server on this machine.
    Plain,
}

/// Why mail cannot be sent this way.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    #[error("`{0}` is not a sender: it should read like Countersign <no-reply@example.com>")]
    From(String),
    #[error("TLS with the mail server: {0}")]
    Tls(lettre::transport::smtp::Error),
}

impl SmtpSettings {
    /// Fails where no mail can be sent so, whatever the server says.
    pub fn check(&self) -> Result<(), SmtpError> {
        Transport::new(self).map(|_| ())
    }
}

/// A way to one mail server.
pub(super) struct Transport {
    smtp: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Transport {
    pub(super) fn new(settings: &SmtpSettings) -> Result<Self, SmtpError> {
        let from = settings.from.parse().map_err(|_| SmtpError::From(settings.from.clone()))?;
        let tls = match settings.encryption {
            Encryption::Plain => Tls::None,
            Encryption::StartTls => Tls::Required(parameters(settings).map_err(SmtpError::Tls)?),
            Encryption::Tls => Tls::Wrapper(parameters(settings).map_err(SmtpError::Tls)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .timeout(Some(WITHIN))
            .tls(tls);
        if let Some((name, password)) = settings.username.as_ref().zip(settings.password.as_ref()) {
            builder = builder.credentials(Credentials::new(name.clone(), password.to_string()));
        }
        Ok(Self { smtp: builder.build(), from })
    }

    fn message(&self, mail: &Letter) -> Result<Message, String> {
        let to: Mailbox =
            mail.to.as_str().parse().map_err(|_| "the address cannot be written to".to_owned())?;
        // The library encodes what is not ASCII, and refuses a head that a line end would break.
        let subject: String = mail.subject.chars().filter(|c| !c.is_control()).collect();
        // A name for the mail, as servers expect one.
        let mut id = [0u8; 16];
        random::from_system().fill_bytes(&mut id);
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        Message::builder()
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|error| error.to_string())
    }

    /// Tries once. An error says whether it is worth trying again.
    async fn send(&self, mail: &Letter) -> Result<(), (bool, String)> {
        let message = self.message(mail).map_err(|error| (false, error))?;
        match timeout(WITHIN, self.smtp.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err((!error.is_permanent(), error.to_string())),
            Err(_) => Err((true, format!("no answer within {} s", WITHIN.as_secs()))),
        }
    }
}

fn parameters(settings: &SmtpSettings) -> Result<TlsParameters, lettre::transport::smtp::Error> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(trusted) = &settings.trusted {
        builder = builder.add_root_certificate(Certificate::from_pem(trusted)?);
    }
    builder.build_rustls()
}

/// A mail that was not taken, and when to try again.
struct Pending {
    mail: Letter,
    attempts: usize,
    due: Instant,
}

/// Sends what comes, until nobody sends any more. One that a server does not take waits without holding up the others.
pub(super) async fn send_all(transport: Transport, mut waiting: mpsc::Receiver<Letter>) {
    let mut pending: VecDeque<Pending> = VecDeque::new();
    loop {
        let next = pending.iter().map(|pending| pending.due).min();
        let due = async {
            match next {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        let (mail, attempts) = tokio::select! {
            mail = waiting.recv() => match mail {
                Some(mail) => (mail, 0),
                None => return,
            },
            () = due => {
                let Some(at) = pending.iter().position(|pending| Some(pending.due) == next) else { continue };
                let Some(pending) = pending.remove(at) else { continue };
                (pending.mail, pending.attempts)
            }
        };
        let Err((worth, error)) = transport.send(&mail).await else { continue };
        match AGAIN_AFTER.get(attempts).filter(|_| worth && pending.len() < PENDING) {
            Some(after) => {
                tracing::warn!(error, attempts, "a mail was not taken; it will be tried again");
                pending.push_back(Pending { mail, attempts: attempts + 1, due: Instant::now() + *after });
            }
            None => tracing::error!(error, attempts, "a mail was not taken and is given up"),
        }
    }
}

impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpSettings({}:{}, {:?})", self.host, self.port, self.encryption)
    }
}

#[cfg(test)]
mod tests {
    use countersign_accounts::account::Email;

    use super::*;

    fn settings() -> SmtpSettings {
        SmtpSettings {
            host: "localhost".to_owned(),
            port: 25,
            encryption: Encryption::Plain,
            from: "Countersign <no-reply@example.com>".to_owned(),
            username: None,
            password: None,
            trusted: None,
        }
    }

    #[tokio::test]
    async fn no_field_of_a_mail_adds_a_line_to_its_head() {
        let transport = Transport::new(&settings()).unwrap();
        for subject in
            ["Hello\r\nBcc: b@evil.example", "Hello\nBcc: b@evil.example", "你好\r\nBcc: b@evil.example"]
        {
            let mail = Letter {
                to: Email::new("a@example.com").unwrap(),
                subject: subject.to_owned(),
                text: "\r\n.\r\nBcc: b@evil.example\r\n".to_owned(),
            };
            let written = String::from_utf8(transport.message(&mail).unwrap().formatted()).unwrap();
            let head = written.split("\r\n\r\n").next().unwrap();
            assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{written}");
        }
        for address in
            ["a@example.com\r\nBcc: b@evil.example", "a@example.com,b@evil.example", "<a@example.com>"]
        {
            assert!(Email::new(address).is_err(), "{address:?}");
        }
    }

    #[test]
    fn a_sender_is_an_address() {
        for from in ["", "nobody", "a@b.example\r\nBcc: c@d.example"] {
            let settings = SmtpSettings { from: from.to_owned(), ..settings() };
            assert!(matches!(Transport::new(&settings), Err(SmtpError::From(_))), "{from:?}");
        }
    }
}
