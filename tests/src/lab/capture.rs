//! Receivers: one that calls back, and one that keeps every datagram.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};

use super::{NetNs, until};

const RECEIVE_BUFFER_BYTES: usize = 64 << 20;

/// A datagram as it came in.
#[derive(Clone, Debug)]
pub struct Datagram {
    /// When it was read.
    pub at: Instant,
    /// Who sent it.
    pub from: SocketAddr,
    /// UDP payload.
    pub payload: Vec<u8>,
}

/// Receives on a thread of its own until it is dropped.
#[derive(Debug)]
pub struct Receiver {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Receives on `interface` of `namespace` what is sent to `address`, whose group it joins if it is one, and gives each
    /// datagram to `take`.
    ///
    /// # Panics
    /// When the socket cannot be opened.
    pub fn start(
        namespace: &NetNs,
        interface: &str,
        address: &str,
        mut take: impl FnMut(Datagram) + Send + 'static,
    ) -> Self {
        let socket = listen(namespace, interface, address);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while !stopped.load(Ordering::Relaxed) {
                // None has come for a while, or the interface is gone.
                let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
                take(Datagram { at: Instant::now(), from, payload: buffer[..length].to_vec() });
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Keeps every datagram until it is dropped.
#[derive(Debug)]
pub struct Capture {
    datagrams: Arc<Mutex<Vec<Datagram>>>,
    _receiver: Receiver,
}

impl Capture {
    /// Receives on `interface` of `namespace` what is sent to `address`, whose group it joins if it is one.
    pub fn start(namespace: &NetNs, interface: &str, address: &str) -> Self {
        let datagrams = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&datagrams);
        let receiver =
            Receiver::start(namespace, interface, address, move |datagram| kept.lock().unwrap().push(datagram));
        Self { datagrams, _receiver: receiver }
    }

    /// Number of datagrams so far.
    pub fn count(&self) -> usize {
        self.datagrams.lock().unwrap().len()
    }

    /// Waits until there are `count` datagrams.
    pub fn wait_for(&self, count: usize) {
        until(&format!("{count} datagrams"), || (self.count() >= count).then_some(()));
    }

    /// Waits until there are `count` more datagrams than now.
    pub fn wait_for_more(&self, count: usize) {
        self.wait_for(self.count() + count);
    }

    /// Waits until there are `length` bytes of payload.
    pub fn wait_for_bytes(&self, length: usize) {
        let have = || self.datagrams.lock().unwrap().iter().map(|datagram| datagram.payload.len()).sum::<usize>();
        until(&format!("{length} bytes"), || (have() >= length).then_some(()));
    }

    /// The datagrams so far.
    pub fn so_far(&self) -> Vec<Datagram> {
        self.datagrams.lock().unwrap().clone()
    }

    /// The payloads so far, one after the other.
    pub fn bytes(&self) -> Vec<u8> {
        self.datagrams.lock().unwrap().iter().flat_map(|datagram| datagram.payload.clone()).collect()
    }
}

/// A socket on `interface` of `namespace` for what is sent to `address`, whose group it joins if it is one; a read gives up
/// when nothing comes for a while.
pub(crate) fn listen(namespace: &NetNs, interface: &str, address: &str) -> UdpSocket {
    let address = address.parse().expect("GROUP:PORT");
    namespace.inside(|| open(interface, address)).expect("a receiving socket")
}

fn open(interface: &str, address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER_BYTES)?;
    socket.bind(&address.into())?;
    let index = rustix::net::netdevice::name_to_index(&socket, interface)?;
    match address.ip() {
        IpAddr::V4(group) if group.is_multicast() => {
            socket.join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index))?;
        }
        IpAddr::V6(group) if group.is_multicast() => socket.join_multicast_v6(&group, index)?,
        _ => {}
    }
    socket.set_read_timeout(Some(Duration::from_millis(20)))?;
    Ok(socket.into())
}
