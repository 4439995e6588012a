//! The parts that all URLs share: scheme, options after the `?`, and `%` codes.
//!
//! The general URL grammar (RFC 3986) has no `[group]` after `[source]@` and no address without a scheme, so that a
//! general parser does not fit; what is inside the parts is decoded by `percent-encoding`.

use std::fmt;
use std::net::IpAddr;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::{UrlProblem, nearest};

/// Schemes that later versions will know.
const LATER: [&str; 4] = ["srt", "rist", "http", "https"];

/// What an option's value encodes: what would end it, and what would decode to something else.
const IN_VALUE: &AsciiSet = &CONTROLS.add(b'%').add(b'&').add(b'+').add(b'#').add(b'=').add(b'"').add(b'\\');

/// Scheme in lower case, and what comes after it; without a scheme, all is address.
pub(super) fn split_scheme(text: &str) -> (Option<String>, &str) {
    let slashes = text.split_once("://").map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    if let Some((scheme, rest)) = slashes.filter(|(scheme, _)| is_scheme(scheme)) {
        // For `file:` the slashes belong to the path.
        let rest = if scheme == "file" { &text["file:".len()..] } else { rest };
        return (Some(scheme), rest);
    }
    match text.split_once(':') {
        Some((scheme, rest)) if is_bare_scheme(scheme) => (Some(scheme.to_ascii_lowercase()), rest),
        _ => (None, text),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character))
}

/// Schemes that are one even without slashes; any other word there is a host's name, or part of an IPv6 address.
fn is_bare_scheme(text: &str) -> bool {
    ["file", "test", "udp", "rtp"].iter().chain(&LATER).any(|scheme| text.eq_ignore_ascii_case(scheme))
}

/// Why this scheme cannot stand here; `known` are those that can.
pub(super) fn wrong_scheme(scheme: &str, known: &'static str) -> UrlProblem {
    let written = format!("{scheme}://");
    if LATER.contains(&scheme) {
        return UrlProblem::NotYet { scheme: written, known };
    }
    UrlProblem::UnknownScheme { scheme: written, known }
}

/// The options of a URL, each taken once.
pub(super) struct Options<const N: usize> {
    values: [Option<(&'static str, String)>; N],
}

impl<const N: usize> Options<N> {
    /// Splits `body` at its `?` and decodes the options, each one of `known`.
    pub(super) fn split<'a>(body: &'a str, known: &[&'static str; N]) -> Result<(&'a str, Self), UrlProblem> {
        let (place, query) = body.split_once('?').unwrap_or((body, ""));
        let mut options = Self { values: [const { None }; N] };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            options.add(known, &decode_value(name)?, decode_value(value)?)?;
        }
        Ok((place, options))
    }

    fn add(&mut self, known: &[&'static str; N], name: &str, value: String) -> Result<(), UrlProblem> {
        let index = known.iter().position(|known| *known == name).ok_or_else(|| unknown_option(name, known))?;
        match self.values[index].replace((known[index], value)) {
            Some(_) => Err(UrlProblem::RepeatedOption(known[index])),
            None => Ok(()),
        }
    }

    /// The value of the option `name`, read by `read`; `right` says what it takes.
    pub(super) fn take<T>(
        &mut self,
        name: &'static str,
        right: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, UrlProblem> {
        let found = self.values.iter_mut().find(|option| option.as_ref().is_some_and(|(option, _)| *option == name));
        let Some((_, value)) = found.and_then(Option::take) else { return Ok(None) };
        let wrong = || UrlProblem::OptionValue { option: name, value: value.clone(), right };
        read(&value).ok_or_else(wrong).map(Some)
    }
}

fn unknown_option(name: &str, known: &[&'static str]) -> UrlProblem {
    let nearest = nearest(name, known.iter().copied()).and_then(|name| known.iter().copied().find(|k| *k == name));
    UrlProblem::UnknownOption { option: name.to_owned(), nearest, known: known.join(", ") }
}

/// Reads `true` or `false`.
pub(super) fn truth(text: &str) -> Option<bool> {
    text.parse().ok()
}

/// Reads an IP address, with or without brackets.
pub(super) fn bare_address(text: &str) -> Option<IpAddr> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inner.unwrap_or(text).parse().ok()
}

fn decode_value(text: &str) -> Result<String, UrlProblem> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map(std::borrow::Cow::into_owned);
    decoded.map_err(|_| UrlProblem::NotText(text.to_owned()))
}

/// Writes options after their `?` and `&`.
pub(super) struct QueryWriter<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    separator: char,
}

impl<'a, 'f> QueryWriter<'a, 'f> {
    pub(super) const fn new(f: &'a mut fmt::Formatter<'f>) -> Self {
        Self { f, separator: '?' }
    }

    /// Writes an option; `None` is not written.
    pub(super) fn option(&mut self, name: &str, value: Option<impl fmt::Display>) -> fmt::Result {
        let Some(value) = value else { return Ok(()) };
        let value = value.to_string();
        write!(self.f, "{}{name}=", self.separator)?;
        self.separator = '&';
        for (index, word) in value.split(' ').enumerate() {
            let space = if index == 0 { "" } else { "+" };
            write!(self.f, "{space}{}", utf8_percent_encode(word, IN_VALUE))?;
        }
        Ok(())
    }
}
