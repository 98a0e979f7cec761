//! Measures the log: encoding, appending with group commit, and reading back. Run it with `--release`.

#![expect(clippy::print_stdout, reason = "a program whose result is what it prints")]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use ambit_log::{Batch, DirectoryMedium, LogOptions, LogReader, LogThread, MemoryMedium};

const RECORDS: u64 = 2_000_000;
const PER_BATCH: u64 = 500;
const PAYLOAD: [u8; 100] = [7; 100];

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::temp_dir().join(format!("ambit-log-measure-{}", std::process::id()));
    let medium = Arc::new(DirectoryMedium::new(&directory)?);
    let options = LogOptions::default();
    let (log, _) = LogReader::open(medium.clone())?.into_log(options.clone())?;
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
    println!("engine's part:  {:.1} ns per record of 100 bytes", engine_ns as f64 / RECORDS as f64);
    println!("append + sync:  {:.2} M records/s, {:.0} MB/s of payload", RECORDS as f64 / seconds / 1e6, megabytes / seconds);

    let begin = Instant::now();
    let mut reader = LogReader::open(medium)?;
    let mut count = 0u64;
    while reader.next_record()?.is_some() {
        count += 1;
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!("read and check: {:.1} M records/s ({count} records)", count as f64 / seconds / 1e6);
    std::fs::remove_dir_all(directory)?;

    let options = LogOptions { prepare_ahead: false, ..options };
    let (mut log, _) = LogReader::open(Arc::new(MemoryMedium::default()))?.into_log(options)?;
    let mut batch = Batch::default();
    for offset in 1..=100_000 {
        batch.push(offset, 0, |out| out.extend_from_slice(&PAYLOAD))?;
    }
    let begin = Instant::now();
    log.append(&batch)?;
    println!("log's part:     {:.1} ns per record", begin.elapsed().as_nanos() as f64 / 1e5);
    Ok(())
}
