//! What the bots found out.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::Options;
use crate::bot::Bot;
use crate::walker::Walker;

/// Latencies are counted in classes of a tenth of a millisecond, to 2 seconds.
const CLASS_US: u128 = 100;
const CLASSES: usize = 20_000;

/// Refused steps per call above which something is wrong. A few are refused because a bot died in mid-step.
const REFUSED_SHARE_MAX: f64 = 0.01;

/// Counters from the moment on when all bots had joined.
pub struct Report {
    latencies: Vec<u64>,
    late_max: Duration,
    before: Vec<ambit_client::Statistics>,
    calls_before: u64,
    walkers_bytes_before: u64,
}

impl Report {
    /// Begins to count.
    pub fn begin(bots: &[Bot], walkers: &[Walker]) -> Self {
        Self {
            latencies: vec![0; CLASSES],
            late_max: Duration::ZERO,
            before: bots.iter().map(Bot::statistics).collect(),
            calls_before: calls(bots, walkers),
            walkers_bytes_before: walkers.iter().map(|walker| walker.bytes_received).sum(),
        }
    }

    /// A watcher saw a step this long after its call.
    pub fn saw(&mut self, age: Duration) {
        let class = usize::try_from(age.as_micros() / CLASS_US).unwrap_or(CLASSES).min(CLASSES - 1);
        if let Some(count) = self.latencies.get_mut(class) {
            *count += 1;
        }
    }

    /// The bots' own loop was late by this much.
    pub fn late(&mut self, by: Duration) {
        self.late_max = self.late_max.max(by);
    }

    /// Says what was found; whether nothing was wrong.
    pub fn end(&self, bots: &[Bot], walkers: &[Walker], options: &Options, played: Duration) -> Result<bool> {
        let seconds = played.as_secs_f64().max(0.001);
        let after: Vec<_> = bots.iter().map(Bot::statistics).collect();
        let sum = |of: fn(&ambit_client::Statistics) -> u64| {
            let sum = |all: &[ambit_client::Statistics]| all.iter().map(of).sum::<u64>();
            (sum(&after) - sum(&self.before)) as f64
        };
        let lookers = bots.len().max(1) as f64;
        let count = (bots.len() + walkers.len()).max(1) as f64;
        let calls = calls(bots, walkers) - self.calls_before;
        let walkers_bytes = walkers.iter().map(|walker| walker.bytes_received).sum::<u64>();
        let bytes = sum(|one| one.bytes_received) + (walkers_bytes - self.walkers_bytes_before) as f64;
        let refused: u64 = bots.iter().map(|bot| bot.refused).sum();
        let in_sight = bots.iter().map(Bot::others_in_sight).sum::<usize>() as f64 / lookers;
        let seen: u64 = self.latencies.iter().sum();
        let mut wrong = Vec::new();
        if refused as f64 > calls as f64 * REFUSED_SHARE_MAX {
            let reason = bots.iter().find_map(|bot| bot.refusal.clone()).unwrap_or_default();
            wrong.push(format!("{refused} of {calls} calls were refused, for example: {reason}"));
        }
        if calls == 0 {
            wrong.push("no bot made a step".into());
        }
        if seen == 0 && in_sight >= 1.0 {
            wrong.push("no bot saw another one move".into());
        }
        let figures = json!({
            "bots": bots.len() + walkers.len(),
            "lookers": bots.len(),
            "seconds": seconds,
            "calls_per_s": calls as f64 / seconds,
            "updates_per_s": sum(|one| one.updates_received) / seconds,
            "bytes_per_s_per_client": bytes / seconds / count,
            "others_in_sight": in_sight,
            "latency_ms_p50": self.percentile(seen, 0.50),
            "latency_ms_p99": self.percentile(seen, 0.99),
            "steps_seen": seen,
            "calls_refused": refused,
            "loop_late_ms_max": self.late_max.as_secs_f64() * 1e3,
            "wrong": wrong,
        });
        print(&figures, options.json)?;
        Ok(wrong.is_empty())
    }

    fn percentile(&self, seen: u64, share: f64) -> f64 {
        let wanted = (seen as f64 * share).ceil() as u64;
        let mut counted = 0;
        let class = self.latencies.iter().position(|count| {
            counted += count;
            counted >= wanted
        });
        class.unwrap_or(CLASSES) as f64 * CLASS_US as f64 / 1e3
    }
}

fn calls(bots: &[Bot], walkers: &[Walker]) -> u64 {
    let by_bots: u64 = bots.iter().map(|bot| bot.calls).sum();
    by_bots + walkers.iter().map(|walker| walker.calls).sum::<u64>()
}

fn print(figures: &serde_json::Value, as_json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if as_json {
        return Ok(writeln!(out, "{figures}")?);
    }
    for (name, value) in figures.as_object().into_iter().flatten() {
        match value.as_f64() {
            Some(number) => writeln!(out, "{name:24} {number:12.1}")?,
            None => writeln!(out, "{name:24} {value}")?,
        }
    }
    Ok(())
}

/// Says on standard error what stopped the bots.
pub fn complain(text: &str) {
    // Nowhere is left to tell of a standard error that cannot be written to.
    drop(writeln!(std::io::stderr(), "{text}"));
}
