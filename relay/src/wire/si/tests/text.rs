//! Text by the clauses of EN 300 468, annex A.

use proptest::prelude::*;

use super::dvb_text;

#[test]
fn the_default_table_is_latin_with_marks_before_letters() {
    assert_eq!(dvb_text(b"Das Erste"), "Das Erste");
    assert_eq!(dvb_text(b"\xC8Osterreich, Fran\xCBcais, \xA4 5"), "Österreich, Français, € 5");
    assert_eq!(dvb_text(b"\xC1x \xFB"), "x\u{300} ß", "a pair without a character of its own stays a pair");
    assert_eq!(dvb_text(b"\xA6"), "\u{FFFD}");
}

#[test]
fn a_selector_names_the_part_of_iso_8859() {
    assert_eq!(dvb_text(b"\x01\xBF\xE0\xD8\xD2\xD5\xE2"), "Привет");
    assert_eq!(dvb_text(b"\x05\xDEi\xFEli"), "Şişli");
    assert_eq!(dvb_text(b"\x0B\xA4"), "€");
    assert_eq!(dvb_text(b"\x10\x00\x01caf\xE9"), "café");
    assert_eq!(dvb_text(b"\x10\x00\x02\xA3\xF3d\xBC"), "Łódź");
}

#[test]
fn several_bytes_a_character_are_read() {
    assert_eq!(dvb_text(b"\x15Caf\xC3\xA9"), "Café");
    assert_eq!(dvb_text(b"\x11\x4E\x2D\x59\x2E"), "中央");
    assert_eq!(dvb_text(b"\x13\xD6\xD0\xD1\xEB"), "中央");
}

#[test]
fn control_codes_are_left_out_and_a_new_line_is_a_space() {
    assert_eq!(dvb_text(b"\x86Em\x87phasis\x8Aline\n\x07"), "Emphasis line");
    assert_eq!(dvb_text(b"\x15\xC2\x86a\xC2\x8Ab\xEE\x82\x87\xEE\x82\x8Ac"), "a b c");
    assert_eq!(dvb_text(b"\x09\x86\xE9"), "é");
}

#[test]
fn what_cannot_be_decoded_is_marked() {
    assert_eq!(dvb_text(b"\x15a\xFFb"), "a\u{FFFD}b");
    assert_eq!(dvb_text(b"\x10\x00"), "");
    assert_eq!(dvb_text(b""), "");
}

proptest! {
    #[test]
    fn any_bytes_give_text_that_can_be_shown(bytes in proptest::collection::vec(any::<u8>(), 0..255)) {
        let text = dvb_text(&bytes);
        prop_assert!(!text.chars().any(char::is_control));
        prop_assert!(text.chars().count() <= 2 * bytes.len());
    }

    #[test]
    fn text_in_utf_8_comes_out_as_it_went_in(text in "\\PC{0,60}") {
        let shown = text.replace(|character| ('\u{E080}'..='\u{E09F}').contains(&character), "");
        prop_assert_eq!(dvb_text(&[b"\x15", text.as_bytes()].concat()), shown);
    }
}
