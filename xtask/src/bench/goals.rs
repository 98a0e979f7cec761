//! What the results must hold to be complete, and what each figure is to reach.

use super::figures::Figure;

/// What a figure is to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
    /// It is to be known.
    Measured,
}

use Goal::{AtLeast, AtMost, Measured};

/// Every figure that a run must give.
const GOALS: &[(&str, Goal)] = &[
    ("reducer_calls_per_s", Measured),
    ("transfer_calls_per_s", AtLeast(400_000.0)),
    ("transfer_call_us_p50", AtMost(1e6 / 12_000.0)),
    ("wasm_call_ns", Measured),
    ("wasm_update_row_ns", Measured),
    ("engine_transfer_ns", AtMost(700.0)),
    ("engine_update_1m_rows_s", AtMost(0.25)),
    ("engine_update_1m_rows_batched_s", AtMost(0.25)),
    ("store_transfer_ns", AtMost(250.0)),
    ("store_insert_1000000_ms_max", Measured),
    ("store_bytes_per_row_factor", AtMost(1.3)),
    ("store_index_bytes_per_row_hash_unique", AtMost(24.0)),
    ("store_index_bytes_per_row_hash", AtMost(24.0)),
    ("store_index_bytes_per_row_ordered", AtMost(24.0)),
    ("store_index_bytes_per_row_ordered_in_order", AtMost(24.0)),
    ("store_index_bytes_per_row_ordered_16_bytes", AtMost(24.0)),
    ("store_index_bytes_per_row_spatial", AtMost(24.0)),
    ("store_freeze_1gb_ms", AtMost(5.0)),
    ("store_write_while_frozen_us_max", AtMost(5_000.0)),
    ("store_load_mb_per_s", AtLeast(500.0)),
    ("world_1gb_start_s", AtMost(5.0)),
    ("world_1gb_start_mb_per_s", AtLeast(500.0)),
    ("replay_rows_per_s", AtLeast(3e6)),
    ("log_append_mb_per_s", Measured),
    ("log_unsynced_mb_per_s", AtLeast(500.0)),
    ("log_unsynced_records_per_s", AtLeast(2e6)),
    ("log_durable_calls_per_s", AtLeast(100_000.0)),
    ("log_sync_p50_ms", AtMost(10.0)),
    ("log_bytes_per_two_column_call", AtMost(60.0)),
    ("interest_pair_ns", AtMost(10.0)),
    ("interest_pair_limit_ns", Measured),
    ("bytes_per_moved_row", Measured),
    ("bodies_250_30hz_kb_per_s", AtMost(15.0)),
    ("transforms_100_30hz_kb_per_s", AtMost(6.0)),
    ("aoi_testing_10000_ms_per_tick", AtMost(8.0)),
    ("aoi_testing_10000_apply_ms", Measured),
    ("aoi_mirror_100x5000_ms", AtMost(0.3)),
    ("aoi_mirror_100x5000_apply_ms", Measured),
    ("aoi_mirror_100x5000_resting_ms", AtMost(0.3)),
    ("aoi_unreal_370x200_ms", AtMost(1.0)),
    ("interest_crowd_1000_ms", AtMost(15.0)),
    ("interest_loose_pair_ns", AtMost(15.0)),
    ("interest_loose_bytes_per_s", AtMost(64_000.0)),
    ("interest_loose_crowd_ms", AtMost(15.0)),
    ("interest_loose_crowd_oldest_ms", AtMost(1_000.0)),
    ("interest_commit_among_20000_subscriptions_us", AtMost(10.0)),
    ("interest_nearest_50_of_300_ms", Measured),
    ("interest_ranking_leaderboard_10_us", Measured),
    ("interest_ranking_leaderboard_100_us", Measured),
    ("interest_ranking_above_own_10_us", Measured),
    ("interest_ranking_nearest_50_us", Measured),
    ("interest_ranking_falling_10_us", Measured),
    ("delivery_own_queries_rows_per_s", AtLeast(60e6)),
    ("delivery_shared_query_rows_per_s", AtLeast(100e6)),
    ("delivery_bytes_per_row", Measured),
    ("aoi_testing_10000_on_1_thread_ms", Measured),
    ("aoi_testing_10000_on_2_threads_ms", Measured),
    ("interest_crowd_1000_on_1_thread_ms", Measured),
    ("interest_crowd_1000_on_2_threads_ms", Measured),
    ("delivery_own_queries_on_1_thread_ms", Measured),
    ("delivery_own_queries_on_2_threads_ms", Measured),
    ("interest_loose_10000_on_1_thread_ms", Measured),
    ("interest_loose_10000_on_2_threads_ms", Measured),
    ("interest_schema_change_10000_clients_ms", Measured),
    ("client_apply_ns_per_row", Measured),
    ("csharp_read_row_ns", Measured),
    ("csharp_bytes_allocated_per_tick", AtMost(0.0)),
    ("players_1000_call_to_neighbour_ms_p99", AtMost(60.0)),
    ("players_1000_server_mb", AtMost(400.0)),
    ("players_1000_server_cpu", Measured),
    ("players_2000_call_to_neighbour_ms_p99", AtMost(50.0)),
    ("players_2000_server_cpu", AtMost(50.0)),
    ("players_held", AtLeast(4_000.0)),
];

/// The goal of a figure, if it has one.
pub fn of(name: &str) -> Option<Goal> {
    GOALS.iter().find(|(of, _)| *of == name).map(|(_, goal)| *goal)
}

/// The figures that a run has not given.
pub fn missing(figures: &[Figure]) -> Vec<&'static str> {
    let is_there = |name: &str| figures.iter().any(|figure| figure.name == name);
    GOALS.iter().map(|(name, _)| *name).filter(|name| !is_there(name)).collect()
}

impl Goal {
    /// The goal and whether the value reaches it, in words; nothing if there is no number to reach.
    pub fn judge(self, value: f64) -> String {
        let (sign, goal, is_met) = match self {
            AtMost(goal) => ("<=", goal, value <= goal),
            AtLeast(goal) => (">=", goal, value >= goal),
            Measured => return String::new(),
        };
        let goal = format!("{goal:.2}");
        let goal = goal.trim_end_matches('0').trim_end_matches('.');
        format!("{sign} {goal}{}", if is_met { "" } else { "  MISSED" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_goal_is_called_so() {
        assert_eq!(AtMost(0.25).judge(0.2), "<= 0.25");
        assert_eq!(AtMost(0.25).judge(0.3), "<= 0.25  MISSED");
        assert_eq!(AtLeast(400_000.0).judge(399_999.0), ">= 400000  MISSED");
        assert_eq!((Measured.judge(1.0), of("nothing")), (String::new(), None));
        assert_eq!(missing(&[]).len(), GOALS.len());
    }
}
