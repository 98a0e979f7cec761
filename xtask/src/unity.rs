//! `cargo xtask unity`: what the Unity package needs besides its sources: `.meta` files, its list of files, and a compiler that
//! treats its assemblies as the engine would.

pub mod assemblies;

pub mod files;

pub mod metas;

pub mod plugins;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;

use crate::step;

/// The package's folder, from the repository's root.
pub const PACKAGE: &str = "unity-package";

/// What to do with the package.
#[derive(Debug, Subcommand)]
pub enum UnityCommand {
    /// Write the `.meta` files that are missing and the list of files that ship
    Metas,
    /// Compile every assembly with Mono's compiler against the engine stand-ins
    Compile {
        /// Where the assemblies go
        #[arg(long)]
        out: PathBuf,
    },
}

/// Does it.
pub fn run(command: &UnityCommand) -> Result<()> {
    match command {
        UnityCommand::Metas => metas::write(),
        UnityCommand::Compile { out } => assemblies::compile(out),
    }
}

/// The package's folder.
pub fn package() -> PathBuf {
    step::root().join(PACKAGE)
}
