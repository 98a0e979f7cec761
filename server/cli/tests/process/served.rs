//! A server process of its own, and a bank in it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ambit_client::{CallStatus, Client, Options};
use ambit_model::{Value, decode_row, encode_row};
use ambit_module_build::{Install, build_module, prepare};

/// Accounts of the bank, of 1,000 coins each.
pub const ACCOUNTS: u64 = 64;

const CALLS_IN_FLIGHT: usize = 64;

/// How long anything may take that a server does at once. Only a broken server uses it up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A server process.
pub struct Served {
    child: Child,
    /// Where it listens.
    pub address: String,
}

/// What one client knows of its transfers.
pub struct Ledger {
    /// Offsets of committed transfers, in order.
    pub committed: Vec<u64>,
}

impl Served {
    pub fn start(data: &Path) -> Self {
        // SIGXFSZ would end the server before it can say what is wrong; a full disk sends no signal.
        let mut child = Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" start --listen 127.0.0.1:0 --data \"$1\""])
            .arg(env!("CARGO_BIN_EXE_ambit"))
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

    pub fn ambit(&self, config: &Path, arguments: &[&str]) {
        let output = Command::new(env!("CARGO_BIN_EXE_ambit"))
            .args(arguments)
            .env("AMBIT_SERVER", format!("http://{}", self.address))
            .env("AMBIT_CONFIG", config)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Of clients whose connection ends with the server.
    fn options(&self, uri: String) -> Options {
        Options { uri, database: "bank".into(), token: None, reconnect_for: Some(Duration::ZERO) }
    }

    pub fn client(&self) -> Client {
        let uri = self.address.clone();
        let mut client = Client::connect(self.options(uri));
        assert!(client.wait_until(PATIENCE, |client| client.schema().is_some()), "{:?}", client.state());
        client
    }

    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: no destructor, no flush.
    pub fn kill(mut self) {
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

pub fn testbed() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../samples/testbed-module");
    let toolchain = prepare(Install::Nothing, &mut |line| eprintln!("{line}")).unwrap();
    build_module(&folder, &toolchain).unwrap()
}

/// Balance per account, by a fresh client.
pub fn balances(served: &Served) -> Vec<i64> {
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
pub fn load(client: &mut Client, to: u64, enough: usize) -> Ledger {
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
    pub fn durable(&self, durable_offset: u64) -> usize {
        self.committed.iter().filter(|offset| **offset <= durable_offset).count()
    }
}

/// Brings all coins to account 0.
pub fn refill(served: &Served, balances: &[i64]) {
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
