//! Bytes from a module or a file that are no row: the error names the column and what it holds.

#![expect(clippy::unwrap_used, reason = "the helpers are outside test functions")]

use std::sync::Arc;

use ambit_model::delta::pack_columns;
use ambit_model::{
    ColumnSchema, ColumnType, EnumType, Field, IndexKind, IndexSchema, RowLayout, Schema, TableSchema, Value,
    Variant, encode_row,
};
use ambit_store::Store;
use expect_test::{Expect, expect};

fn schema() -> Arc<Schema> {
    let variant = |name: &str, fields: Vec<Field>| Variant { name: name.into(), fields };
    let mood =
        EnumType { name: "Mood".into(), variants: vec![variant("Calm", vec![]), variant("Wild", vec![])] };
    let size = Field { name: "size".into(), ty: ColumnType::U32 };
    let effect = EnumType {
        name: "Effect".into(),
        variants: vec![variant("None", vec![]), variant("Burn", vec![size])],
    };
    let table = TableSchema {
        name: "player".into(),
        columns: vec![
            ColumnSchema::new("id", ColumnType::U32),
            ColumnSchema::new("alive", ColumnType::Bool),
            ColumnSchema::new("mood", ColumnType::Enum(mood.into())),
            ColumnSchema::new("rank", ColumnType::Option(Box::new(ColumnType::U16))),
            ColumnSchema::new("name", ColumnType::String),
            ColumnSchema::new("effects", ColumnType::Vec(Box::new(ColumnType::Enum(effect.into())))),
        ],
        indexes: vec![
            IndexSchema { name: "id".into(), columns: vec![0], kind: IndexKind::Hash, unique: true },
            IndexSchema {
                name: "mood_name".into(),
                columns: vec![2, 4],
                kind: IndexKind::Ordered,
                unique: false,
            },
        ],
        primary: Some(0),
        ..TableSchema::default()
    };
    Arc::new(Schema { tables: vec![table], ..Schema::default() })
}

fn layout() -> RowLayout {
    schema().tables[0].layout()
}

fn row() -> Vec<u8> {
    let effects = Value::Vec(vec![Value::Enum(0, vec![]), Value::Enum(1, vec![Value::U32(3)])]);
    let rank = Value::Option(Some(Box::new(Value::U16(2))));
    let values = [
        Value::U32(1),
        Value::Bool(true),
        Value::Enum(1, vec![]),
        rank,
        Value::String("Grüße".into()),
        effects,
    ];
    encode_row(&layout(), &values).unwrap()
}

fn offset(column: usize) -> usize {
    layout().columns()[column].offset
}

/// The refusal of the row with one byte changed, by an insert.
fn check(at: usize, byte: u8, expected: Expect) {
    let mut row = row();
    row[at] = byte;
    let error = Store::new(schema()).insert(0, &mut row).unwrap_err();
    expected.assert_eq(&error.to_string());
}

#[test]
fn a_row_names_its_wrong_column() {
    let name = u32::from_le_bytes(row()[offset(4)..offset(4) + 4].try_into().unwrap()) as usize;
    let effects = u32::from_le_bytes(row()[offset(5)..offset(5) + 4].try_into().unwrap()) as usize;
    let burn = u32::from_le_bytes(row()[effects + 8..effects + 12].try_into().unwrap()) as usize;
    check(offset(1), 2, expect!["table `player`, column `alive`: a bool is neither 0 nor 1 (2)"]);
    check(offset(2), 9, expect!["table `player`, column `mood`: an enum's tag names no variant (9)"]);
    check(offset(3), 7, expect!["table `player`, column `rank`: an option's tag is neither 0 nor 1 (7)"]);
    check(
        name + 2,
        0xFF,
        expect!["table `player`, column `name`: a string is not UTF-8 (bytes ff bc c3 9f 65 at 2 of 7)"],
    );
    check(burn, 5, expect!["table `player`, column `effects`: an enum's tag names no variant (5)"]);
    check(
        offset(4),
        1,
        expect![
            "table `player`, column `name`: a heap reference points to the wrong place at byte 12 of the row"
        ],
    );
    check(
        offset(3) + 1,
        1,
        expect!["table `player`, column `rank`: padding is not zero at byte 7 of the row"],
    );
}

#[test]
fn packed_columns_name_their_wrong_column() {
    let mut store = Store::new(schema());
    store.insert(0, &mut row()).unwrap();
    let mut packed = Vec::new();
    pack_columns(&layout(), &row(), 0b10_0110, &mut packed).unwrap();
    let refused = |store: &mut Store, mask, packed: &[u8], expected: Expect| {
        expected.assert_eq(&store.patch(0, 0, mask, packed).unwrap_err().to_string());
    };
    let mut wrong = packed.clone();
    wrong[1] = 4;
    refused(
        &mut store,
        0b10_0110,
        &wrong,
        expect!["table `player`, column `mood`: an enum's tag names no variant (4)"],
    );
    let mut wrong = packed.clone();
    let burn = packed.len() - 8;
    wrong[burn] = 9;
    refused(
        &mut store,
        0b10_0110,
        &wrong,
        expect!["table `player`, column `effects`: an enum's tag names no variant (9)"],
    );
    refused(
        &mut store,
        0b10_0110,
        &packed[..3],
        expect!["the bytes are not a row of table `player`: the bytes end too early at byte 2 of the row"],
    );
}

#[test]
fn a_key_names_its_wrong_column() {
    let store = Store::new(schema());
    let key_layout = layout().of_columns(&[2, 4]);
    let key =
        encode_row(&key_layout, &[Value::Enum(0, vec![]), Value::String("abcdefghijkl".into())]).unwrap();
    let mut damaged = key.clone();
    let text = damaged.len() - 12;
    damaged[text..].fill(0xFE);
    let error = store.find_all(0, 1, &damaged, &mut vec![]).unwrap_err();
    expect!["table `player`, column `name`: a string is not UTF-8 (bytes fe fe fe fe fe fe fe fe … at 0 of 12), in a key of the index `mood_name`"]
        .assert_eq(&error.to_string());
    let error = store.find_all(0, 1, &key[..5], &mut vec![]).unwrap_err();
    expect!["table `player`: the bytes are not a key of the index `mood_name`: the bytes end too early at byte 0 of the row"]
        .assert_eq(&error.to_string());
}
