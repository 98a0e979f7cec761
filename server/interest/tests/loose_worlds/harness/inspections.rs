//! What the follower says of subscriptions, compared with what clients hold.

use ambit_interest::{ClientId, Inspection};
use ambit_model::Slot;

use super::Harness;
use crate::model::Query;

impl Harness {
    /// Asks about all subscriptions; how many they are.
    pub(super) fn inspect(&mut self) -> usize {
        for (&number, client) in &self.clients {
            for &subscription in client.subscriptions.keys() {
                self.follower.inspect(ClientId(number.into()), subscription).unwrap();
            }
        }
        self.clients.values().map(|client| client.subscriptions.len()).sum()
    }

    pub(super) fn check_inspection(&self, number: u8, told: &Inspection) {
        let client = &self.clients[&number];
        let subscription = &client.subscriptions[&told.subscription];
        assert_eq!(told.rows as usize, subscription.held.len(), "rows that are held");
        // A value that came back is told all the same, so more may wait than what differs.
        let differs = |slot: &&Slot| {
            let (held, (_, current)) = (self.decode(&client.cache[*slot]), &self.rows[*slot]);
            subscription.shown().into_iter().any(|column| held.column(column) != current.column(column))
        };
        let differing = subscription.held.keys().filter(differs).count();
        assert!(told.waiting as usize >= differing, "{differing} rows are not told yet: {told:?}");
        assert!(told.waiting == 0 || !subscription.is_strict(), "what is strict does not wait");
        let in_tiers: u32 = told.tiers.iter().map(|tier| tier.rows).sum();
        assert_eq!(told.tiers.len(), subscription.delivery.tiers.len());
        assert!(told.tiers.is_empty() || in_tiers == told.rows, "every row lies in a tier: {told:?}");
        let (mut centres, radius) = match subscription.query {
            Query::Moving { radius, .. } => {
                let own = self.rows.values().filter(|(_, unit)| unit.owner == number);
                (own.map(|(_, unit)| unit.place).collect(), radius)
            }
            Query::Fixed { centre: [x, y], radius, .. } => (vec![[x, y, 0.0]], radius),
            Query::Plain { .. } => (Vec::new(), 0.0),
        };
        let mut circles: Vec<[f64; 3]> = told.circles.iter().map(|circle| circle.centre).collect();
        circles.sort_by(|left, right| left.partial_cmp(right).unwrap());
        centres.sort_by(|left: &[f64; 3], right| left.partial_cmp(right).unwrap());
        assert_eq!(circles, centres);
        assert!(told.circles.iter().all(|circle| circle.radius == radius));
    }
}
