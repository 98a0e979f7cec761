//! Session numbers: a connection's identity and id stand in the log once, its number with every call.

use ambit_model::{ConnectionId, Identity};
use rustc_hash::FxHashMap;

/// The sessions that have a number. Numbers are small: the lowest free one is the next.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    by_number: Vec<Option<(Identity, ConnectionId)>>,
    numbers: FxHashMap<ConnectionId, u32>,
}

impl Sessions {
    /// The number of a connection, if it has one for this identity.
    #[inline]
    pub fn number(&self, identity: Identity, connection: ConnectionId) -> Option<u32> {
        let number = *self.numbers.get(&connection)?;
        (self.get(number) == Some((identity, connection))).then_some(number)
    }

    /// Who is behind a number.
    pub fn get(&self, number: u32) -> Option<(Identity, ConnectionId)> {
        self.by_number.get(number as usize).copied().flatten()
    }

    /// The lowest number that nobody has.
    pub fn lowest_free(&self) -> u32 {
        let free = self.by_number.iter().position(Option::is_none);
        free.unwrap_or(self.by_number.len()) as u32
    }

    /// How far numbers go: one past the highest that was ever given out.
    pub fn end(&self) -> u32 {
        self.by_number.len() as u32
    }

    /// Gives a number to a connection; whoever had it has none any more.
    pub fn define(&mut self, number: u32, identity: Identity, connection: ConnectionId) {
        self.forget(connection);
        let place = number as usize;
        if place >= self.by_number.len() {
            self.by_number.resize(place + 1, None);
        }
        if let Some(place) = self.by_number.get_mut(place) {
            if let Some((_, former)) = place.replace((identity, connection)) {
                self.numbers.remove(&former);
            }
            self.numbers.insert(connection, number);
        }
    }

    /// Takes a connection's number back.
    pub fn forget(&mut self, connection: ConnectionId) {
        let Some(number) = self.numbers.remove(&connection) else { return };
        if let Some(place) = self.by_number.get_mut(number as usize) {
            *place = None;
        }
        while self.by_number.last() == Some(&None) {
            self.by_number.pop();
        }
    }

    /// All sessions with their numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Identity, ConnectionId)> + '_ {
        let of_place = |(number, place): (u32, &Option<(Identity, ConnectionId)>)| {
            place.map(|(identity, connection)| (number, identity, connection))
        };
        (0..).zip(&self.by_number).filter_map(of_place)
    }
}

impl PartialEq for Sessions {
    fn eq(&self, other: &Self) -> bool {
        self.by_number == other.by_number
    }
}

impl Eq for Sessions {}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(byte: u8) -> (Identity, ConnectionId) {
        (Identity([byte; 32]), ConnectionId([byte; 16]))
    }

    #[test]
    fn numbers_are_reused_and_lost_to_whoever_gets_them() {
        let mut sessions = Sessions::default();
        for byte in 0..3 {
            let (identity, connection) = who(byte);
            sessions.define(sessions.lowest_free(), identity, connection);
        }
        sessions.forget(who(1).1);
        assert_eq!((sessions.lowest_free(), sessions.end()), (1, 3));
        sessions.define(0, who(9).0, who(9).1);
        assert_eq!(sessions.number(who(0).0, who(0).1), None);
        assert_eq!(sessions.number(who(9).0, who(9).1), Some(0));
        assert_eq!(sessions.number(who(8).0, who(9).1), None, "the same connection, somebody else");
        sessions.forget(who(2).1);
        assert_eq!((sessions.lowest_free(), sessions.end()), (1, 1));
        assert_eq!(sessions.iter().collect::<Vec<_>>(), [(0, who(9).0, who(9).1)]);
    }
}
