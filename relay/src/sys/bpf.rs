//! Programs in the kernel: the few commands of bpf(2) that an XDP program and its maps take.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use libc::c_int;

/// Commands (`linux/bpf.h`, enum bpf_cmd).
const MAP_CREATE: c_int = 0;
const MAP_LOOKUP_ELEM: c_int = 1;
const MAP_UPDATE_ELEM: c_int = 2;
const MAP_DELETE_ELEM: c_int = 3;
const PROG_LOAD: c_int = 5;
const LINK_CREATE: c_int = 28;

const PROG_TYPE_XDP: u32 = 6;
const ATTACH_TYPE_XDP: u32 = 37;
/// Some helpers are for programs under the GPL only; none that is used here.
const LICENCE: &[u8] = b"Apache-2.0\0";
/// Bytes of the verifier's log that are kept.
const LOG_LEN: usize = 16 << 10;

/// Kinds of maps (enum bpf_map_type).
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(crate) enum MapKind {
    /// Any key to any value.
    Hash = 1,
    /// A receive queue's number to an AF_XDP socket.
    Sockets = 17,
}

/// Where on a packet's way the program sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum AttachMode {
    /// In the generic path, behind the driver: works with all of them.
    Generic = 1 << 1,
    /// In the driver, before the kernel makes a buffer of its own.
    Native = 1 << 2,
}

/// Sizes of a map's keys and values in bytes, and how many entries it has at most.
#[repr(C)]
struct MapCreate {
    kind: u32,
    key_len: u32,
    value_len: u32,
    entries: u32,
}

#[repr(C)]
struct MapElement {
    map: u32,
    key: u64,
    value: u64,
    flags: u64,
}

#[repr(C)]
struct ProgramLoad {
    kind: u32,
    instruction_count: u32,
    instructions: u64,
    licence: u64,
    log_level: u32,
    log_len: u32,
    log: u64,
}

#[repr(C)]
struct LinkCreate {
    program: u32,
    target: u32,
    attach_type: u32,
    flags: u32,
}

/// Creates a map.
///
/// # Errors
/// What the kernel says; without CAP_BPF that it is not permitted.
pub(crate) fn create_map(kind: MapKind, key_len: u32, value_len: u32, entries: u32) -> io::Result<OwnedFd> {
    descriptor(MAP_CREATE, &MapCreate { kind: kind as u32, key_len, value_len, entries })
}

/// Sets an entry of a map whose keys are `K` and whose values are `V`, integers or arrays of them.
///
/// # Errors
/// What the kernel says: the map is full, or its sizes are others.
pub(crate) fn set_entry<K: Copy, V: Copy>(map: BorrowedFd, key: &K, value: &V) -> io::Result<()> {
    let element = MapElement { map: number(map), key: address(key), value: address(value), flags: 0 };
    call(MAP_UPDATE_ELEM, &element).map(|_| ())
}

/// Reads an entry's value, two numbers.
///
/// # Errors
/// When there is none.
pub(crate) fn entry<K: Copy>(map: BorrowedFd, key: &K) -> io::Result<[u64; 2]> {
    let mut value = [0_u64; 2];
    let element = MapElement { map: number(map), key: address(key), value: &raw mut value as u64, flags: 0 };
    call(MAP_LOOKUP_ELEM, &element).map(|_| value)
}

/// Removes an entry.
///
/// # Errors
/// When there is none.
pub(crate) fn remove_entry<K: Copy>(map: BorrowedFd, key: &K) -> io::Result<()> {
    let element = MapElement { map: number(map), key: address(key), value: 0, flags: 0 };
    call(MAP_DELETE_ELEM, &element).map(|_| ())
}

/// Loads an XDP program. When the verifier refuses it, the end of its log is in the error.
///
/// # Errors
/// What the kernel says; without CAP_BPF and CAP_NET_ADMIN that it is not permitted.
pub(crate) fn load_xdp(instructions: &[u64]) -> io::Result<OwnedFd> {
    let mut log = vec![0_u8; LOG_LEN];
    let load = ProgramLoad {
        kind: PROG_TYPE_XDP,
        instruction_count: instructions.len() as u32,
        instructions: instructions.as_ptr() as u64,
        licence: LICENCE.as_ptr() as u64,
        log_level: 1,
        log_len: LOG_LEN as u32,
        log: log.as_mut_ptr() as u64,
    };
    descriptor(PROG_LOAD, &load).map_err(|error| with_log(error, &log))
}

/// Puts a program before an interface; it stays as long as the descriptor is open.
///
/// # Errors
/// When another program is there (EBUSY), or the driver knows no such mode (EOPNOTSUPP).
pub(crate) fn attach_xdp(program: BorrowedFd, interface_index: u32, mode: AttachMode) -> io::Result<OwnedFd> {
    let link = LinkCreate {
        program: number(program),
        target: interface_index,
        attach_type: ATTACH_TYPE_XDP,
        flags: mode as u32,
    };
    descriptor(LINK_CREATE, &link)
}

fn with_log(error: io::Error, log: &[u8]) -> io::Error {
    let text = log.split(|&byte| byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    // The last line is a statistic.
    match text.lines().rfind(|line| !line.starts_with("processed")) {
        Some(last) if error.raw_os_error() != Some(libc::EPERM) => {
            io::Error::new(error.kind(), format!("{error}; the verifier says: {last}"))
        }
        _ => error,
    }
}

fn number(descriptor: BorrowedFd) -> u32 {
    descriptor.as_raw_fd().cast_unsigned()
}

fn address<T>(value: &T) -> u64 {
    std::ptr::from_ref(value) as u64
}

fn descriptor<A>(command: c_int, attributes: &A) -> io::Result<OwnedFd> {
    let descriptor = call(command, attributes)?;
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// `A` is the prefix of `union bpf_attr` that `command` reads; the kernel takes what follows as zero.
fn call<A>(command: c_int, attributes: &A) -> io::Result<c_int> {
    // SAFETY: `attributes` is readable for its size; the addresses in it, of values borrowed by the callers for the time
    // of the call, point to as many bytes as the sizes beside them, or as the map was made for, say.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, attributes as *const A, size_of::<A>()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result as c_int) }
}
