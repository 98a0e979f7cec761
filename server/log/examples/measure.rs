//! Measures the log: appending records of 100 bytes with group commit, and reading them back.

#![expect(clippy::print_stdout, reason = "a program whose result is what it prints")]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use ambit_log::{DirectoryMedium, LogOptions, LogReader, LogThread};

const RECORDS: u64 = 2_000_000;
const PER_BATCH: u64 = 500;
const PAYLOAD: [u8; 100] = [7; 100];

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::temp_dir().join(format!("ambit-log-measure-{}", std::process::id()));
    let medium = Arc::new(DirectoryMedium::new(&directory)?);
    let options = LogOptions::default();
    let (log, _) = LogReader::open(medium.clone())?.into_log(options)?;
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
    let mut reader = LogReader::open(medium)?;
    let mut count = 0u64;
    while reader.next_record()?.is_some() {
        count += 1;
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!("figure log_read_records_per_s {:.0} records/s", count as f64 / seconds);
    std::fs::remove_dir_all(directory)?;

    Ok(())
}
