#![allow(missing_docs)]
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};
#[derive(Clone, Debug, PartialEq)]
pub struct FlowSpec {
    pub name: String,
    pub source: Source,
    pub outputs: Vec<Output>,
    pub pace: Pace,
    pub packets_per_datagram: usize,
    pub reorder_window: Duration,
    pub receive_buffer_bytes: usize,
    pub pace_delay: Duration,
}
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    Network(Input),
    File(FileInput),
    Test(TestInput),
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Udp,
    Rtp,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    Arrival,
    Pcr,
}
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    pub transport: Transport,
    pub source: Option<IpAddr>,
    pub address: SocketAddr,
    pub interface: Option<Interface>,
}
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    pub transport: Transport,
    pub address: SocketAddr,
    pub interface: Option<Interface>,
    pub ttl: u8,
    pub dscp: u8,
    pub source: Option<IpAddr>,
    pub multicast_loop: bool,
}
#[derive(Clone, Debug, PartialEq)]
pub enum Interface {
    Name(String),
    Address(IpAddr),
}
#[derive(Clone, Debug, PartialEq)]
pub struct FileInput {
    pub path: PathBuf,
    pub looped: bool,
}
#[derive(Clone, Debug, PartialEq)]
pub struct TestInput {
    pub bitrate: u64,
    pub label: String,
    pub name: String,
}
impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(n) => n.fmt(f),
            Self::Address(a) => a.fmt(f),
        }
    }
}
impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self)
    }
}
impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self)
    }
}
impl fmt::Display for TestInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self)
    }
}
