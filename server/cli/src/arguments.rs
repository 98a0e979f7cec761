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
    /// The namespace of C# and C++ code.
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
    fn negative_numbers_and_json_are_arguments_of_the_reducer() {
        let line = ["ambit", "call", "--server", "http://h:1", "game", "move", "-5", "[1, 2]", "--odd"];
        let Command::Call(options) = Arguments::try_parse_from(line).unwrap().command else { panic!() };
        assert_eq!(options.arguments, ["-5", "[1, 2]", "--odd"]);
        assert_eq!((options.database.as_str(), options.reducer.as_str()), ("game", "move"));
    }
}
