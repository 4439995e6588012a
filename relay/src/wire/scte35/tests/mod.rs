//! Splice information built field by field, and what is read in it.

mod commands;
mod properties;
mod segments;

use super::*;
use crate::wire::psi::{descriptor, short_section};

/// A splice_info_section's fields; what is not set is as in the plainest section.
#[derive(Default)]
struct Built<'a> {
    pts_adjustment: u64,
    /// encrypted_packet and encryption_algorithm.
    encryption: u8,
    command_type: u8,
    command: &'a [u8],
    /// splice_command_length, unless it is the command's.
    command_len: Option<u16>,
    descriptors: &'a [Vec<u8>],
}

impl Built<'_> {
    fn section(&self) -> Vec<u8> {
        let [_, _, _, a, b, c, d, e] = (u64::from(self.encryption) << 33 | self.pts_adjustment).to_be_bytes();
        let command_len = self.command_len.unwrap_or(self.command.len() as u16);
        let [len_high, len_low] = (0xF000 | command_len).to_be_bytes();
        let mut body = vec![0, a, b, c, d, e, 0x2A, 0xFF, len_high, len_low, self.command_type];
        body.extend(self.command);
        let descriptors = self.descriptors.concat();
        body.extend((descriptors.len() as u16).to_be_bytes());
        body.extend(descriptors);
        short_section(SPLICE_INFO, &body).unwrap()
    }

    fn parse(&self) -> Result<SpliceInfo, SpliceError> {
        parse(&self.section())
    }

    fn command(&self) -> Command {
        self.parse().unwrap().command
    }
}

fn parse(section: &[u8]) -> Result<SpliceInfo, SpliceError> {
    SpliceInfo::parse(Section::new(section).unwrap())
}

/// A splice_time with a time.
fn at(pts: u64) -> [u8; 5] {
    let [_, _, _, time @ ..] = (0xFE << 32 | pts).to_be_bytes();
    time
}

fn cuei(tag: u8, body: &[u8]) -> Vec<u8> {
    descriptor(tag, &[b"CUEI", body].concat()).unwrap()
}
