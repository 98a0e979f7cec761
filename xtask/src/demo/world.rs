//! The demo's child processes: server, publisher, bots, clients, view. All end when the world is dropped.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::build::{Profile, program};
use super::clients::Client;
use crate::step;

/// How long the server may take until it listens. Starting takes milliseconds; a loaded machine takes longer.
const START_WAIT: Duration = Duration::from_secs(30);
/// The pause between two looks at a child process.
const LOOK_PAUSE: Duration = Duration::from_millis(20);
/// How long a client that was told when to end may take to do so.
const END_WAIT: Duration = Duration::from_secs(30);
/// Lines of a program's output that are shown when it died.
const LOG_LINES_SHOWN: usize = 20;

/// A program of the demo.
struct Running {
    name: String,
    child: Child,
    log: PathBuf,
    /// It was told when to end, and says with its status whether it lived well; the others run until the demo ends.
    ends_itself: bool,
}

/// A server and everything that plays on it.
pub struct World {
    folder: PathBuf,
    address: SocketAddr,
    profile: Profile,
    children: Vec<Running>,
}

impl World {
    /// Starts a server, as `profile` builds it, in a new temporary folder, on a free port of this machine.
    pub fn start(profile: Profile) -> Result<World> {
        Self::start_with(profile, Command::new(program("ambit", profile)))
    }

    /// Starts a server that may use one processor only.
    pub fn start_on(processor: usize, profile: Profile) -> Result<World> {
        Self::start_with(profile, pinned(processor, &program("ambit", profile)))
    }

    fn start_with(profile: Profile, mut command: Command) -> Result<World> {
        let folder = std::env::temp_dir().join(format!("ambit-demo-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut world = World { folder, address, profile, children: Vec::new() };
        command.arg("start").arg("--data").arg(world.folder.join("data"));
        command.arg("--listen").arg(address.to_string());
        world.run("server", command)?;
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            world.check_running()?;
            if started.elapsed() > START_WAIT {
                bail!("the server does not listen on {address} after {START_WAIT:?}");
            }
            thread::sleep(LOOK_PAUSE);
        }
        Ok(world)
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Kilobytes of memory that the server has resident, and seconds of processor time that it has used (proc(5)).
    pub fn server_usage(&self) -> Result<(u64, f64)> {
        let server = self.children.first().context("a world begins with its server")?;
        let folder = PathBuf::from(format!("/proc/{}", server.child.id()));
        let status = fs::read_to_string(folder.join("status"))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|text| text.split_whitespace().next()?.parse().ok());
        let mut nanoseconds = 0;
        for thread in fs::read_dir(folder.join("task"))? {
            // A thread that has ended meanwhile is not counted any more.
            let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            nanoseconds += text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
        }
        Ok((resident.context("the server's status tells its memory")?, nanoseconds as f64 / 1e9))
    }

    /// Where the server's data and every program's output lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Builds and publishes a module.
    pub fn publish(&self, module: &Path, database: &str) -> Result<()> {
        let mut command = Command::new(program("ambit", self.profile));
        command.arg("publish").arg(module).args(["--name", database, "--server", &self.server()]);
        step::run(command.env("AMBIT_CONFIG", self.folder.join("config")))
    }

    /// Generates typed client code from a published module's schema.
    pub fn generate(&self, language: &str, namespace: &str, database: &str, out: &Path) -> Result<()> {
        let mut command = Command::new(program("ambit", self.profile));
        command.args(["generate", "--lang", language, "--namespace", namespace, "--name", database]);
        command.args(["--server", &self.server(), "--out"]).arg(out);
        step::output(command.env("AMBIT_CONFIG", self.folder.join("config"))).map(drop)
    }

    /// Sends in bots.
    pub fn send_bots(&mut self, count: u32, database: &str) -> Result<()> {
        let mut command = Command::new(program("ambit-bots", self.profile));
        command.args(["--server", &self.server(), "--database", database, "--bots", &count.to_string()]);
        self.run("bots", command)
    }

    /// Sends in a client of another language, for so many seconds or until the demo ends.
    pub fn send_client(&mut self, client: &Client, database: &str, seconds: Option<u64>) -> Result<()> {
        let mut command = client.command();
        command.args([&self.server(), database]);
        if let Some(seconds) = seconds {
            command.args(["--seconds", &seconds.to_string()]);
        }
        self.run(&client.name, command)?;
        if let Some(sent) = self.children.last_mut() {
            sent.ends_itself = seconds.is_some();
        }
        Ok(())
    }

    /// Shows the world until it ends by itself or somebody presses `q`; fails when what it saw was wrong.
    pub fn view(&mut self, database: &str, seconds: Option<u64>, bots: u32) -> Result<()> {
        let mut command = Command::new(program("ambit-viewer", self.profile));
        command.args(["--server", &self.server(), "--database", database, "--players", &bots.to_string()]);
        if let Some(seconds) = seconds {
            command.args(["--seconds", &seconds.to_string()]);
        }
        step::run(&mut command)
    }

    /// Ends every program and says which had already died, and which of those that end by themselves did not end well.
    pub fn stop(mut self) -> Vec<String> {
        let mut faults = Vec::new();
        let started = Instant::now();
        for running in &mut self.children {
            while running.ends_itself
                && started.elapsed() < END_WAIT
                && matches!(running.child.try_wait(), Ok(None))
            {
                thread::sleep(LOOK_PAUSE);
            }
            match running.child.try_wait() {
                Ok(None) if running.ends_itself => faults.push(format!("{} does not end", running.name)),
                Ok(None) => {}
                Ok(Some(status)) if running.ends_itself && status.success() => {}
                Ok(Some(status)) => faults.push(died(&running.name, &status.to_string(), &running.log)),
                Err(error) => faults.push(format!("{}: {error}", running.name)),
            }
        }
        faults
    }

    /// The server's address as its tools take it.
    pub fn server(&self) -> String {
        format!("http://{}", self.address)
    }

    fn run(&mut self, name: &str, mut command: Command) -> Result<()> {
        let log = self.folder.join(format!("{name}.log"));
        let output = File::create(&log).with_context(|| log.display().to_string())?;
        command.stdin(Stdio::null()).stderr(output.try_clone()?).stdout(output);
        let line = step::describe(&command);
        let child = command.spawn().with_context(|| format!("`{line}` could not be started"))?;
        self.children.push(Running { name: name.to_string(), child, log, ends_itself: false });
        Ok(())
    }

    fn check_running(&mut self) -> Result<()> {
        for running in &mut self.children {
            if let Some(status) = running.child.try_wait()? {
                bail!("{}", died(&running.name, &status.to_string(), &running.log));
            }
        }
        Ok(())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Players leave before the server does. A child that has already ended needs no more than the wait.
        for running in self.children.iter_mut().rev() {
            if let Err(error) = running.child.kill().and_then(|()| running.child.wait()) {
                eprintln!("{}: {error}", running.name);
            }
        }
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{}: {error}", self.folder.display());
        }
    }
}

/// A program that may use one processor only.
pub fn pinned(processor: usize, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &processor.to_string()]).arg(program);
    command
}

/// A sentence about a program that ended too early or badly, with its last words.
fn died(name: &str, status: &str, log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n    ");
    format!("{name} ended too early or badly ({status}):\n    {last}")
}
