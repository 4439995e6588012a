//! What the writers write, read back.

use std::io::ErrorKind;

use super::super::write::{PcapngWriter, TsWriter};
use super::*;
use crate::time::Utc;
use proptest::prelude::*;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn a_written_pcapng_reads_back_to_the_nanosecond() {
    for (source, destination) in
        [("10.0.0.1:4000", "239.1.1.1:5000"), ("[fd00::1]:4000", "[ff1e::9]:5000"), ("10.0.0.1:4000", "10.0.0.2:5000")]
    {
        let mut writer = PcapngWriter::new(Vec::new()).unwrap();
        let start = 1_700_000_000_123_456_789;
        for number in 0..10 {
            let at = Utc(start + u64::from(number) * 1_000_001);
            let payload = packets(7 * number..7 * (number + 1));
            writer.datagram(at, address(source), address(destination), &payload).unwrap();
        }
        let written = writer.written();
        let file = writer.finish().unwrap();
        let reading = Reading::of(&file);
        assert_eq!((written, reading.kind), (file.len() as u64, Kind::Pcapng));
        assert_eq!(reading.capture.started(), Some(Utc(start)));
        assert_eq!(reading.capture.destination(), Some(address(destination)));
        assert_eq!(reading.numbers(), (0..70).collect::<Vec<_>>());
        let last = reading.datagrams()[9];
        assert_eq!((last.at, last.source), (Time(9 * 1_000_001), address(source)));
    }
}

#[test]
fn addresses_of_two_families_and_payloads_too_long_are_refused() {
    let mut writer = PcapngWriter::new(Vec::new()).unwrap();
    let before = writer.written();
    let (v4, v6) = (address("10.0.0.1:1"), address("[fd00::1]:1"));
    let mixed = writer.datagram(Utc(0), v4, v6, &[]).unwrap_err();
    assert_eq!(
        (mixed.kind(), mixed.to_string().as_str()),
        (ErrorKind::InvalidInput, "from 10.0.0.1 to fd00::1: should both be IPv4 or both IPv6")
    );
    assert_eq!(writer.datagram(Utc(0), v4, v4, &[0; 65_508]).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(writer.written(), before);
    writer.datagram(Utc(0), v4, v4, &[0; 65_507]).unwrap();
}

#[test]
fn a_written_transport_stream_is_the_packets() {
    let mut writer = TsWriter::new(Vec::new());
    writer.packets(&packets(0..7)).unwrap();
    writer.packets(&packets(7..9)).unwrap();
    assert_eq!(writer.packets(&packets(9..10)[1..]).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(writer.written(), 9 * 188);
    assert_eq!(writer.finish().unwrap(), packets(0..9));
}

proptest! {
    #[test]
    fn any_payloads_read_back(counts in proptest::collection::vec(1_u32..12, 1..20), gaps in proptest::collection::vec(0_u64..1 << 40, 20)) {
        let mut writer = PcapngWriter::new(Vec::new()).unwrap();
        let (mut next, mut at) = (0, 0);
        for (count, gap) in counts.iter().zip(gaps) {
            at += gap;
            writer.datagram(Utc(at), address("10.0.0.1:1"), address("239.0.0.1:2"), &packets(next..next + count)).unwrap();
            next += count;
        }
        let reading = Reading::of(&writer.finish().unwrap());
        prop_assert_eq!(reading.numbers(), (0..next).collect::<Vec<_>>());
        prop_assert_eq!(reading.datagrams().len(), counts.len());
    }
}
