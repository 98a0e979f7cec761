//! Measures the log and snapshot files: appending with group commit, reading back, calls made durable as they come, and
//! the bytes that a small call costs.

#![expect(clippy::print_stdout, reason = "a program whose result is what it prints")]

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ambit_log::{
    Batch, DirectoryMedium, LogEvent, LogOptions, LogReader, LogThread, Medium, SnapshotReader,
    SnapshotWriter,
};

const RECORDS: u64 = 2_000_000;
const PER_BATCH: u64 = 500;
const PAYLOAD: [u8; 100] = [7; 100];

/// Of a call that updates two columns, with its arguments.
const SMALL_PAYLOAD: [u8; 40] = [7; 40];
const DURABLE_CALLS: u64 = 1_000_000;
const CALLS_PER_BATCH: u64 = 50;
/// Calls that were made and are not durable yet, at most: what a few thousand clients have under way.
const CALLS_UNDER_WAY_MAX: u64 = 20_000;

/// Bytes appended between two syncs that are not measured.
const UNSYNCED_BYTES_MAX: usize = 16 << 20;

const SNAPSHOT_CHUNKS: usize = 512;
const CHUNK_BYTES: usize = 1 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    // The system's temporary folder, or the one that is given: a disk's syncs are what is measured.
    let parent = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, Into::into);
    let directory = parent.join(format!("ambit-log-measure-{}", std::process::id()));
    appended(Arc::new(DirectoryMedium::new(directory.join("append"))?))?;
    unsynced(&(Arc::new(DirectoryMedium::new(directory.join("unsynced"))?) as Arc<dyn Medium>))?;
    durable_calls(Arc::new(DirectoryMedium::new(directory.join("durable"))?))?;
    snapshot(Arc::new(DirectoryMedium::new(directory.join("snapshot"))?))?;
    std::fs::remove_dir_all(directory)?;
    Ok(())
}

fn appended(medium: Arc<dyn Medium>) -> Result<(), Box<dyn Error>> {
    let (log, _) = LogReader::open(Arc::clone(&medium), 0)?.into_log(LogOptions::default())?;
    let thread = LogThread::start(log, |_| {})?;
    let begin = Instant::now();
    let mut engine_ns = 0;
    for first in (1..RECORDS).step_by(PER_BATCH as usize) {
        let mut batch = thread.batch();
        let begin_batch = Instant::now();
        for offset in first..first + PER_BATCH {
            batch.push(offset, 0, |out| out.extend_from_slice(&PAYLOAD))?;
        }
        engine_ns += begin_batch.elapsed().as_nanos();
        thread.append(batch)?;
    }
    thread.close()?;
    let seconds = begin.elapsed().as_secs_f64();
    let megabytes = (RECORDS as usize * PAYLOAD.len()) as f64 / 1e6;
    println!("figure log_batch_record_ns {:.1} ns", engine_ns as f64 / RECORDS as f64);
    println!("figure log_append_records_per_s {:.0} records/s", RECORDS as f64 / seconds);
    println!("figure log_append_mb_per_s {:.1} MB/s", megabytes / seconds);

    let begin = Instant::now();
    let mut reader = LogReader::open(medium, 0)?;
    let mut count = 0u64;
    while reader.next_record()?.is_some() {
        count += 1;
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!("figure log_read_records_per_s {:.0} records/s", count as f64 / seconds);
    Ok(())
}

/// What the log itself can take, without waiting for the disk: small records, and large ones.
fn unsynced(medium: &Arc<dyn Medium>) -> Result<(), Box<dyn Error>> {
    for (name, payload, count) in [("records", &SMALL_PAYLOAD[..], 2_000_000), ("mb", &[7; 2_000], 200_000)] {
        let mut reader = LogReader::open(Arc::clone(medium), 0)?;
        while reader.next_record()?.is_some() {}
        let (mut log, _) = reader.into_log(LogOptions::default())?;
        let mut batch = Batch::default();
        let mut spent = Duration::ZERO;
        let mut written = 0;
        for _ in 0..count / PER_BATCH {
            let first = log.next_offset();
            let begin = Instant::now();
            batch.clear();
            for offset in first..first + PER_BATCH {
                batch.push(offset, 0, |out| out.extend_from_slice(payload))?;
            }
            log.append(&batch)?;
            spent += begin.elapsed();
            written += batch.byte_count();
            // Before the system's buffers are so full that writing waits for the disk.
            if written > UNSYNCED_BYTES_MAX {
                log.sync()?;
                written = 0;
            }
        }
        match name {
            "mb" => {
                let megabytes = (count as usize * payload.len()) as f64 / 1e6;
                println!("figure log_unsynced_mb_per_s {:.1} MB/s", megabytes / spent.as_secs_f64());
            }
            _ => println!(
                "figure log_unsynced_records_per_s {:.0} records/s",
                count as f64 / spent.as_secs_f64()
            ),
        }
    }
    Ok(())
}

/// Batches of calls as they come, as long as not too many wait for the disk.
fn durable_calls(medium: Arc<dyn Medium>) -> Result<(), Box<dyn Error>> {
    let (log, _) = LogReader::open(medium, 0)?.into_log(LogOptions::default())?;
    let syncs = Arc::new(Mutex::new(Vec::<Duration>::new()));
    let written_bytes = Arc::new(AtomicU64::new(0));
    let engine = std::thread::current();
    let (told, counted) = (Arc::clone(&syncs), Arc::clone(&written_bytes));
    let thread = LogThread::start(log, move |event| {
        if let LogEvent::Durable { took, written, .. } = event {
            counted.fetch_add(written, Ordering::Relaxed);
            if let Ok(mut syncs) = told.lock() {
                syncs.push(took);
            }
        }
        engine.unpark();
    })?;
    let begin = Instant::now();
    for first in (1..DURABLE_CALLS).step_by(CALLS_PER_BATCH as usize) {
        let mut batch = thread.batch();
        for offset in first..first + CALLS_PER_BATCH {
            batch.push(offset, 0, |out| out.extend_from_slice(&SMALL_PAYLOAD))?;
        }
        thread.append(batch)?;
        while first > thread.durable_offset() + CALLS_UNDER_WAY_MAX && thread.failure().is_none() {
            std::thread::park();
        }
    }
    thread.close()?;
    let seconds = begin.elapsed().as_secs_f64();
    let mut syncs = syncs.lock().map_err(|_| "the log's thread panicked")?;
    syncs.sort_unstable();
    let part = |of: usize| syncs.get(syncs.len() * of / 100).copied().unwrap_or_default().as_secs_f64() * 1e3;
    println!("figure log_durable_calls_per_s {:.0} calls/s", DURABLE_CALLS as f64 / seconds);
    println!("figure log_sync_p50_ms {:.2} ms", part(50));
    println!("figure log_sync_p99_ms {:.2} ms", part(99));
    let per_call = written_bytes.load(Ordering::Relaxed) as f64 / DURABLE_CALLS as f64;
    println!("figure log_bytes_beside_payload_per_call {:.2} bytes", per_call - SMALL_PAYLOAD.len() as f64);
    Ok(())
}

fn snapshot(medium: Arc<dyn Medium>) -> Result<(), Box<dyn Error>> {
    let mut chunk: Vec<u8> = (0..CHUNK_BYTES).map(|index| (index * 31) as u8).collect();
    let megabytes = (SNAPSHOT_CHUNKS * CHUNK_BYTES) as f64 / 1e6;
    let begin = Instant::now();
    let mut writer = SnapshotWriter::create(Arc::clone(&medium), 1)?;
    for _ in 0..SNAPSHOT_CHUNKS {
        writer.chunk(&chunk)?;
    }
    writer.finish()?.publish()?;
    println!("figure snapshot_write_mb_per_s {:.1} MB/s", megabytes / begin.elapsed().as_secs_f64());
    let begin = Instant::now();
    let mut reader = SnapshotReader::open(medium, 1)?;
    while reader.next_chunk(&mut chunk)? {}
    println!("figure snapshot_read_mb_per_s {:.1} MB/s", megabytes / begin.elapsed().as_secs_f64());
    Ok(())
}
