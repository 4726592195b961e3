//! Pictures and objects that a flat file holds as base64: decoded as they come, handed over as members.

use super::super::{Failure, Output};
use crate::content::{Budget, Stop};
use crate::model::Limit;

/// One embedded thing.
#[derive(Debug)]
pub(super) struct Embedded {
    number: u32,
    bytes: Vec<u8>,
    bits: u32,
    bit_count: u32,
    is_over: bool,
}

impl Embedded {
    /// Nothing read yet.
    pub(super) fn new(number: u32) -> Self {
        Self { number, bytes: Vec::new(), bits: 0, bit_count: 0, is_over: false }
    }

    /// Takes a piece of base64; letters that are none are passed over.
    pub(super) fn take(&mut self, text: &str, budget: &Budget) -> Result<(), Failure> {
        let bytes_max = usize::try_from(budget.limits().memory_bytes / 2).unwrap_or(usize::MAX);
        for b in text.bytes() {
            let value = match b {
                b'A'..=b'Z' => b - b'A',
                b'a'..=b'z' => b - b'a' + 26,
                b'0'..=b'9' => b - b'0' + 52,
                b'+' | b'-' => 62,
                b'/' | b'_' => 63,
                _ => continue,
            };
            self.bits = (self.bits << 6 | u32::from(value)) & 0xffff;
            self.bit_count += 6;
            if self.bit_count >= 8 {
                self.bit_count -= 8;
                self.bytes.push(u8::try_from(self.bits >> self.bit_count & 0xff).unwrap_or(0));
            }
        }
        self.is_over |= self.bytes.len() > bytes_max;
        if self.is_over { Err(Stop::Limit(Limit::Memory).into()) } else { Ok(()) }
    }

    /// Hands it over.
    pub(super) fn hand_over(self, out: &mut dyn Output) -> Result<(), Failure> {
        if !self.bytes.is_empty() {
            out.member(&format!("embedded {}", self.number), &mut self.bytes.as_slice())?;
        }
        Ok(())
    }
}
