//! The generated Rust reads and writes every byte of rows that the model wrote. On its own, so that stale
//! generated code never keeps `generated.rs` from renewing it.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

#[path = "generated/every_type.rs"]
mod every_type;

use ambit_model::encode_row;

use rust_database::*;

#[test]
fn rust_compiles_and_reads_and_writes_every_type() {
    fn same<R: ambit_model::Row>(table: &str, fingerprint: u64) -> R {
        let schema = every_type::schema();
        let (_, table_schema) = schema.table(table).unwrap();
        let bytes = encode_row(&table_schema.layout(), &every_type::row(table)).unwrap();
        let row = R::decode(&bytes).unwrap();
        assert_eq!(row.encode(), bytes);
        assert_eq!(R::fields(), table_schema.fields());
        assert_eq!(fingerprint, table_schema.fingerprint());
        row
    }

    assert_eq!(same::<PlainRow>("plain", PlainRow::FINGERPRINT).mood, Mood::Angry);
    assert_eq!(same::<HeapRowRow>("heap_row", HeapRowRow::FINGERPRINT).words, ["a", "", "c"]);
    assert_eq!(same::<NestedFixedRow>("nested_fixed", NestedFixedRow::FINGERPRINT).event.class, 42);
    assert_eq!(same::<NestedRow>("nested", NestedRow::FINGERPRINT).event.item.name, "sword");
    assert_eq!(same::<MembershipRow>("membership", MembershipRow::FINGERPRINT).title, "founder");
    let key = MembershipRow::find_key(&5, &"Ada".into());
    assert_eq!(key, [5, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 3, 0, 0, 0, b'A', b'd', b'a']);
    assert_eq!(PlainRow::where_at_key(&ambit_model::Timestamp(1), &2)[8], 2);
    assert_eq!(HeapRowRow::find_by_name_key(&"ab".into()), [8, 0, 0, 0, 2, 0, 0, 0, b'a', b'b']);
}

#[test]
fn a_tier_names_columns_of_every_type() {
    type Columns = PlainColumns;
    let query = PlainRow::query().tier(80.0, 5.0, &[&Columns::FLAG, &Columns::TURN, &Columns::MAYBE_STATS]);
    assert_eq!(query.wanted_delivery().tiers[0].columns, ["flag", "turn", "maybe_stats"]);
}

#[test]
fn a_database_needs_a_connection() {
    let mut client = ambit_client::Client::connect(ambit_client::Options::default());
    let problem = Database::new(&mut client).unwrap_err();
    assert_eq!(problem, ambit_client::BindError::NotConnected);
}

#[allow(dead_code, reason = "the schema is larger than the test")]
#[rustfmt::skip]
#[path = "generated/rust/database.g.rs"]
mod rust_database;
