//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Ambit: a real-time world database for games.
#[derive(Debug, Parser)]
#[command(name = "ambit", version, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a server until Ctrl-C.
    Start(StartOptions),
    /// Build a module and publish it as a database, or replace the module of a database of yours.
    Publish(PublishOptions),
    /// Call a reducer and wait until what it changed is on disk.
    Call(CallOptions),
    /// Show what a database's module and the server have to say about it.
    Logs(LogsOptions),
    /// Generate typed client code from a database's schema.
    Generate(GenerateOptions),
    /// Make, check and restore backups.
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Look at or cut the log of a database whose server does not run.
    #[command(subcommand)]
    Log(LogCommand),
}

/// Threads that the flushes of one database run on.
const THREADS_MAX: i64 = ambit_node::limits::FOLLOWER_THREADS_MAX as i64;

/// What to do with a backup.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Write a database of yours to a file while it runs.
    Create(BackupCreateOptions),
    /// Check that a backup is whole and that a database can be made of it.
    Verify(BackupVerifyOptions),
    /// Make a new database of a backup, as it was at its end or at an earlier moment.
    Restore(BackupRestoreOptions),
}

/// Options of `ambit backup create`.
#[derive(Debug, Args)]
pub struct BackupCreateOptions {
    /// The database.
    #[arg(long, value_name = "DB")]
    pub name: String,
    /// The file; it must not exist.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The server.
    #[command(flatten)]
    pub remote: RemoteOptions,
}

/// Options of `ambit backup verify`.
#[derive(Debug, Args)]
pub struct BackupVerifyOptions {
    /// The backup.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Options of `ambit backup restore`.
#[derive(Debug, Args)]
pub struct BackupRestoreOptions {
    /// The backup.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The new database.
    #[arg(long, value_name = "DB")]
    pub name: String,
    /// A commit offset, or a moment such as 2026-11-26T03:15:00Z: nothing later is restored.
    #[arg(long, value_name = "OFFSET|TIME", value_parser = until)]
    pub until: Option<Until>,
    /// The server.
    #[command(flatten)]
    pub remote: RemoteOptions,
}

/// Where a restored database ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// With this commit.
    Offset(u64),
    /// With the last commit at or before this moment, in microseconds since 1970.
    Micros(i64),
}

/// What to do with a log.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Read the whole log and tell what is in it. Changes nothing.
    Verify(LogVerifyOptions),
    /// Cut everything after a commit off the log. What is cut is kept beside it.
    Repair(LogRepairOptions),
}

/// Options of `ambit log verify`.
#[derive(Debug, Args)]
pub struct LogVerifyOptions {
    /// The server's data folder.
    #[arg(long, value_name = "DIR", default_value = "ambit-data")]
    pub data: PathBuf,
    /// The database.
    #[arg(long, value_name = "DB")]
    pub name: String,
}

/// Options of `ambit log repair`.
#[derive(Debug, Args)]
pub struct LogRepairOptions {
    /// Which log.
    #[command(flatten)]
    pub log: LogVerifyOptions,
    /// The last commit that stays.
    #[arg(long, value_name = "OFFSET")]
    pub to: u64,
}

/// A number is an offset; anything else has to be a moment.
fn until(text: &str) -> Result<Until, String> {
    if let Ok(offset) = text.parse() {
        return Ok(Until::Offset(offset));
    }
    let moment = humantime::parse_rfc3339_weak(text)
        .map_err(|_| "give a commit offset, or a moment in UTC such as 2026-11-26T03:15:00Z".to_owned())?;
    let since = moment.duration_since(std::time::UNIX_EPOCH).map_err(|_| "before 1970".to_owned())?;
    i64::try_from(since.as_micros()).map(Until::Micros).map_err(|_| "too far in the future".to_owned())
}

/// Options of `ambit start`.
#[derive(Debug, Args)]
pub struct StartOptions {
    /// The folder for keys, modules and logs.
    #[arg(long, value_name = "DIR", default_value = "ambit-data")]
    pub data: PathBuf,
    /// The address. Without a --listen of yours only programs on this machine can connect.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7800")]
    pub listen: SocketAddr,
    /// How long changes may stay without a snapshot, such as 60s or 10min. Tables that are not logged (checkpointed) lose at
    /// most this much when a server dies.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    pub snapshot_every: std::time::Duration,
    /// Megabytes of log after which a snapshot is taken in any case.
    #[arg(long, value_name = "MB", default_value_t = 256)]
    pub snapshot_log_mb: u64,
    /// Threads that work out what the players of each database are told, and send it: 1 to 64. More than one pay off when
    /// hundreds of players move and processors are idle.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=THREADS_MAX))]
    pub follower_threads: u16,
}

/// Which server, and as whom.
#[derive(Debug, Args)]
pub struct RemoteOptions {
    /// The server.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7800", env = "AMBIT_SERVER")]
    pub server: String,
    /// The folder where your tokens are kept, one per server. By default ~/.config/ambit.
    #[arg(long, value_name = "DIR", env = "AMBIT_CONFIG")]
    pub config: Option<PathBuf>,
    /// A token to use instead of the kept one.
    #[arg(long, value_name = "TOKEN", env = "AMBIT_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// Options of `ambit publish`.
#[derive(Debug, Args)]
pub struct PublishOptions {
    /// A module's folder, which is built, or a .wasm file.
    #[arg(value_name = "DIR|WASM")]
    pub module: PathBuf,
    /// The database.
    #[arg(long, value_name = "DB")]
    pub name: String,
    /// Only tell what would become of the tables; change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Publish although tables or columns are lost.
    #[arg(long)]
    pub confirm: bool,
    /// The server.
    #[command(flatten)]
    pub remote: RemoteOptions,
}

/// Options of `ambit call`.
#[derive(Debug, Args)]
pub struct CallOptions {
    /// The database.
    #[arg(value_name = "DB")]
    pub database: String,
    /// The reducer.
    pub reducer: String,
    /// Its arguments, each as JSON; what is not JSON is a text. [1, 2] for a Vec2, '"5"' for the text 5.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<String>,
    /// The server. Give these options before DB.
    #[command(flatten)]
    pub remote: RemoteOptions,
}

/// Options of `ambit logs`.
#[derive(Debug, Args)]
pub struct LogsOptions {
    /// The database.
    #[arg(value_name = "DB")]
    pub database: String,
    /// Go on with lines as they come.
    #[arg(short, long)]
    pub follow: bool,
    /// The server.
    #[command(flatten)]
    pub remote: RemoteOptions,
}

/// Options of `ambit generate`.
#[derive(Debug, Args)]
pub struct GenerateOptions {
    /// The language.
    #[arg(long, value_enum)]
    pub lang: Language,
    /// The folder for the files; made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The database whose schema it is.
    #[arg(long, value_name = "DB")]
    pub name: String,
    /// The namespace of C# and C++ code; in Unreal the beginning of files and classes.
    #[arg(long, default_value = "Game")]
    pub namespace: String,
    /// The server.
    #[command(flatten)]
    pub remote: RemoteOptions,
}

/// A language of client code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// C#, for Unity and Mono.
    Csharp,
    /// C++17.
    Cpp,
    /// Rust.
    Rust,
    /// C++ and Blueprint, for Unreal.
    Unreal,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_restore_ends_at_an_offset_or_a_moment() {
        assert_eq!(until("42"), Ok(Until::Offset(42)));
        assert_eq!(until("1970-01-01T00:00:01.5Z"), Ok(Until::Micros(1_500_000)));
        assert_eq!(until("1970-01-02 00:00:00"), Ok(Until::Micros(86_400_000_000)));
        assert!(until("yesterday").unwrap_err().contains("a moment in UTC"));
    }

    #[test]
    fn negative_numbers_and_json_are_arguments_of_the_reducer() {
        let line = ["ambit", "call", "--server", "http://h:1", "game", "move", "-5", "[1, 2]", "--odd"];
        let Command::Call(options) = Arguments::try_parse_from(line).unwrap().command else { panic!() };
        assert_eq!(options.arguments, ["-5", "[1, 2]", "--odd"]);
        assert_eq!((options.database.as_str(), options.reducer.as_str()), ("game", "move"));
    }
}
