//! The data path of flowclient: transport streams in, datagrams out, at wire speed and without a copy.
//!
//! # The packet's journey
//!
//! 1. A reactor thread ([`drive`]) sleeps until a socket is readable or a deadline has come. [`io::udp::Rx`] offers free
//!    slots of the thread's pool ([`mem::Pool`]) to `recvmmsg`: the kernel writes datagrams, single or joined by GRO,
//!    straight into them, each with the time of its arrival and the number dropped before it.
//! 2. [`flow::Flow::receive`] takes the filled slots. From here on only spans (slot, start, length) move.
//! 3. [`wire::rtp`] reads the RTP header in place, if there is one; [`stage::reorder`] passes what comes in sequence and
//!    lets what came early wait a little for what is missing.
//! 4. [`stage::frame`] finds the transport packets in the payload, also where datagrams hold no whole packets, junk, or 204 bytes
//!    a packet. [`stage::inspect`] looks at each packet, [`stage::clock`] reads the PCR.
//! 5. Packets are put together to datagrams of the output's size in [`stage::queue`]: still spans, now perhaps of several
//!    slots. [`stage::pace`] gives each datagram the time at which it leaves: as it arrived, or by the stream's clock.
//! 6. [`flow::Flow::poll`] says that datagrams are due, or until when there is nothing to do, and why.
//! 7. [`io::udp::Tx`] plans as few `sendmmsg` messages as possible: equal datagrams that are due together are gathered to
//!    one message and cut by the kernel (GSO); an RTP header is a gather entry of its own. The kernel reads from the same
//!    memory that it wrote into.
//! 8. The slots go back to the pool, last used first, while they are still in cache. Counters are published
//!    ([`stats::FlowStats`]) once a turn; what a person should know is said as an [`event`].
//!
//! By AF_XDP ([`io::xdp`]) a datagram comes into a frame of the same pool without passing a socket, and may leave from it with new
//! headers written in front of its payload.
//!
//! Files ([`io::file`]) and synthetic channels ([`io::synthetic`]) enter at step 2: an [`io::Generator`] writes into slots
//! what is due by UTC.
//!
//! What a flow is made of is said once, in [`spec`]: URLs, file of flows and command line all end there.

pub mod drive;
pub mod event;
pub mod flow;
pub mod io;
pub mod mem;
pub mod pair;
pub mod spec;
pub mod stage;
pub mod stats;
mod sys;
pub mod time;
pub mod wire;
