//! The console, asked as browsers ask it.

mod attacks;
mod browser;
mod pages;
mod people;
mod public_keys;
