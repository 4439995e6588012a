//! Parameter sets and slice headers (ITU-T H.264, 7.3.2.1, 7.3.2.2, 7.3.3, E.1.1).

use super::PICTURES_A_SECOND;
use super::macroblock::QP;
use crate::io::synthetic::bits::BitWriter;
use crate::io::synthetic::picture::{MB_COLUMNS, MB_ROWS};

const PROFILE_BASELINE: u32 = 66;
/// constraint_set0 and 1: with the profile they say "constrained baseline".
const CONSTRAINTS: u32 = 0b1100_0000;
/// Level 3.1: 3,600 macroblocks a picture, 108,000 a second.
const LEVEL: u32 = 31;
/// frame_num counts 25 pictures from one instant refresh to the next.
const FRAME_NUM_BITS: u32 = 5;
const SLICE_OF_P: u32 = 5;
const SLICE_OF_I: u32 = 7;
/// colour_primaries, transfer_characteristics and matrix_coefficients of BT.709.
const BT709: u32 = 1;

/// What a slice does.
#[derive(Clone, Copy, Debug)]
pub(super) enum SliceKind {
    /// Shows a picture that needs no other; successive ones have different ids.
    InstantRefresh { id: u32 },
    /// Changes the picture before, the `number`th after an instant refresh.
    Changes { number: u32 },
}

/// 7.3.2.1.1, without the stop bit.
pub(super) fn write_sequence_parameters(bits: &mut BitWriter) {
    bits.put(PROFILE_BASELINE, 8);
    bits.put(CONSTRAINTS, 8);
    bits.put(LEVEL, 8);
    bits.ue(0); // seq_parameter_set_id
    bits.ue(FRAME_NUM_BITS - 4);
    bits.ue(2); // pic_order_cnt_type: shown in the order of coding
    bits.ue(1); // max_num_ref_frames
    bits.flag(false); // gaps_in_frame_num_value_allowed
    bits.ue(MB_COLUMNS as u32 - 1);
    bits.ue(MB_ROWS as u32 - 1);
    bits.flag(true); // frame_mbs_only
    bits.flag(true); // direct_8x8_inference
    bits.flag(false); // frame_cropping
    bits.flag(true); // vui_parameters_present
    write_usability_information(bits);
}

/// E.1.1.
fn write_usability_information(bits: &mut BitWriter) {
    bits.flag(true); // aspect_ratio_info_present
    bits.put(1, 8); // square pixels
    bits.flag(false); // overscan_info_present
    bits.flag(true); // video_signal_type_present
    bits.put(5, 3); // video_format: unspecified
    bits.flag(false); // video_full_range
    bits.flag(true); // colour_description_present
    (0..3).for_each(|_| bits.put(BT709, 8));
    bits.flag(false); // chroma_loc_info_present
    bits.flag(true); // timing_info_present
    bits.put(1, 32); // num_units_in_tick, a tick being a field's duration
    bits.put(2 * PICTURES_A_SECOND, 32); // time_scale
    bits.flag(true); // fixed_frame_rate
    bits.flag(false); // nal_hrd_parameters_present
    bits.flag(false); // vcl_hrd_parameters_present
    bits.flag(false); // pic_struct_present
    bits.flag(true); // bitstream_restriction
    bits.flag(true); // motion_vectors_over_pic_boundaries
    (0..4).for_each(|_| bits.ue(0)); // no limit on sizes, motion vectors of whole pixels
    bits.ue(0); // max_num_reorder_frames
    bits.ue(1); // max_dec_frame_buffering
}

/// 7.3.2.2, without the stop bit.
pub(super) fn write_picture_parameters(bits: &mut BitWriter) {
    bits.ue(0); // pic_parameter_set_id
    bits.ue(0); // seq_parameter_set_id
    bits.flag(false); // entropy_coding_mode: CAVLC
    bits.flag(false); // bottom_field_pic_order_in_frame_present
    bits.ue(0); // num_slice_groups_minus1
    bits.ue(0); // num_ref_idx_l0_default_active_minus1
    bits.ue(0); // num_ref_idx_l1_default_active_minus1
    bits.flag(false); // weighted_pred
    bits.put(0, 2); // weighted_bipred_idc
    bits.se(QP - 26);
    bits.se(0); // pic_init_qs_minus26
    bits.se(0); // chroma_qp_index_offset
    bits.flag(true); // deblocking_filter_control_present
    bits.flag(false); // constrained_intra_pred
    bits.flag(false); // redundant_pic_cnt_present
}

/// 7.3.3.
pub(super) fn write_slice_header(bits: &mut BitWriter, kind: SliceKind) {
    bits.ue(0); // first_mb_in_slice
    match kind {
        SliceKind::InstantRefresh { id } => {
            bits.ue(SLICE_OF_I);
            bits.ue(0); // pic_parameter_set_id
            bits.put(0, FRAME_NUM_BITS);
            bits.ue(id);
            bits.flag(false); // no_output_of_prior_pics
            bits.flag(false); // long_term_reference
        }
        SliceKind::Changes { number } => {
            bits.ue(SLICE_OF_P);
            bits.ue(0); // pic_parameter_set_id
            bits.put(number, FRAME_NUM_BITS);
            bits.flag(false); // num_ref_idx_active_override
            bits.flag(false); // ref_pic_list_modification_l0
            bits.flag(false); // adaptive_ref_pic_marking_mode
        }
    }
    bits.se(0); // slice_qp_delta
    bits.ue(1); // disable_deblocking_filter_idc: values stay exact
}
