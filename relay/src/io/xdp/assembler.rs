//! As much of an assembler as one short program takes (RFC 9669).

/// A register.
#[derive(Clone, Copy)]
pub(super) struct Register(u8);

pub(super) const R0: Register = Register(0);
pub(super) const R1: Register = Register(1);
pub(super) const R2: Register = Register(2);
pub(super) const R3: Register = Register(3);
pub(super) const R4: Register = Register(4);
pub(super) const R5: Register = Register(5);
pub(super) const R6: Register = Register(6);
pub(super) const R7: Register = Register(7);
pub(super) const R8: Register = Register(8);
pub(super) const R10: Register = Register(10);

/// Bytes that a load or store moves.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Size {
    U32 = 0x00,
    U16 = 0x08,
    U8 = 0x10,
    U64 = 0x18,
}

/// When to jump; comparisons are unsigned, over 64 bits.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Jump {
    Equal = 0x10,
    Greater = 0x20,
    AnyOf = 0x40,
    NotEqual = 0x50,
    NotGreater = 0xb0,
}

const CLASS_LOAD_REG: u8 = 0x61;
const CLASS_STORE_REG: u8 = 0x63;
const ADD_ATOMICALLY_64: u8 = 0xdb;
const CLASS_JUMP: u8 = 0x05;
const SOURCE_REGISTER: u8 = 0x08;
const MOV_IMMEDIATE: u8 = 0xb7;
const MOV_REGISTER: u8 = 0xbf;
const ADD_IMMEDIATE: u8 = 0x07;
const LOAD_IMMEDIATE_64: u8 = 0x18;
const CALL: u8 = 0x85;
const EXIT: u8 = 0x95;
/// Source register of a 64-bit load whose immediate is a map's descriptor.
const PSEUDO_MAP: Register = Register(1);
/// Position of an instruction's offset field.
const OFFSET_SHIFT: u32 = 16;

/// Instructions in the order of their addition; jumps are filled in when all labels are known.
#[derive(Default)]
pub(super) struct Assembler {
    code: Vec<u64>,
    jumps: Vec<(usize, &'static str)>,
    labels: Vec<(usize, &'static str)>,
}

impl Assembler {
    pub(super) fn mov(&mut self, to: Register, from: Register) {
        self.push(MOV_REGISTER, to, from, 0, 0);
    }

    pub(super) fn set(&mut self, to: Register, value: i32) {
        self.push(MOV_IMMEDIATE, to, R0, 0, value);
    }

    pub(super) fn add(&mut self, to: Register, value: i32) {
        self.push(ADD_IMMEDIATE, to, R0, 0, value);
    }

    pub(super) fn load(&mut self, size: Size, to: Register, base: Register, offset: i16) {
        self.push(CLASS_LOAD_REG | size as u8, to, base, offset, 0);
    }

    pub(super) fn store(&mut self, size: Size, base: Register, offset: i16, what: Register) {
        self.push(CLASS_STORE_REG | size as u8, base, what, offset, 0);
    }

    /// Adds to a number of 64 bits in memory that others add to as well.
    pub(super) fn add_atomically(&mut self, base: Register, offset: i16, what: Register) {
        self.push(ADD_ATOMICALLY_64, base, what, offset, 0);
    }

    /// Loads a map by the number of its descriptor: an instruction of two words.
    pub(super) fn load_map(&mut self, to: Register, descriptor: i32) {
        self.push(LOAD_IMMEDIATE_64, to, PSEUDO_MAP, 0, descriptor);
        self.code.push(0);
    }

    pub(super) fn jump(&mut self, when: Jump, left: Register, right: i32, label: &'static str) {
        self.jumps.push((self.code.len(), label));
        self.push(CLASS_JUMP | when as u8, left, R0, 0, right);
    }

    pub(super) fn jump_reg(&mut self, when: Jump, left: Register, right: Register, label: &'static str) {
        self.jumps.push((self.code.len(), label));
        self.push(CLASS_JUMP | SOURCE_REGISTER | when as u8, left, right, 0, 0);
    }

    pub(super) fn label(&mut self, label: &'static str) {
        self.labels.push((self.code.len(), label));
    }

    pub(super) fn call(&mut self, helper: i32) {
        self.push(CALL, R0, R0, 0, helper);
    }

    pub(super) fn exit(&mut self) {
        self.push(EXIT, R0, R0, 0, 0);
    }

    /// The instructions as the kernel takes them. A jump to a label that does not exist goes nowhere: the verifier
    /// refuses it.
    pub(super) fn finish(mut self) -> Vec<u64> {
        for (at, wanted) in self.jumps {
            let target = self.labels.iter().find(|(_, label)| *label == wanted).map_or(at, |&(target, _)| target);
            let distance = (target as i64 - at as i64 - 1) as i16;
            self.code[at] |= u64::from(distance.cast_unsigned()) << OFFSET_SHIFT;
        }
        self.code
    }

    fn push(&mut self, operation: u8, to: Register, from: Register, offset: i16, immediate: i32) {
        let word = u64::from(operation)
            | u64::from(from.0 << 4 | to.0) << 8
            | u64::from(offset.cast_unsigned()) << OFFSET_SHIFT
            | u64::from(immediate.cast_unsigned()) << 32;
        self.code.push(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_encoded_as_the_standard_has_them() {
        let mut asm = Assembler::default();
        asm.jump(Jump::NotEqual, R3, -1, "end");
        asm.load(Size::U16, R2, R1, 12);
        asm.store(Size::U32, R10, -8, R5);
        asm.label("end");
        asm.exit();
        let bytes: Vec<_> = asm.finish().into_iter().map(u64::to_le_bytes).collect();
        assert_eq!(bytes[0], [0x55, 0x03, 2, 0, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(bytes[1], [0x69, 0x12, 12, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[2], [0x63, 0x5a, 0xf8, 0xff, 0, 0, 0, 0]);
        assert_eq!(bytes[3], [0x95, 0, 0, 0, 0, 0, 0, 0]);
    }
}
