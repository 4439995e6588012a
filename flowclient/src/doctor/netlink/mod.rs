//! Questions to the kernel about this network namespace (netlink(7)). Unlike /sys/class/net, the answers are of the
//! process' own namespace, whoever mounted what.

mod ethtool;
mod link;
mod route;

use std::io;
use std::os::fd::OwnedFd;

use relay::io::netlink::{DONE, ERROR, Request, messages, word};
use rustix::net::netlink::{GENERIC, SocketAddrNetlink};
use rustix::net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};

pub(super) use ethtool::{Ethtool, Features};
pub(super) use link::{Link, links};
pub(super) use route::{Route, route};

/// More than the kernel sends at once.
const BUFFER_BYTES: usize = 64 << 10;

/// A socket to the kernel.
#[derive(Debug)]
pub(super) struct Kernel(OwnedFd);

impl Kernel {
    /// For links and routes.
    ///
    /// # Errors
    /// When a sandbox forbids it.
    pub(super) fn routes() -> io::Result<Self> {
        Self::open(None)
    }

    /// For families that are known by name.
    fn generic() -> io::Result<Self> {
        Self::open(Some(GENERIC))
    }

    fn open(protocol: Option<Protocol>) -> io::Result<Self> {
        Ok(Self(socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, protocol)?))
    }

    /// The bodies of all messages that answer `request`.
    fn ask(&self, request: Request) -> io::Result<Vec<Vec<u8>>> {
        sendto(&self.0, &request.bytes(), SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        let (mut answers, mut buffer) = (Vec::new(), vec![0; BUFFER_BYTES]);
        loop {
            let (length, _) = recv(&self.0, &mut buffer[..], RecvFlags::empty())?;
            for (kind, body) in messages(&buffer[..length]) {
                match kind {
                    DONE => return Ok(answers),
                    ERROR => return outcome(body).map(|()| answers),
                    _ => answers.push(body.to_vec()),
                }
            }
        }
    }
}

/// An error of 0 acknowledges.
fn outcome(body: &[u8]) -> io::Result<()> {
    match word(body).map(u32::cast_signed) {
        Some(0) => Ok(()),
        Some(code) => Err(io::Error::from_raw_os_error(code.saturating_neg())),
        None => Err(io::ErrorKind::InvalidData.into()),
    }
}
