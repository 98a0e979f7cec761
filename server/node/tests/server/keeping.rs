//! What is there afterwards: after restarts and crashes, from snapshots, and from backups.

use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use ambit_model::Value;
use ambit_model::glam::Vec2;
use ambit_node::{Offline, verify_backup_file};
use serde_json::json;

use crate::world::World;

/// The testbed with three quads, a place and somebody who looks at it.
fn furnished() -> World {
    let world = World::with_bank();
    for (reducer, arguments) in
        [("add_quads", json!([3])), ("add_place", json!([[1.0, 2.0], null])), ("look_at", json!([1]))]
    {
        let (status, text) = world.call(reducer, arguments);
        assert_eq!(status, 200, "{text}");
    }
    world
}

/// Asks for a backup, which takes a snapshot.
fn backup(world: &World) -> Vec<u8> {
    let (status, bytes) = world.get_bytes("database/bank/backup", &world.owner);
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
    bytes
}

/// The columns of the quad that `set_two` changes.
fn set_two(world: &World, value: u64) {
    let (status, text) = world.call("set_two", json!([0, value, value]));
    assert_eq!(status, 200, "{text}");
}

/// Microseconds since 1970.
fn now_us() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()
}

fn first_quad(world: &World, database: &str) -> u64 {
    let quads = world.rows(database, "quad", 3);
    let quad = quads.iter().find(|quad| quad[0] == Value::U64(0)).unwrap();
    let Value::U64(a) = quad[1] else { panic!("not a quad: {quad:?}") };
    a
}

fn position(world: &World) -> Value {
    world.rows("bank", "place", 1)[0][1].clone()
}

/// The files of the snapshots, oldest first.
fn snapshots(world: &World) -> Vec<PathBuf> {
    let entries = fs::read_dir(world.database_folder("bank").join("snapshots")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The segment of the log with something in it, and where that ends. The next segment is there too, full of zeros.
fn written_segment(world: &World) -> (PathBuf, usize) {
    let files = fs::read_dir(world.database_folder("bank").join("log")).unwrap();
    let end = |file: &PathBuf| {
        let bytes = fs::read(file).unwrap();
        // Whole pieces at once: the files are large and tests are not optimised.
        let (at, piece) =
            (0..).zip(bytes.chunks(4096)).filter(|(_, piece)| *piece != &[0; 4096][..]).last()?;
        Some(at * 4096 + piece.iter().rposition(|byte| *byte != 0)?)
    };
    let mut written =
        files.map(|entry| entry.unwrap().path()).filter_map(|file| end(&file).map(|end| (file, end)));
    written.next().unwrap()
}

fn flip(file: &PathBuf, place: impl Fn(usize) -> usize) {
    let mut bytes = fs::read(file).unwrap();
    let place = place(bytes.len());
    bytes[place] ^= 0x10;
    fs::write(file, bytes).unwrap();
}

#[test]
fn every_table_survives_a_restart_as_it_promises() {
    let mut world = furnished();
    assert_eq!(world.call("move_place", json!([1, [7.0, 8.0]])).0, 200);
    assert_eq!(world.rows("bank", "onlooker", 1).len(), 1);
    world.stop();
    world.start();
    assert_eq!(world.rows("bank", "quad", 3).len(), 3);
    // A stop in order ends with a snapshot.
    assert_eq!(position(&world), Value::Vec2(Vec2::new(7.0, 8.0)));
    assert!(world.rows("bank", "onlooker", 0).is_empty());
    // Numbers are not given again.
    assert_eq!(world.call("add_place", json!([[3.0, 4.0], null])).0, 200);
    assert_eq!(world.call("look_at", json!([2])).0, 200);
    assert_eq!(world.rows("bank", "place", 2)[1][0], Value::U64(2));
}

#[test]
fn after_a_crash_checkpointed_rows_are_those_of_the_last_snapshot() {
    let world = furnished();
    backup(&world);
    assert_eq!(world.call("move_place", json!([1, [7.0, 8.0]])).0, 200);
    set_two(&world, 5);
    world.settle();
    let mut crashed = world.crashed();
    crashed.start();
    assert_eq!(position(&crashed), Value::Vec2(Vec2::new(1.0, 2.0)));
    assert_eq!(first_quad(&crashed, "bank"), 5);
    assert!(crashed.rows("bank", "onlooker", 0).is_empty());
    // The number 1 was given to a place that is in the snapshot; later ones may have been given too.
    assert_eq!(crashed.call("add_place", json!([[0.0, 0.0], null])).0, 200);
    let places = crashed.rows("bank", "place", 2);
    assert!(matches!(places[1][0], Value::U64(id) if id > 1), "{places:?}");
}

#[test]
fn a_damaged_snapshot_gives_way_to_the_one_before() {
    let world = furnished();
    backup(&world);
    set_two(&world, 5);
    backup(&world);
    set_two(&world, 6);
    world.settle();
    let mut crashed = world.crashed();
    let files = snapshots(&crashed);
    let [older, newer] = &files[..] else { panic!("{files:?}") };
    flip(newer, |bytes| bytes / 2);
    crashed.start();
    assert_eq!(first_quad(&crashed, "bank"), 6);
    assert_eq!(position(&crashed), Value::Vec2(Vec2::new(1.0, 2.0)));
    let logs = crashed.logs();
    assert!(logs.contains("is damaged and was left out"), "{logs}");
    drop(crashed);

    // Both: the log is still whole, and durable rows are all there.
    let mut crashed = world.crashed();
    for file in snapshots(&crashed) {
        flip(&file, |bytes| bytes - 9);
    }
    crashed.start();
    assert_eq!(first_quad(&crashed, "bank"), 6);
    drop(crashed);

    // And nothing at all: that is no new database.
    let mut crashed = world.crashed();
    flip(&crashed.database_folder("bank").join("snapshots").join(older.file_name().unwrap()), |_| 3);
    flip(&crashed.database_folder("bank").join("snapshots").join(newer.file_name().unwrap()), |_| 3);
    fs::remove_dir_all(crashed.database_folder("bank").join("log")).unwrap();
    crashed.start();
    let (status, text) = crashed.call("set_two", json!([0, 1, 1]));
    assert_eq!(status, 503, "{text}");
    assert!(text.contains("no snapshot can be read"), "{text}");
}

#[test]
fn two_snapshots_are_kept() {
    let world = furnished();
    for value in 0..4 {
        set_two(&world, value);
        backup(&world);
    }
    assert_eq!(snapshots(&world).len(), 2);
    assert_eq!(world.statistic("snapshots"), 4);
}

#[test]
fn a_damaged_log_is_refused_until_it_is_cut() {
    let mut world = furnished();
    set_two(&world, 5);
    world.settle();
    let before = world.statistic("offset");
    let end = written_segment(&world).1;
    set_two(&world, 6);
    set_two(&world, 7);
    world.settle();
    let mut crashed = world.crashed();
    world.stop();
    // In the next frame, which others follow: the last one would pass for a torn tail.
    flip(&written_segment(&crashed).0, |_| end + 24);
    crashed.start();
    let (status, text) = crashed.call("set_two", json!([0, 8, 8]));
    assert_eq!(status, 503, "{text}");
    assert!(text.contains("ambit log verify") && text.contains("ambit log repair"), "{text}");
    crashed.stop();

    let data = crashed.data();
    let offline = Offline::open(&data).unwrap();
    let verification = offline.verify_log("bank").unwrap();
    let damage = verification.damage.as_ref().expect(&text);
    assert!(damage.last_good >= before, "{verification}");
    let beyond = offline.repair_log("bank", damage.last_good + 1).unwrap_err();
    assert!(beyond.to_string().contains("repair it to"), "{beyond}");
    let repaired = offline.repair_log("bank", before).unwrap();
    assert_eq!(repaired.last_offset, before);
    assert!(!repaired.set_aside.is_empty());
    drop(offline);
    crashed.start();
    assert_eq!(first_quad(&crashed, "bank"), 5);
    assert_eq!(crashed.call("set_two", json!([0, 9, 9])).0, 200);
}

/// The log went on as if nothing were missing, so that without the snapshot later calls were read with wrong times and callers.
#[test]
fn what_only_a_snapshot_has_is_not_hidden() {
    let mut world = furnished();
    set_two(&world, 5);
    // A stop in order ends with a snapshot.
    world.stop();
    let (segment, end) = written_segment(&world);
    flip(&segment, |_| end);
    world.start();
    assert_eq!(first_quad(&world, "bank"), 5);
    let logs = world.logs();
    assert!(logs.contains("cannot be read") && logs.contains("nothing is lost"), "{logs}");
    set_two(&world, 7);
    world.settle();
    let mut crashed = world.crashed();
    crashed.start();
    assert_eq!(first_quad(&crashed, "bank"), 7);
    drop(crashed);

    let mut without = world.crashed();
    for file in snapshots(&without) {
        flip(&file, |bytes| bytes / 2);
    }
    without.start();
    let (status, text) = without.call("set_two", json!([0, 8, 8]));
    assert_eq!(status, 503, "{text}");
    assert!(text.contains("ambit log verify") && text.contains("is of no use"), "{text}");
}

/// A snapshot that is newer than what a repair keeps would bring back what was cut.
#[test]
fn a_cut_log_takes_later_snapshots_with_it() {
    let mut world = furnished();
    set_two(&world, 5);
    let before = world.statistic("offset");
    set_two(&world, 6);
    backup(&world);
    world.stop();
    let repaired = Offline::open(&world.data()).unwrap().repair_log("bank", before).unwrap();
    assert!(repaired.set_aside.iter().any(|file| file.contains(".snapshot")), "{repaired:?}");
    world.start();
    assert_eq!(first_quad(&world, "bank"), 5);
}

#[test]
fn a_backup_is_restored_as_of_any_commit() {
    let world = furnished();
    backup(&world);
    set_two(&world, 5);
    let early = world.statistic("offset");
    let early_us = now_us();
    set_two(&world, 6);
    let archive = backup(&world);
    set_two(&world, 7);

    let folder = world.data().join("verified");
    let file = world.data().join("archive.tar");
    fs::write(&file, &archive).unwrap();
    let summary = verify_backup_file(&file, &folder).unwrap();
    assert_eq!(summary.database, "bank");
    assert!(summary.tables.contains(&("quad".to_owned(), 3)), "{summary:?}");

    let restore = |query: &str, name: &str, bytes: &[u8]| {
        world.post(&format!("database/{name}/restore{query}"), &world.owner, "application/x-tar", bytes)
    };
    let (status, text) = restore("", "copy", &archive);
    assert_eq!(status, 200, "{text}");
    assert_eq!(first_quad(&world, "copy"), 6);
    assert_eq!(world.rows("copy", "place", 1).len(), 1);
    let (status, text) = restore(&format!("?until_offset={early}"), "earlier", &archive);
    assert_eq!(status, 200, "{text}");
    assert_eq!(first_quad(&world, "earlier"), 5);
    let (status, text) = restore(&format!("?until_us={early_us}"), "that-moment", &archive);
    assert_eq!(status, 200, "{text}");
    assert_eq!(first_quad(&world, "that-moment"), 5);
    assert_eq!(restore("", "copy", &archive).0, 409);
    let (status, text) = restore("?until_us=1", "ancient", &archive);
    assert_eq!(status, 422, "{text}");
    assert!(text.contains("take an older backup"), "{text}");
    assert_eq!(world.call("set_two", json!([0, 1, 1])).0, 200);
    assert_eq!(first_quad(&world, "copy"), 6);

    let stranger = world.new_identity();
    assert_eq!(world.get("database/bank/backup", &stranger).0, 403);
}

#[test]
fn a_damaged_backup_makes_no_database() {
    let world = furnished();
    let archive = backup(&world);
    let restore =
        |bytes: &[u8]| world.post("database/copy/restore", &world.owner, "application/x-tar", bytes);
    let mut damaged: Vec<Vec<u8>> = [0, 1, 600, archive.len() / 2, archive.len() - 4096]
        .map(|length| archive[..length].to_vec())
        .to_vec();
    for place in [3, 110, 520, archive.len() / 3] {
        let mut bytes = archive.clone();
        bytes[place] ^= 0x15;
        damaged.push(bytes);
    }
    for bytes in damaged {
        let (status, text) = restore(&bytes);
        assert_eq!(status, 422, "{} bytes: {text}", bytes.len());
        assert!(!world.database_folder("copy").exists());
    }
    for (entry, path, expected) in [
        // The name of the next entry, of any length: tar readers take it into memory.
        (tar::EntryType::GNULongName, "name", "entries that are no files"),
        (tar::EntryType::XHeader, "name", "entries that are no files"),
        (tar::EntryType::Symlink, "snapshots/link", "entries that are no files"),
        (tar::EntryType::Regular, "log/.hidden", "no file of a backup"),
        (tar::EntryType::Regular, "elsewhere/1.log", "no file of a backup"),
        (tar::EntryType::Regular, "log/1.log", "has no manifest"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(entry);
        header.set_size(4);
        header.set_path(path).unwrap();
        header.set_cksum();
        let mut builder = tar::Builder::new(Vec::new());
        builder.append(&header, &b"four"[..]).unwrap();
        let (status, text) = restore(&builder.into_inner().unwrap());
        assert_eq!(status, 422, "{path}: {text}");
        assert!(text.contains(expected), "{path}: {text}");
    }
    assert_eq!(restore(&archive).0, 200);
}
