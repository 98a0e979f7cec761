//! Whom a flush visits: clients whom the changes can concern, and those that wait for their turn.

/// The places of routines that a flush visits, in order.
#[derive(Default)]
pub(super) struct Chosen {
    /// A bit each.
    bits: Vec<u64>,
    /// Of clients whose routine is valid.
    pub steady: Vec<usize>,
    /// Of all others.
    pub anew: Vec<usize>,
}

/// Clients that lack something which waits for its turn.
#[derive(Default)]
pub(super) struct Waiting {
    /// By a client's position.
    flags: Vec<bool>,
    count: usize,
}

impl Chosen {
    /// Begins to choose from so many routines.
    pub fn begin(&mut self, count: usize) {
        self.bits.clear();
        self.bits.resize(count.div_ceil(u64::BITS as usize), 0);
    }

    pub fn add(&mut self, place: usize) {
        if let Some(word) = self.bits.get_mut(place / u64::BITS as usize) {
            *word |= 1 << (place % u64::BITS as usize);
        }
    }

    /// Puts the chosen ones in order.
    pub fn finish(&mut self, is_valid: impl Fn(usize) -> bool) {
        self.steady.clear();
        self.anew.clear();
        for (first, word) in (0..).step_by(u64::BITS as usize).zip(&self.bits) {
            let mut rest = *word;
            while rest != 0 {
                let place = first + rest.trailing_zeros() as usize;
                rest &= rest - 1;
                match is_valid(place) {
                    true => self.steady.push(place),
                    false => self.anew.push(place),
                }
            }
        }
    }
}

impl Waiting {
    pub fn is_any(&self) -> bool {
        self.count > 0
    }

    /// Notes whether the client at this position waits.
    pub fn note(&mut self, client: usize, waits: bool) {
        if waits && self.flags.len() <= client {
            self.flags.resize(client + 1, false);
        }
        if let Some(flag) = self.flags.get_mut(client) {
            self.count = self.count + usize::from(waits) - usize::from(*flag);
            *flag = waits;
        }
    }

    /// Positions of those that wait.
    pub fn clients(&self) -> impl Iterator<Item = usize> {
        let flags = if self.is_any() { self.flags.as_slice() } else { &[] };
        flags.iter().enumerate().filter(|(_, waits)| **waits).map(|(client, _)| client)
    }
}
