//! Migrations: what they can read of the database as it was, what they cannot do, and what becomes of it all.

use ambit_model::{EnumType, Field, MigrationSchema, StructType, Value, Variant, encode_row};

use super::*;

fn column(name: &str, ty: ColumnType) -> ColumnSchema {
    ColumnSchema::new(name, ty)
}

fn index(name: &str, columns: &[u16], kind: IndexKind, unique: bool) -> IndexSchema {
    IndexSchema { name: name.into(), columns: columns.into(), kind, unique }
}

fn plain_enum(name: &str, variants: &[&str]) -> ColumnType {
    let variants = variants.iter().map(|name| Variant { name: (*name).into(), fields: Vec::new() }).collect();
    ColumnType::Enum(Arc::new(EnumType { name: name.into(), variants }))
}

/// `item { id u64, weight u16, mood, place Vec2 }`, 24 bytes a row, as a database of version 0 has it.
fn old_item(mood: &str) -> TableSchema {
    TableSchema {
        name: "item".into(),
        columns: vec![
            column("id", ColumnType::U64),
            column("weight", ColumnType::U16),
            column("mood", plain_enum(mood, &["calm", "angry"])),
            column("place", ColumnType::Vec2),
        ],
        indexes: vec![
            index("weight", &[1], IndexKind::Ordered, false),
            index("place", &[3], IndexKind::Spatial { cell: 4.0 }, false),
            index("id", &[0], IndexKind::Hash, true),
        ],
        primary: Some(2),
        ..TableSchema::default()
    }
}

/// The same table as the module declares it: its enum is called otherwise, and the indexes stand in another order.
fn declared_item() -> TableSchema {
    let mut item = old_item("MoodV0");
    item.indexes = vec![
        index("id", &[0], IndexKind::Hash, true),
        index("place", &[3], IndexKind::Spatial { cell: 32.0 }, false),
    ];
    item.primary = Some(0);
    item
}

/// The module's schema with a migration from version 0. The item as it was is table 2.
fn migrating(reads: Vec<TableSchema>) -> Schema {
    let migrations = vec![MigrationSchema { name: "from_0".into(), from: 0, reads }];
    Schema { version: 1, migrations, ..schema() }
}

/// A database of version 0 with three items; an unrelated table comes first.
fn former() -> Store {
    let other = TableSchema {
        name: "earlier".into(),
        columns: vec![column("a", ColumnType::U8)],
        ..TableSchema::default()
    };
    let schema = Schema { tables: vec![other, old_item("Mood")], ..Schema::default() };
    let layout = schema.tables[1].layout();
    let mut store = Store::new(Arc::new(schema));
    for id in 1..=3u8 {
        let place = ambit_model::glam::Vec2::new(f32::from(id) * 10.0, 0.0);
        let values = [Value::U64(id.into()), Value::U16(7), Value::Enum(id % 2, vec![]), Value::Vec2(place)];
        store.insert(1, &mut encode_row(&layout, &values).unwrap()).unwrap();
    }
    drop(store.commit());
    store
}

fn start_migrating(body: &str, more: &str) -> Instance {
    let schema = migrating(vec![declared_item()]);
    let module = compile(&wat_of(&schema, body, more)).unwrap();
    assert_eq!(**module.schema(), schema);
    Instance::new(&module, Store::new(Arc::new(super::schema()))).unwrap()
}

/// Runs the migration; the former database comes back as it was.
#[track_caller]
fn migrate(instance: &mut Instance) -> Result<(), CallError> {
    let (result, former) = instance.call_migration(&CallHeader::default(), 0, former());
    assert_eq!((former.count(1), former.has_changes()), (3, false));
    match &result {
        Ok(()) => drop(instance.store_mut().commit()),
        Err(_) => instance.store_mut().rollback(),
    }
    result
}

/// Runs a migration whose body leaves an import's result, and gives that.
#[track_caller]
fn result(body: &str) -> i64 {
    let mut instance = start_migrating(&format!("(i32.wrap_i64 {body})"), "");
    match migrate(&mut instance) {
        Ok(()) => 0,
        Err(CallError::Failed(_)) => 1,
        Err(CallError::Refused(text)) => text.rsplit(' ').next().unwrap().parse().unwrap(),
        Err(other) => panic!("{body}: {other}"),
    }
}

#[test]
fn a_migration_is_told_what_it_is() {
    let body = "(i32.or (i32.ne (local.get $kind) (i32.const 1)) (i32.or (local.get $id) (i32.ne (local.get $len) (i32.const 96))))";
    assert_eq!(migrate(&mut start_migrating(body, "")), Ok(()));
    let mut unknown = start_migrating("(i32.const 2)", "");
    let expected = CallError::Refused("it has no such reducer or migration".into());
    assert_eq!(migrate(&mut unknown), Err(expected));
    let (refused, former) = unknown.call_migration(&CallHeader::default(), 1, former());
    assert_eq!(refused, Err(CallError::Refused("it has no migration with the number 1".into())));
    assert_eq!(former.count(1), 3);
}

#[test]
fn the_old_table_answers_by_the_indexes_that_are_declared() {
    let body = r"
        (if (i64.ne (call $count (i32.const 2)) (i64.const 3)) (then unreachable))
        (if (i64.ne (call $count (i32.const 0)) (i64.const 0)) (then unreachable))
        (i64.store (i32.const 2048) (i64.const 2))
        (if (i64.ne (call $get (i32.const 2) (i32.const 0) (i32.const 2048) (i32.const 8) (i32.const 4096) (i32.const 24)) (i64.const 0x1_0000_0018)) (then unreachable))
        (if (i64.ne (i64.load (i32.const 4096)) (i64.const 2)) (then unreachable))
        (if (i64.ne (call $scan (i32.const 2) (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 4096) (i32.const 96)) (i64.const 96)) (then unreachable))
        (if (i64.ne (call $near (i32.const 2) (i32.const 1) (f64.const 31) (f64.const 0) (f64.const 0) (f64.const 2) (i32.const 4096) (i32.const 96)) (i64.const 32)) (then unreachable))
        (if (i64.ne (i64.load (i32.const 4104)) (i64.const 3)) (then unreachable))
        (if (i64.ne (call $scan (i32.const 2) (i32.const 2) (i32.const 0) (i32.const 8) (i32.const 4096) (i32.const 96)) (i64.const -5)) (then unreachable))
        (if (i64.ne (call $count (i32.const 3)) (i64.const -4)) (then unreachable))
        (i32.const 0)";
    assert_eq!(migrate(&mut start_migrating(body, "")), Ok(()));
}

#[test]
fn the_old_table_cannot_be_changed() {
    let insert = "(call $insert (i32.const 2) (i32.const 0) (i32.const 0))";
    assert_eq!(result(insert), -4);
    assert_eq!(result("(call $update (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0))"), -4);
    assert_eq!(
        result(
            "(call $patch (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 8) (i64.const 0) (i32.const 0) (i32.const 0))"
        ),
        -4
    );
    assert_eq!(result("(call $delete (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 8))"), -4);
    let explain = format!(
        "(drop {insert}) (call $fail (i32.const 4096) (i32.wrap_i64 (call $error_text (i32.const 4096) (i32.const 4096)))) (i32.const 1)"
    );
    let expected = "the table `item` as it was before the migration can only be read";
    assert_eq!(migrate(&mut start_migrating(&explain, "")), Err(CallError::Failed(expected.into())));
}

#[test]
fn a_key_that_the_old_table_does_not_have_is_told_by_name() {
    let body = "
        (drop (call $get (i32.const 2) (i32.const 0) (i32.const 2048) (i32.const 8) (i32.const 0) (i32.const 0)))
        (call $fail (i32.const 4096) (i32.wrap_i64 (call $error_text (i32.const 4096) (i32.const 4096)))) (i32.const 1)";
    let expected = "table `item` has no row with this key in index `id`";
    assert_eq!(migrate(&mut start_migrating(body, "")), Err(CallError::Failed(expected.into())));
}

#[test]
fn a_scan_of_the_old_table_gives_all_of_it_while_new_rows_come() {
    // The new rows get the slots of those that the scan has yet to give, in a table of the same number.
    let reversed = Schema { tables: schema().tables.into_iter().rev().collect(), ..Schema::default() };
    let row = r#"(data (i32.const 1024) "\00\00\00\00\20\00\00\00")
        (func $add (i64.store (i32.const 1032) (i64.const 0)) (drop (call $insert (i32.const 0) (i32.const 1024) (i32.const 40))))"#;
    let body = "(local $cursor i64) (local $rows i32)
        (local.set $cursor (call $scan (i32.const 2) (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 4096) (i32.const 32)))
        (call $add) (call $add) (call $add)
        (loop
            (local.set $rows (i32.add (local.get $rows) (i32.shr_u (i32.wrap_i64 (local.get $cursor)) (i32.const 5))))
            (if (i64.gt_u (local.get $cursor) (i64.const 0xffffffff)) (then
                (local.set $cursor (call $scan_next (i32.wrap_i64 (i64.shr_u (local.get $cursor) (i64.const 32))) (i32.const 4096) (i32.const 32)))
                (br 1))))
        (i32.sub (local.get $rows) (i32.const 3))";
    let module = compile(&wat_of(&migrating(vec![declared_item()]), body, row)).unwrap();
    let mut instance = Instance::new(&module, Store::new(Arc::new(reversed))).unwrap();
    assert_eq!(migrate(&mut instance), Ok(()));
    assert_eq!(instance.store().count(1), 3);
}

#[test]
fn old_tables_exist_while_a_migration_runs_and_not_after_it() {
    let body = "(if (result i32) (local.get $kind) (then (i32.const 0)) (else (i32.wrap_i64 (call $count (i32.const 2)))))";
    let mut instance = start_migrating(body, "");
    for _ in 0..2 {
        let error = call(&mut instance).unwrap_err().to_string();
        assert!(error.ends_with("-4"), "{error}");
        assert_eq!(migrate(&mut instance), Ok(()));
    }
}

#[test]
fn a_migration_that_fails_gives_everything_back_and_the_module_runs_on() {
    let row = r#"(data (i32.const 1024) "\00\00\00\00\20\00\00\00") (data (i32.const 16) "no gold left")"#;
    let insert = "(drop (call $insert (i32.const 0) (i32.const 1024) (i32.const 40)))";
    for (end, expected) in [
        ("unreachable", "the module was stopped: wasm trap: wasm `unreachable` instruction executed"),
        ("(call $abort (i32.const 16) (i32.const 12)) (i32.const 0)", "the module panicked: no gold left"),
        ("(call $fail (i32.const 16) (i32.const 12)) (i32.const 1)", "no gold left"),
    ] {
        let body = format!("(if (i32.eqz (local.get $kind)) (then (return (i32.const 0)))) {insert} {end}");
        let mut instance = start_migrating(&body, row);
        for _ in 0..2 {
            assert_eq!(migrate(&mut instance).unwrap_err().to_string(), expected);
            assert_eq!(instance.store().count(0), 0);
            assert_eq!(call(&mut instance), Ok(()));
        }
    }
}

#[test]
fn an_endless_migration_ends_at_its_own_deadline() {
    let runtime = Runtime::new().unwrap();
    let _ticker = runtime.start_ticker().unwrap();
    let text = wat_of(&migrating(Vec::new()), "(loop (br 0)) (i32.const 0)", "");
    let module = Module::compile(&runtime, &wat::parse_str(text).unwrap(), limits()).unwrap();
    let mut instance = Instance::new(&module, Store::new(Arc::new(schema()))).unwrap();
    assert_eq!(migrate(&mut instance), Err(CallError::Deadline { deadline_ms: 100 }));
    assert_eq!(call(&mut instance), Err(CallError::Deadline { deadline_ms: 50 }));
}

#[test]
fn a_migration_may_write_more_than_a_call() {
    // 300 patches of 256 KiB of a row that does not exist.
    let body = "(local $n i32) (local $result i64)
        (loop
            (local.set $result (call $patch (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8) (i64.const 1) (i32.const 0) (i32.const 262144)))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $n) (i32.const 300))))
        (i32.wrap_i64 (local.get $result))";
    let mut instance = start_migrating(body, "");
    let error = migrate(&mut instance).unwrap_err().to_string();
    assert!(error.ends_with("-1"), "{error}");
    let error = call(&mut instance).unwrap_err().to_string();
    assert!(error.ends_with("-8"), "{error}");
}

/// What is said of a migration that declares the table so.
#[track_caller]
fn refusal(change: impl FnOnce(&mut TableSchema)) -> String {
    let mut table = declared_item();
    change(&mut table);
    let schema = migrating(vec![table]);
    let module = compile(&wat_of(&schema, "unreachable", "")).unwrap();
    let mut instance = Instance::new(&module, Store::new(Arc::new(super::schema()))).unwrap();
    match migrate(&mut instance) {
        Err(CallError::Refused(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_difference_between_declaration_and_database_is_named() {
    let check = |expected: &str, change: &dyn Fn(&mut TableSchema)| {
        assert_eq!(refusal(change), format!("the migration `from_0` {expected}"));
    };
    check("reads the table `weapon`, which the database never had", &|table| table.name = "weapon".into());
    check("reads the column `weight` of the table `item` as u32; in the database it was u16", &|table| {
        table.columns[1].ty = ColumnType::U32;
    });
    check("reads the table `item` with the column `mass` where the database had `weight`", &|table| {
        table.columns[1].name = "mass".into();
    });
    check("reads the table `item` without its last column `place`", &|table| {
        table.columns.pop();
        table.indexes.pop();
    });
    check("reads the column `more` of the table `item`, which had no such column", &|table| {
        table.columns.push(column("more", ColumnType::U8));
    });
    check("reads the column `mood` of the table `item` as MoodV0; in the database it was Mood", &|table| {
        table.columns[2].ty = plain_enum("MoodV0", &["calm", "sad"]);
    });
    check("asks the index `id` of the table `item`, which had no such index in the database", &|table| {
        table.indexes[0].kind = IndexKind::Ordered;
    });
}

#[test]
fn types_are_compared_by_what_they_hold_and_not_by_their_own_names() {
    let nested = |name: &str, leaf: ColumnType| {
        let fields = vec![Field { name: "leaf".into(), ty: leaf }];
        ColumnType::Vec(Box::new(ColumnType::Option(Box::new(ColumnType::Struct(Arc::new(StructType {
            name: name.into(),
            fields,
        }))))))
    };
    let table = |ty: ColumnType| TableSchema {
        name: "item".into(),
        columns: vec![column("value", ty)],
        ..TableSchema::default()
    };
    let run = |declared: ColumnType, found: ColumnType| {
        let module = compile(&wat_of(&migrating(vec![table(declared)]), "(i32.const 0)", "")).unwrap();
        let mut instance = Instance::new(&module, Store::new(Arc::new(schema()))).unwrap();
        let former = Store::new(Arc::new(Schema { tables: vec![table(found)], ..Schema::default() }));
        instance.call_migration(&CallHeader::default(), 0, former).0
    };
    assert_eq!(run(nested("A", ColumnType::U8), nested("B", ColumnType::U8)), Ok(()));
    assert!(run(nested("A", ColumnType::U8), nested("A", ColumnType::I8)).is_err());
    assert!(run(nested("A", ColumnType::U8), ColumnType::Vec(Box::new(ColumnType::U8))).is_err());
}

#[test]
fn a_store_may_number_its_tables_otherwise() {
    // The module's `item` is table 0, the store's is table 1.
    let schema = Schema { tables: schema().tables.into_iter().rev().collect(), ..Schema::default() };
    let row = r#"(data (i32.const 1024) "\00\00\00\00\20\00\00\00")"#;
    let body =
        "(i32.wrap_i64 (i64.sub (call $insert (i32.const 0) (i32.const 1024) (i32.const 40)) (i64.const 1)))";
    let mut instance =
        Instance::new(&compile(&wat(body, row)).unwrap(), Store::new(Arc::new(schema))).unwrap();
    assert_eq!(call(&mut instance), Ok(()));
    assert_eq!((instance.store().count(0), instance.store().count(1)), (0, 1));
}
