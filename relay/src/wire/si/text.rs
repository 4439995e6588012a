//! Text of service information (EN 300 468, annex A).

use encoding_rs::{
    BIG5, EUC_KR, Encoding, GBK, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5, ISO_8859_6, ISO_8859_7, ISO_8859_8,
    ISO_8859_10, ISO_8859_13, ISO_8859_14, ISO_8859_15, UTF_8, UTF_16BE, WINDOWS_874, WINDOWS_1252, WINDOWS_1254,
};

use super::latin;

/// Control code for a new line (annex A.1), as it is in single-byte tables.
const NEW_LINE: u8 = 0x8A;
const NEW_LINE_CHARACTER: char = NEW_LINE as char;
/// The same in text of two bytes a character.
const NEW_LINE_OF_TWO_BYTES: char = '\u{E08A}';

/// How the bytes of a text are coded.
#[derive(Clone, Copy, Debug)]
enum Coding {
    /// Character code table 00 (figure A.1).
    Latin,
    /// A byte a character; ASCII with another half above it.
    SingleByte(&'static Encoding),
    /// Several bytes a character.
    MultiByte(&'static Encoding),
}

/// The text that `bytes` of a descriptor stand for. Control codes are left out, but for a new line, which is a space;
/// what cannot be decoded is U+FFFD. An unknown coding is read as table 00.
pub fn dvb_text(bytes: &[u8]) -> String {
    let (coding, bytes) = select(bytes);
    let text = match coding {
        Coding::Latin => latin::decode(&without_control_bytes(bytes)),
        Coding::SingleByte(encoding) => decode(encoding, &without_control_bytes(bytes)),
        Coding::MultiByte(encoding) => decode(encoding, bytes),
    };
    text.chars().filter_map(displayable).collect()
}

/// The coding that the first bytes select (tables A.3 and A.4), and the text after them.
fn select(bytes: &[u8]) -> (Coding, &[u8]) {
    match bytes {
        [0x10, 0, part, text @ ..] => (iso_8859(*part), text),
        [selector @ 0x01..=0x0B, text @ ..] => (iso_8859(selector + 4), text),
        [0x11, text @ ..] => (Coding::MultiByte(UTF_16BE), text),
        [0x12, text @ ..] => (Coding::MultiByte(EUC_KR), text),
        [0x13, text @ ..] => (Coding::MultiByte(GBK), text),
        [0x14, text @ ..] => (Coding::MultiByte(BIG5), text),
        [0x15, text @ ..] => (Coding::MultiByte(UTF_8), text),
        [0x1F, _encoding_type_id, text @ ..] => (Coding::Latin, text),
        text => (Coding::Latin, text),
    }
}

/// A part of ISO 8859. What the encodings of the web have in place of its codes 0x80 to 0x9F does not matter: in service
/// information these are control codes.
const fn iso_8859(part: u8) -> Coding {
    Coding::SingleByte(match part {
        1 => WINDOWS_1252,
        2 => ISO_8859_2,
        3 => ISO_8859_3,
        4 => ISO_8859_4,
        5 => ISO_8859_5,
        6 => ISO_8859_6,
        7 => ISO_8859_7,
        8 => ISO_8859_8,
        9 => WINDOWS_1254,
        10 => ISO_8859_10,
        11 => WINDOWS_874,
        13 => ISO_8859_13,
        14 => ISO_8859_14,
        15 => ISO_8859_15,
        _ => return Coding::Latin,
    })
}

fn decode(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// `bytes` of a single-byte table without the control codes 0x80 to 0x9F, a new line as a space.
fn without_control_bytes(bytes: &[u8]) -> Vec<u8> {
    let kept = bytes.iter().filter(|byte| !matches!(byte, 0x80..=0x9F) || **byte == NEW_LINE);
    kept.map(|&byte| if byte == NEW_LINE { b' ' } else { byte }).collect()
}

/// `character` as it is shown; nothing for control codes.
fn displayable(character: char) -> Option<char> {
    match character {
        NEW_LINE_CHARACTER | NEW_LINE_OF_TWO_BYTES => Some(' '),
        '\u{E080}'..='\u{E09F}' => None,
        _ if character.is_control() => None,
        _ => Some(character),
    }
}

/// A code of ASCII characters, such as a language or a format_identifier, as text; bytes that are none as `.`.
pub(crate) fn printable(code: &[u8]) -> String {
    code.iter().map(|&byte| if byte.is_ascii_graphic() || byte == b' ' { byte.into() } else { '.' }).collect()
}
