//! Table imports given pointers, lengths, batches, keys and cursors that are wrong.

use super::*;

/// A batch at 1024 with one row of 32 bytes: id 0, weight 7, place (1, 2).
const ROW: &str = r#"(data (i32.const 1024)
    "\00\00\00\00\20\00\00\00" "\00\00\00\00\00\00\00\00" "\07\00\00\00\00\00\00\00"
    "\00\00\00\00\00\00\f0\3f" "\00\00\00\00\00\00\00\40")"#;

fn store_rows(instance: &Instance) -> usize {
    instance.store().count(0)
}

#[test]
fn every_pointer_is_checked() {
    for body in [
        "(call $get (i32.const 0) (i32.const 0) (i32.const -8) (i32.const 8) (i32.const 0) (i32.const 64))",
        "(call $get (i32.const 0) (i32.const 0) (i32.const 262140) (i32.const 8) (i32.const 0) (i32.const 64))",
        "(call $insert (i32.const 0) (i32.const 262144) (i32.const 8))",
        "(call $insert (i32.const 0) (i32.const -1) (i32.const 2))",
        "(call $update (i32.const 0) (i32.const 0) (i32.const 262140) (i32.const 48))",
        "(call $patch (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 8) (i64.const 1) (i32.const 0) (i32.const 0))",
        "(call $delete (i32.const 0) (i32.const 0) (i32.const 262144) (i32.const 1))",
        "(call $scan (i32.const 0) (i32.const 1) (i32.const 262144) (i32.const 8) (i32.const 0) (i32.const 64))",
        "(call $scan (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const -1))",
        "(call $near (i32.const 0) (i32.const 2) (f64.const 0) (f64.const 0) (f64.const 0) (f64.const 1) (i32.const 262144) (i32.const 1))",
        "(call $error_text (i32.const 262144) (i32.const 1))",
    ] {
        let text = trap(&format!("(i32.wrap_i64 {body})"));
        assert!(text.contains("outside its memory"), "{body}: {text}");
    }
}

#[test]
fn unknown_tables_and_indexes_are_codes() {
    assert_eq!(status("(call $count (i32.const 2))"), -4);
    assert_eq!(status("(call $count (i32.const 65536))"), -4);
    let get = |table: i32, index: i32| {
        status(&format!(
            "(call $get (i32.const {table}) (i32.const {index}) (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 64))"
        ))
    };
    assert_eq!(get(0, 0), -1);
    assert_eq!(get(9, 0), -4);
    assert_eq!(get(0, 9), -5);
    assert_eq!(get(0, 65_536), -5);
    assert_eq!(get(0, 1), -5, "an index that is not unique");
    assert_eq!(get(0, 2), -5, "a spatial index");
    assert_eq!(
        status(
            "(call $get (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 7) (i32.const 0) (i32.const 64))"
        ),
        -6
    );
    let update = |index: i32| {
        status(&format!("(call $update (i32.const 0) (i32.const {index}) (i32.const 0) (i32.const 48))"))
    };
    assert_eq!(update(9), -5);
    assert_eq!(update(0), -7, "an entry of no bytes");
}

#[test]
fn lying_batches_are_codes() {
    let insert = |header: &str, length: i32| {
        let body =
            format!("(i32.wrap_i64 (call $insert (i32.const 0) (i32.const 1024) (i32.const {length})))");
        let mut instance = start(&body, &format!(r#"(data (i32.const 1024) "{header}")"#));
        let result = call(&mut instance);
        assert_eq!(store_rows(&instance), 0);
        result.unwrap_err().to_string()
    };
    assert!(insert(r"\00\00\00\00\ff\ff\ff\ff", 40).ends_with("-7"), "longer than the batch");
    assert!(insert(r"\00\00\00\00\21\00\00\00", 40).ends_with("-7"), "one byte longer");
    assert!(insert(r"\00\00\00\00\1f\00\00\00", 40).ends_with("-7"), "shorter than a row");
    assert!(insert(r"\00\00\00\00\00\00\00\00", 8).ends_with("-7"), "no row at all");
    assert!(insert(r"\00\00", 2).ends_with("-7"), "no whole header");
}

/// A thousand texts in the same 40,000 bytes would make a key of 40 MB; with larger numbers, of terabytes.
#[test]
fn references_that_name_the_same_bytes_are_no_row() {
    let body = "(local $place i32)
        (i32.store (i32.const 4) (i32.const 48008))
        (i32.store (i32.const 8) (i32.const 8))
        (i32.store (i32.const 12) (i32.const 1000))
        (local.set $place (i32.const 16))
        (loop
            (i32.store (local.get $place) (i32.const 8008))
            (i32.store (i32.add (local.get $place) (i32.const 4)) (i32.const 40000))
            (local.set $place (i32.add (local.get $place) (i32.const 8)))
            (br_if 0 (i32.lt_u (local.get $place) (i32.const 8016))))
        (i32.wrap_i64 (call $update (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 48016)))";
    let error = call(&mut start(body, "")).unwrap_err().to_string();
    assert!(error.ends_with("-7"), "{error}");
}

#[test]
fn a_good_row_goes_in_is_completed_found_changed_and_deleted() {
    let mut instance = start(
        "(i32.wrap_i64 (i64.sub (call $insert (i32.const 0) (i32.const 1024) (i32.const 40)) (i64.const 1)))",
        ROW,
    );
    assert_eq!(call(&mut instance), Ok(()));
    // The instance's memory still holds the number that was filled in: a second insert collides with it.
    let error = call(&mut instance).unwrap_err().to_string();
    assert!(error.ends_with("-3"), "{error}");
    assert_eq!(store_rows(&instance), 1);

    let module = compile(&wat(
        "(if (i64.ne (call $get (i32.const 0) (i32.const 0) (i32.const 2048) (i32.const 8) (i32.const 4096) (i32.const 8)) (i64.const 32)) (then unreachable))
         (if (i64.ne (i64.load (i32.const 4096)) (i64.const 0)) (then unreachable))
         (if (i64.ne (call $get (i32.const 0) (i32.const 0) (i32.const 2048) (i32.const 8) (i32.const 4096) (i32.const 32)) (i64.const 32)) (then unreachable))
         (if (i32.ne (i32.load (i32.const 4104)) (i32.const 7)) (then unreachable))
         (if (i64.ne (call $patch (i32.const 0) (i32.const 0) (i32.const 2048) (i32.const 8) (i64.const 2) (i32.const 2056) (i32.const 4)) (i64.const 1)) (then unreachable))
         (drop (call $get (i32.const 0) (i32.const 0) (i32.const 2048) (i32.const 8) (i32.const 4096) (i32.const 32)))
         (if (i32.ne (i32.load (i32.const 4104)) (i32.const 9)) (then unreachable))
         (if (i64.ne (call $count (i32.const 0)) (i64.const 1)) (then unreachable))
         (if (i64.ne (call $delete (i32.const 0) (i32.const 0) (i32.const 2048) (i32.const 8)) (i64.const 1)) (then unreachable))
         (if (i64.ne (call $delete (i32.const 0) (i32.const 0) (i32.const 2048) (i32.const 8)) (i64.const 0)) (then unreachable))
         (i32.const 0)",
        r#"(data (i32.const 2048) "\01\00\00\00\00\00\00\00" "\09\00\00\00")"#,
    ))
    .unwrap();
    let mut instance = Instance::new(&module, instance.into_store()).unwrap();
    assert_eq!(call(&mut instance), Ok(()));
    assert_eq!(store_rows(&instance), 0);
}

#[test]
fn a_call_that_fails_after_writing_leaves_nothing() {
    let body = "(drop (call $insert (i32.const 0) (i32.const 1024) (i32.const 40))) unreachable";
    let mut instance = start(body, ROW);
    assert!(matches!(call(&mut instance), Err(CallError::Trapped(_))));
    assert_eq!(store_rows(&instance), 0);
}

#[test]
fn a_call_cannot_write_without_end() {
    let body = "(local $result i64)
        (loop
            (local.set $result (call $patch (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8) (i64.const 1) (i32.const 0) (i32.const 262144)))
            (br_if 0 (i64.eq (local.get $result) (i64.const -1))))
        (i32.wrap_i64 (local.get $result))";
    let error = call(&mut start(body, "")).unwrap_err().to_string();
    assert!(error.ends_with("-8"), "{error}");
    assert_eq!(status("(call $insert (i32.const 0) (i32.const 0) (i32.const 16777217))"), -8);
}

/// Inserts two rows and opens scans that have room for one.
fn scanning(body: &str) -> Instance {
    let insert = "(drop (call $insert (i32.const 0) (i32.const 1024) (i32.const 40)))
        (i64.store (i32.const 1032) (i64.const 0))
        (drop (call $insert (i32.const 0) (i32.const 1024) (i32.const 40)))";
    let scan = "(func $open (result i64)
        (call $scan (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 4096) (i32.const 40)))";
    start(&format!("(local $cursor i64) {insert} {body}"), &format!("{ROW} {scan}"))
}

#[test]
fn cursors_end_and_cannot_be_used_after_that() {
    let mut instance = scanning(
        "(if (i64.ne (call $open) (i64.const 0x1_0000_0028)) (then unreachable))
         (if (i64.ne (call $open) (i64.const 0x2_0000_0028)) (then unreachable))
         (if (i64.ne (call $scan_next (i32.const 1) (i32.const 4096) (i32.const 39)) (i64.const 0x1_0000_0000)) (then unreachable))
         (if (i64.ne (call $scan_next (i32.const 1) (i32.const 4096) (i32.const 40)) (i64.const 40)) (then unreachable))
         (if (i64.ne (call $scan_next (i32.const 1) (i32.const 4096) (i32.const 40)) (i64.const -11)) (then unreachable))
         (if (i64.ne (call $scan_close (i32.const 2)) (i64.const 0)) (then unreachable))
         (if (i64.ne (call $scan_close (i32.const 2)) (i64.const -11)) (then unreachable))
         (if (i64.ne (call $scan_next (i32.const 0) (i32.const 4096) (i32.const 40)) (i64.const -11)) (then unreachable))
         (i32.const 0)",
    );
    assert_eq!(call(&mut instance), Ok(()));
}

#[test]
fn a_call_may_open_64_cursors_which_end_with_it() {
    let mut instance = scanning(
        "(loop (local.set $cursor (call $open)) (br_if 0 (i64.gt_s (local.get $cursor) (i64.const 0))))
         (if (i64.ne (call $scan_close (i32.const 64)) (i64.const 0)) (then unreachable))
         (if (i64.ne (call $open) (i64.const 0x41_0000_0028)) (then unreachable))
         (i32.wrap_i64 (local.get $cursor))",
    );
    for _ in 0..3 {
        let error = call(&mut instance).unwrap_err().to_string();
        assert!(error.ends_with("-8"), "{error}");
    }
}

#[test]
fn a_scan_gives_neither_deleted_rows_nor_new_ones_in_their_place() {
    // Row 2 is deleted and row 3 takes its slot while the scan stands between 1 and 2.
    let mut instance = scanning(
        "(drop (call $open))
         (i64.store (i32.const 2048) (i64.const 2))
         (if (i64.ne (call $delete (i32.const 0) (i32.const 0) (i32.const 2048) (i32.const 8)) (i64.const 1)) (then unreachable))
         (i64.store (i32.const 1032) (i64.const 0))
         (if (i64.ne (call $insert (i32.const 0) (i32.const 1024) (i32.const 40)) (i64.const 1)) (then unreachable))
         (if (i64.ne (call $scan_next (i32.const 1) (i32.const 4096) (i32.const 40)) (i64.const 0)) (then unreachable))
         (i32.const 0)",
    );
    assert_eq!(call(&mut instance), Ok(()));
    assert_eq!(store_rows(&instance), 2);
}

#[test]
fn bounds_and_circles_are_checked() {
    let scan = |bounds: &str, length: i32| {
        let body = format!(
            "(i32.wrap_i64 (call $scan (i32.const 0) (i32.const 1) (i32.const 2048) (i32.const {length}) (i32.const 4096) (i32.const 64)))"
        );
        match call(&mut start(&body, &format!(r#"(data (i32.const 2048) "{bounds}")"#))) {
            Ok(()) => "0".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    assert!(scan(r"\00\00\00\00\00\00\00\00", 8).ends_with('0'), "everything");
    assert!(scan(r"\03\00\01\00\08\00\00\00\07\00\00\00\00\00\00\00", 16).ends_with('0'), "equality");
    assert!(scan(r"\09", 8).ends_with("-6"), "an unknown kind");
    assert!(scan(r"\01\00\01\00\ff\ff\ff\ff", 8).ends_with("-6"), "a key past the end");
    assert!(scan(r"\01\00\07\00\08\00\00\00", 16).ends_with("-6"), "more columns than the index has");
    assert!(scan(r"\01\00\01\00\04\00\00\00", 16).ends_with("-6"), "half a key");
    let near = |radius: &str| {
        status(&format!(
            "(call $near (i32.const 0) (i32.const 2) (f64.const 0) (f64.const 0) (f64.const 0) (f64.const {radius}) (i32.const 0) (i32.const 64))"
        ))
    };
    assert_eq!(near("5"), 0);
    assert_eq!(near("1e300"), 0);
    assert!(near("nan") < 0);
    assert!(near("-1") < 0);
}

#[test]
fn the_text_of_an_error_names_table_and_index() {
    let body = "(local $length i64)
        (drop (call $get (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 0)))
        (local.set $length (call $error_text (i32.const 4096) (i32.const 4096)))
        (call $fail (i32.const 4096) (i32.wrap_i64 (local.get $length)))
        (i32.const 1)";
    let expected = "table `item` has no row with this key in index `id`";
    assert_eq!(call(&mut start(body, "")), Err(CallError::Failed(expected.into())));
}
