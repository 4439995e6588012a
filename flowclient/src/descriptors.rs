//! The limit of open files.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets the process open as many files as it may without asking. Each flow takes two sockets or more, and the usual limit of
/// 1,024 is for programs that use select(2).
pub(crate) fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    // What is allowed anyway is not refused; if it were, the flow that finds no descriptor says so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
