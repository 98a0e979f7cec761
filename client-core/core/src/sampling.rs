//! Values of rows between updates: histories of chosen columns, and what they say about a moment.
//!
//! Updates that come between two ticks are merged, and a tick knows only the time of the last of them. So values are noted where
//! every update arrives, by the session (`arrivals`), and a tick moves them into the histories of the game's rows (`history`),
//! which are read without a lock. How a row goes from one value to the next is decided on arrival too, because only
//! there is known what was heard of the world meanwhile. It leaves out clocks (`clock`, `pace`).

mod arrivals;
mod column;
mod delay;
mod history;
mod timing;

pub(crate) use arrivals::Arrivals;
pub(crate) use column::FollowedColumn;
pub(crate) use history::Histories;
pub(crate) use timing::Timing;

/// Components of a value; those that the column does not have are 0.
pub(crate) type Values = [f64; 4];

/// A value that a row got, and how it gets there from the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Step {
    /// The time of the commit after which the value was true.
    pub time_us: i64,
    /// The row is on its way for so long before that time; 0 if it jumps.
    pub glide_us: u32,
    /// What the row's updates are usually apart.
    pub usual_us: u32,
    pub values: Values,
}

/// What is known of the world besides rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// Whatever was committed up to this time has arrived.
    pub until_us: i64,
    /// So many rows move that they cannot all have come to rest at once.
    pub is_lively: bool,
}

impl Known {
    /// Whether a row that was told last at this time would have been told again if it moved on.
    fn is_at_rest(&self, last_us: i64, usual_us: i64) -> bool {
        // Not after a whole interval, because updates are never exactly on time.
        self.until_us.saturating_sub(last_us) >= usual_us - usual_us / 8
    }
}

/// When an update's values were true, and what was known before it came.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moment {
    pub time_us: i64,
    pub known: Known,
    /// Between two values that are farther apart a row has rested.
    pub rest_us: i64,
}
