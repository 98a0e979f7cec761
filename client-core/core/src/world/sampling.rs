//! The game's clocks, and values of rows between updates.

use super::World;
use crate::error::{DelayError, InterpolateError, SampleError};
use crate::sampling::FollowedColumn;
use crate::session::Session;

impl World {
    /// Goes over to what the session knows of the server's clock and of the delay that interpolation needs. `now_us` is the clock
    /// that the session's messages are stamped with; it never decreases. To be called before each tick.
    pub fn keep_time(&mut self, session: &mut Session, now_us: u64) {
        let timing = session.timing_mut();
        self.pace.follow(timing.clock().offset_us(), timing.adaptive_delay_us(), now_us);
        timing.render_delay_us = self.pace.delay_us();
    }

    /// The server's time in microseconds since 1970; `None` before the first answer to a ping. It never goes back: an error that
    /// is noticed is gone over slowly, or at once if the server is far ahead.
    pub fn server_time_us(&self, now_us: u64) -> Option<i64> {
        self.pace.server_us(now_us)
    }

    /// The time that a frame is to show, for [`World::sample`]: the server's time minus the render delay; `None` before the first
    /// answer to a ping. It never goes back either.
    pub fn render_time_us(&self, now_us: u64) -> Option<i64> {
        self.pace.render_us(now_us)
    }

    /// What the render delay is, or is gone over to, in microseconds.
    pub fn render_delay_us(&self) -> i64 {
        self.pace.delay_us()
    }

    /// Fixes the render delay, or with `None` lets it adapt again to how often rows are told and how late. It is gone over to slowly.
    pub fn set_render_delay(&mut self, delay_us: Option<i64>) -> Result<(), DelayError> {
        self.pace.fix_delay(delay_us)
    }

    /// Remembers the last values of a column from now on, so that [`World::sample`] answers. Once is enough for a column: it holds
    /// as long as this world. It costs memory per row of the table, and time per update of a row.
    pub fn interpolate(&mut self, table: u16, column: u16) -> Result<(), InterpolateError> {
        let time_us = self.timestamp.0;
        let unknown = InterpolateError::UnknownTable(table);
        let table = self.tables.get_mut(usize::from(table)).ok_or_else(|| unknown.clone())?;
        let column = FollowedColumn::new(table.schema().ok_or(unknown)?, table.layout(), column)?;
        table.histories.follow(column, table.rows.iter(), time_us);
        Ok(())
    }

    /// A row's value in an interpolated column at a time of the server's, as numbers; those that the column does not have are 0.
    ///
    /// Between two updates it lies between their values. After the last one it goes on as it came, for at most
    /// [`crate::limits::EXTRAPOLATION_MAX_US`], as long as nothing says that the row rests; then it stands.
    pub fn sample(&self, table: u16, local: u32, column: u16, time_us: i64) -> Result<[f64; 4], SampleError> {
        let table = self.table(table).ok_or(SampleError::UnknownTable(table))?;
        let name = || table.schema().map_or_else(String::new, |schema| schema.name.clone());
        table.slot(local).ok_or_else(|| SampleError::UnknownRow { table: name() })?;
        let sampled = table.histories.sample(local, column, time_us, self.known);
        let sampled = sampled.ok_or_else(|| SampleError::NotInterpolated { table: name(), column })?;
        sampled.ok_or_else(|| SampleError::UnknownRow { table: name() })
    }
}
