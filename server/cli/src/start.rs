//! `ambit start`.

use std::io::IsTerminal;

use ambit_node::{Server, ServerOptions, SnapshotOptions};
use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::arguments::StartOptions;
use crate::print;

/// Runs a server until it is told to stop by SIGINT or SIGTERM.
pub fn start(options: &StartOptions) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_env("AMBIT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_target(false);
    subscriber.with_writer(std::io::stderr).with_ansi(colours).init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the server's threads")?;
    runtime.block_on(run(options))
}

async fn run(options: &StartOptions) -> anyhow::Result<()> {
    let snapshots =
        SnapshotOptions { interval: options.snapshot_every, log_bytes: options.snapshot_log_mb << 20 };
    let server = Server::start(ServerOptions {
        data: options.data.clone(),
        listen: options.listen,
        snapshots,
        follower_threads: options.follower_threads.into(),
    })
    .await?;
    let address = server.address();
    // Programs that start a server wait for this line.
    print(&format!("listening on http://{address}"))?;
    if !address.ip().is_loopback() {
        tracing::warn!(
            "{address} is open to the network, and nothing is encrypted: put a TLS proxy in front of players"
        );
    }
    let signal = until_signal().await?;
    tracing::info!("{signal}: stopping");
    server.stop().await;
    tracing::info!("stopped; everything committed is on disk");
    Ok(())
}

#[cfg(unix)]
async fn until_signal() -> anyhow::Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    })
}

#[cfg(not(unix))]
async fn until_signal() -> anyhow::Result<&'static str> {
    tokio::signal::ctrl_c().await.context("cannot wait for Ctrl-C")?;
    Ok("Ctrl-C")
}
