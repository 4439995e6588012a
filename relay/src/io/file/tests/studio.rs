//! Makes transport stream files, with a writer that is not our own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use mpeg2ts::es::{StreamId, StreamType};
use mpeg2ts::pes::PesHeader;
use mpeg2ts::time::{ClockReference, Timestamp};
use mpeg2ts::ts::payload::{Bytes, Null, Pat, Pes, Pmt};
use mpeg2ts::ts::{
    AdaptationField, ContinuityCounter, EsInfo, Pid, ProgramAssociation, TransportScramblingControl, TsHeader,
    TsPacket, TsPacketWriter, TsPayload, VersionNumber, WriteTsPacket,
};

use crate::time::Ticks27;
use crate::wire::pes::STAMP_MODULUS;

pub(super) const PMT_PID: u16 = 0x1000;
pub(super) const VIDEO_PID: u16 = 0x100;
pub(super) const AUDIO_PID: u16 = 0x101;
pub(super) const PICTURE_TICKS: u64 = Ticks27::HZ / 25;
pub(super) const PACKETS_A_PICTURE: u64 = 20;
const PACKET_TICKS: u64 = PICTURE_TICKS / PACKETS_A_PICTURE;
const AUDIO_FRAME_TICKS: u64 = Ticks27::HZ * 1_024 / 48_000;
/// Stamps are this far ahead of the PCR.
const DELAY_TICKS: u64 = Ticks27::HZ / 2;

/// A film at a constant bit rate: 25 pictures a second with B pictures, AAC, a PCR each picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Film {
    /// Groups of three pictures after the first picture.
    pub(super) groups: u64,
    pub(super) audio_frames: u64,
    pub(super) first_pcr: u64,
}

impl Default for Film {
    fn default() -> Self {
        Self { groups: 16, audio_frames: 92, first_pcr: 1_000 }
    }
}

impl Film {
    pub(super) const fn pictures(&self) -> u64 {
        3 * self.groups + 1
    }

    /// The file's bytes.
    pub(super) fn shoot(&self) -> Vec<u8> {
        let mut camera = Camera::new(self.first_pcr);
        let mut audio_frame = 0;
        for picture in 0..self.pictures() {
            camera.write_tables();
            camera.write_picture(picture);
            while audio_frame < self.audio_frames && audio_frame * AUDIO_FRAME_TICKS < (picture + 1) * PICTURE_TICKS {
                camera.write_audio(audio_frame);
                audio_frame += 1;
            }
            camera.fill_until((picture + 1) * PACKETS_A_PICTURE);
        }
        for frame in audio_frame..self.audio_frames {
            camera.write_audio(frame);
        }
        camera.writer.into_stream()
    }
}

struct Camera {
    writer: TsPacketWriter<Vec<u8>>,
    written: u64,
    first_pcr: u64,
    counters: BTreeMap<u16, ContinuityCounter>,
}

impl Camera {
    fn new(first_pcr: u64) -> Self {
        Self { writer: TsPacketWriter::new(Vec::new()), written: 0, first_pcr, counters: BTreeMap::new() }
    }

    fn write(&mut self, pid: u16, adaptation_field: Option<AdaptationField>, payload: TsPayload) {
        let counter = self.counters.entry(pid).or_default();
        let header = TsHeader {
            transport_error_indicator: false,
            transport_priority: false,
            pid: Pid::new(pid).unwrap(),
            transport_scrambling_control: TransportScramblingControl::NotScrambled,
            continuity_counter: *counter,
        };
        counter.increment();
        self.written += 1;
        self.writer.write_ts_packet(&TsPacket { header, adaptation_field, payload: Some(payload) }).unwrap();
    }

    fn write_tables(&mut self) {
        let (video, audio, pmt) = [VIDEO_PID, AUDIO_PID, PMT_PID].map(|pid| Pid::new(pid).unwrap()).into();
        let table = vec![ProgramAssociation { program_num: 1, program_map_pid: pmt }];
        let version_number = VersionNumber::new();
        self.write(0, None, TsPayload::Pat(Pat { transport_stream_id: 1, version_number, table }));
        let stream = |stream_type, elementary_pid| EsInfo { stream_type, elementary_pid, descriptors: Vec::new() };
        let es_info = vec![stream(StreamType::H264, video), stream(StreamType::AdtsAac, audio)];
        let pmt = Pmt { program_num: 1, pcr_pid: Some(video), version_number, program_info: Vec::new(), es_info };
        self.write(PMT_PID, None, TsPayload::Pmt(pmt));
    }

    fn write_picture(&mut self, picture: u64) {
        let decoded = self.first_pcr + DELAY_TICKS + picture * PICTURE_TICKS;
        let shown = self.first_pcr + DELAY_TICKS + (shown_at(picture) + 1) * PICTURE_TICKS;
        let pcr = ClockReference::new((self.first_pcr + self.written * PACKET_TICKS) % Ticks27::MODULUS).unwrap();
        let field = AdaptationField {
            discontinuity_indicator: false,
            random_access_indicator: picture == 0 || picture % 12 == 1,
            es_priority_indicator: false,
            pcr: Some(pcr),
            opcr: Some(pcr),
            splice_countdown: None,
            transport_private_data: Vec::new(),
            extension: None,
        };
        let header = pes_header(StreamId::VIDEO_MIN, shown, Some(decoded));
        let data = Bytes::new(&[0x11; 140]).unwrap();
        self.write(VIDEO_PID, Some(field), TsPayload::PesStart(Pes { header, pes_packet_len: 0, data }));
        for _ in 0..5 {
            self.write(VIDEO_PID, None, TsPayload::PesContinuation(Bytes::new(&[0x22; 184]).unwrap()));
        }
    }

    /// A frame of AAC in two packets.
    fn write_audio(&mut self, frame: u64) {
        const LEN: usize = 300;
        const HEADER_LEN: u16 = 8;
        let mut adts = [0x33; LEN];
        adts[..7].copy_from_slice(&[0xFF, 0xF1, 3 << 2, 0, (LEN >> 3) as u8, (LEN << 5) as u8, 0]);
        let shown = self.first_pcr + DELAY_TICKS + frame * AUDIO_FRAME_TICKS;
        let header = pes_header(StreamId::AUDIO_MIN, shown, None);
        let data = Bytes::new(&adts[..150]).unwrap();
        let start = Pes { header, pes_packet_len: LEN as u16 + HEADER_LEN, data };
        self.write(AUDIO_PID, None, TsPayload::PesStart(start));
        self.write(AUDIO_PID, None, TsPayload::PesContinuation(Bytes::new(&adts[150..]).unwrap()));
    }

    fn fill_until(&mut self, packets: u64) {
        while self.written < packets {
            self.write(Pid::NULL, None, TsPayload::Null(Null));
        }
    }
}

/// Decoding order I0 P3 B1 B2 P6 B4 B5 ...
const fn shown_at(picture: u64) -> u64 {
    match (picture, picture % 3) {
        (0, _) => 0,
        (_, 1) => picture + 2,
        _ => picture - 1,
    }
}

fn pes_header(stream_id: u8, shown: u64, decoded: Option<u64>) -> PesHeader {
    let stamp = |ticks: u64| Timestamp::new(ticks / 300 % STAMP_MODULUS).unwrap();
    PesHeader {
        stream_id: StreamId::new(stream_id),
        priority: false,
        data_alignment_indicator: true,
        copyright: false,
        original_or_copy: false,
        pts: Some(stamp(shown)),
        dts: decoded.map(stamp),
        escr: None,
    }
}

/// A file that goes away with the test.
pub(super) struct TempFile(PathBuf);

impl TempFile {
    pub(super) fn holding(bytes: &[u8]) -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("relay-file-{}-{number}.ts", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
