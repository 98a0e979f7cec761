//! The console clients of other languages that the demo sends in.

use std::process::Command;

use crate::{samples, step};

/// A client that can be started.
pub struct Client {
    /// Its folder's name.
    pub name: String,
    script: std::path::PathBuf,
}

/// Builds each `samples/client-*` that has an executable `run`, with `run --build`, and leaves out with a word those
/// that cannot be built here.
pub fn built() -> Vec<Client> {
    let Ok(folders) = std::fs::read_dir(step::root().join("samples")) else { return Vec::new() };
    let mut clients = Vec::new();
    for folder in folders.flatten().map(|entry| entry.path()) {
        let script = folder.join("run");
        let name = samples::name(&folder);
        if !name.starts_with("client-") || !script.is_file() {
            continue;
        }
        match step::output(Command::new(&script).arg("--build").current_dir(step::root())) {
            Ok(_) => clients.push(Client { name, script }),
            Err(error) => println!("going on without {name}: {error:#}"),
        }
    }
    clients.sort_by(|left, right| left.name.cmp(&right.name));
    clients
}

impl Client {
    /// Starts it; the server and the database are the arguments that follow.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.script);
        command.current_dir(step::root());
        command
    }
}
