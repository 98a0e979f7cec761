//! `ambit backup`.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use ambit_node::BackupSummary;
use anyhow::Context;

use crate::arguments::{
    BackupCommand, BackupCreateOptions, BackupRestoreOptions, BackupVerifyOptions, Until,
};
use crate::print;
use crate::remote::Remote;

/// Makes, checks or restores a backup.
pub fn backup(command: &BackupCommand) -> anyhow::Result<()> {
    match command {
        BackupCommand::Create(options) => create(options),
        BackupCommand::Verify(options) => verify(options),
        BackupCommand::Restore(options) => restore(options),
    }
}

fn create(options: &BackupCreateOptions) -> anyhow::Result<()> {
    ambit_node::check_database_name(&options.name)?;
    let remote = Remote::new(&options.remote)?;
    let token = remote.token(&options.remote)?;
    let out = options.out.display();
    let mut archive = remote.stream(&format!("database/{}/backup", options.name), &token)?;
    let mut file = File::create_new(&options.out).with_context(|| format!("cannot create {out}"))?;
    let written = io::copy(&mut archive, &mut file).and_then(|bytes| {
        file.sync_all()?;
        Ok(bytes)
    });
    let bytes = match written {
        Ok(bytes) => bytes,
        Err(error) => {
            // A part of a backup is none.
            drop(std::fs::remove_file(&options.out));
            return Err(error).with_context(|| format!("the backup did not arrive whole; {out} was removed"));
        }
    };
    let summary = check(&options.out)?;
    print(&format!("{out}: {bytes} bytes, checked"))?;
    tell(&summary)
}

fn verify(options: &BackupVerifyOptions) -> anyhow::Result<()> {
    let summary = check(&options.file)?;
    print(&format!("{}: whole, and a database can be made of it", options.file.display()))?;
    tell(&summary)
}

fn restore(options: &BackupRestoreOptions) -> anyhow::Result<()> {
    ambit_node::check_database_name(&options.name)?;
    let remote = Remote::new(&options.remote)?;
    let token = remote.token(&options.remote)?;
    let file =
        File::open(&options.file).with_context(|| format!("cannot read {}", options.file.display()))?;
    let until = match options.until {
        None => String::new(),
        Some(Until::Offset(offset)) => format!("?until_offset={offset}"),
        Some(Until::Micros(micros)) => format!("?until_us={micros}"),
    };
    let path = format!("database/{}/restore{until}", options.name);
    let answer = remote.post_file(&path, &token, "application/x-tar", file)?;
    print(&format!(
        "restored database {} to offset {}, of {}",
        options.name,
        answer["offset"],
        answer["last_commit_at"].as_str().unwrap_or("unknown")
    ))
}

fn check(file: &Path) -> anyhow::Result<BackupSummary> {
    // Beside the backup: there is room for as much again, or it could not be restored either.
    let folder = file.with_extension("checking");
    std::fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let summary = ambit_node::verify_backup_file(file, &folder);
    std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    Ok(summary?)
}

fn tell(summary: &BackupSummary) -> anyhow::Result<()> {
    let BackupSummary { database, created_at, offset, last_commit_at, earliest_offset, tables } = summary;
    let mut out = io::stdout().lock();
    writeln!(out, "database {database}, made {created_at}")?;
    writeln!(out, "reaches to offset {offset}, of {last_commit_at}")?;
    writeln!(out, "--until can go back to offset {earliest_offset}")?;
    for (table, rows) in tables {
        writeln!(out, "  {table:<24} {rows:>12} rows")?;
    }
    Ok(out.flush()?)
}
