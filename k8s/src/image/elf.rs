//! What a program must be to run FROM scratch: an ELF file for the right processor that asks for no loader.

use thiserror::Error;

/// A processor, by OCI's name for it (which is Go's).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// x86-64.
    Amd64,
    /// AArch64.
    Arm64,
}

/// Why a file cannot be the image's program.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum ElfError {
    #[error("it is no 64-bit little-endian ELF program")]
    NoElf,
    #[error("it is a program for another processor (ELF machine {0}); x86_64 (62) and aarch64 (183) are known")]
    UnknownMachine(u16),
    #[error("it ends in the middle of its program headers")]
    CutShort,
    #[error("it asks for a loader (PT_INTERP), which an image made FROM scratch has not; link it with +crt-static")]
    Dynamic,
}

const MACHINE_X86_64: u16 = 62;
const MACHINE_AARCH64: u16 = 183;
/// Type of the program header that names the loader (System V ABI, "Program Header").
const PT_INTERP: u32 = 3;

impl Architecture {
    /// As an image's configuration says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}

/// The processor that the static program `bytes` runs on.
///
/// # Errors
/// Anything but a static ELF program for a known processor.
pub fn static_program(bytes: &[u8]) -> Result<Architecture, ElfError> {
    if !bytes.starts_with(b"\x7fELF\x02\x01") {
        return Err(ElfError::NoElf);
    }
    let architecture = match u16_at(bytes, 18)? {
        MACHINE_X86_64 => Architecture::Amd64,
        MACHINE_AARCH64 => Architecture::Arm64,
        other => return Err(ElfError::UnknownMachine(other)),
    };
    if program_header_types(bytes)?.contains(&PT_INTERP) {
        return Err(ElfError::Dynamic);
    }
    Ok(architecture)
}

fn program_header_types(bytes: &[u8]) -> Result<Vec<u32>, ElfError> {
    let start = usize::try_from(u64::from_le_bytes(field(bytes, 32)?)).map_err(|_| ElfError::CutShort)?;
    let (size, count) = (usize::from(u16_at(bytes, 54)?), usize::from(u16_at(bytes, 56)?));
    let at = |index: usize| start.checked_add(index * size).ok_or(ElfError::CutShort);
    (0..count).map(|index| Ok(u32::from_le_bytes(field(bytes, at(index)?)?))).collect()
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, ElfError> {
    Ok(u16::from_le_bytes(field(bytes, at)?))
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], ElfError> {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or(ElfError::CutShort)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The least of an ELF file: a header, and program headers of these types.
    pub(crate) fn program(machine: u16, types: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0; 64 + 56 * types.len()];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = u8::try_from(types.len()).unwrap();
        for (at, kind) in types.iter().enumerate() {
            bytes[64 + 56 * at..][..4].copy_from_slice(&kind.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn a_static_program_tells_its_processor() {
        assert_eq!(static_program(&program(62, &[6, 1, 2])), Ok(Architecture::Amd64));
        assert_eq!(static_program(&program(183, &[1])), Ok(Architecture::Arm64));
    }

    #[test]
    fn what_cannot_run_from_scratch_is_refused() {
        assert_eq!(static_program(&program(62, &[6, 3, 1])), Err(ElfError::Dynamic));
        assert_eq!(static_program(&program(8, &[1])), Err(ElfError::UnknownMachine(8)));
        assert_eq!(static_program(b"#!/bin/sh"), Err(ElfError::NoElf));
        assert_eq!(static_program(&program(62, &[1])[..80]), Ok(Architecture::Amd64));
        assert_eq!(static_program(&program(62, &[1, 1])[..100]), Err(ElfError::CutShort));
    }

    #[test]
    fn this_test_itself_asks_for_a_loader() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(static_program(&own), Err(ElfError::Dynamic));
    }

    proptest! {
        #[test]
        fn no_file_brings_it_down(start: u64, count: u16, rest: Vec<u8>) {
            let mut bytes = program(62, &[]);
            bytes[32..40].copy_from_slice(&start.to_le_bytes());
            bytes[56..58].copy_from_slice(&count.to_le_bytes());
            bytes.extend(rest);
            let _ = static_program(&bytes);
        }
    }
}
