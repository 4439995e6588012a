//! A sender of whatever datagrams a test wants.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_send_buffer_size_force;
use socket2::{Domain, Protocol, Socket, Type};

use super::NetNs;

/// Sends to one address.
#[derive(Debug)]
pub struct Sender {
    socket: UdpSocket,
    to: SocketAddr,
}

impl Sender {
    /// Sends to `to` from the address `from` of `namespace`.
    ///
    /// # Panics
    /// When the socket cannot be opened.
    pub fn new(namespace: &NetNs, from: IpAddr, to: &str) -> Self {
        Self::try_new(namespace, from, to).expect("a sending socket")
    }

    /// [`Self::new`], while a cable may be pulled.
    ///
    /// # Errors
    /// When the socket cannot be opened.
    ///
    /// # Panics
    /// When `to` is no address.
    pub fn try_new(namespace: &NetNs, from: IpAddr, to: &str) -> io::Result<Self> {
        let to = to.parse().expect("ADDRESS:PORT");
        let socket = namespace.inside(|| open(from, to))?;
        Ok(Self { socket, to })
    }

    /// Sends one datagram, and says whether the kernel took it.
    pub fn send(&self, payload: &[u8]) -> bool {
        self.socket.send_to(payload, self.to).is_ok()
    }

    /// Sends `payloads` evenly spread, so many a second.
    pub fn send_at(&self, per_second: u32, payloads: impl IntoIterator<Item = impl AsRef<[u8]>>) {
        let mut due = Instant::now();
        for payload in payloads {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            self.send(payload.as_ref());
            due += Duration::from_secs(1) / per_second;
        }
    }

    /// Sends `payloads` as fast as the socket takes them.
    pub fn send_all(&self, payloads: impl IntoIterator<Item = impl AsRef<[u8]>>) {
        for payload in payloads {
            self.send(payload.as_ref());
        }
    }
}

fn open(from: IpAddr, to: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(to), Type::DGRAM, Some(Protocol::UDP))?;
    set_socket_send_buffer_size_force(&socket, 4 << 20)?;
    match from {
        IpAddr::V4(interface) => socket.set_multicast_if_v4(&interface)?,
        IpAddr::V6(_) => socket.set_multicast_hops_v6(4)?,
    }
    socket.bind(&SocketAddr::new(from, 0).into())?;
    Ok(socket.into())
}
