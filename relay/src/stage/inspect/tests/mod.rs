//! The inspector, shown streams made by hand.

mod alarms;
mod any;
mod clean;
mod clocks;
mod continuity;
mod hostile;
mod naive;
mod oracle;
mod packet;
mod pids;
mod program;
mod psi;
mod si;
mod stream;
mod sync;
