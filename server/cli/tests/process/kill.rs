//! Twenty times: a server under load is killed with SIGKILL. What it had called durable is there, and no half transaction.

use crate::served::{ACCOUNTS, Served, balances, load, refill, testbed};

const KILLS: usize = 20;

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
