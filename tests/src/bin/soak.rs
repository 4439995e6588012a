//! `soak [MINUTES] [CSV]`: stays on air for so long (60 minutes), writes samples to the file (soak.csv), prints the account.
#![allow(clippy::print_stdout, reason = "the account is for whoever runs it")]

use std::error::Error;
use std::fs::File;
use std::process::ExitCode;
use std::time::Duration;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let minutes: u64 = arguments.next().map_or(Ok(60), |minutes| minutes.parse())?;
    let mut csv = File::create(arguments.next().unwrap_or_else(|| "soak.csv".to_owned()))?;
    let report = tests::soak::run(Duration::from_secs(60 * minutes), &mut csv);
    print!("{report}");
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
