//! The program from the outside: arguments and files in, exit code and text out. Nothing here is sent.

mod checks;
mod help;
mod listing;
mod refusals;
mod run;
