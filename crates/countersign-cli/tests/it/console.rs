//! The console in a real browser, with real mails, against the real server.

mod attacks;
mod flood;
mod journey;
mod pages;
mod passkeys;
mod screenshots;
mod site;
mod tour;
