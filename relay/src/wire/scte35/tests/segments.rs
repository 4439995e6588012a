//! segmentation_descriptors by SCTE 35, 10.3.3.

use super::*;

/// Event 0x55, the whole program, with duration, not restricted.
const PROGRAM_WITH_DURATION: [u8; 6] = [0, 0, 0, 0x55, 0x7F, 0xFF];

fn segmentation(parts: &[&[u8]]) -> Result<Segmentation, SpliceError> {
    let descriptors = [cuei(SEGMENTATION, &parts.concat())];
    let info = Built { command_type: 6, command: &at(1), descriptors: &descriptors, ..Built::default() }.parse()?;
    Ok(info.segmentations[0].clone())
}

/// The upid of a whole, unrestricted segment without duration.
fn upid(upid_type: u8, value: &[u8]) -> Upid {
    let head = [0, 0, 0, 0x55, 0x7F, 0xBF, upid_type, value.len() as u8];
    segmentation(&[&head, value, &[0x10, 0, 0]]).unwrap().segment.unwrap().upid
}

#[test]
fn a_placement_opportunity_has_type_duration_and_upid() {
    let duration = [0, 0, 0x29, 0x32, 0xE0];
    let read =
        segmentation(&[&PROGRAM_WITH_DURATION, &duration, &[0x0F, 9], b"urn:x:a:1", &[0x34, 1, 2, 3, 4]]).unwrap();
    let segment = Segment {
        type_id: 0x34,
        type_name: "provider placement opportunity start",
        duration_ticks: Some(30 * 90_000),
        upid: Upid { upid_type: 0x0F, type_name: "URI", value: "urn:x:a:1".into() },
        number: 1,
        expected: 2,
        sub_segment: Some(SubSegment { number: 3, expected: 4 }),
        restrictions: None,
        components: vec![],
    };
    assert_eq!(read, Segmentation { event_id: 0x55, segment: Some(segment) });
}

#[test]
fn a_segment_of_an_older_revision_has_no_parts() {
    let read = segmentation(&[&[0, 0, 0, 1, 0x7F, 0xBF, 0, 0, 0x34, 1, 2]]).unwrap();
    assert_eq!(read.segment.unwrap().sub_segment, None);
    let read = segmentation(&[&[0, 0, 0, 1, 0x7F, 0xBF, 0, 0, 0x35, 1, 2, 3, 4]]).unwrap();
    assert_eq!(read.segment.unwrap().sub_segment, None, "the end of an opportunity has none");
}

#[test]
fn restrictions_and_components_are_read() {
    let read =
        segmentation(&[&[0, 0, 0, 1, 0x7F, 0b0001_0110, 1, 0x21, 0xFE], &[0, 0, 0, 9], &[0, 0, 0x11, 1, 1]]).unwrap();
    let segment = read.segment.unwrap();
    let restrictions =
        Restrictions { web_delivery_allowed: true, no_regional_blackout: false, archive_allowed: true, devices: 2 };
    assert_eq!(segment.restrictions, Some(restrictions));
    assert_eq!(segment.components, [ComponentOffset { component_tag: 0x21, pts_offset: 9 }]);
    assert_eq!((segment.type_name, segment.duration_ticks), ("program end", None));
}

#[test]
fn a_segment_may_be_cancelled() {
    assert_eq!(segmentation(&[&[0, 0, 0, 7, 0xFF]]), Ok(Segmentation { event_id: 7, segment: None }));
}

#[test]
fn upids_are_text_where_their_type_is_text() {
    assert_eq!(upid(0x03, b"ABCD1234567H").value, "ABCD1234567H");
    assert_eq!(upid(0x09, b"SIGNAL:abc").value, "SIGNAL:abc");
    assert_eq!(upid(0x09, b"\x00\xFF").value, "00ff", "what is no text is hexadecimal");
    assert_eq!(upid(0x08, &[0, 0, 0, 0, 0x2C, 1, 2, 3]).value, "000000002c010203");
    assert_eq!(upid(0x10, &[0x11; 16]).value, "11111111-1111-1111-1111-111111111111");
    assert_eq!(upid(0x0C, b"ACMEid").value, "ACME id");
    assert_eq!(upid(0x0D, b"\x0F\x03a:b\x08\x02\x01\x02").value, "URI a:b, airing ID 0102");
    assert_eq!((upid(0, b"").type_name, upid(0x42, b"").type_name), ("none", "reserved"));
}

#[test]
fn a_upid_or_descriptor_that_lies_is_refused() {
    let cut_short = |field, wanted, left| Err(SpliceError::CutShort(CutShort { field, wanted, left }));
    assert_eq!(segmentation(&[&[0, 0, 0, 1, 0x7F, 0xBF, 9, 5, 1]]), cut_short("segmentation_upid", 5, 1));
    assert_eq!(segmentation(&[&[0, 0]]), cut_short("segmentation_event_id", 4, 2));
    let descriptors = [vec![2, 9, 1, 2]];
    let built = Built { descriptors: &descriptors, ..Built::default() };
    let lie = CutShort { field: "splice_descriptor", wanted: 9, left: 2 };
    assert_eq!(built.parse(), Err(SpliceError::CutShort(lie)));
}

#[test]
fn descriptors_of_others_are_passed_over() {
    let descriptors = [descriptor(2, b"ACME").unwrap(), cuei(AVAIL, &[0, 0, 1, 0]), cuei(1, b"5#")];
    let info = Built { descriptors: &descriptors, ..Built::default() }.parse().unwrap();
    assert_eq!((info.avails.as_slice(), info.segmentations.len()), ([256].as_slice(), 0));
}
