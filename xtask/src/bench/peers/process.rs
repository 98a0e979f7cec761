//! A peer's server process.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{SERVER_PROCESSOR, folder};
use crate::demo::pinned;

const START_WAIT: Duration = Duration::from_secs(30);
const LOOK_PAUSE: Duration = Duration::from_millis(50);

/// Ends when it is dropped.
pub struct Process {
    child: Child,
    port: u16,
}

impl Process {
    /// Starts a program of xtask/peers on the servers' processor and waits until it listens.
    pub fn start_node(program: &str, arguments: impl Fn(&mut Command, &str)) -> Result<Self> {
        let port = free_port()?;
        let mut command = pinned(SERVER_PROCESSOR, &PathBuf::from("node"));
        command.arg(program).current_dir(folder()).stdin(Stdio::null()).stdout(Stdio::null());
        arguments(&mut command, &port.to_string());
        let child = command.spawn().with_context(|| format!("node {program}"))?;
        let mut process = Self { child, port };
        wait_for(port, || process.child.try_wait().map(|status| status.is_some()))?;
        Ok(process)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Seconds of processor time that it has used.
    pub fn processor_seconds(&self) -> Result<f64> {
        processor_seconds(self.child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of this machine that nobody uses.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Waits until somebody listens; `has_ended` says that nobody ever will.
pub fn wait_for(port: u16, mut has_ended: impl FnMut() -> std::io::Result<bool>) -> Result<()> {
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if has_ended()? {
            bail!("the server has ended");
        }
        if started.elapsed() > START_WAIT {
            bail!("the server does not listen on port {port} after {START_WAIT:?}");
        }
        thread::sleep(LOOK_PAUSE);
    }
    Ok(())
}

/// Seconds of processor time of all threads of a process (proc(5)).
pub fn processor_seconds(process: u32) -> Result<f64> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread that has ended meanwhile is not counted any more.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        nanoseconds += text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(nanoseconds as f64 / 1e9)
}
