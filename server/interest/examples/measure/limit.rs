//! The least program that does the same work: positions in arrays sorted by cell, one delta of 16 bytes per row, and for each
//! observer the rows around it, tested before and now, and the deltas of those that it sees copied. No database, no messages.

use ambit_model::glam::Vec3;

/// Bytes of a delta.
const DELTA_BYTES: usize = 16;

pub struct Limit {
    before: Vec<Vec3>,
    /// By cell: its first place.
    starts: Vec<usize>,
    x: Vec<f64>,
    z: Vec<f64>,
    old: Vec<[f64; 2]>,
    deltas: Vec<[u8; DELTA_BYTES]>,
    /// What the last observer gets.
    out: Vec<u8>,
}

impl Limit {
    pub fn new(places: &[Vec3]) -> Self {
        Self {
            before: places.to_vec(),
            starts: Vec::new(),
            x: vec![0.0; places.len()],
            z: vec![0.0; places.len()],
            old: vec![[0.0; 2]; places.len()],
            deltas: vec![[0; DELTA_BYTES]; places.len()],
            out: vec![0; (places.len() + 1) * DELTA_BYTES],
        }
    }

    /// One tick for everybody; returns the bytes that were written.
    pub fn tick(&mut self, places: &[Vec3], side: f32, radius: f64) -> usize {
        let cell = radius / 2.0;
        let across = (f64::from(side) / cell).ceil().max(1.0) as usize + 1;
        self.sort(places, cell, across);
        let mut bytes = 0;
        let mut out = std::mem::take(&mut self.out);
        for (place, old) in places.iter().zip(&self.before) {
            let centre = [f64::from(place.x), f64::from(place.z)];
            let centre_before = [f64::from(old.x), f64::from(old.z)];
            bytes += self.observe((across, cell), (centre, centre_before, radius), &mut out);
        }
        self.out = out;
        self.before.copy_from_slice(places);
        bytes
    }

    fn sort(&mut self, places: &[Vec3], cell: f64, across: usize) {
        let cell_of = |place: &Vec3| {
            let along = |part: f32| ((f64::from(part).max(0.0) / cell) as usize).min(across - 1);
            along(place.z) * across + along(place.x)
        };
        self.starts.clear();
        self.starts.resize(across * across + 1, 0);
        places.iter().for_each(|place| self.starts[cell_of(place) + 1] += 1);
        let mut total = 0;
        for start in &mut self.starts {
            total += *start;
            *start = total;
        }
        let mut next = self.starts.clone();
        for (slot, (place, old)) in places.iter().zip(&self.before).enumerate() {
            let next = &mut next[cell_of(place)];
            let at = *next;
            *next += 1;
            (self.x[at], self.z[at]) = (f64::from(place.x), f64::from(place.z));
            self.old[at] = [f64::from(old.x), f64::from(old.z)];
            let delta = &mut self.deltas[at];
            delta[..4].copy_from_slice(&(slot as u32).to_le_bytes());
            for (part, value) in [place.x, place.y, place.z].into_iter().enumerate() {
                delta[4 + part * 4..8 + part * 4].copy_from_slice(&value.to_le_bytes());
            }
        }
    }

    fn observe(
        &self,
        (across, cell): (usize, f64),
        (centre, centre_before, radius): ([f64; 2], [f64; 2], f64),
        out: &mut [u8],
    ) -> usize {
        let Self { starts, x: xs, z: zs, old, deltas, .. } = self;
        let span = |centre: f64| {
            let low = ((centre - radius).max(0.0) / cell) as usize;
            (low.min(across - 1), (((centre + radius).max(0.0) / cell) as usize).min(across - 1))
        };
        let ((left, right), (low, high)) = (span(centre[0]), span(centre[1]));
        let square = radius * radius;
        let mut written = 0;
        for row in low..=high {
            let line = starts[row * across + left]..starts[row * across + right + 1];
            for at in line {
                let (x, z) = (xs[at] - centre[0], zs[at] - centre[1]);
                let (old_x, old_z) = (old[at][0] - centre_before[0], old[at][1] - centre_before[1]);
                let is = x * x + z * z <= square;
                let was = old_x * old_x + old_z * old_z <= square;
                // Written always, kept when it is seen.
                out[written..written + DELTA_BYTES].copy_from_slice(&deltas[at]);
                written += DELTA_BYTES * usize::from(is | was);
            }
        }
        written
    }
}
