//! A disk that takes no more in the middle of the load: a limit on the size of files stands for it, which the running server is
//! given from outside.

use std::process::Command;

use ambit_client::{Budget, CallStatus, Client, ConnectionState, DisconnectReason};
use ambit_model::{Value, encode_row};
use ambit_wire::goodbye;

use crate::served::{ACCOUNTS, PATIENCE, Served, balances, load, refill, testbed};

fn call_transfer(client: &mut Client) -> Option<u32> {
    let schema = client.schema()?;
    let (reducer, transfer) = schema.reducer("transfer")?;
    let row = encode_row(&transfer.layout(), &[Value::U64(0), Value::U64(1), Value::I64(1)]).unwrap();
    client.call(reducer, &row).ok()
}

#[test]
fn a_disk_that_takes_no_more_loses_nothing_that_was_acknowledged() {
    let folder = std::env::temp_dir().join(format!("ambit-disk-{}", std::process::id()));
    let (data, config) = (folder.join("data"), folder.join("config"));
    let served = Served::start(&data);
    served.ambit(&config, &["publish", testbed().to_str().unwrap(), "--name", "bank"]);
    served.ambit(&config, &["call", "bank", "init_accounts", &ACCOUNTS.to_string()]);
    // However slow the disk is, account 0 is not to run out of coins.
    refill(&served, &balances(&served));
    let mut client = served.client();
    let mut ledger = load(&mut client, 1, 100);

    let limit = Command::new("prlimit").args(["--fsize=0", "--pid", &served.pid().to_string()]).status();
    assert!(limit.unwrap().success());
    let mut refused = Vec::new();
    let ended = client.wait_until(PATIENCE, |client| {
        for result in client.results() {
            if result.status == CallStatus::Committed {
                ledger.committed.push(result.offset);
            } else {
                refused.push(result.message.clone());
            }
        }
        call_transfer(client);
        matches!(client.state(), ConnectionState::Disconnected { .. })
    });
    assert!(ended, "{:?}", client.state());
    let ConnectionState::Disconnected { reason: DisconnectReason::Goodbye { code, message } } =
        client.state()
    else {
        panic!("{:?}", client.state());
    };
    assert_eq!(code, goodbye::DATABASE);
    assert!(message.contains("restart the database") && message.contains("ulimit -f"), "{message}");
    assert!(refused.iter().all(|message| message.contains("ulimit -f")), "{refused:?}");
    client.tick(Budget::UNLIMITED);
    let durable = ledger.durable(client.durable_offset()) as i64;
    // Whoever comes now is told the same.
    let output = Command::new(env!("CARGO_BIN_EXE_ambit"))
        .args(["call", "bank", "transfer", "0", "1", "1"])
        .env("AMBIT_SERVER", format!("http://{}", served.address))
        .env("AMBIT_CONFIG", &config)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("ulimit -f"), "{told}");
    served.kill();

    let served = Served::start(&data);
    let after = balances(&served);
    assert_eq!(after.iter().sum::<i64>(), ACCOUNTS as i64 * 1_000);
    assert!(after[1] >= durable, "{durable} transfers were called durable, {} are there", after[1]);
    assert!(durable >= 100);
    drop(served);
    drop(std::fs::remove_dir_all(&folder));
}
