//! One connection that keeps calls in flight.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ambit_client::{Budget, CallStatus, Client, ConnectionState};
use anyhow::{Context, Result, bail};

use crate::latency::Latencies;
use crate::{Arguments, Reducer};

/// One connection.
pub struct Caller {
    client: Client,
    reducer: Reducer,
    reducer_id: u16,
    accounts: u64,
    in_flight: usize,
    /// When each call without a result was made.
    waiting: HashMap<u32, Instant>,
    random: u64,
    committed: u64,
}

impl Caller {
    /// Over a client that is connected.
    pub fn new(mut client: Client, arguments: &Arguments, number: u64) -> Result<Caller> {
        let name = match arguments.reducer {
            Reducer::Transfer => "transfer",
            Reducer::Empty => "empty",
        };
        let schema = client.schema().context("a connected client has a schema")?;
        let (reducer_id, _) = schema.reducer(name).with_context(|| format!("no reducer `{name}`"))?;
        Ok(Caller {
            client,
            reducer: arguments.reducer,
            reducer_id,
            accounts: arguments.accounts.max(2),
            in_flight: arguments.in_flight.max(1),
            waiting: HashMap::new(),
            // Any odd number; each caller its own.
            random: 0x9E37_79B9_7F4A_7C15 ^ (number << 1 | 1),
            committed: 0,
        })
    }

    /// Makes one call and waits for its result.
    pub fn call_once(&mut self, reducer: &str, args: &[u8], wait: Duration) -> Result<()> {
        let request = self.client.call_named(reducer, args)?;
        let mut outcome = None;
        self.client.wait_until(wait, |client| {
            outcome = client.results().iter().find(|result| result.request == request).cloned();
            outcome.is_some()
        });
        let outcome = outcome.with_context(|| format!("{reducer} has no result after {wait:?}"))?;
        if outcome.status != CallStatus::Committed {
            bail!("{reducer}: {}", outcome.message);
        }
        Ok(())
    }

    /// Fills up the calls in flight, waits for results and takes them in.
    pub fn turn(&mut self, wait: Duration, latencies: &mut Latencies) -> Result<()> {
        self.fill()?;
        if !self.client.wait(wait) {
            bail!("{} calls have no result after {wait:?}", self.waiting.len());
        }
        self.client.tick(Budget::UNLIMITED);
        let now = Instant::now();
        for result in self.client.results() {
            if result.status != CallStatus::Committed {
                bail!("a call was not committed: {}", result.message);
            }
            self.committed = self.committed.max(result.offset);
            if let Some(made) = self.waiting.remove(&result.request) {
                latencies.add(now.duration_since(made));
            }
        }
        if let ConnectionState::Disconnected { reason } = self.client.state() {
            bail!("{reason}");
        }
        self.fill()
    }

    /// The last offset that was committed and the last that is durable, as far as this connection knows.
    pub fn offsets(&self) -> (u64, u64) {
        (self.committed, self.client.durable_offset())
    }

    fn fill(&mut self) -> Result<()> {
        while self.waiting.len() < self.in_flight {
            let made = Instant::now();
            let request = match self.reducer {
                Reducer::Empty => self.client.call(self.reducer_id, &[])?,
                Reducer::Transfer => {
                    let args = self.transfer();
                    self.client.call(self.reducer_id, &args)?
                }
            };
            self.waiting.insert(request, made);
        }
        Ok(())
    }

    /// The arguments' row: from, to, amount, each 8 bytes. The amount is 1 of 1,000, so hardly anybody becomes poor.
    fn transfer(&mut self) -> [u8; 24] {
        let from = self.draw() % self.accounts;
        let to = (from + 1 + self.draw() % (self.accounts - 1)) % self.accounts;
        let mut args = [0; 24];
        args[..8].copy_from_slice(&from.to_le_bytes());
        args[8..16].copy_from_slice(&to.to_le_bytes());
        args[16..].copy_from_slice(&1_i64.to_le_bytes());
        args
    }

    /// xorshift64*: fast and even enough for picking accounts.
    fn draw(&mut self) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }
}
