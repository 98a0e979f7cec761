//! Kinds of worlds: how long they are and what goes wrong in them.

use crate::disk::DiskFaults;
use crate::random::Random;

/// What a world is like. A seed draws what is left open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// Commits after which a world ends.
    pub commits: u64,
    /// Clients at most.
    pub clients_max: u64,
    /// Faults of the disks while the server runs.
    pub disk: DiskFaults,
    /// Microseconds from one crash to the next on average; 0 for none.
    pub crash_every_us: u64,
    /// Of a hundred crashes, those that end the program and leave the system running.
    pub kill_percent: u64,
    /// Microseconds from one snapshot to the next on average; 0 for none.
    pub snapshot_every_us: u64,
    /// Microseconds from one publication of another schema to the next on average; 0 for none.
    pub publish_every_us: u64,
    /// Once in so many messages a connection breaks.
    pub cut_connection: u64,
    /// Once in so many messages a connection stalls.
    pub stall_connection: u64,
    /// Whether clients that lost a connection go on with the rows that they had. In other worlds they begin anew.
    pub do_clients_return: bool,
}

impl Scenario {
    /// Everything that can go wrong without a stored bit changing by itself.
    pub const STANDARD: Self = Self {
        name: "standard",
        commits: 200,
        clients_max: 3,
        disk: DiskFaults {
            failing_sync: 300,
            failing_write: 600,
            failing_name_sync: 300,
            failing_read: 80,
            flipped_bit: 0,
            capacity: 0,
        },
        crash_every_us: 300_000,
        kill_percent: 30,
        snapshot_every_us: 200_000,
        publish_every_us: 500_000,
        cut_connection: 150,
        stall_connection: 40,
        do_clients_return: false,
    };

    /// The standard with more clients, who come back with what they held.
    pub const RETURN: Self = Self {
        name: "return",
        clients_max: 5,
        cut_connection: 60,
        do_clients_return: true,
        ..Self::STANDARD
    };

    /// Nothing goes wrong: what is found here is wrong on every day.
    pub const CALM: Self = Self {
        name: "calm",
        disk: DiskFaults {
            failing_sync: 0,
            failing_write: 0,
            failing_name_sync: 0,
            failing_read: 0,
            ..Self::STANDARD.disk
        },
        crash_every_us: 0,
        cut_connection: 0,
        stall_connection: 0,
        ..Self::STANDARD
    };

    /// The standard, and the medium decays: every second power failure flips a stored bit.
    pub const DECAY: Self = Self {
        name: "decay",
        disk: DiskFaults { flipped_bit: 2, ..Self::STANDARD.disk },
        kill_percent: 10,
        ..Self::STANDARD
    };

    /// A disk that is too small: it becomes full again and again.
    pub const FULL: Self =
        Self { name: "full", disk: DiskFaults { capacity: 40_000, ..Self::STANDARD.disk }, ..Self::STANDARD };

    /// Crashes one after the other.
    pub const STORM: Self = Self {
        name: "storm",
        crash_every_us: 40_000,
        clients_max: 1,
        publish_every_us: 200_000,
        ..Self::STANDARD
    };

    /// All scenarios.
    pub const ALL: [Self; 6] =
        [Self::STANDARD, Self::RETURN, Self::CALM, Self::DECAY, Self::FULL, Self::STORM];

    /// The scenario of a seed, where none is named: every fourth world is the standard, and every fourth one is it with clients who
    /// come back.
    pub fn of_seed(seed: u64) -> &'static Self {
        match seed % 8 {
            1 => &Self::CALM,
            2 | 6 => &Self::RETURN,
            3 | 4 => &Self::DECAY,
            5 => &Self::FULL,
            7 => &Self::STORM,
            _ => &Self::STANDARD,
        }
    }

    /// The scenario of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.name == name)
    }
}

/// Microseconds until something that happens at this average rate.
pub(crate) fn delay(random: &mut Random, average_us: u64) -> i64 {
    random.between(1, i64::try_from(average_us.saturating_mul(2)).unwrap_or(i64::MAX))
}
