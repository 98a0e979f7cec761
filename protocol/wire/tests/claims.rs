//! Claims are read back as they are written, and nothing else passes for claims.

use std::collections::BTreeMap;

use ambit_wire::{Claim, Claims, ClientMessage, UpdateHeader, WireError, limits, row_digest, write_claims};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

type Held = BTreeMap<u16, BTreeMap<u32, u64>>;

fn written(held: &Held) -> Vec<u8> {
    let mut block = Vec::new();
    for (&table, rows) in held {
        let rows: Vec<(u32, u64)> = rows.iter().map(|(&slot, &digest)| (slot, digest)).collect();
        write_claims(&mut block, table, &rows);
    }
    block
}

fn read(block: &[u8]) -> Result<Held, WireError> {
    let mut held = Held::new();
    for claim in Claims::new(block) {
        let Claim { table, slot, digest } = claim?;
        held.entry(table).or_default().insert(slot, digest);
    }
    Ok(held)
}

proptest! {
    #[test]
    fn claims_round_trip(
        held in btree_map(any::<u16>(), btree_map(prop_oneof![0..90_u32, 0..1_u32 << 31], any::<u64>(), 1..40), 0..5),
        key in any::<[u64; 2]>(),
    ) {
        let block = written(&held);
        prop_assert_eq!(read(&block), Ok(held));
        let bytes = ClientMessage::Resume { key, block: &block }.encode();
        prop_assert_eq!(ClientMessage::decode(&bytes), Ok(ClientMessage::Resume { key, block: &block }));
    }

    /// Whatever is read as claims is what would be written of them, but for numbers that need not be so long.
    #[test]
    fn any_bytes_are_claims_or_an_error(bytes in vec(prop_oneof![0..4_u8, any::<u8>()], 0..60)) {
        if let Ok(held) = read(&bytes) {
            prop_assert_eq!(written(&held), bytes);
        }
    }
}

#[test]
fn what_is_no_claim_is_refused() {
    let whole = |head: &[u8]| [head, &[0; 8]].concat();
    let unknown = |what, number| WireError::Unknown { what, number };
    let truncated = WireError::Truncated { block: "claims", at: 3 };
    let cases = [
        // A table before the one before it, or twice.
        ([whole(&[5, 1, 0]), whole(&[4, 1, 0])].concat(), unknown("table of claims", 4)),
        ([whole(&[5, 1, 0]), whole(&[5, 1, 0])].concat(), unknown("table of claims", 5)),
        (whole(&[0x80, 0x80, 4, 1, 0]), unknown("table of claims", 1 << 16)),
        (vec![5, 0], unknown("count of claims", 0)),
        (vec![5, 1, 0, 1, 2, 3], truncated),
        (vec![5, 1], WireError::Varint(2)),
        (whole(&[5, 1, 0x80, 0x80, 0x80, 0x80, 8]), unknown("slot", 1 << 31)),
        // More than there are.
        (whole(&[5, 2, 0]), WireError::Varint(11)),
    ];
    for (block, error) in cases {
        assert_eq!(read(&block), Err(error), "{block:?}");
    }
}

#[test]
fn claims_have_a_limit_and_the_largest_list_fits_a_message() {
    let rows = |count: usize| (0..count as u32).map(|row| ((row << 15) + 7, u64::MAX)).collect::<Vec<_>>();
    let mut block = Vec::new();
    write_claims(&mut block, 3, &rows(limits::CLAIMS_MAX));
    assert_eq!(Claims::new(&block).filter(Result::is_ok).count(), limits::CLAIMS_MAX);
    let bytes = ClientMessage::Resume { key: [1, 2], block: &block }.encode();
    assert!(ClientMessage::decode(&bytes).is_ok());
    block.clear();
    write_claims(&mut block, 3, &rows(limits::CLAIMS_MAX + 1));
    let last = Claims::new(&block).last().unwrap();
    assert!(matches!(last, Err(WireError::TooLarge { what: "the list of digests", .. })));
}

/// SipHash-1-3 of no bytes under the key 0, 1 … 15, as in the tests of Rust's standard library.
#[test]
fn the_digest_is_the_published_one() {
    let key = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];
    assert_eq!(row_digest(key, &[]), 0xabac_0158_050f_c4dc);
    assert_ne!(row_digest(key, &[1]), row_digest([1, 2], &[1]));
}

#[test]
fn the_end_of_a_resume_is_told_by_an_update() {
    let bytes = ClientMessage::ResumeEnd.encode();
    assert_eq!(ClientMessage::decode(&bytes), Ok(ClientMessage::ResumeEnd));
    let header = UpdateHeader { offset: 7, resumed: true, ..UpdateHeader::default() };
    let bytes = header.encode_with(&[&[]]);
    assert_eq!(
        ambit_wire::ServerMessage::decode(&bytes),
        Ok(ambit_wire::ServerMessage::Update { header, blocks: &[] })
    );
}
