//! What the kernel grants, asked with sockets that are bound nowhere: nothing that is on air notices.

use std::io;
use std::os::fd::AsFd;

use rustix::net::TxTimeFlags;
use rustix::net::sockopt::set_txtime;
use rustix::time::ClockId;
use socket2::{Domain, Protocol, Socket, Type};

use super::rx::size_buffer;
use crate::sys;

/// What this kernel does for datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Support {
    /// Gives runs of equal datagrams as one (UDP_GRO, since Linux 5.0).
    pub receive_offload: bool,
    /// Takes runs of equal datagrams as one (UDP_SEGMENT, since Linux 4.18).
    pub segmentation: bool,
    /// Sends a datagram at its time (SO_TXTIME, since Linux 4.19).
    pub transmit_time: bool,
}

/// Asks for each option.
///
/// # Errors
/// When no socket can be opened.
pub fn support() -> io::Result<Support> {
    let socket = socket()?;
    Ok(Support {
        receive_offload: sys::enable_receive_offload(socket.as_fd()).is_ok(),
        segmentation: sys::enable_segmentation(socket.as_fd()).is_ok(),
        transmit_time: set_txtime(&socket, ClockId::Monotonic, TxTimeFlags::empty()).is_ok(),
    })
}

/// Receive buffer that an input is granted when it asks for `wanted_bytes`, in bytes.
///
/// # Errors
/// When no socket can be opened.
pub fn grantable_receive_buffer(wanted_bytes: usize) -> io::Result<usize> {
    size_buffer(&socket()?, wanted_bytes)
}

fn socket() -> io::Result<Socket> {
    Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_buffer_is_granted_in_full() {
        assert_eq!(grantable_receive_buffer(16 << 10).unwrap(), 16 << 10);
    }

    #[test]
    fn asking_leaves_no_trace() {
        assert_eq!(support().unwrap(), support().unwrap());
    }
}
