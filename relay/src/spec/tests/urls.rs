//! What URLs mean, and what is said of wrong ones.

use std::net::IpAddr;
use std::path::Path;

use crate::spec::{Input, Interface, Output, Pattern, Source, TestInput, Transport, UrlError};

fn source(text: &str) -> Source {
    text.parse().unwrap()
}

fn input(text: &str) -> Input {
    text.parse().unwrap()
}

fn output(text: &str) -> Output {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn an_output_is_udp_unless_it_says_rtp() {
    assert_eq!(output("239.1.1.7:5000"), Output::new(Transport::Udp, "239.1.1.7:5000".parse().unwrap()));
    assert_eq!(output("udp://239.1.1.7:5000"), output("239.1.1.7:5000"));
    assert_eq!(output("RTP://239.1.1.7:5000/").transport, Transport::Rtp);
    assert_eq!(output("[ff3e::7]:5000").address, "[ff3e::7]:5000".parse().unwrap());
}

#[test]
fn an_output_takes_its_options() {
    let output = output("rtp://239.1.1.7:5000?iface=eth1&ttl=9&dscp=34&src=10.0.0.5&loop=false");
    assert_eq!((output.ttl, output.dscp, output.multicast_loop), (9, 34, false));
    assert_eq!(output.interface, Some(Interface::Name("eth1".to_owned())));
    assert_eq!(output.source, Some(ip("10.0.0.5")));
    assert_eq!(output.to_string(), "rtp://239.1.1.7:5000?iface=eth1&ttl=9&dscp=34&src=10.0.0.5&loop=false");
}

#[test]
fn a_group_stays_on_site_and_a_host_is_reached_as_usual() {
    assert_eq!((output("239.1.1.7:5000").ttl, output("10.0.0.9:5000").ttl), (16, 64));
}

#[test]
fn an_input_may_name_the_one_sender_of_its_group() {
    let v4 = input("udp://10.1.0.3@232.9.9.9:5000?iface=10.1.0.2");
    assert_eq!((v4.source, v4.address), (Some(ip("10.1.0.3")), "232.9.9.9:5000".parse().unwrap()));
    assert_eq!(v4.interface, Some(Interface::Address(ip("10.1.0.2"))));
    let v6 = input("rtp://[2001:db8::1]@[ff3e::7]:5000");
    assert_eq!((v6.source, v6.address), (Some(ip("2001:db8::1")), "[ff3e::7]:5000".parse().unwrap()));
    assert_eq!(v6.to_string(), "rtp://[2001:db8::1]@[ff3e::7]:5000");
}

#[test]
fn a_file_is_a_path_that_may_loop() {
    let Source::File(file) = source("file:clips/a%20b.ts?loop=true") else { panic!("not a file") };
    assert_eq!((file.path.as_path(), file.looped), (Path::new("clips/a b.ts"), true));
    assert_eq!(source("file:///a+b.ts"), source("file:/a+b.ts"));
    assert_eq!(source("file:/50%.ts").to_string(), "file:/50%25.ts");
}

#[test]
fn a_test_channel_has_a_label_and_a_name() {
    let Source::Test(test) = source("test:bars?bitrate=2500k&label=CH+7&name=A%26B") else { panic!("not a test") };
    assert_eq!(
        test,
        TestInput { pattern: Pattern::Bars, bitrate: 2_500_000, label: "CH 7".to_owned(), name: "A&B".to_owned() }
    );
    assert_eq!(test.to_string(), "test:bars?bitrate=2500K&label=CH+7&name=A%26B");
    assert_eq!(source("test:"), Source::Test(TestInput::default()));
    assert_eq!(TestInput::default().to_string(), "test:clock?bitrate=8M");
}

/// Each text is refused with a message that has the text and the words.
fn assert_refused<T>(parse: impl Fn(&str) -> Result<T, UrlError>, cases: &[(&str, &str)]) {
    for (text, words) in cases {
        let message = parse(text).err().unwrap_or_else(|| panic!("{text} is taken")).to_string();
        assert!(message.starts_with(&format!("{text:?}: ")) && message.contains(words), "{text}: {message}");
    }
}

#[test]
fn a_wrong_output_is_told_what_would_be_right() {
    let cases = [
        ("", "write 239.1.1.7:5000"),
        ("239.1.1.7", "a port is missing; write 239.1.1.7:5000"),
        ("[ff3e::7]", "a port is missing; write [ff3e::7]:5000"),
        ("239.1.1.7:0", "port \"0\" is not a number from 1 to 65535"),
        ("239.1.1.7:70000", "port \"70000\""),
        ("239.1.1.7:+5", "port \"+5\""),
        ("239.1.1.777:5000", "\"239.1.1.777\" is not an IP address"),
        ("localhost:5000", "names are not looked up"),
        ("ff3e::7:5000", "needs brackets"),
        ("[ff02::1%eth0]:5000", "write ?iface=NAME"),
        ("[239.1.1.7]:5000", "is not an IP address"),
        ("ch7", "\"ch7\" is not an IP address"),
        ("tcp://239.1.1.7:5000", "unknown scheme tcp://; there are udp://, rtp://"),
        ("srt://10.0.0.1:5000", "not supported yet: srt://; there are udp://, rtp://"),
        ("file:/a.ts", "unknown scheme file://"),
        ("udp:239.1.1.7:5000", "two slashes are missing; write udp://239.1.1.7:5000"),
        ("10.0.0.1@239.1.1.7:5000", "write ?src=10.0.0.1"),
        (
            "239.1.1.7:5000?tll=4",
            "unknown option \"tll\", did you mean \"ttl\"?; there are iface, ttl, dscp, src, loop",
        ),
        ("239.1.1.7:5000?ttl=4&ttl=5", "option ttl is given more than once"),
        ("239.1.1.7:5000?ttl=256", "ttl=256 is wrong; ttl is a number from 1 to 255"),
        ("239.1.1.7:5000?ttl=0", "ttl is a number from 1 to 255"),
        ("239.1.1.7:5000?dscp=64", "dscp is a number from 0 to 63"),
        ("239.1.1.7:5000?loop=maybe", "loop is true or false"),
        ("239.1.1.7:5000?iface=a-name-that-is-too-long", "iface is the name of an interface"),
        ("239.1.1.7:5000?iface=%ff", "is not UTF-8"),
        ("239.1.1.7:5000?src=239.1.1.8", "src is an address of this host"),
        ("239.1.1.7:5000?src=[2001:db8::1]", "different families"),
        ("0.0.0.0:5000", "0.0.0.0 is no address to send to"),
        ("255.255.255.255:5000", "the broadcast address"),
        ("[fe80::1]:5000", "name the link with ?iface=NAME"),
    ];
    assert_refused(str::parse::<Output>, &cases);
}

#[test]
fn a_wrong_source_is_told_what_would_be_right() {
    let cases = [
        ("", "write 239.1.1.7:5000"),
        ("udp://239.9.9.9", "a port is missing"),
        ("https://example.org/a.m3u8", "not supported yet: https://; there are udp://, rtp://, file:, test:"),
        ("tset:clock", "is not an IP address"),
        ("udp://232.1.1.1@232.9.9.9:5000", "source 232.1.1.1 is not the address of a sender"),
        ("udp://10.0.0.1@[ff3e::7]:5000", "different families"),
        ("udp://10.0.0.1@10.0.0.2:5000", "leave out 10.0.0.1@"),
        ("udp://x@232.9.9.9:5000", "\"x\" is not an IP address"),
        ("udp://239.9.9.9:5000?ttl=4", "unknown option \"ttl\"; there are iface"),
        ("file:", "a path is missing"),
        ("file://server/a.ts", "file:///PATH"),
        ("file:/a.ts?loop=1", "loop is true or false"),
        ("test:clok", "unknown pattern \"clok\"; there are clock, bars"),
        ("test:?bitrate=fast", "bits a second up to 1G"),
        ("test:?bitrate=2G", "bits a second up to 1G"),
        ("test:?bitrate=0", "bits a second up to 1G"),
        ("test:?label=a+label+too+long", "label is 1 to 12 characters"),
        ("test:?name=", "name is 1 to 100 bytes"),
    ];
    assert_refused(str::parse::<Source>, &cases);
}
