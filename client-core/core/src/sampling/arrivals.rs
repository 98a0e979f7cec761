//! Values of followed columns as they arrive, until a tick takes them, and how each row gets to them.
//!
//! This is the session's side, where every update passes. Rows are named by the replica's local numbers.

use super::{FollowedColumn, Moment, Step, Values};
use crate::limits;

/// The end of a chain of steps.
const NONE: u32 = u32::MAX;

/// What arrived in one table's followed columns.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    tracks: Vec<Track>,
    mask: u64,
    now: Moment,
    tempo: Tempo,
}

/// What the steps of one update tell together.
#[derive(Debug, Default)]
pub(crate) struct Tempo {
    /// Rows that moved on.
    pub steps: u32,
    /// What their values lie apart, in bins of [`limits::DELAY_BIN_US`].
    pub gaps: Vec<u32>,
}

#[derive(Debug)]
struct Track {
    column: FollowedColumn,
    /// By local number.
    rows: Vec<Last>,
    /// Steps that no tick has taken, in chains from a row's last one back.
    pending: Vec<Pending>,
    /// How many pending steps are too many.
    pending_max: usize,
    /// The fastest that a row was for two steps in a row, in units per microsecond.
    fastest: f64,
    /// What updates of rows are usually apart.
    usual_us: i64,
}

/// What is remembered of a row's last value.
#[derive(Debug, Clone, Copy)]
struct Last {
    values: Values,
    time_us: i64,
    usual_us: i64,
    /// In units per microsecond; 0 after a rest.
    speed: f64,
    /// In `pending`, or `NONE`.
    pending: u32,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    step: Step,
    before: u32,
}

impl Arrivals {
    /// Whether any column is followed.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.tracks.is_empty()
    }

    /// The followed columns as a mask of the table's columns.
    #[inline]
    pub(crate) fn mask(&self) -> u64 {
        self.mask
    }

    /// Whether just these columns are followed.
    pub(crate) fn follows(&self, columns: impl Iterator<Item = FollowedColumn>) -> bool {
        self.tracks.iter().map(|track| track.column).eq(columns)
    }

    /// Follows these columns from now on, of these rows and of all that enter. What was known of rows is forgotten.
    pub(crate) fn follow<'a>(
        &mut self,
        columns: impl Iterator<Item = FollowedColumn>,
        rows: impl Iterator<Item = (u32, &'a [u8])>,
        time_us: i64,
    ) {
        self.tracks = columns.map(Track::new).collect();
        self.mask = self.tracks.iter().fold(0, |mask, track| mask | track.column.mask());
        self.now.time_us = time_us;
        for (local, row) in rows {
            for track in &mut self.tracks {
                track.enter(local, row, time_us);
                track.forget(local);
            }
        }
        for track in &mut self.tracks {
            track.pending.clear();
        }
    }

    /// What comes next was true at this moment.
    pub(crate) fn begin(&mut self, now: Moment) {
        self.now = now;
    }

    /// What came since the last [`Self::begin`], to be emptied by whoever reads it.
    pub(crate) fn tempo(&mut self) -> &mut Tempo {
        &mut self.tempo
    }

    /// A row has entered.
    pub(crate) fn enter(&mut self, local: u32, row: &[u8]) {
        for track in &mut self.tracks {
            track.enter(local, row, self.now.time_us);
        }
    }

    /// A row has changed in the columns of this mask.
    pub(crate) fn change(&mut self, local: u32, mask: u64, row: &[u8]) {
        let mut gap_us = None;
        for track in self.tracks.iter_mut().filter(|track| mask & track.column.mask() != 0) {
            gap_us = gap_us.or(track.change(local, row, &self.now));
        }
        // However many columns of it changed, it is one row.
        if let Some(gap_us) = gap_us {
            self.tempo.add(gap_us);
        }
    }

    /// The game takes no more of what has come of a row: it has left, or the game has taken it.
    pub(crate) fn forget(&mut self, local: u32) {
        for track in &mut self.tracks {
            track.forget(local);
        }
    }

    /// The game has taken everything.
    pub(crate) fn taken(&mut self) {
        for track in &mut self.tracks {
            track.pending.clear();
        }
    }

    /// Hands out what a row got in the followed column of this number since the game took it, the oldest first; of many values the
    /// last ones.
    #[inline]
    pub(crate) fn each_step(&self, track: usize, local: u32, mut take: impl FnMut(Step)) {
        let Some(track) = self.tracks.get(track) else { return };
        let mut chain = track.chain(local);
        let Some(last) = chain.next() else { return };
        if let Some(before) = chain.next() {
            let mut steps = [before; limits::HISTORY_VALUES - 1];
            let mut count = 1;
            for (place, step) in steps.iter_mut().skip(1).zip(chain) {
                *place = step;
                count += 1;
            }
            steps.iter().take(count).rev().for_each(|&step| take(step));
        }
        take(last);
    }
}

impl Track {
    fn new(column: FollowedColumn) -> Self {
        Self {
            column,
            rows: Vec::new(),
            pending: Vec::new(),
            pending_max: limits::ARRIVALS_MIN,
            fastest: 0.0,
            usual_us: limits::INTERVAL_FIRST_US,
        }
    }

    fn enter(&mut self, local: u32, row: &[u8], time_us: i64) {
        let place = local as usize;
        let values = self.column.values(row);
        let last = Last { values, time_us, usual_us: self.usual_us, speed: 0.0, pending: NONE };
        if self.rows.len() <= place {
            self.rows.resize(place + 1, last);
        }
        if let Some(known) = self.rows.get_mut(place) {
            *known = last;
        }
        self.push(local, Step { time_us, glide_us: 0, usual_us: micros(self.usual_us), values });
    }

    /// Takes in another value; returns how long after the one before, if the row goes on moving.
    fn change(&mut self, local: u32, row: &[u8], now: &Moment) -> Option<i64> {
        let values = self.column.values(row);
        let last = self.rows.get_mut(local as usize)?;
        let (mut regular_us, gap_us) = (None, now.time_us.saturating_sub(last.time_us));
        let mut glide_us = 0;
        if gap_us > 0 {
            let usual_us = last.usual_us.max(1);
            let is_regular = gap_us <= 2 * usual_us;
            // Nothing at all was heard of a world in which much moves: it was the connection that stood still.
            let is_silence = now.known.is_lively
                && gap_us <= limits::SILENCE_BRIDGED_MAX_US
                && !now.known.is_at_rest(last.time_us, usual_us);
            // What rested begins to move as long before its new value as its updates are apart.
            glide_us = if is_regular || is_silence { gap_us } else { usual_us };
            if gap_us <= now.rest_us {
                last.usual_us += (gap_us - last.usual_us) / 4;
            }
            if is_regular {
                self.usual_us += (last.usual_us - self.usual_us) / 64;
                regular_us = Some(gap_us);
            } else {
                last.speed = 0.0;
            }
            if let Some(distance) = self.column.distance(last.values, values) {
                let speed = distance / glide_us.max(limits::STEP_MIN_US) as f64;
                let fastest = self.fastest.max(last.speed);
                if self.fastest > 0.0 && speed > limits::JUMP_SPEED_FACTOR * fastest {
                    glide_us = 0;
                }
                self.fastest = self.fastest.max(speed.min(last.speed));
                last.speed = speed;
            }
        }
        (last.values, last.time_us) = (values, now.time_us);
        let usual_us = micros(last.usual_us);
        self.push(local, Step { time_us: now.time_us, glide_us: micros(glide_us), usual_us, values });
        regular_us
    }

    fn push(&mut self, local: u32, step: Step) {
        if self.pending.len() >= self.pending_max {
            self.thin();
        }
        let index = self.pending.len() as u32;
        if let Some(last) = self.rows.get_mut(local as usize) {
            let before = std::mem::replace(&mut last.pending, index);
            self.pending.push(Pending { step, before });
        }
    }

    fn forget(&mut self, local: u32) {
        if let Some(last) = self.rows.get_mut(local as usize) {
            last.pending = NONE;
        }
    }

    /// A row's steps from the last one back.
    fn chain(&self, local: u32) -> impl Iterator<Item = Step> {
        let mut at = self.rows.get(local as usize).map_or(NONE, |last| last.pending);
        std::iter::from_fn(move || {
            let pending = self.pending.get(at as usize)?;
            at = pending.before;
            Some(pending.step)
        })
    }

    /// Drops the steps that rows will not remember, of a game that does not tick. Runs when as much again has come, so its cost is
    /// spread.
    fn thin(&mut self) {
        let mut kept = Vec::with_capacity(self.pending.len() / 2);
        for local in 0..self.rows.len() as u32 {
            let mut steps = [Step::default(); limits::HISTORY_VALUES];
            let mut count = 0;
            for (place, step) in steps.iter_mut().zip(self.chain(local)) {
                *place = step;
                count += 1;
            }
            let mut before = NONE;
            for &step in steps.iter().take(count).rev() {
                kept.push(Pending { step, before });
                before = kept.len() as u32 - 1;
            }
            if let Some(last) = self.rows.get_mut(local as usize) {
                last.pending = before;
            }
        }
        self.pending_max = (2 * kept.len()).max(self.rows.len()).max(limits::ARRIVALS_MIN);
        self.pending = kept;
    }
}

impl Tempo {
    fn add(&mut self, gap_us: i64) {
        self.steps += 1;
        let bin = usize::try_from(gap_us / limits::DELAY_BIN_US).unwrap_or(usize::MAX);
        if self.gaps.is_empty() {
            self.gaps.resize(limits::DELAY_BINS, 0);
        }
        if let Some(count) = self.gaps.get_mut(bin) {
            *count += 1;
        }
    }
}

fn micros(us: i64) -> u32 {
    u32::try_from(us).unwrap_or(u32::MAX)
}
