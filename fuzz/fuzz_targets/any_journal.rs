//! What the fuzz targets of log records and heads of snapshots do with bytes, and `server/journal/tests/corpus.rs` with each
//! file of their corpora.

use ambit_journal::{Recovery, State};

/// Records, each behind its length as a u32.
#[allow(dead_code)]
pub fn framed(records: &[Vec<u8>]) -> Vec<u8> {
    let frame = |record: &Vec<u8>| [&u32::try_from(record.len()).unwrap().to_le_bytes()[..], record].concat();
    records.iter().flat_map(frame).collect()
}

/// Any bytes are records that are applied one after the other, or a typed error that leaves everything as it was.
pub fn commits(mut bytes: &[u8]) {
    let mut recovery = Recovery::default();
    let mut offset = 0;
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let length = u32::from_le_bytes(*length) as usize;
        let (record, rest) = rest.split_at(length.min(rest.len()));
        bytes = rest;
        offset += 1;
        let before = recovery.state().clone();
        if recovery.apply(offset, record).is_err() {
            assert_eq!(recovery.last_offset(), before.last_offset);
            // The database would not go on; nor does it here.
            break;
        }
    }
    recovery.finish();
    let (head, _) = recovery.freeze().expect("a recovery has no open transaction");
    let (state, schema) = State::decode_head(&head).expect("its own head");
    assert_eq!(
        (&state.publications, &state.journal.own),
        (&recovery.state().publications, &recovery.state().journal.own)
    );
    assert_eq!(schema, *recovery.schema());
}

/// Any bytes are a head that is written as it was read, or a typed error.
pub fn head(bytes: &[u8]) {
    if let Ok((state, schema)) = State::decode_head(bytes) {
        let written = state.encode_head(&schema);
        let (again, schema_again) = State::decode_head(&written).expect("its own head");
        assert_eq!((state, schema), (again, schema_again));
    }
}
