//! Hours on air: a reload every minute, the input pulled now and then, and at the end an account of every datagram.

mod ledger;
mod outage;
mod report;
mod sample;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::config::{ConfigFile, Flow, text};
use crate::continuity::Continuity;
use crate::lab::{Datagram, Flowclient, Ongoing, Path, Receiver, Sender, Signal, meanwhile};
use crate::shapes;

use ledger::Ledger;
use outage::Outage;
pub use report::Report;
use sample::Sample;

/// Datagrams a second of the relayed flow: 8.4 Mb/s.
const DATAGRAMS_A_SECOND: u32 = 800;
const RELOAD_EVERY: Duration = Duration::from_secs(60);
const OUTAGE_EVERY: Duration = Duration::from_secs(240);
const SAMPLE_EVERY: Duration = Duration::from_secs(10);

const SEND_TO: &str = "239.9.9.9:5000";
const RELAYED: Flow<'_> = Flow { name: "relayed", input: "udp://239.9.9.9:5000?iface=in0", output: "239.1.1.1:5000" };
const CHANNEL: Flow<'_> = Flow { name: "channel", input: "test:clock?bitrate=4M", output: "239.1.1.2:5000" };
const CHANGING: [Flow<'_>; 2] = [
    Flow { name: "changing", input: "test:clock?bitrate=2M", output: "239.1.1.3:5000" },
    Flow { name: "changing", input: "test:clock?bitrate=2M", output: "239.1.1.4:5000" },
];

/// Runs for `span`, writes a line of samples to `csv` every ten seconds, and gives the account.
///
/// # Panics
/// When the lab cannot be built, or flowclient ends.
pub fn run(span: Duration, csv: &mut impl Write) -> Report {
    let lab = Lab::new();
    let stay_on_air = || {
        lab.ledger.wait_for_arrival_after(Instant::now());
        lab.stay_on_air(span, csv)
    };
    let samples = meanwhile(|work| lab.send(work), stay_on_air);
    lab.account(&samples)
}

struct Lab {
    path: Path,
    config: ConfigFile,
    flowclient: Flowclient,
    ledger: Arc<Ledger>,
    channel: Arc<Mutex<Continuity>>,
    _receivers: [Receiver; 2],
}

impl Lab {
    fn new() -> Self {
        let (path, config) = (Path::new(), ConfigFile::new(&[RELAYED, CHANNEL, CHANGING[0]]));
        let flowclient = Flowclient::start(&path.relay, &["--config", config.argument()]);
        let (ledger, channel) = (Arc::new(Ledger::default()), Arc::new(Mutex::new(Continuity::default())));
        let (arrivals, stream) = (Arc::clone(&ledger), Arc::clone(&channel));
        let relayed = move |datagram: Datagram| arrivals.arrive(&shapes::numbers(&datagram.payload));
        let synthetic = move |datagram: Datagram| stream.lock().unwrap().check(&datagram.payload);
        let receivers = [
            Receiver::start(&path.sink, "eth0", RELAYED.output, relayed),
            Receiver::start(&path.sink, "eth0", CHANNEL.output, synthetic),
        ];
        Self { path, config, flowclient, ledger, channel, _receivers: receivers }
    }

    /// Sends numbered datagrams at an even rate while the work goes on, on a new socket when the old one's interface is gone.
    fn send(&self, work: &Ongoing) {
        let mut sender = None;
        let mut due = Instant::now();
        while work.goes_on() {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            due += Duration::from_secs(1) / DATAGRAMS_A_SECOND;
            sender = sender.or_else(|| Sender::try_new(&self.path.source, Path::SOURCE, SEND_TO).ok());
            let Some(open) = &sender else { continue };
            let taken = self.ledger.send(|number| open.send(&shapes::packets(7 * number, 7)));
            if !taken {
                sender = None;
            }
        }
    }

    fn stay_on_air(&self, span: Duration, csv: &mut impl Write) -> Vec<Sample> {
        let start = Instant::now();
        let (mut reloads, mut outages) = (0, Outage::ALL.into_iter().cycle());
        let (mut next_reload, mut next_outage, mut next_sample) =
            (start + RELOAD_EVERY, start + OUTAGE_EVERY / 2, start);
        let mut samples = Vec::new();
        writeln!(csv, "{}", Sample::HEADER).expect("a line of samples");
        while start.elapsed() < span {
            let now = Instant::now();
            if now >= next_sample {
                let sample = Sample::take(start.elapsed(), &self.flowclient, &self.ledger);
                writeln!(csv, "{sample}").and_then(|()| csv.flush()).expect("a line of samples");
                samples.push(sample);
                next_sample += SAMPLE_EVERY;
            } else if now >= next_reload {
                reloads += 1;
                self.reload(reloads);
                next_reload += RELOAD_EVERY;
            } else if now >= next_outage {
                outages.next().iter().for_each(|outage| self.suffer(*outage));
                next_outage += OUTAGE_EVERY;
            }
            thread::sleep(Duration::from_millis(100));
        }
        samples
    }

    /// Moves one flow to another group, by the file alone or with a signal in turn.
    fn reload(&self, times: usize) {
        self.config.write(&text(&[RELAYED, CHANNEL, CHANGING[times % 2]]));
        if times.is_multiple_of(2) {
            self.flowclient.signal(Signal::HUP);
        }
    }

    fn suffer(&self, outage: Outage) {
        let start = Instant::now();
        outage.happen(&self.path);
        self.ledger.wait_for_arrival_after(Instant::now());
        self.ledger.outage(start, Instant::now());
    }

    fn account(self, samples: &[Sample]) -> Report {
        self.ledger.settle();
        let metrics = self.flowclient.metrics();
        let gaps = self.channel.lock().unwrap().gaps();
        let ended = self.flowclient.stop();
        Report::new(&self.ledger, &metrics, gaps, samples, &ended)
    }
}
