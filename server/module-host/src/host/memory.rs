//! Ranges of guest memory. Every address and length that a guest passes goes through here.

use super::refusal::Refusal;
use crate::error::HostTrap;

/// An address and a length as the guest gave them.
pub(super) type Range = (u32, u32);

/// The guest's bytes in the range.
#[inline]
pub(super) fn bytes(memory: &[u8], (address, length): Range) -> Result<&[u8], Refusal> {
    let start = address as usize;
    start
        .checked_add(length as usize)
        .and_then(|end| memory.get(start..end))
        .ok_or(Refusal::Trap(HostTrap::OutOfBounds { address, length }))
}

/// The guest's bytes in the range, to be written.
#[inline]
pub(super) fn bytes_mut(memory: &mut [u8], (address, length): Range) -> Result<&mut [u8], Refusal> {
    let start = address as usize;
    start
        .checked_add(length as usize)
        .and_then(|end| memory.get_mut(start..end))
        .ok_or(Refusal::Trap(HostTrap::OutOfBounds { address, length }))
}
