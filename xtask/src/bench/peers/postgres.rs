//! A PostgreSQL server of our own in a temporary folder. PostgreSQL does not run as root, so root runs it as `postgres`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use super::process::{free_port, processor_seconds, wait_for};
use crate::demo::pinned;
use crate::step;

const USER: &str = "postgres";

/// Ends when it is dropped.
pub struct Postgres {
    folder: PathBuf,
    child: Child,
    port: u16,
}

impl Postgres {
    /// Starts an empty server that may use one processor only. Commits are not waited for on the disk, as Ambit's are not.
    pub fn start(processor: usize) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("ambit-peer-postgres-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777))?;
        let data = folder.join("data");
        let programs = programs()?;
        step::output(
            as_user(&programs.join("initdb")).args(["--auth", "trust", "--no-sync", "-D"]).arg(&data),
        )?;
        let port = free_port()?;
        let server = as_user(&programs.join("postgres"));
        let mut command = pinned(processor, Path::new(server.get_program()));
        command.args(server.get_args()).arg("-D").arg(&data).args(["-p", &port.to_string(), "-k", ""]);
        for setting in ["synchronous_commit=off", "listen_addresses=127.0.0.1"] {
            command.args(["-c", setting]);
        }
        let log = fs::File::create(folder.join("log"))?;
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let mut postgres = Self { folder, child, port };
        wait_for(port, || postgres.child.try_wait().map(|status| status.is_some()))?;
        Ok(postgres)
    }

    pub fn connection_string(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port)
    }

    /// Seconds of processor time of all its processes, as long as they live.
    pub fn processor_seconds(&self) -> Result<f64> {
        descendants(self.child.id())?.into_iter().map(processor_seconds).sum()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // What cannot be ended or removed is no reason to lose the figures.
        for process in descendants(self.child.id()).unwrap_or_default() {
            let _ = Command::new("kill").args(["-INT", &process.to_string()]).status();
        }
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where Debian has the server's programs.
fn programs() -> Result<PathBuf> {
    let versions =
        fs::read_dir("/usr/lib/postgresql").context("PostgreSQL is missing: apt-get install postgresql")?;
    let newest = versions.filter_map(|entry| Some(entry.ok()?.path())).max();
    Ok(newest.context("PostgreSQL is missing: apt-get install postgresql")?.join("bin"))
}

fn as_user(program: &Path) -> Command {
    let is_root =
        fs::metadata("/proc/self").is_ok_and(|about| std::os::unix::fs::MetadataExt::uid(&about) == 0);
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", USER, "--"]).arg(program);
    command
}

/// A process and all that it has started, and they in turn.
fn descendants(process: u32) -> Result<Vec<u32>> {
    let mut found = vec![process];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        next += 1;
        let Ok(threads) = fs::read_dir(format!("/proc/{parent}/task")) else { continue };
        for thread in threads {
            let children = fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
    }
    Ok(found)
}
