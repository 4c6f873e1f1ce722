//! The words of each mail, in the language of whoever gets it.

use countersign::{AccessKeyId, Timestamp};
use countersign_accounts::access_key::Description;
use countersign_accounts::account::{Email, Language};
use countersign_accounts::token::Token;

use super::Letter;
use crate::app::mail::{Mail, MailKind};
use crate::app::reminders::{Reminder, ReminderKind};
use crate::console::messages::{Value, say};
use crate::console::when;

/// Writes a mail. Its links lead to `public_url`, the operator's word for where the console is.
pub fn write(mail: &Mail, public_url: &str) -> Letter {
    let language = mail.language;
    let link = |path: &str, token: &Token| format!("{public_url}/{path}/{}", token.expose());
    let time = |at: &Timestamp| when::minute(*at);
    let values: Vec<(&str, String)>;
    let id = match &mail.kind {
        MailKind::SignUp { link: token, expires } => {
            values = vec![("link", link("sign-up", token)), ("expires", time(expires))];
            "mail-sign-up"
        }
        MailKind::AlreadyRegistered => {
            values = vec![("link", format!("{public_url}/sign-in"))];
            "mail-already-registered"
        }
        MailKind::Invitation { link: token, expires } => {
            values = vec![("link", link("invitation", token)), ("expires", time(expires))];
            "mail-invitation"
        }
        MailKind::PasswordReset { link: token, expires } => {
            values = vec![("link", link("reset", token)), ("expires", time(expires))];
            "mail-password-reset"
        }
        MailKind::PasswordChanged { at } => {
            values = vec![("at", time(at)), ("link", format!("{public_url}/forgot"))];
            "mail-password-changed"
        }
        MailKind::NewDevice { at, address, client } => {
            values = vec![
                ("at", time(at)),
                ("address", plain(address)),
                ("client", plain(client)),
                ("link", format!("{public_url}/account")),
            ];
            "mail-new-device"
        }
        MailKind::EmailChange { link: token, expires } => {
            values = vec![("link", link("email", token)), ("expires", time(expires))];
            "mail-email-change"
        }
        MailKind::EmailChanged { now } => {
            values = vec![("email", now.to_string())];
            "mail-email-changed"
        }
        MailKind::FactorAdded { name } => {
            values = vec![("name", plain(name.as_str())), ("link", format!("{public_url}/account"))];
            "mail-factor-added"
        }
        MailKind::FactorRemoved { name } => {
            values = vec![("name", plain(name.as_str())), ("link", format!("{public_url}/account"))];
            "mail-factor-removed"
        }
        MailKind::RecoveryCodesMade => {
            values = vec![("link", format!("{public_url}/account"))];
            "mail-recovery-codes"
        }
        MailKind::RecoveryCodeUsed { left } => {
            values = vec![("left", left.to_string()), ("link", format!("{public_url}/account"))];
            "mail-recovery-code-used"
        }
        MailKind::AccountClosed => {
            values = Vec::new();
            "mail-closed"
        }
        MailKind::AccountSuspended => {
            values = Vec::new();
            "mail-suspended"
        }
        MailKind::AccountResumed => {
            values = vec![("link", format!("{public_url}/sign-in"))];
            "mail-resumed"
        }
        MailKind::RealNameApproved => {
            values = vec![("link", format!("{public_url}/access-keys/new"))];
            "mail-real-name-approved"
        }
        MailKind::RealNameRejected { reason } => {
            values = vec![("reason", plain(reason.as_str())), ("link", format!("{public_url}/account"))];
            "mail-real-name-rejected"
        }
    };
    letter(&mail.to, language, id, &values)
}

/// Writes a mail that reminds somebody of something.
pub(crate) fn remind(reminder: &Reminder, public_url: &str) -> Letter {
    let key = |id: &AccessKeyId, description: &Description| {
        vec![
            ("id", id.to_string()),
            ("description", plain(description.as_str())),
            ("link", format!("{public_url}/access-keys/{id}/rotate")),
        ]
    };
    let (id, values) = match &reminder.kind {
        ReminderKind::AccessKeyExpires { access_key, description, at } => {
            let mut values = key(access_key, description);
            values.push(("at", when::minute(*at)));
            ("mail-key-expires", values)
        }
        ReminderKind::AccessKeyOld { access_key, description, created } => {
            let mut values = key(access_key, description);
            values.push(("at", when::minute(*created)));
            ("mail-key-old", values)
        }
        ReminderKind::PasswordOld { set } => {
            let link = format!("{public_url}/account/password");
            ("mail-password-old", vec![("at", when::minute(*set)), ("link", link)])
        }
    };
    letter(&reminder.to, reminder.language, id, &values)
}

/// The mail by which an administrator finds out whether mails arrive.
pub(crate) fn test(to: Email, language: Language) -> Letter {
    let subject = say(language, "mail-test-subject", &[]);
    Letter { to, subject, text: say(language, "mail-test", &[]) + "\n" }
}

fn letter(to: &Email, language: Language, id: &str, values: &[(&str, String)]) -> Letter {
    let values: Vec<_> = values.iter().map(|(name, text)| (*name, Value::Text(text))).collect();
    let text = say(language, id, &values);
    let end = say(language, "mail-end", &[]);
    Letter {
        to: to.clone(),
        // Subjects hold nothing that anybody typed.
        subject: say(language, &format!("{id}-subject"), &[]),
        text: format!("{text}\n\n-- \n{end}\n"),
    }
}

/// What somebody else wrote, in one line, so that it does not pass for a part of the letter.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(128).collect()
}
