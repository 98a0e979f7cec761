//! `ambit log`: on the files of a server that does not run.

use ambit_node::Offline;

use crate::arguments::{LogCommand, LogRepairOptions, LogVerifyOptions};
use crate::print;

/// Looks at a log, or cuts it.
pub fn log(command: &LogCommand) -> anyhow::Result<()> {
    match command {
        LogCommand::Verify(options) => verify(options),
        LogCommand::Repair(options) => repair(options),
    }
}

fn verify(options: &LogVerifyOptions) -> anyhow::Result<()> {
    let verification = Offline::open(&options.data)?.verify_log(&options.name)?;
    print(&verification.to_string())?;
    if let Some(damage) = &verification.damage {
        let (data, name, to) = (options.data.display(), &options.name, damage.last_good);
        anyhow::bail!(
            "the log is damaged. To keep everything up to commit {to} and set the rest aside:\n  ambit log repair --data {data} --name {name} --to {to}"
        );
    }
    Ok(())
}

fn repair(options: &LogRepairOptions) -> anyhow::Result<()> {
    let LogRepairOptions { log, to } = options;
    let repaired = Offline::open(&log.data)?.repair_log(&log.name, *to)?;
    print(&repaired.to_string())
}
