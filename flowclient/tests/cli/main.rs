//! The program from the outside: arguments and files in, exit code and text out. Nothing here is sent.

#![allow(clippy::unwrap_used, reason = "what a test needs and does not get fails the test")]

mod checks;
mod help;
mod inspect;
mod listing;
mod refusals;
mod run;
