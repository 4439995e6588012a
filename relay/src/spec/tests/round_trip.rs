//! What is written is read back the same, and nothing that is read ends the process.

use std::net::{IpAddr, SocketAddr};
use std::os::unix::ffi::OsStringExt;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use crate::spec::{
    Bitrate, FileInput, FlowEntry, Input, Interface, Output, Pair, Pattern, Record, RecordFormat, Source, TestInput,
    Transport,
};

fn transport() -> impl Strategy<Value = Transport> {
    prop_oneof![Just(Transport::Udp), Just(Transport::Rtp)]
}

fn group(v4: bool) -> BoxedStrategy<IpAddr> {
    if v4 {
        (224_u8..240, any::<[u8; 3]>()).prop_map(|(a, [b, c, d])| IpAddr::from([a, b, c, d])).boxed()
    } else {
        any::<[u16; 7]>().prop_map(|[b, c, d, e, f, g, h]| IpAddr::from([0xff3e, b, c, d, e, f, g, h])).boxed()
    }
}

fn host(v4: bool) -> BoxedStrategy<IpAddr> {
    if v4 {
        (1_u8..224, any::<[u8; 3]>()).prop_map(|(a, [b, c, d])| IpAddr::from([a, b, c, d])).boxed()
    } else {
        any::<[u16; 7]>().prop_map(|[b, c, d, e, f, g, h]| IpAddr::from([0x2001, b, c, d, e, f, g, h])).boxed()
    }
}

fn interface() -> impl Strategy<Value = Interface> {
    let name = "[a-z%&+=?#][a-z0-9.@%&+=é-]{0,6}".prop_map(Interface::Name);
    prop_oneof![name, host(true).prop_map(Interface::Address), host(false).prop_map(Interface::Address)]
}

fn input() -> impl Strategy<Value = Input> {
    let parts = any::<bool>().prop_flat_map(|v4| {
        let to_group = (of(host(v4)), group(v4));
        prop_oneof![to_group, host(v4).prop_map(|address| (None, address))]
    });
    (transport(), parts, 1_u16.., of(interface())).prop_map(|(transport, (source, address), port, interface)| Input {
        transport,
        source,
        address: SocketAddr::new(address, port),
        interface,
    })
}

fn output() -> impl Strategy<Value = Output> {
    let addresses = any::<bool>().prop_flat_map(|v4| (prop_oneof![group(v4), host(v4)], of(host(v4))));
    let fields = (of(interface()), 1_u8.., 0_u8..64, any::<bool>());
    (transport(), addresses, 1_u16.., fields).prop_map(
        |(transport, (address, source), port, (interface, ttl, dscp, multicast_loop))| Output {
            transport,
            address: SocketAddr::new(address, port),
            interface,
            ttl,
            dscp,
            source,
            multicast_loop,
        },
    )
}

fn file() -> impl Strategy<Value = FileInput> {
    let path = vec(1_u8.., 1..20).prop_map(|bytes| std::ffi::OsString::from_vec(bytes).into());
    (path, any::<bool>()).prop_map(|(path, looped)| FileInput { path, looped })
}

fn test() -> impl Strategy<Value = TestInput> {
    let pattern = prop_oneof![Just(Pattern::Clock), Just(Pattern::Bars)];
    (pattern, 1_u64..=1_000_000_000, "\\PC{1,12}", "\\PC{1,25}").prop_map(|(pattern, bitrate, label, name)| TestInput {
        pattern,
        bitrate,
        label,
        name,
    })
}

fn source() -> impl Strategy<Value = Source> {
    prop_oneof![input().prop_map(Source::Network), file().prop_map(Source::File), test().prop_map(Source::Test)]
}

fn record() -> impl Strategy<Value = Record> {
    let format = prop_oneof![Just(RecordFormat::Ts), Just(RecordFormat::Pcapng)];
    let millis = || (0_u64..700_000).prop_map(std::time::Duration::from_millis);
    ("/\\PC{0,12}", format, millis(), millis(), 1_usize..100, any::<u32>()).prop_map(
        |(folder, format, before, after, most_files, bytes)| Record {
            format,
            before,
            after,
            most_files,
            most_bytes: u64::from(bytes),
            memory_bytes: bytes as usize,
            ..Record::new(folder)
        },
    )
}

fn pair() -> impl Strategy<Value = FlowEntry> {
    let pair = prop_oneof![Just(Pair::Off), Just(Pair::Standby), Just(Pair::ActiveActive)];
    let millis = || (0_u64..20_000).prop_map(std::time::Duration::from_millis);
    let bitrate = (1..=Bitrate::HIGHEST).prop_map(Bitrate::new);
    (pair, any::<u16>(), of(any::<u16>()), of("/\\PC{0,12}"), millis(), millis(), prop_oneof![Just(None), bitrate])
        .prop_map(|(pair, pair_rank, pair_leg, key_file, pair_patience, pair_most_patience, pair_least_bitrate)| {
            FlowEntry {
                pair,
                pair_rank,
                pair_leg,
                pair_key_file: key_file.map(Into::into),
                pair_patience,
                pair_most_patience,
                pair_least_bitrate,
                ..FlowEntry::new(Vec::new())
            }
        })
}

/// Text that is nearly a URL, so that each branch of a parser is taken.
fn nearly_url() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("udp://".to_owned()),
        Just("rtp:".to_owned()),
        Just("file:".to_owned()),
        Just("test:".to_owned()),
        Just("239.1.1.7".to_owned()),
        Just("[ff3e::7]".to_owned()),
        "[]\\[@:/?&=%+.]",
        "(iface|ttl|dscp|src|loop|bitrate|label|name)=",
        "[0-9]{1,6}[KMG]?",
        "\\PC{0,4}",
    ];
    vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_source_is_read_back_as_written(source in source()) {
        prop_assert_eq!(source.to_string().parse(), Ok(source));
    }

    #[test]
    fn an_output_is_read_back_as_written(output in output()) {
        prop_assert_eq!(output.to_string().parse(), Ok(output));
    }

    #[test]
    fn an_entry_is_read_back_from_a_file(
        source in source(),
        outputs in vec(output(), 1..4),
        packets in 1_usize..349,
        record in of(record()),
        pair in pair(),
    ) {
        let entry = FlowEntry { source: Some(source), outputs, packets_per_datagram: packets, record, ..pair };
        let file = toml::to_string(&entry).unwrap();
        prop_assert_eq!(toml::from_str::<FlowEntry>(&file), Ok(entry), "{}", file);
    }

    #[test]
    fn any_text_is_an_answer_or_an_error_that_has_it(text in prop_oneof![any::<String>(), nearly_url()]) {
        if let Err(error) = text.parse::<Source>() {
            let quoted = format!("{text:?}");
            prop_assert!(error.to_string().contains(&quoted));
        }
        if let Ok(output) = text.parse::<Output>() {
            prop_assert_eq!(output.to_string().parse(), Ok(output));
        }
        if let Ok(source) = text.parse::<Source>() {
            prop_assert_eq!(source.to_string().parse(), Ok(source));
        }
    }
}
