//! `cargo xtask demo`: the whole of Ambit on one machine, from nothing.
//!
//! Sets up what is missing, builds, starts a server in a temporary folder, publishes the sample, sends in bots
//! and one client of each language that is built, and shows the world in the terminal. Every other program is a
//! child process that ends with this one.

pub mod build;

mod clients;

mod world;

use anyhow::{Context, Result, bail};

use crate::{samples, step, toolchain};
use build::Profile;
pub use world::{World, pinned};

/// The database's name.
const DATABASE: &str = "demo";

/// What to play.
pub struct Options {
    /// Ends by itself after so many seconds of play, with a summary; without, at `q` or Ctrl-C.
    pub seconds: Option<u64>,
    /// Bots.
    pub bots: u32,
    /// How the programs are built.
    pub profile: Profile,
}

/// Plays, and fails when anything was wrong: a program that died, a call that was refused, a view that saw nothing.
pub fn run(options: &Options) -> Result<()> {
    // Without Mono or clang the demo has fewer clients; without a way to build modules it has no world.
    if let Err(error) = toolchain::run() {
        println!("going on without: {error:#}");
    }
    build::programs(options.profile)?;
    let clients = clients::built();
    let mut world = World::start(options.profile)?;
    println!("server: {} (files in {})", world.address(), world.folder().display());
    world.publish(&step::root().join(samples::DEMO_MODULE), DATABASE)?;
    println!("published {} as `{DATABASE}`", samples::DEMO_MODULE);
    world.send_bots(options.bots, DATABASE)?;
    println!("{} bots are on their way", options.bots);
    for client in &clients {
        world.send_client(client, DATABASE, options.seconds)?;
        println!("client: {}", client.name);
    }
    let viewed = world.view(DATABASE, options.seconds, options.bots);
    let faults = world.stop();
    viewed.context("the view")?;
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}
