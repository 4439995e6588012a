//! Running streams move between socket and AF_XDP without loss and in order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tests::config::{ConfigFile, Flow};
use tests::lab::{Capture, Flowclient, Path, Sender};
use tests::shapes::{numbers, packets};

/// Streams that move at the same moment.
const STREAMS: usize = 16;
/// Datagrams a second of each.
const PER_SECOND: u32 = 1_000;
/// Times that they leave and come back.
const ROUNDS: usize = 2;

struct Stream {
    to: String,
    flow: [String; 3],
    sink: Capture,
}

struct Lab {
    path: Path,
    streams: Vec<Stream>,
    flowclient: Flowclient,
}

impl Stream {
    fn new(path: &Path, number: usize) -> Self {
        let (to, output) = (format!("239.9.9.{number}:5000"), format!("239.1.1.{number}:5000"));
        let sink = Capture::start(&path.sink, "eth0", &output);
        Self { flow: [format!("stream-{number}"), format!("udp://{to}?iface=in0"), output], to, sink }
    }

    fn flow(&self) -> Flow<'_> {
        let [name, input, output] = &self.flow;
        Flow { name, input, output }
    }

    /// Checks that the sink has all that was sent from some datagram on, in order.
    fn assert_unbroken(&self) {
        let received = numbers(&self.sink.bytes());
        let jumps = received.windows(2).filter(|pair| pair[1] != pair[0] + 1);
        let jumps: Vec<_> = jumps.map(|pair| (pair[0], pair[1])).collect();
        assert!(jumps.is_empty(), "{}: of {} packets from {} on: {jumps:?}", self.to, received.len(), received[0]);
    }
}

impl Lab {
    /// Sends numbered datagrams on all streams, of as many packets as `size_of` says, before flowclient starts and all the
    /// while that `work` takes, and checks that what came out of each is unbroken.
    fn run(size_of: impl Fn(u32) -> u32 + Send, work: impl FnOnce(&Self)) {
        let path = Path::new();
        let streams: Vec<_> = (1..=STREAMS).map(|number| Stream::new(&path, number)).collect();
        let senders: Vec<_> =
            streams.iter().map(|stream| Sender::new(&path.source, Path::SOURCE, &stream.to)).collect();
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| send(&senders, size_of, &done));
            let finish = Finish(&done);
            let file = ConfigFile::new(&streams.iter().map(Stream::flow).collect::<Vec<_>>());
            let flowclient = Flowclient::start(&path.relay, &["--engine", "xdp", "--config", file.argument()]);
            let lab = Self { path, streams, flowclient };
            work(&lab);
            lab.streams.iter().for_each(|stream| stream.sink.wait_for_more(100));
            drop(finish);
            lab.streams.iter().for_each(Stream::assert_unbroken);
        });
    }

    fn wait_for_all_by(&self, engine: &str) {
        self.flowclient.wait_until(&format!("all inputs by {engine}"), |metrics| {
            metrics.sum("flowclient_input_engine", &[("engine", engine)]) == STREAMS as f64
        });
    }
}

/// Sends the same datagram on each stream, then the next, until it is done.
fn send(senders: &[Sender], size_of: impl Fn(u32) -> u32, done: &AtomicBool) {
    let (mut first, mut due) = (0, Instant::now());
    for size in (0..).map(size_of).take_while(|_| !done.load(Ordering::Relaxed)) {
        let datagram = packets(first, size);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        due += Duration::from_secs(1) / PER_SECOND;
        senders.iter().for_each(|sender| assert!(sender.send(&datagram), "not sent"));
        first += size;
    }
}

/// Ends the sender also when a test fails.
struct Finish<'a>(&'a AtomicBool);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn streams_that_come_and_go_by_af_xdp_stay_in_order() {
    Lab::run(
        |_| 7,
        |lab| {
            for _ in 0..ROUNDS {
                lab.wait_for_all_by("xdp");
                lab.streams[0].sink.wait_for_more(100);
                let listen = |stream: &Stream| Capture::start(&lab.path.relay, "in0", &stream.to);
                let others: Vec<_> = lab.streams.iter().map(listen).collect();
                lab.wait_for_all_by("socket");
                lab.streams[0].sink.wait_for_more(100);
                drop(others);
            }
            lab.wait_for_all_by("xdp");
        },
    );
}

#[test]
fn streams_that_are_left_to_the_kernel_as_soon_as_they_are_taken_stay_in_order() {
    // Every fifth is cut on the cable.
    Lab::run(|number| if number % 5 == 0 { 14 } else { 7 }, |lab| lab.wait_for_all_by("socket"));
}
