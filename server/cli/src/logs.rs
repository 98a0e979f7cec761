//! `ambit logs`.

use std::io::{Read, Write};

use anyhow::Context;

use crate::arguments::LogsOptions;
use crate::remote::Remote;

/// Prints the kept lines of a database, and with `--follow` those that come.
pub fn logs(options: &LogsOptions) -> anyhow::Result<()> {
    ambit_node::check_database_name(&options.database)?;
    let remote = Remote::new(&options.remote)?;
    let token = remote.token(&options.remote)?;
    let follow = u8::from(options.follow);
    let mut lines = remote.stream(&format!("database/{}/logs?follow={follow}", options.database), &token)?;
    let mut out = std::io::stdout().lock();
    let mut buffer = [0; 8 * 1024];
    loop {
        let bytes = lines.read(&mut buffer).context("the server has ended the log")?;
        if bytes == 0 {
            return Ok(());
        }
        out.write_all(buffer.get(..bytes).unwrap_or_default())?;
        out.flush()?;
    }
}
