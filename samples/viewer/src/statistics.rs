//! The server's counters, and what they did per second.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Deserialize;

/// How long the server may take to answer. It answers from memory.
const ANSWER_WAIT: Duration = Duration::from_secs(5);

/// Counters since the server's start, as its statistics endpoint names them.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Clients connected now.
    pub connections: u64,
    pub calls: u64,
    pub calls_failed: u64,
    pub calls_rejected: u64,
    pub commits: u64,
    pub ticks: u64,
    pub ticks_skipped: u64,
    pub updates: u64,
    pub update_bytes: u64,
    pub flushes: u64,
    pub flush_us: u64,
    pub log_bytes: u64,
    pub log_syncs: u64,
    /// Microseconds spent in fdatasync.
    pub log_sync_us: u64,
    pub slow_clients: u64,
    pub protocol_errors: u64,
}

/// What happened between two looks, per second or per occurrence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    pub calls: f64,
    pub commits: f64,
    pub updates: f64,
    pub bytes_per_client: f64,
    pub flush_ms: f64,
    pub log_bytes: f64,
    pub log_syncs: f64,
    pub log_sync_ms: f64,
}

/// Looks at one database's counters from time to time.
pub struct Observer {
    agent: ureq::Agent,
    address: String,
    last: Option<(Instant, Counters)>,
    first: Option<(Instant, Counters)>,
}

impl Observer {
    /// Of a database on a server (`http://host:port`).
    pub fn new(server: &str, database: &str) -> Observer {
        let agent = ureq::Agent::config_builder().timeout_global(Some(ANSWER_WAIT)).build().new_agent();
        let address = format!("{}/v1/database/{database}/statistics", server.trim_end_matches('/'));
        Observer { agent, address, last: None, first: None }
    }

    /// The counters now and the rates since the look before.
    pub fn look(&mut self) -> Result<(Counters, Rates)> {
        let mut response = self.agent.get(&self.address).call().with_context(|| self.address.clone())?;
        let counters: Counters = response.body_mut().read_json()?;
        let now = Instant::now();
        let before = self.last.replace((now, counters));
        self.first.get_or_insert((now, counters));
        Ok((counters, before.map_or_else(Rates::default, |before| rates(before, (now, counters)))))
    }

    /// The rates from the first look to the last.
    pub fn overall(&self) -> Rates {
        match (self.first, self.last) {
            (Some(first), Some(last)) => rates(first, last),
            _ => Rates::default(),
        }
    }
}

fn rates((then, old): (Instant, Counters), (now, new): (Instant, Counters)) -> Rates {
    let seconds = now.duration_since(then).as_secs_f64();
    let since = |of: fn(&Counters) -> u64| of(&new).saturating_sub(of(&old)) as f64;
    let ratio = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let per_second = |count: f64| ratio(count, seconds);
    Rates {
        calls: per_second(since(|counters| counters.calls)),
        commits: per_second(since(|counters| counters.commits)),
        updates: per_second(since(|counters| counters.updates)),
        bytes_per_client: ratio(per_second(since(|counters| counters.update_bytes)), new.connections as f64),
        flush_ms: ratio(since(|counters| counters.flush_us), since(|counters| counters.flushes)) / 1e3,
        log_bytes: per_second(since(|counters| counters.log_bytes)),
        log_syncs: per_second(since(|counters| counters.log_syncs)),
        log_sync_ms: ratio(since(|counters| counters.log_sync_us), since(|counters| counters.log_syncs))
            / 1e3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_differences_over_time() {
        let now = Instant::now();
        let old = Counters { calls: 100, flushes: 10, flush_us: 1_000, ..Counters::default() };
        let new =
            Counters { connections: 4, calls: 500, flushes: 20, flush_us: 3_000, update_bytes: 800, ..old };
        let rates = rates((now, old), (now + Duration::from_secs(2), new));
        assert_eq!((rates.calls, rates.flush_ms, rates.bytes_per_client), (200.0, 0.2, 100.0));
    }

    #[test]
    fn no_time_and_no_flush_are_not_divided_by() {
        let now = Instant::now();
        let rates = rates((now, Counters::default()), (now, Counters::default()));
        assert_eq!((rates.calls, rates.flush_ms, rates.bytes_per_client), (0.0, 0.0, 0.0));
    }
}
