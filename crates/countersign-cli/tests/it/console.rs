//! The console in a real browser, with real mails, against the real server.

mod attacks;
mod journey;
mod pages;
mod screenshots;
mod site;
mod tour;
