//! Ways to lose the input.

use std::thread;
use std::time::Duration;

use crate::lab::Path;

/// How long an input stays away: longer than the silence that flowclient speaks of.
const SPAN: Duration = Duration::from_secs(3);

/// A way to lose the input for a while.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outage {
    /// The relay's interface goes down and up.
    InterfaceDown,
    /// The interface is deleted and made again.
    InterfaceRemade,
    /// The far end of the cable goes down and up.
    FarEndDown,
    /// The relay's interface loses its address and gets it back.
    AddressGone,
}

impl Outage {
    pub(super) const ALL: [Self; 4] = [Self::InterfaceDown, Self::InterfaceRemade, Self::FarEndDown, Self::AddressGone];

    /// Takes the input away and gives it back.
    pub(super) fn happen(self, path: &Path) {
        self.begin(path);
        thread::sleep(SPAN);
        self.end(path);
    }

    fn begin(self, path: &Path) {
        match self {
            Self::InterfaceDown => path.relay.ip("link set in0 down"),
            Self::InterfaceRemade => path.unplug_input(),
            Self::FarEndDown => path.source.ip("link set eth0 down"),
            Self::AddressGone => path.relay.ip("addr del 10.1.0.2/24 dev in0"),
        }
    }

    fn end(self, path: &Path) {
        match self {
            Self::InterfaceDown => path.relay.ip("link set in0 up"),
            Self::InterfaceRemade => path.plug_input(),
            Self::FarEndDown => {
                path.source.ip("link set eth0 up");
                path.source.ip("route add 224.0.0.0/4 dev eth0");
            }
            Self::AddressGone => path.relay.ip("addr add 10.1.0.2/24 dev in0"),
        }
    }
}
