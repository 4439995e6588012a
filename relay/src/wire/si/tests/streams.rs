//! What the streams of a program are.

use super::*;

/// Kind and codec of a stream, in a program with this registration.
fn told_in(registration: Option<&[u8; 4]>, stream_type: u8, descriptors: &[(u8, &[u8])]) -> (StreamKind, String) {
    let map = program_map(registration, &[stream(stream_type, descriptors)]);
    (map.streams[0].kind, map.streams[0].codec.clone())
}

fn told(stream_type: u8, descriptors: &[(u8, &[u8])]) -> (StreamKind, String) {
    told_in(None, stream_type, descriptors)
}

#[test]
fn stream_types_have_names() {
    assert_eq!(told(0x1B, &[]), (StreamKind::Video, "H.264".into()));
    assert_eq!(told(0x24, &[(0x05, b"HEVC")]), (StreamKind::Video, "H.265".into()));
    assert_eq!(told(0x0F, &[]), (StreamKind::Audio, "AAC".into()));
    assert_eq!(told(0x86, &[]), (StreamKind::Splice, "SCTE 35".into()));
    assert_eq!(told_in(Some(b"CUEI"), 0x86, &[]), (StreamKind::Splice, "SCTE 35".into()));
    assert_eq!(told(0x99, &[]), (StreamKind::Unknown, "stream_type 0x99".into()));
}

#[test]
fn private_streams_are_told_by_their_descriptors() {
    assert_eq!(told(0x06, &[(0x52, &[1]), (0x6A, &[0])]), (StreamKind::Audio, "AC-3".into()));
    assert_eq!(told(0x06, &[(0x7A, &[0])]), (StreamKind::Audio, "E-AC-3".into()));
    assert_eq!(told(0x06, &[(0x7B, &[0; 5])]), (StreamKind::Audio, "DTS".into()));
    assert_eq!(told(0x06, &[(0x7C, &[0])]), (StreamKind::Audio, "AAC".into()));
    assert_eq!(told(0x06, &[(0x7F, &[0x15, 0])]), (StreamKind::Audio, "AC-4".into()));
    assert_eq!(told(0x06, &[(0x56, b"deu\x09\x00")]), (StreamKind::Teletext, "teletext".into()));
    assert_eq!(told(0x06, &[(0x59, b"deu\x10\0\x01\0\x01")]), (StreamKind::Subtitle, "DVB subtitles".into()));
    assert_eq!(told(0x06, &[(0x05, b"Opus")]), (StreamKind::Audio, "Opus".into()));
    assert_eq!(told(0x06, &[]), (StreamKind::Data, "private data".into()));
}

#[test]
fn in_a_blu_ray_program_types_mean_something_else() {
    assert_eq!(told_in(Some(b"HDMV"), 0x86, &[]), (StreamKind::Audio, "DTS-HD MA".into()));
    assert_eq!(told_in(Some(b"HDMV"), 0x90, &[]), (StreamKind::Subtitle, "PGS".into()));
    assert_eq!(told_in(Some(b"HDMV"), 0x1B, &[]), (StreamKind::Video, "H.264".into()));
}

#[test]
fn a_stream_has_each_language_once_its_tag_and_its_systems() {
    let teletext = b"deu\x09\x00deu\x16\x77eng\x09\x50";
    let stream = stream(0x06, &[(0x56, teletext), (0x52, &[5]), (0x09, &[0x0B, 0, 0xE1, 0])]);
    let map = program_map(Some(b"CUEI"), &[stream]);
    let read = &map.streams[0];
    assert_eq!(read.languages, ["deu", "eng"]);
    assert_eq!((read.pid, read.stream_type, read.component_tag), (0x123, 6, Some(5)));
    assert_eq!(read.ca_systems, [CaSystem { id: 0x0B00, pid: 0x100 }]);
    assert_eq!((map.program, map.pcr_pid, map.registration.as_deref()), (7, None, Some("CUEI")));
}

#[test]
fn a_language_cut_short_is_refused() {
    let body = [&[0xE1, 0x00, 0xF0, 0], stream(0x03, &[(0x0A, b"deu\x00en")]).as_slice()].concat();
    let error = CutShort { field: "ISO_639_language_code", wanted: 3, left: 2 };
    assert_eq!(parse_body(ids::PMT, 7, &[&body]), Err(SiError::CutShort(error)));
}
