//! What an elementary stream is, by its stream_type and descriptors.

use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::read::Descriptors;

/// What an elementary stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Subtitles as pictures or text.
    Subtitle,
    /// Teletext, which may hold subtitles.
    Teletext,
    /// Splice information (SCTE 35).
    Splice,
    /// Applications, metadata and other data.
    Data,
    /// What neither stream_type nor descriptors tell.
    Unknown,
}

use StreamKind::{Audio, Data, Splice, Subtitle, Teletext, Unknown, Video};

/// stream_type of private data in PES packets: only descriptors tell what it is.
const PRIVATE_PES: u8 = 0x06;
/// extension_descriptor (EN 300 468, 6.2.16); its first byte is the real tag.
const EXTENSION: u8 = 0x7F;
/// format_identifier of programs after the Blu-ray Disc specification, which has stream_types of its own.
const BLU_RAY: &str = "HDMV";

/// stream_type (ISO/IEC 13818-1, table 2-34; from 0x81 ATSC A/53 part 3 and SCTE 35, 8.1).
const BY_TYPE: [(u8, StreamKind, &str); 36] = [
    (0x01, Video, "MPEG-1 video"),
    (0x02, Video, "MPEG-2 video"),
    (0x03, Audio, "MPEG-1 audio"),
    (0x04, Audio, "MPEG-2 audio"),
    (0x05, Data, "private sections"),
    (PRIVATE_PES, Data, "private data"),
    (0x07, Data, "MHEG"),
    (0x08, Data, "DSM-CC"),
    (0x0A, Data, "DSM-CC encapsulation"),
    (0x0B, Data, "DSM-CC messages"),
    (0x0C, Data, "DSM-CC stream descriptors"),
    (0x0D, Data, "DSM-CC sections"),
    (0x0F, Audio, "AAC"),
    (0x10, Video, "MPEG-4 video"),
    (0x11, Audio, "AAC LATM"),
    (0x15, Data, "metadata"),
    (0x16, Data, "metadata sections"),
    (0x1B, Video, "H.264"),
    (0x1C, Audio, "MPEG-4 audio"),
    (0x1F, Video, "H.264 SVC"),
    (0x20, Video, "H.264 MVC"),
    (0x21, Video, "JPEG 2000"),
    (0x24, Video, "H.265"),
    (0x25, Video, "H.265 temporal subset"),
    (0x2D, Audio, "MPEG-H audio"),
    (0x32, Video, "JPEG XS"),
    (0x33, Video, "H.266"),
    (0x35, Video, "EVC"),
    (0x42, Video, "AVS"),
    (0x80, Video, "DigiCipher II video"),
    (0x81, Audio, "AC-3"),
    (0x82, Subtitle, "SCTE 27"),
    (0x86, Splice, "SCTE 35"),
    (0x87, Audio, "E-AC-3"),
    (0xD1, Video, "Dirac"),
    (0xEA, Video, "VC-1"),
];

/// stream_type in programs registered as [`BLU_RAY`], where it differs.
const BY_BLU_RAY_TYPE: [(u8, StreamKind, &str); 12] = [
    (0x80, Audio, "LPCM"),
    (0x82, Audio, "DTS"),
    (0x83, Audio, "TrueHD"),
    (0x84, Audio, "E-AC-3"),
    (0x85, Audio, "DTS-HD"),
    (0x86, Audio, "DTS-HD MA"),
    (0x90, Subtitle, "PGS"),
    (0x91, Data, "IGS"),
    (0x92, Subtitle, "TextST"),
    (0xA1, Audio, "E-AC-3"),
    (0xA2, Audio, "DTS-HD"),
    (0xEA, Video, "VC-1"),
];

/// Descriptors that tell what a private stream is (ISO/IEC 13818-1, table 2-45; EN 300 468, table 12).
const BY_TAG: [(u8, StreamKind, &str); 12] = [
    (0x28, Video, "H.264"),
    (0x38, Video, "H.265"),
    (0x45, Data, "VBI data"),
    (0x46, Teletext, "VBI teletext"),
    (0x56, Teletext, "teletext"),
    (0x59, Subtitle, "DVB subtitles"),
    (0x6A, Audio, "AC-3"),
    (0x6F, Data, "application signalling"),
    (0x7A, Audio, "E-AC-3"),
    (0x7B, Audio, "DTS"),
    (0x7C, Audio, "AAC"),
    (0x81, Audio, "AC-3"),
];

/// Tags in extension descriptors that tell what a private stream is (EN 300 468, table 109).
const BY_EXTENSION: [(u8, StreamKind, &str); 4] =
    [(0x0E, Audio, "DTS-HD"), (0x0F, Audio, "DTS Neural"), (0x15, Audio, "AC-4"), (0x20, Subtitle, "TTML subtitles")];

/// format_identifiers that tell what a private stream is (the register of SMPTE RA).
const BY_REGISTRATION: [(&str, StreamKind, &str); 15] = [
    ("AC-3", Audio, "AC-3"),
    ("AC-4", Audio, "AC-4"),
    ("AV01", Video, "AV1"),
    ("BSSD", Audio, "SMPTE 302M"),
    ("CUEI", Splice, "SCTE 35"),
    ("DTS1", Audio, "DTS"),
    ("DTS2", Audio, "DTS"),
    ("DTS3", Audio, "DTS"),
    ("EAC3", Audio, "E-AC-3"),
    ("HEVC", Video, "H.265"),
    ("ID3 ", Data, "ID3"),
    ("KLVA", Data, "KLV"),
    ("Opus", Audio, "Opus"),
    ("VC-1", Video, "VC-1"),
    ("drac", Video, "Dirac"),
];

/// What a stream is, and how it is coded; `None` if that is not known. `registrations` are the stream's own and its
/// program's.
pub(super) fn kind_and_codec(
    stream_type: u8,
    descriptors: Descriptors<'_>,
    [own, program]: [Option<&str>; 2],
) -> (StreamKind, Option<&'static str>) {
    let by_blu_ray_type = || (program == Some(BLU_RAY)).then(|| look_up(&BY_BLU_RAY_TYPE, stream_type)).flatten();
    let by_description = || by_descriptor(descriptors).or_else(|| look_up(&BY_REGISTRATION, own?));
    let by_type = || look_up(&BY_TYPE, stream_type);
    let found = match stream_type {
        PRIVATE_PES => by_description().or_else(by_type),
        0x05 => by_descriptor(descriptors).or_else(by_type),
        0x80.. => by_blu_ray_type().or_else(by_type).or_else(by_description),
        _ => by_type().or_else(by_description),
    };
    found.map_or((Unknown, None), |(kind, codec)| (kind, Some(codec)))
}

type Found = (StreamKind, &'static str);

fn by_descriptor(mut descriptors: Descriptors<'_>) -> Option<Found> {
    descriptors.find_map(|descriptor| match descriptor.tag {
        EXTENSION => look_up(&BY_EXTENSION, *descriptor.body.first()?),
        tag => look_up(&BY_TAG, tag),
    })
}

fn look_up<K: PartialEq + Copy>(table: &[(K, StreamKind, &'static str)], wanted: K) -> Option<Found> {
    table.iter().find(|(key, ..)| *key == wanted).map(|&(_, kind, codec)| (kind, codec))
}
