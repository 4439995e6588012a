//! Prints each example of the workspace as `PACKAGE EXAMPLE`, one a line.
#![allow(clippy::print_stdout, reason = "it is a list for a script")]

use cargo_metadata::{MetadataCommand, TargetKind};

fn main() -> Result<(), cargo_metadata::Error> {
    let metadata = MetadataCommand::new().no_deps().exec()?;
    for package in &metadata.packages {
        for target in package.targets.iter().filter(|target| target.kind.contains(&TargetKind::Example)) {
            println!("{} {}", package.name, target.name);
        }
    }
    Ok(())
}
