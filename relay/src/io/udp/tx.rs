//! The sending socket.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;

use socket2::{Domain, Protocol, Socket, Type};

use super::UdpError;
use super::plan::{Leaves, Plan};
use super::rx::unspecified;
use crate::io::interface;
use crate::io::xdp::{Address, Headers, Lane, Refusal, group_mac};
use crate::mem::Pool;
use crate::spec::{Interface, Output, Transport};
use crate::stage::numbering::Numbering;
use crate::stage::queue::Queue;
use crate::sys::{self, Sender};
use crate::time::{Moment, Time};
use crate::wire::rtp;

/// Send buffer asked for: a burst of 49 datagrams for each of many flows never waits for the interface.
const SEND_BUFFER_BYTES: usize = 4 << 20;

/// Bytes of IPv4 and UDP headers.
const IP_AND_UDP_LEN: usize = 28;

/// A socket that sends one output.
pub struct Tx {
    output: Output,
    socket: Socket,
    joins_runs: bool,
    /// Whether datagrams say when they leave.
    keeps_departures: bool,
    sender: Sender,
    plan: Plan,
}

/// What the datagrams of a turn have in common, whichever the output.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// When it is.
    pub now: Moment,
    /// Those are sent that leave at or before this time.
    pub horizon: Time,
    /// Gives them their headers, if the output is RTP.
    pub numbering: Numbering,
    /// Whether runs of equal datagrams go out as one send.
    pub burst: bool,
}

/// What became of a turn's datagrams.
#[derive(Debug, Default)]
pub struct Sent {
    /// Sent.
    pub datagrams: u64,
    /// Bytes of them, RTP headers included.
    pub bytes: u64,
    /// Refused.
    pub refused: u64,
    /// The last refusal's reason.
    pub error: Option<io::Error>,
}

impl Tx {
    /// Opens the socket of `output` and connects it, so that the route is looked up once.
    ///
    /// # Errors
    /// [`UdpError`] says which step failed and what would help.
    pub fn open(output: &Output) -> Result<Self, UdpError> {
        let socket = connect(output)?;
        let joins_runs = sys::enable_segmentation(socket.as_fd()).is_ok();
        let (sender, plan) = (Sender::default(), Plan::default());
        Ok(Self { output: output.clone(), socket, joins_runs, keeps_departures: false, sender, plan })
    }

    /// The output as specified.
    pub const fn output(&self) -> &Output {
        &self.output
    }

    /// Sends bytes as one datagram.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn send_one(&self, bytes: &[u8]) -> io::Result<()> {
        self.socket.send(bytes).map(drop)
    }

    /// Address that the datagrams are sent from.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn source(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()?.as_socket().ok_or_else(|| io::Error::other("the socket has no address"))
    }

    /// Opens the socket anew, on the interface and route as they are now.
    ///
    /// # Errors
    /// As [`Self::open`]; the socket then stays as it was.
    pub fn reopen(&mut self) -> Result<(), UdpError> {
        self.socket = connect(&self.output)?;
        self.keeps_departures = false;
        Ok(())
    }

    /// Index of the interface that datagrams leave through, as far as it can be told from what is written or from their
    /// source address.
    pub fn interface_index(&self) -> Option<u32> {
        let by_address = || Some(Interface::Address(self.source().ok()?.ip()));
        let interface = self.output.interface.clone().or_else(by_address)?;
        interface::index_of(&interface).ok()
    }

    /// Whether each datagram says from now on when it leaves, and the kernel is to keep that; they are to be sent ahead then.
    ///
    /// # Errors
    /// When the kernel (before 4.19) cannot.
    pub fn keep_departures(&mut self, keep: bool) -> io::Result<()> {
        self.keeps_departures = false;
        if keep {
            sys::keep_departures(self.socket.as_fd())?;
        }
        self.keeps_departures = keep;
        Ok(())
    }

    /// Sends what is due in `queue`.
    pub fn send(&mut self, pool: &Pool, queue: &Queue, turn: Turn) -> Sent {
        let Turn { now, horizon, mut numbering, burst } = turn;
        self.plan.clear();
        let join = burst && self.joins_runs;
        let is_rtp = self.output.transport == Transport::Rtp;
        for (datagram, spans) in queue.due(horizon) {
            let header = is_rtp.then(|| numbering.header(&datagram.rtp, now.utc_at(datagram.release)).write());
            let leaves = match join {
                true => Leaves::InBurst,
                false if self.keeps_departures => Leaves::At(datagram.release),
                false => Leaves::Alone,
            };
            self.plan.add(pool, header, spans, leaves);
        }
        self.plan.close();
        self.send_plan(pool)
    }

    /// Sends what is due in `queue` by AF_XDP, with the headers that this socket would give it. With `in_place`, the
    /// frames that datagrams came in may be written to. Returns whether they still may, too.
    pub(crate) fn send_by(
        &self,
        (lane, headers): (&mut Lane, &Headers),
        pool: &mut Pool,
        queue: &Queue,
        turn: Turn,
        in_place: bool,
    ) -> (Sent, bool) {
        let Turn { now, horizon, mut numbering, .. } = turn;
        let (mut sent, is_rtp) = (Sent::default(), self.output.transport == Transport::Rtp);
        for (datagram, spans) in queue.due(horizon) {
            let header = is_rtp.then(|| numbering.header(&datagram.rtp, now.utc_at(datagram.release)).write());
            let prefix = header.as_ref().map_or(&[][..], |header| header);
            match lane.push(pool, headers, prefix, spans, in_place) {
                Ok(()) => {
                    sent.datagrams += 1;
                    sent.bytes += (prefix.len() + datagram.len) as u64;
                }
                Err(full) => {
                    sent.refused += 1;
                    sent.error = Some(io::Error::other(full));
                }
            }
        }
        match lane.flush(pool) {
            Ok(may_write) => (sent, may_write),
            Err(error) => {
                (Sent { refused: sent.refused + sent.datagrams, error: Some(error), ..Sent::default() }, false)
            }
        }
    }

    /// The interface through which datagrams of so many bytes, an RTP header not counted, can be sent by AF_XDP.
    pub(crate) fn xdp_interface(&self, datagram_len: usize) -> Result<String, Refusal> {
        if self.output.multicast_loop {
            return Err(Refusal::Loop);
        }
        let prefix_len = if self.output.transport == Transport::Rtp { rtp::HEADER_LEN } else { 0 };
        let ip_len = (IP_AND_UDP_LEN + prefix_len + datagram_len) as u32;
        if sys::path_mtu(self.socket.as_fd()).is_ok_and(|mtu| ip_len > mtu) {
            return Err(Refusal::Long);
        }
        self.headers().map(|(name, _)| name).ok_or(Refusal::Address)
    }

    /// The interface that this socket sends through, and what its datagrams' headers are there. `None` for what AF_XDP does
    /// not do: anything but groups of IPv4.
    pub(crate) fn headers(&self) -> Option<(String, Headers)> {
        let (SocketAddr::V4(destination), SocketAddr::V4(source)) =
            (self.output.address, self.socket.local_addr().ok()?.as_socket()?)
        else {
            return None;
        };
        if !destination.ip().is_multicast() {
            return None;
        }
        let name = match &self.output.interface {
            Some(wanted) => interface::name_of(wanted)?,
            None => interface::name_with(IpAddr::V4(*source.ip()))?,
        };
        let (source_mac, destination_mac) = (interface::hardware_address(&name)?, group_mac(*destination.ip()));
        let (ttl, dscp) = (self.output.ttl, self.output.dscp);
        Some((name, Headers::new(&Address { source_mac, destination_mac, source, destination, ttl, dscp })))
    }

    fn send_plan(&mut self, pool: &Pool) -> Sent {
        let (mut sent, mut next, mut retried) = (Sent::default(), 0, false);
        while next < self.plan.messages.len() {
            let Plan { pieces, messages, headers, .. } = &self.plan;
            let result = self.sender.send(self.socket.as_fd(), pool.memory(), headers, pieces, &messages[next..]);
            match result {
                Ok(count) => {
                    self.count(next..next + count.max(1), &mut sent);
                    next += count.max(1);
                    retried = false;
                }
                // The answer to an earlier datagram (ICMP); this one was not sent yet.
                Err(error) if !retried && error.kind() == io::ErrorKind::ConnectionRefused => retried = true,
                Err(error) if self.plan.messages[next].segment_len.is_some() && refuses_runs(&error) => {
                    self.joins_runs = false;
                    self.split_runs(next);
                }
                Err(error) => {
                    sent.refused += u64::from(self.plan.datagrams[next]);
                    sent.error = Some(error);
                    (next, retried) = (next + 1, false);
                }
            }
        }
        sent
    }

    fn count(&self, messages: std::ops::Range<usize>, sent: &mut Sent) {
        for index in messages {
            sent.datagrams += u64::from(self.plan.datagrams[index]);
            let pieces = &self.plan.pieces[self.plan.messages[index].pieces.clone()];
            sent.bytes += pieces.iter().map(|piece| piece.byte_len() as u64).sum::<u64>();
        }
    }

    /// From message `first` on, makes each datagram a message of its own: this interface does not cut runs.
    fn split_runs(&mut self, first: usize) {
        let messages = self.plan.messages.split_off(first);
        self.plan.datagrams.truncate(first);
        for message in messages {
            self.plan.split(message);
        }
    }
}

/// Errors with which kernels and drivers answer a run that they cannot cut: no checksum offload, a segment over the MTU.
fn refuses_runs(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EIO | libc::EINVAL | libc::EMSGSIZE))
}

fn connect(output: &Output) -> Result<Socket, UdpError> {
    let step = |name| UdpError::step(output, name);
    let address = output.address;
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM.nonblocking(), Some(Protocol::UDP))
        .map_err(step("open a socket"))?;
    // The kernel's limit may grant less; what is refused later is counted and said then.
    let _ = socket.set_send_buffer_size(SEND_BUFFER_BYTES);
    set_header_fields(&socket, output).map_err(step("set TTL and DSCP"))?;
    let local = output.source.unwrap_or_else(|| unspecified(address));
    socket.bind(&SocketAddr::new(local, 0).into()).map_err(step("send from that address"))?;
    if let Some(wanted) = &output.interface {
        let index = UdpError::index_of(output, wanted)?;
        leave_through(&socket, address, index).map_err(step("send through that interface"))?;
    }
    socket.connect(&address.into()).map_err(step("find a way there"))?;
    Ok(socket)
}

fn set_header_fields(socket: &Socket, output: &Output) -> io::Result<()> {
    let (ttl, traffic_class) = (u32::from(output.ttl), u32::from(output.dscp) << 2);
    if output.address.is_ipv4() {
        socket.set_tos_v4(traffic_class)?;
        socket.set_ttl_v4(ttl)?;
        socket.set_multicast_ttl_v4(ttl)?;
        socket.set_multicast_loop_v4(output.multicast_loop)
    } else {
        socket.set_tclass_v6(traffic_class)?;
        socket.set_unicast_hops_v6(ttl)?;
        socket.set_multicast_hops_v6(ttl)?;
        socket.set_multicast_loop_v6(output.multicast_loop)
    }
}

fn leave_through(socket: &Socket, address: SocketAddr, interface_index: u32) -> io::Result<()> {
    if address.ip().is_multicast() {
        return sys::send_multicast_through(socket.as_fd(), address.ip(), interface_index);
    }
    let index = std::num::NonZeroU32::new(interface_index);
    if address.is_ipv4() { socket.bind_device_by_index_v4(index) } else { socket.bind_device_by_index_v6(index) }
}
