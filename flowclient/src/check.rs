//! What can be known to fail before anything is sent or received.

use std::fs::{self, File};
use std::io;
use std::net::IpAddr;
use std::path::Path;

use relay::io::synthetic::SyntheticChannel;
use relay::io::{file, interface};
use relay::pair::key_file;
use relay::spec::{FlowSpec, Interface, Source};
use rustix::fs::{Access, access};

use crate::args::Args;
use crate::config::Config;
use crate::error::ConfigError;

/// `flowclient check`: says how many flows would run. Files are read from start to end, as a run does when it starts.
///
/// # Errors
/// [`ConfigError`] with all that is wrong.
pub(crate) fn verdict(args: &Args) -> anyhow::Result<Vec<u8>> {
    let config = Config::load(args)?;
    surroundings(&config.flows)?;
    ConfigError::unless_empty(config.flows.iter().filter_map(unplayable).collect())?;
    let flows = match config.flows.len() {
        1 => "1 flow".to_owned(),
        count => format!("{count} flows"),
    };
    Ok(format!("OK: {flows}\n").into_bytes())
}

/// Checks that this host has what the flows name: interfaces, addresses, files.
///
/// # Errors
/// All that is missing.
pub(crate) fn surroundings(flows: &[FlowSpec]) -> Result<(), ConfigError> {
    let problems = |flow| missing(flow).into_iter().map(move |problem| format!("flow {:?}: {problem}", flow.name));
    ConfigError::unless_empty(flows.iter().flat_map(problems).collect())
}

fn missing(flow: &FlowSpec) -> Vec<String> {
    let outputs = flow.outputs.iter().flat_map(|output| {
        let needed = needed_interfaces(output.interface.as_ref(), output.source);
        needed.into_iter().filter_map(move |interface| missing_interface(output, &interface))
    });
    let folder = flow.record.as_ref().and_then(|record| unwritable(&record.folder));
    let key = flow.pair.as_ref().and_then(|pair| unusable(pair.key_file.as_deref()?));
    missing_of_source(&flow.source).into_iter().chain(outputs).chain(folder).chain(key).collect()
}

/// What this host lacks to receive or read `source`.
pub(crate) fn missing_of_source(source: &Source) -> Vec<String> {
    match source {
        Source::Network(input) => {
            let local = Some(input.address.ip()).filter(|address| !address.is_multicast());
            let needed = needed_interfaces(input.interface.as_ref(), local);
            needed.iter().filter_map(|interface| missing_interface(input, interface)).collect()
        }
        Source::File(file) => unreadable(&file.path).into_iter().collect(),
        Source::Test(_) => Vec::new(),
    }
}

/// The interface, and the one that has the local address; all of `127.0.0.0/8` are this host's without being listed.
pub(crate) fn needed_interfaces(interface: Option<&Interface>, local: Option<IpAddr>) -> Vec<Interface> {
    let local = local.filter(|address| !address.is_unspecified() && !address.is_loopback());
    interface.cloned().into_iter().chain(local.map(Interface::Address)).collect()
}

fn missing_interface(url: &dyn ToString, wanted: &Interface) -> Option<String> {
    interface::index_of(wanted).err().map(|error| format!("{}: {error}", url.to_string()))
}

fn unreadable(path: &Path) -> Option<String> {
    let readable = fs::metadata(path).and_then(|meta| {
        // Opening a pipe would wait for its writer.
        if meta.is_file() { File::open(path).map(drop) } else { Err(io::Error::other("it is not a regular file")) }
    });
    readable.err().map(|error| format!("cannot read {}: {error}", path.display()))
}

/// Why recordings cannot be written to `folder`.
fn unwritable(folder: &Path) -> Option<String> {
    let writable = fs::metadata(folder).and_then(|meta| {
        let files_can_be_made = Access::WRITE_OK | Access::EXEC_OK;
        if meta.is_dir() { Ok(access(folder, files_can_be_made)?) } else { Err(io::Error::other("it is not a folder")) }
    });
    writable.err().map(|error| format!("cannot record to {}: {error}", folder.display()))
}

/// Why the file at `path` gives no key to share with other instances.
fn unusable(path: &Path) -> Option<String> {
    key_file::read(path).err().map(|error| error.to_string())
}

/// Why the file or the synthetic channel of a flow cannot be played.
fn unplayable(flow: &FlowSpec) -> Option<String> {
    let reason = match &flow.source {
        Source::Network(_) => None,
        Source::File(input) => file::open(input, flow.packets_per_datagram).err().map(|error| error.to_string()),
        Source::Test(input) => {
            let made = SyntheticChannel::new(input, flow.packets_per_datagram);
            made.err().map(|error| format!("{input}: {error}"))
        }
    };
    reason.map(|reason| format!("flow {:?}: {reason}", flow.name))
}
