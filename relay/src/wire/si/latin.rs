//! Character code table 00 of service information (EN 300 468, figure A.1): ISO/IEC 6937 with the euro sign.

/// What stands for 0xA0 to 0xFF, six rows of 16; `?` where the table has nothing, or a diacritical mark.
const UPPER_HALF: [&str; 6] = [
    "\u{A0}¡¢£€¥?§¤‘“«←↑→↓",
    "°±²³×µ¶·÷’”»¼½¾¿",
    "????????????????",
    "―¹®©™♪¬¦????⅛⅜⅝⅞",
    "ΩÆÐªĦ?ĲĿŁØŒºÞŦŊŉ",
    "ĸæđðħıĳŀłøœßþŧŋ\u{AD}",
];

/// Diacritical marks 0xC1 to 0xCF: each with its combining character, and the letters that it is joined with.
const MARKS: [(char, &str, &str); 15] = [
    ('\u{300}', "AEIOUaeiou", "ÀÈÌÒÙàèìòù"),
    ('\u{301}', "ACEILNORSUYZacegilnorsuyz", "ÁĆÉÍĹŃÓŔŚÚÝŹáćéǵíĺńóŕśúýź"),
    ('\u{302}', "ACEGHIJOSUWYaceghijosuwy", "ÂĈÊĜĤÎĴÔŜÛŴŶâĉêĝĥîĵôŝûŵŷ"),
    ('\u{303}', "AINOUainou", "ÃĨÑÕŨãĩñõũ"),
    ('\u{304}', "AEIOUaeiou", "ĀĒĪŌŪāēīōū"),
    ('\u{306}', "AGUagu", "ĂĞŬăğŭ"),
    ('\u{307}', "CEGIZcegz", "ĊĖĠİŻċėġż"),
    ('\u{308}', "AEIOUYaeiouy", "ÄËÏÖÜŸäëïöüÿ"),
    ('\u{308}', "", ""),
    ('\u{30A}', "AUau", "ÅŮåů"),
    ('\u{327}', "CGKLNRSTcklnrst", "ÇĢĶĻŅŖŞŢçķļņŗşţ"),
    ('\u{332}', "", ""),
    ('\u{30B}', "OUou", "ŐŰőű"),
    ('\u{328}', "AEIUaeiu", "ĄĘĮŲąęįų"),
    ('\u{30C}', "CDELNRSTZcdelnrstz", "ČĎĚĽŇŘŠŤŽčďěľňřšťž"),
];

/// The text of `bytes`. A diacritical mark comes before its letter and is joined with it; codes without a character are
/// U+FFFD.
pub(super) fn decode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut mark = None;
    for &byte in bytes {
        if let Some(found) = mark_of(byte) {
            mark = Some(found);
            continue;
        }
        let letter = character(byte);
        match mark.take() {
            Some(mark) => push_marked(&mut text, mark, letter),
            None => text.push(letter),
        }
    }
    text
}

type Mark = (char, &'static str, &'static str);

fn mark_of(byte: u8) -> Option<Mark> {
    MARKS.get(usize::from(byte.checked_sub(0xC1)?)).copied()
}

fn character(byte: u8) -> char {
    let Some(above) = byte.checked_sub(0xA0).map(usize::from) else {
        return if byte.is_ascii() { byte.into() } else { char::REPLACEMENT_CHARACTER };
    };
    let found = UPPER_HALF[above / 16].chars().nth(above % 16);
    found.filter(|&found| found != '?').unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn push_marked(text: &mut String, (combining, letters, joined): Mark, letter: char) {
    let at = letters.chars().position(|candidate| candidate == letter);
    match at.and_then(|at| joined.chars().nth(at)) {
        Some(joined) => text.push(joined),
        None => text.extend([letter, combining]),
    }
}
