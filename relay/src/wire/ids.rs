//! PIDs and table ids that the standards assign (ISO/IEC 13818-1, tables 2-3 and 2-31; EN 300 468, tables 1 and 2;
//! SCTE 35, 9.6).

/// PID of the program association table.
pub const PAT_PID: u16 = 0x0000;
/// PID of the conditional access table.
pub const CAT_PID: u16 = 0x0001;
/// PID of the network information table.
pub const NIT_PID: u16 = 0x0010;
/// PID of the service description and bouquet association tables.
pub const SDT_PID: u16 = 0x0011;
/// PID of the event information table.
pub const EIT_PID: u16 = 0x0012;
/// PID of the running status table.
pub const RST_PID: u16 = 0x0013;
/// PID of the time and date and time offset tables.
pub const TDT_PID: u16 = 0x0014;

/// Program association section.
pub const PAT: u8 = 0x00;
/// Conditional access section.
pub const CAT: u8 = 0x01;
/// Program map section.
pub const PMT: u8 = 0x02;
/// Transport stream description section.
pub const TSDT: u8 = 0x03;
/// Network information section, actual network.
pub const NIT_ACTUAL: u8 = 0x40;
/// Network information section, other network.
pub const NIT_OTHER: u8 = 0x41;
/// Service description section, actual transport stream.
pub const SDT_ACTUAL: u8 = 0x42;
/// Service description section, other transport stream.
pub const SDT_OTHER: u8 = 0x46;
/// Bouquet association section.
pub const BAT: u8 = 0x4A;
/// Event information section, actual transport stream, present and following event.
pub const EIT_PF_ACTUAL: u8 = 0x4E;
/// Event information section, other transport stream, present and following event.
pub const EIT_PF_OTHER: u8 = 0x4F;
/// Last table of event information: 0x50 to here are the schedule.
pub const EIT_SCHEDULE_LAST: u8 = 0x6F;
/// Time and date section.
pub const TDT: u8 = 0x70;
/// Running status section.
pub const RST: u8 = 0x71;
/// Stuffing section.
pub const ST: u8 = 0x72;
/// Time offset section.
pub const TOT: u8 = 0x73;
/// Splice information section.
pub const SPLICE_INFO: u8 = 0xFC;
/// What follows the last section of a packet is stuffing of this byte (ISO/IEC 13818-1, 2.4.4).
pub const STUFFING: u8 = 0xFF;
