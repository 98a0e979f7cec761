//! What an index gives is what going through the table gives.

use ambit_store::Store;
use proptest::prelude::*;

use super::*;
use crate::query::random::{condition, filter, row, schema};

fn world(rows: &[Vec<u8>]) -> World {
    let mut store = Store::new(schema());
    for row in rows {
        // The spatial indexes take finite places only, and ids are unique.
        let _ = store.insert(0, &mut row.clone());
    }
    store.commit();
    World::new(store)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn indexes_give_what_the_table_gives(
        rows in prop::collection::vec(row(), 0..60),
        conditions in prop::collection::vec(condition(), 1..20),
    ) {
        let world = world(&rows);
        for condition in conditions {
            let filter = filter(&world.schema, &condition);
            let mut found = vec![u32::MAX];
            world.select(&filter, &mut found);
            prop_assert_eq!(found.remove(0), u32::MAX, "what was there before stays");
            found.sort_unstable();
            let expected = world.store.slots(0).filter(|(_, row)| filter.matches(row));
            prop_assert_eq!(found, expected.map(|(slot, _)| slot).collect::<Vec<_>>(), "{}", condition);
        }
    }
}

#[test]
fn queries_use_the_indexes_that_they_can() {
    let world = world(&[]);
    let index_names = |condition: &str| {
        let filter = filter(&world.schema, condition);
        let conditions: Vec<&Condition> = filter.conditions.iter().collect();
        let mut look_ups = Vec::new();
        world.plan(0, &conditions, &mut look_ups)?;
        let name = |index: u16| &world.schema.tables[0].indexes[usize::from(index)].name;
        let names = look_ups.chunk_by(|(one, _), (other, _)| one == other);
        let names = names.map(|group| format!("{} × {}", name(group[0].0), group.len()));
        Some(names.collect::<Vec<_>>().join(", "))
    };
    for (condition, expected) in [
        ("id = 5 AND owner = :sender", Some("id × 1")),
        ("owner = :sender AND zone = 1", Some("owner × 1")),
        ("id IN (1, 2, 3)", Some("id × 3")),
        ("zone = 1 AND hp = 2", Some("zone_hp × 1")),
        ("zone IN (1, 2) AND hp BETWEEN 2 AND 3", Some("zone_hp × 2")),
        ("zone = 1", Some("zone_hp × 1")),
        ("zone > 1", Some("zone_hp × 1")),
        ("hp > 1", None),
        ("level = 3", Some("level × 1")),
        ("level IS NULL", Some("level × 1")),
        ("level IS NOT NULL", None),
        ("mass = 1", None),
        ("speed = 1", Some("speed × 1")),
        ("speed < 1 AND speed > 0", Some("speed × 1")),
        ("name LIKE 'orc%'", Some("name × 1")),
        ("title IS NULL AND alive", Some("title_alive × 1")),
        ("zone = 1 AND ST_DWithin(place, ST_Point(1, 2), 3)", Some("place × 1")),
        ("aim &&& ST_3DMakeBox(ST_MakePoint(0, 0, 0), ST_MakePoint(9, 9, 9))", Some("aim × 1")),
        ("NOT ST_DWithin(place, ST_Point(1, 2), 3)", None),
        ("id = 5 OR owner = :sender", Some("id × 1, owner × 1")),
        ("id = 5 OR hp = 3", None),
        ("hp > 1 AND (id = 5 OR name = 'orc')", Some("id × 1, name × 1")),
        ("zone > 1 AND (id = 5 OR name = 'orc')", Some("id × 1, name × 1")),
        ("zone > 1 AND (id = 5 OR hp = 3)", Some("id × 1, zone_hp × 1")),
        ("zone = 1 AND (id = 5 OR name = 'orc')", Some("zone_hp × 1")),
    ] {
        let found = index_names(condition).map(|names| {
            let mut names: Vec<&str> = names.split(", ").collect();
            names.sort_unstable();
            names.join(", ")
        });
        assert_eq!(found.as_deref(), expected, "{condition}");
    }
}
