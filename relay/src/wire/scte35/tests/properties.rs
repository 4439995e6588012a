//! Whatever a splice information section holds.

use proptest::prelude::*;

use super::*;

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(0), Just(0x7F), Just(0xFF), 1..12_u8, any::<u8>()];
    proptest::collection::vec(byte, 0..most)
}

/// The times of a command.
fn times(command: &Command) -> Vec<u64> {
    match command {
        Command::TimeSignal { pts } => pts.iter().copied().collect(),
        Command::Insert(SpliceEvent { insert: Some(insert), .. }) => {
            let of_components = insert.components.iter().filter_map(|component| component.pts);
            insert.pts.into_iter().chain(of_components).collect()
        }
        _ => Vec::new(),
    }
}

proptest! {
    #[test]
    fn any_command_and_descriptors_are_read_bounded_or_refused(
        command_type in prop_oneof![0..8_u8, Just(0xFF)],
        command in bytes(60),
        command_len in proptest::option::of(prop_oneof![Just(0xFFF_u16), 0..64_u16]),
        segmentation in bytes(120),
        pts_adjustment in 0..STAMP_MODULUS,
    ) {
        let descriptors = [cuei(SEGMENTATION, &segmentation)];
        let built = Built { pts_adjustment, command_type, command: &command, command_len, descriptors: &descriptors, encryption: 0 };
        if let Ok(info) = built.parse() {
            prop_assert!(times(&info.command).iter().all(|&pts| pts < STAMP_MODULUS));
            prop_assert!(times(&info.command).len() <= command.len() + descriptors[0].len());
            let of_segment = |segmentation: &Segmentation| segmentation.segment.as_ref().map_or(0, |segment| segment.upid.value.len());
            prop_assert!(info.segmentations.iter().map(of_segment).sum::<usize>() <= 16 * segmentation.len());
        }
    }

    #[test]
    fn any_body_does_no_harm(body in bytes(200)) {
        let _ = parse(&short_section(SPLICE_INFO, &body).unwrap());
    }

    #[test]
    fn times_are_read_as_built(pts in 0..STAMP_MODULUS, pts_adjustment in 0..STAMP_MODULUS) {
        let built = Built { pts_adjustment, command_type: 6, command: &at(pts), ..Built::default() };
        let expected = (pts + pts_adjustment) % STAMP_MODULUS;
        prop_assert_eq!(built.command(), Command::TimeSignal { pts: Some(expected) });
    }
}
