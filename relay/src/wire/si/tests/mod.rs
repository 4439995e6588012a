//! Sections built, and what is read in them.

mod oracle;
mod properties;
mod streams;
mod tables;
mod text;

use super::*;
use crate::wire::psi::{Head, descriptor, long_section, loop_length};

fn parse(section: &[u8]) -> Result<Table, SiError> {
    Table::parse(Section::new(section).unwrap())
}

fn parse_body(table_id: u8, extension: u16, parts: &[&[u8]]) -> Result<Table, SiError> {
    parse(&long_section(Head::first(table_id, extension), &parts.concat()).unwrap())
}

/// A loop with its length below four bits that are set.
fn counted(parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [loop_length(0xF000, content.len()).as_slice(), &content].concat()
}

/// An elementary stream of a program map with its descriptors.
fn stream(stream_type: u8, descriptors: &[(u8, &[u8])]) -> Vec<u8> {
    let descriptors: Vec<u8> = descriptors.iter().flat_map(|(tag, body)| descriptor(*tag, body).unwrap()).collect();
    [[stream_type, 0xE1, 0x23].as_slice(), &counted(&[&descriptors])].concat()
}

fn program_map(registration: Option<&[u8; 4]>, streams: &[Vec<u8>]) -> ProgramMap {
    let registration = registration.map(|identifier| descriptor(0x05, identifier).unwrap()).unwrap_or_default();
    let body = [&[0xFF, 0xFF], counted(&[&registration]).as_slice(), &streams.concat()].concat();
    match parse_body(ids::PMT, 7, &[&body]) {
        Ok(Table::Map(map)) => map,
        other => panic!("{other:?} is no program map"),
    }
}
