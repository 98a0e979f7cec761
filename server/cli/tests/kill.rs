//! Twenty times: a server under load is killed with SIGKILL. What it had called durable is there, and no half transaction.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ambit_client::{CallStatus, Client, Options};
use ambit_model::{Value, decode_row, encode_row};
use ambit_module_build::{Install, build_module, prepare};

const KILLS: usize = 20;
const ACCOUNTS: u64 = 64;
const CALLS_IN_FLIGHT: usize = 64;

/// How long anything may take that a server does at once. Only a broken server uses it up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server process.
struct Served {
    child: Child,
    address: String,
}

/// What one client knows of its transfers.
struct Ledger {
    /// Offsets of committed transfers, in order.
    committed: Vec<u64>,
}

impl Served {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ambit"))
            .args(["start", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").expect(&line).to_owned();
        Self { child, address }
    }

    fn ambit(&self, config: &Path, arguments: &[&str]) {
        let output = Command::new(env!("CARGO_BIN_EXE_ambit"))
            .args(arguments)
            .env("AMBIT_SERVER", format!("http://{}", self.address))
            .env("AMBIT_CONFIG", config)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn client(&self) -> Client {
        let uri = self.address.clone();
        let mut client = Client::connect(Options { uri, database: "bank".into(), token: None });
        assert!(client.wait_until(PATIENCE, |client| client.schema().is_some()), "{:?}", client.state());
        client
    }

    /// SIGKILL: no destructor, no flush.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have been killed by the test already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn testbed() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../samples/testbed-module");
    let toolchain = prepare(Install::Nothing, &mut |line| eprintln!("{line}")).unwrap();
    build_module(&folder, &toolchain).unwrap()
}

/// Balance per account, by a fresh client.
fn balances(served: &Served) -> Vec<i64> {
    let mut client = served.client();
    client.subscribe("SELECT * FROM account", 0.0).unwrap();
    let complete =
        |client: &mut Client| client.table("account").is_some_and(|table| table.len() as u64 == ACCOUNTS);
    assert!(client.wait_until(PATIENCE, complete), "accounts are missing");
    let table = client.table("account").unwrap();
    let mut balances = vec![0; ACCOUNTS as usize];
    for (_, row) in table.iter() {
        match decode_row(table.layout(), row).unwrap()[..] {
            [Value::U64(id), Value::I64(balance)] => balances[id as usize] = balance,
            _ => panic!("not an account"),
        }
    }
    balances
}

/// Moves one coin after the other from account 0 to `to`, many in flight, until `enough` are durable and more are not.
fn load(client: &mut Client, to: u64, enough: usize) -> Ledger {
    let schema = client.schema().unwrap();
    let (reducer, transfer) = schema.reducer("transfer").unwrap();
    let values = [Value::U64(0), Value::U64(to), Value::I64(1)];
    let row = encode_row(&transfer.layout(), &values).unwrap();
    let mut ledger = Ledger { committed: Vec::new() };
    for _ in 0..CALLS_IN_FLIGHT {
        client.call(reducer, &row).unwrap();
    }
    let loaded = client.wait_until(PATIENCE, |client| {
        let results = client.results().to_vec();
        for result in results {
            assert_eq!(result.status, CallStatus::Committed, "{}", result.message);
            ledger.committed.push(result.offset);
            client.call(reducer, &row).unwrap();
        }
        ledger.durable(client.durable_offset()) >= enough
    });
    assert!(loaded, "only {} transfers became durable", ledger.durable(client.durable_offset()));
    ledger
}

impl Ledger {
    fn durable(&self, durable_offset: u64) -> usize {
        self.committed.iter().filter(|offset| **offset <= durable_offset).count()
    }
}

#[test]
fn killed_twenty_times_under_load() {
    let folder = std::env::temp_dir().join(format!("ambit-kill-{}", std::process::id()));
    let (data, config) = (folder.join("data"), folder.join("config"));
    let served = Served::start(&data);
    served.ambit(&config, &["publish", testbed().to_str().unwrap(), "--name", "bank"]);
    served.ambit(&config, &["call", "bank", "init_accounts", &ACCOUNTS.to_string()]);
    served.kill();
    let mut moved_at_least = 0;
    for kill in 0..KILLS {
        let served = Served::start(&data);
        let before = balances(&served);
        // All coins lie in account 0 then, so that it does not run dry.
        refill(&served, &before);
        let before = balances(&served);
        let mut client = served.client();
        let to = 1 + kill as u64 % (ACCOUNTS - 1);
        let ledger = load(&mut client, to, 30 + 17 * kill);
        served.kill();
        client.tick(ambit_client::Budget::UNLIMITED);
        let durable = ledger.durable(client.durable_offset()) as i64;
        let served = Served::start(&data);
        let after = balances(&served);
        assert_eq!(
            after.iter().sum::<i64>(),
            ACCOUNTS as i64 * 1_000,
            "half a transaction after kill {kill}"
        );
        let moved = after[to as usize] - before[to as usize];
        assert!(moved >= durable, "kill {kill}: {durable} transfers were called durable, {moved} are there");
        assert_eq!(before[0] - after[0], moved, "kill {kill}");
        moved_at_least += durable;
    }
    assert!(moved_at_least > 0);
    drop(std::fs::remove_dir_all(&folder));
}

/// Brings all coins to account 0.
fn refill(served: &Served, balances: &[i64]) {
    let mut client = served.client();
    let schema = client.schema().unwrap();
    let (reducer, transfer) = schema.reducer("transfer").unwrap();
    let mut calls = 0;
    for (account, balance) in
        (0_u64..).zip(balances).filter(|(account, balance)| *account > 0 && **balance > 0)
    {
        let values = [Value::U64(account), Value::U64(0), Value::I64(*balance)];
        client.call(reducer, &encode_row(&transfer.layout(), &values).unwrap()).unwrap();
        calls += 1;
    }
    let mut results = 0;
    let done = client.wait_until(PATIENCE, |client| {
        assert!(client.results().iter().all(|result| result.status == CallStatus::Committed));
        results += client.results().len();
        results == calls
    });
    assert!(done);
}
