//! The clocks of a client, and values of rows between updates.

use super::Core;

impl Core {
    pub(crate) fn server_time(&self, out_us: &mut i64) -> bool {
        self.client.server_time_us().map(|time_us| *out_us = time_us).is_some()
    }

    pub(crate) fn render_time(&self, out_us: &mut i64) -> bool {
        self.client.render_time_us().map(|time_us| *out_us = time_us).is_some()
    }

    pub(crate) fn set_render_delay(&mut self, delay_us: i64) -> bool {
        let delay_us = Some(delay_us).filter(|delay| *delay >= 0);
        let set = self.client.set_render_delay(delay_us);
        self.keep(set).is_some()
    }

    pub(crate) fn interpolate(&mut self, table: u16, column: u16) -> bool {
        let interpolated = self.client.interpolate(table, column);
        self.keep(interpolated).is_some()
    }

    pub(crate) fn sample(
        &mut self,
        table: u16,
        slot: u32,
        column: u16,
        time_us: i64,
        out: &mut [f64; 4],
    ) -> bool {
        // A slot without a row is a local number that no table gives.
        let local = self.client.table_by_id(table).and_then(|table| table.local(slot)).unwrap_or(u32::MAX);
        let sampled = self.client.sample(table, local, column, time_us);
        self.keep(sampled).map(|values| *out = values).is_some()
    }
}
