//! How datagrams get from the network to the flows.

use super::keyword::keyword;

keyword! {
    /// How datagrams get from the network to the flows of a process.
    Engine: "engine", UnknownEngine;
    /// By AF_XDP where it is native, permitted and of use to this input, else through sockets.
    #[default]
    Auto = "auto",
    /// Through the kernel's sockets.
    Socket = "socket",
    /// By AF_XDP, in the generic path too where the driver knows no other; what it cannot do goes through sockets.
    Xdp = "xdp",
}
