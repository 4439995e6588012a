//! Stand-in for the command line.
#![allow(clippy::unwrap_used)]

mod config;
mod console;
mod fleet;
mod http;
mod human;
mod journal;
mod log;
mod metrics;
mod plan;
mod progress;
mod pulse;
mod signals;
mod status;
mod supervisor;
mod watch;

fn main() -> std::process::ExitCode {
    let path = std::path::PathBuf::from(std::env::args_os().nth(1).unwrap());
    let load = move || config::Config::load(&path);
    match load().and_then(|config| supervisor::run(config, load)) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("flowclient: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
