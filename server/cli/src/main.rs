//! The `ambit` command: runs a server, publishes modules, calls reducers, shows logs, generates client code,
//! makes and restores backups, and repairs logs.

mod arguments;

mod limits;

mod backup;
mod call;
mod generate;
mod log;
mod logs;
mod publish;
mod start;

mod remote;
mod token;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Start(options) => start::start(&options),
        Command::Publish(options) => publish::publish(&options),
        Command::Call(options) => call::call(&options),
        Command::Logs(options) => logs::logs(&options),
        Command::Generate(options) => generate::generate(&options),
        Command::Backup(command) => backup::backup(&command),
        Command::Log(command) => log::log(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nowhere is left to tell of a standard error that cannot be written to.
            drop(writeln!(std::io::stderr(), "ambit: {}", in_words(&error)));
            ExitCode::FAILURE
        }
    }
}

/// An error and its causes, each said once: many errors end with the words of their cause.
fn in_words(error: &anyhow::Error) -> String {
    error.chain().skip(1).map(ToString::to_string).fold(error.to_string(), |text, cause| {
        if text.ends_with(&cause) { text } else { format!("{text}: {cause}") }
    })
}

/// Prints a line; an error if nobody reads any more.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cause_is_told_twice() {
        let error =
            anyhow::anyhow!("Read-only file system").context("cannot open lock: Read-only file system");
        assert_eq!(in_words(&error), "cannot open lock: Read-only file system");
        assert_eq!(
            in_words(&error.context("no server")),
            "no server: cannot open lock: Read-only file system"
        );
    }
}
