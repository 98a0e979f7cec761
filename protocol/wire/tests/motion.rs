//! Motion blocks: what is written is read back the same, and any bytes are answered with rows or an error.

use std::collections::BTreeMap;

use ambit_model::{ColumnSchema, ColumnType, MotionLayout, Quantize, Slot, Steps, TableSchema, varint};
use ambit_wire::{
    BitWriter, BlockKind, Coding, MotionBlock, MotionSink, RowResiduals, TableBlocks, WireError,
    begin_motion, end_table, write_calm, write_residuals, write_section, write_way,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

fn layout() -> MotionLayout {
    let column =
        |name: &str, ty, quantize| ColumnSchema { quantize: Some(quantize), ..ColumnSchema::new(name, ty) };
    let columns = vec![
        column("position", ColumnType::Vec2, Quantize::Step { step: 0.01 }),
        column("rotation", ColumnType::Quat, Quantize::quaternion(10)),
    ];
    TableSchema { columns, ..TableSchema::default() }.motion()
}

/// Rows that are expected where they stand; a rotation stands at none.
const EXPECTED: [Steps; 2] = [[100, -50, 0, 0], [0, 0, 0, 723]];

/// Notes what a block says.
#[derive(Debug, Default, PartialEq)]
struct Notes {
    epoch: u64,
    ways: Vec<(Slot, Vec<i32>)>,
    rows: Vec<(Slot, u8, Vec<Steps>)>,
}

impl MotionSink for Notes {
    type Error = WireError;

    fn epoch(&mut self, epoch: u64) {
        self.epoch = epoch;
    }

    fn way(&mut self, slot: Slot, ways: &[i32]) -> Result<(), WireError> {
        self.ways.push((slot, ways.to_vec()));
        Ok(())
    }

    fn row(
        &mut self,
        slot: Slot,
        columns: u8,
        residuals: &mut RowResiduals<'_, '_>,
    ) -> Result<(), WireError> {
        let layout = layout();
        let named =
            layout.columns().iter().zip(EXPECTED).enumerate().filter(|(at, _)| columns >> at & 1 == 1);
        let steps = named.map(|(_, (column, expected))| residuals.next(column, expected));
        let steps = steps.collect::<Result<_, _>>()?;
        self.rows.push((slot, columns, steps));
        Ok(())
    }
}

fn read(bytes: &[u8]) -> Result<Notes, WireError> {
    let (layout, mut notes) = (layout(), Notes::default());
    MotionBlock::new(&layout, bytes).read(&mut notes).map(|()| notes)
}

/// The rows' steps by slot: a position, and a rotation that has turned by so much about each axis.
type Rows = BTreeMap<Slot, ([i32; 2], [i16; 3])>;

fn rows() -> impl Strategy<Value = Rows> {
    let slot = prop_oneof![0..80_u32, 0..(1_u32 << 31)];
    let near = prop_oneof![6 => -2..=2_i32, 1 => -100_000..100_000_i32];
    let turn = prop_oneof![6 => -2..=2_i16, 1 => -400..400_i16];
    let values = ([near.clone(), near], [turn.clone(), turn.clone(), turn]);
    prop_oneof![
        btree_map(slot, values.clone(), 1..60),
        vec(values, 1..60).prop_map(|values| (7..).zip(values).collect()),
    ]
}

/// Appends a section of these rows, and answers what is to be read of it.
fn write_rows(out: &mut Vec<u8>, rows: &Rows, columns: u8, has_calm: bool) -> Vec<(Slot, u8, Vec<Steps>)> {
    let layout = layout();
    let named: Vec<_> =
        layout.columns().iter().zip(EXPECTED).enumerate().filter(|(at, _)| columns >> at & 1 == 1).collect();
    let steps_of = |(place, turn): &([i32; 2], [i16; 3])| {
        let [x, y] = *place;
        let rotation = [turn[0].into(), turn[1].into(), turn[2].into(), 0];
        let residuals = rotation.map(|turn: i32| i64::from(turn));
        let rotation = layout.columns()[1].resolve([0; 4], Some(3), residuals);
        [[100 + x, -50 + y, 0, 0], rotation.unwrap_or(EXPECTED[1])]
    };
    let told: Vec<Vec<_>> = rows
        .values()
        .map(|row| {
            let steps = steps_of(row);
            named.iter().map(|(at, (column, expected))| column.residuals(*expected, steps[*at])).collect()
        })
        .collect();
    let mut codings = Vec::new();
    for (at, (_, (column, _))) in named.iter().enumerate() {
        for component in 0..column.coded() {
            let mut sample: Vec<i64> = told.iter().map(|row| row[at].1[component]).collect();
            let first = sample[0];
            let is_constant = component > 0 && sample.iter().all(|residual| *residual == first);
            let constant = Coding::constant(first).filter(|_| is_constant);
            codings.push(constant.unwrap_or_else(|| Coding::choose(&mut sample)));
        }
    }
    let slots: Vec<Slot> = rows.keys().copied().collect();
    write_section(out, columns, (&codings, has_calm), &slots, |bits, at| {
        let mut rest = codings.as_slice();
        let parts: Vec<_> = named
            .iter()
            .zip(&told[at])
            .map(|((_, (column, _)), residuals)| {
                let (own, others) = rest.split_at(column.coded());
                rest = others;
                (own, *residuals)
            })
            .collect();
        let is_calm = parts.iter().all(|(codings, (face, residuals))| {
            face.is_none()
                && codings.iter().zip(residuals).all(|(coding, residual)| coding.is_calm(*residual))
        });
        if has_calm {
            write_calm(bits, is_calm);
        }
        for (codings, residuals) in parts {
            if has_calm && is_calm {
                codings
                    .iter()
                    .zip(residuals.1)
                    .for_each(|(coding, residual)| coding.put_calm(bits, residual));
            } else {
                write_residuals(bits, (codings, has_calm), residuals);
            }
        }
    });
    let named = |steps: [Steps; 2]| named.iter().map(|(at, _)| steps[*at]).collect();
    rows.iter().map(|(slot, row)| (*slot, columns, named(steps_of(row)))).collect()
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |bytes: &[u8], expected: &str| {
        let refused = read(bytes).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    };
    refused(&[], "malformed number");
    refused(&[1], "malformed number");
    refused(&[1, 0, 0], "it names columns that are not quantised");
    refused(&[1, 0, 4, 1, 0], "it names columns that are not quantised");
    refused(&[1, 0, 1], "malformed number");
    refused(&[1, 0, 1, 1], "ends inside an entry");
    refused(&[1, 0, 1, 0, 0, 0, 7, 0], "a section has no rows");
    refused(&[1, 0, 1, 1, 15, 15, 7, 0], "no residual of a section takes bits");
    refused(&[1, 0, 1, 1, 0, 0, 7, 0x20], "a distance has too many bits");
    refused(&[1, 0, 1, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0], "is no slot");
    refused(&[1, 0, 1, 1, 0, 0, 7, 0], "it ends inside a row");
    refused(&[1, 0, 1, 1, 0, 0, 7, 0, 0xf0], "bits behind the last row are not 0");
    refused(&[1, 0, 1, 1, 0, 0, 7, 0, 0x0f, 0], "a number has a face");
    // Two rows whose run has three.
    refused(&[1, 0, 1, 2, 0, 0, 7, 0x80, 0b0000_0101], "a run is longer than its section");
    // More rows than bits.
    refused(&[1, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 7, 0, 0], "it ends inside a row");
    refused(&[1, 0xff, 0xff, 0xff, 0xff, 0x0f], "malformed number");
    let mut way = vec![1, 1, 7];
    varint::write(&mut way, 1 << 33);
    refused(&way, "a way is too long");
    let mut far = vec![1, 0, 1, 1, 0, 0, 7, 0];
    let mut bits = BitWriter::new(&mut far);
    Coding::default().put_calm(&mut bits, 0);
    bits.put(u64::MAX >> 4, 60);
    bits.end_byte();
    refused(&far, "a number is too large");
    let mut leap = vec![1, 0, 1, 1, 0, 0, 7, 0];
    let mut bits = BitWriter::new(&mut leap);
    write_residuals(&mut bits, (&[Coding::default(); 2], false), (None, [1 << 22, 0, 0, 0]));
    bits.end_byte();
    refused(&leap, "a residual leads to no value");
    // A rotation whose components are longer than one.
    let mut long = vec![1, 0, 2, 1, 0, 0, 0, 7, 0];
    let mut bits = BitWriter::new(&mut long);
    write_residuals(&mut bits, (&[Coding::default(); 3], false), (None, [600, 600, 0, 0]));
    bits.end_byte();
    refused(&long, "a residual leads to no value");
}

/// The example of docs/formats/wire.md.
#[test]
fn the_documented_block_is_read() {
    let notes = read(&[0x01, 0x00, 0x01, 0x02, 0x00, 0x0f, 0x07, 0x80, 0x31]).unwrap();
    let [expected @ [x, y, _, _], _] = EXPECTED;
    assert_eq!(notes.rows, [(7, 1, vec![expected]), (8, 1, vec![[x + 1, y, 0, 0]])]);
}

#[test]
fn other_kinds_of_table_blocks_are_refused() {
    let mut out = Vec::new();
    let mark = begin_motion(&mut out, 3);
    out.extend_from_slice(&[1, 0]);
    end_table(&mut out, mark);
    let block = TableBlocks::new(&out).next().unwrap().unwrap();
    assert_eq!((block.table, block.kind, block.bytes), (3, BlockKind::Motion, &[1, 0][..]));
    *out.get_mut(2).unwrap() = 2;
    let refused = TableBlocks::new(&out).next().unwrap().unwrap_err();
    assert_eq!(refused, WireError::Unknown { what: "kind of table block", number: 2 });
}

proptest! {
    #[test]
    fn blocks_are_read_back_the_same(
        epoch: u64,
        ways in btree_map(0..(1_u32 << 31), any::<[i32; 6]>(), 0..5),
        sections in vec((rows(), 1..4_u8, any::<bool>()), 0..4),
    ) {
        let (mut out, mut before) = (Vec::new(), None);
        varint::write(&mut out, epoch);
        varint::write(&mut out, ways.len() as u64);
        for (slot, way) in &ways {
            write_way(&mut out, before, *slot, way);
            before = Some(*slot);
        }
        let mut expected = Vec::new();
        for (rows, columns, has_calm) in &sections {
            expected.extend(write_rows(&mut out, rows, *columns, *has_calm));
        }
        let notes = read(&out).unwrap();
        prop_assert_eq!(notes.epoch, epoch);
        prop_assert_eq!(notes.ways.clone(), ways.into_iter().map(|(slot, way)| (slot, way.to_vec())).collect::<Vec<_>>());
        prop_assert_eq!(&notes.rows, &expected);
        // What is cut off is an error, or has lost whole sections.
        for length in (0..out.len()).step_by(1 + out.len() / 16) {
            if let Ok(cut) = read(&out[..length]) {
                prop_assert!(notes.rows.starts_with(&cut.rows) && cut.ways == notes.ways);
            }
        }
    }

    #[test]
    fn any_bytes_give_rows_or_an_error(bytes: Vec<u8>) {
        drop(read(&bytes));
    }

    #[test]
    fn damaged_blocks_give_rows_or_an_error(rows in rows(), has_calm: bool, at: usize, by in 1..=255_u8) {
        let mut out = vec![1, 0];
        write_rows(&mut out, &rows, 3, has_calm);
        let at = at % out.len();
        out[at] ^= by;
        if let Ok(notes) = read(&out) {
            // Whatever it is read as, slots rise within a section, and every row takes a bit.
            prop_assert!(notes.rows.len() <= 8 * out.len());
        }
    }
}
