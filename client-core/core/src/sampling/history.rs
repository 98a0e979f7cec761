//! The histories of the game's rows, and values between and beyond what they hold.

use super::{Arrivals, FollowedColumn, Known, Step, Values};
use crate::limits;

/// The followed columns of one table of the cache. Rows are named by the cache's local numbers.
#[derive(Debug, Default)]
pub(crate) struct Histories {
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    column: FollowedColumn,
    rows: Vec<History>,
}

/// The last values of a row, in a ring.
#[derive(Debug, Clone, Copy, Default)]
struct History {
    /// How many there were; the last ones are there.
    count: u32,
    /// How many are there.
    known: u32,
    steps: [Step; limits::HISTORY_VALUES],
}

impl Histories {
    /// The followed columns, in the order in which they were asked for.
    pub(crate) fn columns(&self) -> impl Iterator<Item = FollowedColumn> {
        self.columns.iter().map(|column| column.column)
    }

    /// Follows a column of these rows, and of all that enter.
    pub(crate) fn follow<'a>(
        &mut self,
        column: FollowedColumn,
        rows: impl Iterator<Item = (u32, &'a [u8])>,
        time_us: i64,
    ) {
        if self.columns().any(|known| known == column) {
            return;
        }
        let mut column = Column { column, rows: Vec::new() };
        for (local, row) in rows {
            column.catch_up(local, row, time_us);
        }
        self.columns.push(column);
    }

    /// A row has entered: it has no history.
    pub(crate) fn enter(&mut self, local: u32) {
        for column in &mut self.columns {
            *column.history(local) = History::default();
        }
    }

    /// Takes what a row got since the last time, by the number that the arrivals have for it. The game shows what was
    /// `delay_us` ago.
    #[inline]
    pub(crate) fn take(&mut self, local: u32, arrivals: &Arrivals, arrived: u32, delay_us: i64) {
        for (track, column) in self.columns.iter_mut().enumerate() {
            let history = column.history(local);
            arrivals.each_step(track, arrived, |step| history.push(step, delay_us));
        }
    }

    /// Takes a row's value without knowing how it got there: nobody followed its updates.
    pub(crate) fn catch_up(&mut self, local: u32, row: &[u8], time_us: i64) {
        for column in &mut self.columns {
            column.catch_up(local, row, time_us);
        }
    }

    /// A row's value at a time; `None` of the column that is not followed, and within of the row that is not there.
    pub(crate) fn sample(
        &self,
        local: u32,
        column: u16,
        time_us: i64,
        known: Known,
    ) -> Option<Option<Values>> {
        let column = self.columns.iter().find(|known| known.column.column == column)?;
        let history = column.rows.get(local as usize);
        Some(history.and_then(|history| history.at(time_us, &column.column, known)))
    }
}

impl Column {
    #[inline]
    fn history(&mut self, local: u32) -> &mut History {
        let place = local as usize;
        if self.rows.len() <= place {
            self.rows.resize(place + 1, History::default());
        }
        #[expect(clippy::indexing_slicing, reason = "there are more rows than this place")]
        &mut self.rows[place]
    }

    fn catch_up(&mut self, local: u32, row: &[u8], time_us: i64) {
        let values = self.column.values(row);
        let history = self.history(local);
        if history.back(0).is_none_or(|last| last.values != values) {
            history.push(Step { time_us, values, ..Step::default() }, 0);
        }
    }
}

impl History {
    /// The step that so many others have followed.
    #[inline]
    fn back(&self, others: u32) -> Option<&Step> {
        if others >= self.known {
            return None;
        }
        self.steps.get((self.count - 1 - others) as usize % limits::HISTORY_VALUES)
    }

    #[inline]
    fn push(&mut self, step: Step, delay_us: i64) {
        let Some(last) = self.back(0) else { return self.append(step) };
        if step.time_us > last.time_us {
            if self.known as usize == limits::HISTORY_VALUES
                && let Some(glide_us) = self.glide_instead_of_last(&step, delay_us)
            {
                self.replace(Step { glide_us, ..step });
            } else {
                self.append(step);
            }
        } else if step.time_us == last.time_us {
            self.replace(Step { glide_us: last.glide_us, ..step });
        } else {
            // A clock was set back, or it is another world: there is no way from there to here.
            self.known = 0;
            self.append(step);
        }
    }

    /// How long the way to a step is if it takes the place of the last one, where that is possible: more values came than
    /// the delay has room for, of a steady motion, of which every other one is enough.
    fn glide_instead_of_last(&self, step: &Step, delay_us: i64) -> Option<u32> {
        let (last, before) = (self.back(0)?, self.back(1)?);
        let room_us = delay_us / (limits::HISTORY_VALUES as i64 - 2);
        let apart_us = step.time_us - before.time_us;
        let is_steady = last.begin_us() <= before.time_us && step.begin_us() <= last.time_us;
        if is_steady && apart_us <= room_us { u32::try_from(apart_us).ok() } else { None }
    }

    fn replace(&mut self, step: Step) {
        self.count -= 1;
        self.known -= 1;
        self.append(step);
    }

    fn append(&mut self, step: Step) {
        if let Some(place) = self.steps.get_mut(self.count as usize % limits::HISTORY_VALUES) {
            *place = step;
        }
        // After so many values the number begins again, at a place in the ring that is the same.
        self.count = if self.count == u32::MAX { limits::HISTORY_VALUES as u32 } else { self.count + 1 };
        self.known = (self.known + 1).min(limits::HISTORY_VALUES as u32);
    }

    fn at(&self, time_us: i64, column: &FollowedColumn, known: Known) -> Option<Values> {
        let mut to = self.back(0)?;
        if time_us >= to.time_us {
            return Some(self.beyond(to, time_us, column, known));
        }
        for from in (1..self.known).map_while(|others| self.back(others)) {
            if time_us >= from.time_us {
                let on_its_way = time_us - to.begin_us();
                if on_its_way <= 0 {
                    return Some(from.values);
                }
                let share = on_its_way as f64 / f64::from(to.glide_us);
                return Some(column.blend(from.values, to.values, share));
            }
            to = from;
        }
        Some(to.values)
    }

    /// The row's value at or after its last one. It goes on as it came, for a while, if nothing says that it rests.
    fn beyond(&self, last: &Step, time_us: i64, column: &FollowedColumn, known: Known) -> Values {
        let Some(before) = self.back(1) else { return last.values };
        let is_moving = last.glide_us > 0 && known.is_lively;
        if !is_moving || known.is_at_rest(last.time_us, last.usual_us.into()) {
            return last.values;
        }
        let reach_us = time_us.saturating_sub(last.time_us).min(limits::EXTRAPOLATION_MAX_US);
        if reach_us == 0 {
            return last.values;
        }
        column.blend(before.values, last.values, 1.0 + reach_us as f64 / f64::from(last.glide_us))
    }
}

impl Step {
    /// When the row leaves its value before.
    fn begin_us(&self) -> i64 {
        self.time_us.saturating_sub(self.glide_us.into())
    }
}
