//! The clocks of a client, values of rows between updates, and ticks that keep to a time.

use std::time::{Duration, Instant};

use ambit_client_core::{Budget, DelayError, Event, InterpolateError, SampleError};

use super::Client;

impl Client {
    /// Ticks, and gives events to `handle` until `time` is up, at least one of them; the rest come with the next tick. Answers how
    /// many it gave. The cache is whole nevertheless: only events are sliced, and `budget` bounds their number.
    pub fn tick_within(
        &mut self,
        budget: Budget,
        time: Duration,
        mut handle: impl FnMut(&Event<'_>),
    ) -> usize {
        let start = Instant::now();
        self.tick(budget);
        let mut handled = 0;
        for event in self.world.events() {
            if handled > 0 && start.elapsed() >= time {
                break;
            }
            handle(&event);
            handled += 1;
        }
        self.defer_events_after(handled);
        handled
    }

    /// The server's time in microseconds since 1970, as estimated with the last tick; `None` before the first answer to a ping. It
    /// never goes back.
    pub fn server_time_us(&self) -> Option<i64> {
        self.world.server_time_us(self.link.now_us())
    }

    /// The time that a frame is to show, for [`Client::sample`]: the server's time minus the render delay; `None` before the first
    /// answer to a ping. It never goes back.
    pub fn render_time_us(&self) -> Option<i64> {
        self.world.render_time_us(self.link.now_us())
    }

    /// Fixes the render delay in microseconds, or with `None` lets it adapt again to how often rows are told and how late. It is
    /// gone over to slowly, from the next tick on.
    pub fn set_render_delay(&mut self, delay_us: Option<i64>) -> Result<(), DelayError> {
        self.world.set_render_delay(delay_us)
    }

    /// Remembers the last values of a column from now on, so that [`Client::sample`] answers. Once is enough for a column.
    pub fn interpolate(&mut self, table: u16, column: u16) -> Result<(), InterpolateError> {
        self.world.interpolate(table, column)
    }

    /// A row's value in an interpolated column at a time of the server's, as numbers; those that the column does not have are 0.
    /// `local` is the row's number in its [`ambit_client_core::Table`].
    pub fn sample(&self, table: u16, local: u32, column: u16, time_us: i64) -> Result<[f64; 4], SampleError> {
        self.world.sample(table, local, column, time_us)
    }
}
