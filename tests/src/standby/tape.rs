//! The viewer: keeps what each datagram said of itself, and when the kernel took it in.

use std::io::IoSliceMut;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::socket::sockopt::ReceiveTimestampns;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, setsockopt};

use super::channel::{DATAGRAM_LEN, Stamp};
use crate::lab::{NetNs, go_first, listen};

/// A datagram at the viewer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) stamp: Stamp,
    /// UTC when the kernel took it in: what the viewer does with its processor is no part of it.
    pub(crate) received_ns: u64,
    /// Last byte of the sender's address.
    pub(crate) host: u8,
}

/// What came, in its order.
#[derive(Debug, Default)]
pub(crate) struct Reel {
    pub(crate) arrivals: Vec<Arrival>,
    /// Datagrams that are none of the channel, or not as they were sent.
    pub(crate) foreign: u64,
}

/// Records on a thread of its own until it is dropped.
#[derive(Debug)]
pub(crate) struct Tape {
    stop: Arc<AtomicBool>,
    reel: Arc<Mutex<Reel>>,
    thread: Option<JoinHandle<()>>,
}

impl Tape {
    /// Records what is sent to `group` on `interface` of `namespace`.
    pub(crate) fn start(namespace: &NetNs, interface: &str, group: &str) -> Self {
        let socket = listen(namespace, interface, group);
        setsockopt(&socket, ReceiveTimestampns, &true).expect("the kernel's stamps");
        let (stop, reel) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Reel::default())));
        let (stopped, kept) = (Arc::clone(&stop), Arc::clone(&reel));
        let thread = thread::spawn(move || {
            go_first();
            while !stopped.load(Ordering::Relaxed) {
                record(&socket, &kept, &stopped);
            }
        });
        Self { stop, reel, thread: Some(thread) }
    }

    /// The number of the last datagram, if there was any.
    pub(crate) fn last(&self) -> Option<u64> {
        self.reel.lock().unwrap().arrivals.last().map(|arrival| arrival.stamp.number)
    }

    /// Last byte of the address that the last datagram came from, if there was any.
    pub(crate) fn last_host(&self) -> Option<u8> {
        self.reel.lock().unwrap().arrivals.last().map(|arrival| arrival.host)
    }

    /// Number of datagrams so far.
    pub(crate) fn count(&self) -> usize {
        self.reel.lock().unwrap().arrivals.len()
    }

    /// Stops, and gives all.
    pub(crate) fn take(mut self) -> Reel {
        self.end();
        std::mem::take(&mut *self.reel.lock().unwrap())
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("a viewer that does not panic");
        }
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        self.end();
    }
}

/// Takes what comes until nothing has come for a while, or it is stopped: a channel need not end with its viewer.
fn record(socket: &UdpSocket, reel: &Mutex<Reel>, stop: &AtomicBool) {
    let mut control = nix::cmsg_space!(nix::sys::time::TimeSpec);
    while !stop.load(Ordering::Relaxed) {
        let mut bytes = [0; DATAGRAM_LEN + 1];
        let mut parts = [IoSliceMut::new(&mut bytes)];
        let received = recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut parts, Some(&mut control), MsgFlags::empty());
        let Ok(message) = received else { return };
        let stamps = message.cmsgs().into_iter().flatten();
        let received_ns = stamps.into_iter().find_map(kernel_ns).expect("the kernel's stamp");
        let host = message.address.map_or(0, |address| address.ip().octets()[3]);
        let len = message.bytes;
        let mut reel = reel.lock().unwrap();
        match Stamp::read(&bytes[..len]) {
            Some(stamp) => reel.arrivals.push(Arrival { stamp, received_ns, host }),
            None => reel.foreign += 1,
        }
    }
}

fn kernel_ns(message: ControlMessageOwned) -> Option<u64> {
    let ControlMessageOwned::ScmTimestampns(time) = message else { return None };
    u64::try_from(Duration::from(time).as_nanos()).ok()
}
