//! Records written and read back, the committed bytes of version 1, and damage.

use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Identity, Lifecycle, ReducerSchema, Schema, TableSchema,
    Timestamp,
};

use super::{CallRecord, Journal, Logged, LoggedError, Seeds};

const OWN: Identity = Identity([7; 32]);
const PLAYER: Identity = Identity([1; 32]);
const CONNECTION: ConnectionId = ConnectionId([2; 16]);

fn schema() -> Schema {
    let table = TableSchema {
        name: "player".into(),
        columns: vec![ColumnSchema::new("id", ColumnType::U32)],
        ..TableSchema::default()
    };
    let mut schema = Schema { tables: vec![table], ..Schema::default() };
    let reducers = [
        ("walk", Lifecycle::Call),
        ("step", Lifecycle::Tick { every_us: 50_000 }),
        ("leave", Lifecycle::ClientDisconnected),
    ];
    for (name, lifecycle) in reducers {
        schema.reducers.push(ReducerSchema {
            name: name.into(),
            lifecycle,
            params: Vec::new(),
            doc: String::new(),
        });
    }
    schema
}

fn record(reducer: u16, timestamp: i64, draw: u64) -> CallRecord<'static> {
    CallRecord {
        caller: PLAYER,
        connection: CONNECTION,
        reducer,
        timestamp: Timestamp(timestamp),
        draw,
        ends_session: false,
        arguments: &[],
        body: b"body",
    }
}

/// A publication, a call that names its session and the key, one of the same session, a tick, a call of somebody
/// without a connection, and the end of the session.
fn records() -> Vec<Vec<u8>> {
    let mut journal = Journal { own: OWN, seeds: Seeds::new(99), ..Journal::default() };
    let calls = [
        CallRecord { arguments: b"where", ..record(0, 1_000, 1) },
        record(0, 1_200, 5),
        CallRecord { caller: OWN, connection: ConnectionId::default(), ..record(1, 1_100, 6) },
        CallRecord { connection: ConnectionId::default(), ..record(0, 2_000, 7) },
        CallRecord { ends_session: true, ..record(2, 3_000, 8) },
    ];
    let mut published = Vec::new();
    journal.write_publish(Timestamp(500), &[3; 32], &schema(), b"made", &mut published);
    let mut records = vec![published];
    for call in &calls {
        let mut bytes = Vec::new();
        journal.write_call(call, &mut bytes);
        records.push(bytes);
    }
    records
}

/// Each record behind its length as a u32.
fn framed(records: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        bytes.extend_from_slice(&u32::try_from(record.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(record);
    }
    bytes
}

fn unframed(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (record, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        records.push(record.to_vec());
        bytes = rest;
    }
    records
}

/// The bytes of version 1 stay readable, and writing still makes them. `AMBIT_BLESS=1` writes them anew.
#[test]
fn the_committed_fixtures_read_as_ever() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let intact = folder.join("v1-intact.commits");
    let damaged = folder.join("v1-damaged.commits");
    if std::env::var_os("AMBIT_BLESS").is_some() {
        let mut records = records();
        std::fs::write(&intact, framed(&records)).unwrap();
        records[2][1] = 9;
        std::fs::write(&damaged, framed(&records)).unwrap();
    }

    let records = unframed(&std::fs::read(&intact).unwrap());
    assert_eq!(records, self::records(), "the bytes of version 1 are settled");
    let (mut journal, schema) = (Journal::default(), schema());
    let Logged::Publish { timestamp, module, schema: published, body } =
        journal.read(&Schema::default(), &records[0]).unwrap()
    else {
        panic!("no publication");
    };
    assert_eq!((timestamp, module, body), (Timestamp(500), [3; 32], &b"made"[..]));
    assert_eq!(published, schema);
    assert_eq!(journal.own, OWN);

    let seeds = Seeds::new(99);
    let mut calls = Vec::new();
    for record in &records[1..] {
        let Logged::Call { caller, connection, reducer, timestamp, seed, dt, arguments, body } =
            journal.read(&schema, record).unwrap()
        else {
            panic!("no call");
        };
        assert_eq!(body, b"body");
        calls.push((caller, connection, reducer, timestamp.0, seed, dt.0, arguments.to_vec()));
    }
    let none = ConnectionId::default();
    assert_eq!(
        calls,
        [
            (PLAYER, CONNECTION, 0, 1_000, seeds.seed(1), 0, b"where".to_vec()),
            (PLAYER, CONNECTION, 0, 1_200, seeds.seed(5), 0, Vec::new()),
            (OWN, none, 1, 1_100, seeds.seed(6), 50_000, Vec::new()),
            (PLAYER, none, 0, 2_000, seeds.seed(7), 0, Vec::new()),
            (PLAYER, CONNECTION, 2, 3_000, seeds.seed(8), 0, Vec::new()),
        ]
    );
    assert!(matches!(journal.read(&schema, &records[2]), Err(LoggedError::Session(0))), "its session ended");

    let records = unframed(&std::fs::read(&damaged).unwrap());
    let mut journal = Journal::default();
    for record in &records[..2] {
        journal.read(&schema, record).unwrap();
    }
    assert!(matches!(journal.read(&schema, &records[2]), Err(LoggedError::Session(7))));
}

#[test]
fn an_error_leaves_the_journal_as_it_was() {
    let schema = schema();
    let mut journal = Journal::default();
    for record in records() {
        // The fields before the body: a shorter body is for the store to refuse.
        let head = record.len() - 4;
        for length in 0..head {
            let mut copy = journal.clone();
            assert!(copy.read(&schema, &record[..length]).is_err(), "{length} bytes of {record:?}");
            assert_eq!(copy, journal, "{length} bytes of {record:?}");
        }
        for (place, mask) in (0..head).flat_map(|place| [1, 0x10, 0x80, 0xff].map(|mask| (place, mask))) {
            let mut bytes = record.clone();
            bytes[place] ^= mask;
            let mut copy = journal.clone();
            if copy.read(&schema, &bytes).is_err() {
                assert_eq!(copy, journal, "byte {place} of {record:?}");
            }
        }
        journal.read(&schema, &record).unwrap();
    }
}
