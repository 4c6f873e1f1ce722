//! Mails to send, as values: whoever renders them chooses the words.

use countersign::Timestamp;
use countersign_accounts::access_key::Description;
use countersign_accounts::account::{Account, Email, Language};
use countersign_accounts::token::Token;

/// A mail to send. It may hold a link's token: it is sent, and never stored or logged.
#[derive(Debug)]
pub struct Mail {
    pub to: Email,
    pub language: Language,
    pub kind: MailKind,
}

/// What a mail says.
#[derive(Debug)]
pub enum MailKind {
    /// Open this link to open your account.
    SignUp {
        link: Token,
        expires: Timestamp,
    },
    /// Somebody wanted to open an account with this address, or change theirs to it, and you have one already.
    AlreadyRegistered,
    /// You are invited: open this link to open your account.
    Invitation {
        link: Token,
        expires: Timestamp,
    },
    /// Open this link to set another password.
    PasswordReset {
        link: Token,
        expires: Timestamp,
    },
    PasswordChanged {
        at: Timestamp,
    },
    /// Your account was used with a browser that it had not been used with.
    NewDevice {
        at: Timestamp,
        address: String,
        client: String,
    },
    /// Open this link to make this your account's address.
    EmailChange {
        link: Token,
        expires: Timestamp,
    },
    /// To the old address: the account's address is another now.
    EmailChanged {
        now: Email,
    },
    FactorAdded {
        name: Description,
    },
    FactorRemoved {
        name: Description,
    },
    RecoveryCodesMade,
    /// A recovery code was used in place of a second factor.
    RecoveryCodeUsed {
        left: u32,
    },
    AccountClosed,
    AccountSuspended,
    AccountResumed,
    RealNameApproved,
    RealNameRejected {
        reason: Description,
    },
}

impl Mail {
    /// A mail to the address of an account, in its language.
    pub fn to(account: &Account, kind: MailKind) -> Self {
        Self { to: account.email.clone(), language: account.language, kind }
    }
}
