//! Random rows, rules and queries: nobody is ever shown what they may not see, and everybody all that they may.

use ambit_interest::{Delivery, QueryError, Tier};
use ambit_model::Value;
use ambit_model::glam::Vec2;
use proptest::prelude::*;

use crate::world::{GUILD, ITEM, PLAYER, World, identity, schema};

const OWN: &str = "JOIN player p ON item.owner = p.id WHERE p.identity = :sender";
const NEAR: &str =
    "JOIN player p ON ST_DWithin(item.place, p.place, 12) WHERE p.identity = :sender AND p.zone = item.zone";
const GUILDS: &str = "join guild g ON item.owner = g.member WHERE g.founder = :sender AND item.zone < 3";
const CHAIN: &str =
    "JOIN player p ON item.owner = p.id JOIN guild g ON p.id = g.member WHERE g.founder = :sender";

const ITEM_RULES: [&[&str]; 13] = [
    &[],
    &["shared"],
    &["hidden_rank < 4"],
    &["ST_DWithin(place, ST_Point(0, 0), 15)", "zone = 1 AND NOT shared"],
    &[OWN],
    &[NEAR],
    &[GUILDS],
    &[CHAIN],
    &["shared", OWN],
    &[NEAR, OWN],
    &[GUILDS, "hidden_rank = 2 OR zone IN (1, 2)", OWN],
    &[CHAIN, NEAR],
    &["shared", "hidden_rank BETWEEN 2 AND 5", NEAR],
];

const PLAYER_RULES: [&[&str]; 5] = [
    &[],
    &["identity = :sender"],
    &["zone <> 2", "identity = :sender"],
    &["hidden_gold < 5"],
    &["JOIN guild g ON player.id = g.member WHERE g.founder = :sender", "identity = :sender"],
];

/// What a query joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joins {
    Nothing,
    Equal,
    Circle,
}

const QUERIES: [(&str, Joins, &[u16]); 21] = [
    ("SELECT * FROM item", Joins::Nothing, &[ITEM]),
    ("SELECT id, name FROM item WHERE zone = 1", Joins::Nothing, &[ITEM]),
    ("SELECT place, shared FROM item WHERE ST_DWithin(place, ST_Point(3, 0), 10)", Joins::Nothing, &[ITEM]),
    ("SELECT * FROM item WHERE zone = 2 OR name LIKE 'item 1%'", Joins::Nothing, &[ITEM]),
    (
        "SELECT i.* FROM item i JOIN player p ON i.owner = p.id WHERE p.identity = :sender",
        Joins::Equal,
        &[ITEM, PLAYER],
    ),
    (
        "SELECT i.name FROM item i JOIN player p ON i.owner = p.id WHERE p.id = 2 AND i.zone < 3",
        Joins::Equal,
        &[ITEM, PLAYER],
    ),
    (
        "SELECT i.* FROM item i JOIN player p ON ST_DWithin(i.place, p.place, 10) WHERE p.identity = :sender",
        Joins::Circle,
        &[ITEM, PLAYER],
    ),
    (
        "SELECT i.zone, i.place FROM item i JOIN player p ON ST_DWithin(i.place, p.place, 14) WHERE p.id = 1 AND i.zone = p.zone",
        Joins::Circle,
        &[ITEM, PLAYER],
    ),
    ("SELECT * FROM player", Joins::Nothing, &[PLAYER]),
    ("SELECT place FROM player WHERE zone = 1", Joins::Nothing, &[PLAYER]),
    ("SELECT p.* FROM player p JOIN item i ON p.id = i.owner WHERE i.id = 3", Joins::Equal, &[PLAYER, ITEM]),
    (
        "SELECT q.* FROM player q JOIN player p ON ST_DWithin(q.place, p.place, 9) WHERE p.identity = :sender",
        Joins::Circle,
        &[PLAYER, PLAYER],
    ),
    (
        "SELECT q.zone FROM player q JOIN player p ON ST_DWithin(q.place, p.place, 9) WHERE p.id = 1",
        Joins::Circle,
        &[PLAYER, PLAYER],
    ),
    ("SELECT * FROM item ORDER BY zone DESC LIMIT 3", Joins::Nothing, &[ITEM]),
    ("SELECT name FROM item WHERE zone < 3 ORDER BY owner, name DESC LIMIT 2", Joins::Nothing, &[ITEM]),
    ("SELECT place FROM item ORDER BY ST_Distance(place, ST_Point(0, 0)) LIMIT 3", Joins::Nothing, &[ITEM]),
    ("SELECT * FROM item WHERE shared ORDER BY shared LIMIT 0", Joins::Nothing, &[ITEM]),
    ("SELECT zone FROM player ORDER BY zone DESC, identity LIMIT 1", Joins::Nothing, &[PLAYER]),
    (
        "SELECT i.* FROM item i JOIN player p ON i.owner = p.id WHERE p.identity = :sender ORDER BY i.zone LIMIT 2",
        Joins::Equal,
        &[ITEM, PLAYER],
    ),
    (
        "SELECT i.* FROM item i JOIN player p ON ST_DWithin(i.place, p.place, 14) WHERE p.identity = :sender \
         ORDER BY ST_Distance(i.place, p.place) LIMIT 2",
        Joins::Circle,
        &[ITEM, PLAYER],
    ),
    (
        "SELECT q.zone FROM player q JOIN player p ON ST_DWithin(q.place, p.place, 9) WHERE p.id = 1 \
         ORDER BY q.zone, ST_Distance(q.place, p.place) LIMIT 2",
        Joins::Circle,
        &[PLAYER, PLAYER],
    ),
];

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<Change>),
    Flush,
    Subscribe { client: u8, query: usize, terms: usize },
    Unsubscribe { client: u8, pick: u8 },
    Migrate { items: usize, players: usize, is_wide: bool },
}

#[derive(Debug, Clone)]
enum Change {
    Guild { member: u8, founder: u8 },
    Item { owner: u8, zone: u8, x: i8, shared: bool, rank: u16 },
    Player { who: u8, zone: u8, x: i8, gold: u32 },
    Delete { table: u16, pick: u8 },
    Move { table: u16, pick: u8, dx: i8 },
    Zone { table: u16, pick: u8, zone: u8 },
    Owner { pick: u8, owner: u8 },
    Shared { pick: u8, shared: bool },
    Hidden { table: u16, pick: u8, value: u8 },
    Founder { pick: u8, founder: u8 },
}

fn change() -> impl Strategy<Value = Change> {
    let (pick, who, zone, x) = (any::<u8>(), 0_u8..4, 0_u8..4, -20_i8..20);
    let table = prop_oneof![Just(ITEM), Just(PLAYER)];
    prop_oneof![
        1 => (pick, who.clone()).prop_map(|(member, founder)| Change::Guild { member, founder }),
        3 => (pick, zone.clone(), x.clone(), any::<bool>(), 0_u16..8)
            .prop_map(|(owner, zone, x, shared, rank)| Change::Item { owner, zone, x, shared, rank }),
        2 => (who.clone(), zone.clone(), x, 0_u32..8)
            .prop_map(|(who, zone, x, gold)| Change::Player { who, zone, x, gold }),
        1 => (0_u16..3, pick).prop_map(|(table, pick)| Change::Delete { table, pick }),
        4 => (table.clone(), pick, -9_i8..9).prop_map(|(table, pick, dx)| Change::Move { table, pick, dx }),
        2 => (table.clone(), pick, zone).prop_map(|(table, pick, zone)| Change::Zone { table, pick, zone }),
        2 => (pick, pick).prop_map(|(pick, owner)| Change::Owner { pick, owner }),
        2 => (pick, any::<bool>()).prop_map(|(pick, shared)| Change::Shared { pick, shared }),
        2 => (table, pick, 0_u8..8).prop_map(|(table, pick, value)| Change::Hidden { table, pick, value }),
        1 => (pick, who).prop_map(|(pick, founder)| Change::Founder { pick, founder }),
    ]
}

fn apply(world: &mut World, change: &Change) {
    let id_of = |world: &World, pick: u8| {
        let slot = world.pick(PLAYER, pick)?;
        let row = world.store.row(PLAYER, slot)?;
        row.first_chunk::<4>().map(|id| u32::from_le_bytes(*id))
    };
    let set = |world: &mut World, table: u16, pick: u8, column: usize, value: Value| {
        if let Some(slot) = world.pick(table, pick) {
            world.set(table, slot, column, value);
        }
    };
    let zone_of = |table: u16| if table == ITEM { 2 } else { 3 };
    match *change {
        Change::Guild { member, founder } => {
            let member = id_of(world, member).unwrap_or(1);
            world.guild(member, founder);
        }
        Change::Item { owner, zone, x, shared, rank } => {
            let owner = id_of(world, owner).unwrap_or(1);
            world.item(owner, zone, x.into(), shared, rank);
        }
        Change::Player { who, zone, x, gold } => {
            world.player(who, x.into(), zone, gold);
        }
        Change::Delete { table, pick } => {
            if let Some(slot) = world.pick(table, pick) {
                world.delete(table, slot);
            }
        }
        Change::Move { table, pick, dx } => {
            let Some(slot) = world.pick(table, pick) else { return };
            let column = if table == ITEM { 3 } else { 2 };
            let layout = world.layout(table);
            let values = ambit_model::decode_row(&layout, world.store.row(table, slot).unwrap()).unwrap();
            let Value::Vec2(place) = values[column] else { panic!("a place") };
            world.set(table, slot, column, Value::Vec2(Vec2::new(place.x + f32::from(dx), place.y)));
        }
        Change::Zone { table, pick, zone } => set(world, table, pick, zone_of(table), Value::U8(zone)),
        Change::Owner { pick, owner } => {
            if let Some(owner) = id_of(world, owner) {
                set(world, ITEM, pick, 1, Value::U32(owner));
            }
        }
        Change::Shared { pick, shared } => set(world, ITEM, pick, 4, Value::Bool(shared)),
        Change::Hidden { table: ITEM, pick, value } => set(world, ITEM, pick, 5, Value::U16(value.into())),
        Change::Hidden { pick, value, .. } => {
            set(world, PLAYER, pick, 4, Value::U32(value.into()));
            set(world, PLAYER, pick, 5, Value::String("x".repeat(value.into())));
        }
        Change::Founder { pick, founder } => {
            set(world, GUILD, pick, 2, Value::Identity(identity(founder)));
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let rules = (0..ITEM_RULES.len(), 0..PLAYER_RULES.len(), any::<bool>());
    prop_oneof![
        6 => prop::collection::vec(change(), 1..6).prop_map(Step::Commit),
        6 => Just(Step::Flush),
        4 => (0_u8..4, 0..QUERIES.len(), 0_usize..6)
            .prop_map(|(client, query, terms)| Step::Subscribe { client, query, terms }),
        1 => (0_u8..4, any::<u8>()).prop_map(|(client, pick)| Step::Unsubscribe { client, pick }),
        1 => rules.prop_map(|(items, players, is_wide)| Step::Migrate { items, players, is_wide }),
    ]
}

/// Terms on which everything is told all the same: there is room for it, and no tier makes it wait.
fn delivery(terms: usize) -> Delivery {
    let strict = Delivery::at_rate(f32::INFINITY);
    let tier = |distance| Tier { distance, rate: f32::INFINITY, columns: Vec::new() };
    match terms {
        0 => Delivery { budget: 100_000_000, ..strict },
        1 => Delivery { tiers: vec![tier(4.0), tier(20.0)], ..strict },
        _ => strict,
    }
}

/// Why a query cannot be delivered on such terms.
fn refusal(query: usize, terms: usize, rules: (usize, usize)) -> Option<QueryError> {
    let (sql, joins, tables) = QUERIES[query];
    let name = |table: u16| if table == ITEM { "item" } else { "player" }.to_owned();
    let is_loose = terms < 2;
    if is_loose && (joins == Joins::Equal || sql.contains("ORDER BY")) {
        return Some(QueryError::NoDelivery);
    }
    if terms == 1 && !sql.contains("ST_DWithin") {
        return Some(QueryError::NoDistance);
    }
    if is_ruled_out(joins, tables, rules) {
        let ruled = tables.iter().copied().find(|table| is_ruled_out(joins, &[*table], rules));
        return ruled.map(name).map(QueryError::RuledOut);
    }
    let mut joining = rules_of(tables, rules).filter(|rule| rule.to_lowercase().starts_with("join"));
    (is_loose && joining.next().is_some()).then(|| QueryError::RuledDelivery(name(tables[0])))
}

fn rules_of(tables: &[u16], (items, players): (usize, usize)) -> impl Iterator<Item = &'static str> {
    let of = move |table: u16| if table == ITEM { ITEM_RULES[items] } else { PLAYER_RULES[players] };
    tables.iter().copied().flat_map(of).copied()
}

/// Whether a query and the rules of its tables cannot be kept up to date together.
fn is_ruled_out(joins: Joins, tables: &[u16], rules: (usize, usize)) -> bool {
    let mut joining = rules_of(tables, rules).filter(|rule| rule.to_lowercase().starts_with("join"));
    match joins {
        Joins::Nothing => false,
        Joins::Equal => joining.any(|rule| rule.contains("ST_DWithin")),
        Joins::Circle => joining.next().is_some(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, ..ProptestConfig::default() })]

    #[test]
    fn nobody_sees_what_they_may_not(
        first in (0..ITEM_RULES.len(), 0..PLAYER_RULES.len()),
        rows in prop::collection::vec(change(), 0..30),
        steps in prop::collection::vec(step(), 1..50),
    ) {
        let mut rules = first;
        let mut world = World::new(schema(ITEM_RULES[rules.0], PLAYER_RULES[rules.1], false));
        rows.iter().for_each(|change| apply(&mut world, change));
        world.commit();
        for step in steps {
            match step {
                Step::Commit(changes) => {
                    changes.iter().for_each(|change| apply(&mut world, change));
                    world.commit();
                }
                Step::Flush => drop(world.flush()),
                Step::Subscribe { client, query, terms } => {
                    let (sql, ..) = QUERIES[query];
                    let result = world.subscribe_as(client, sql, &delivery(terms));
                    prop_assert_eq!(result.err(), refusal(query, terms, rules), "{}", sql);
                }
                Step::Unsubscribe { client, pick } => {
                    let numbers: Vec<u32> = world.clients.get(&client).map_or_else(Vec::new, |state| {
                        state.subscriptions.keys().copied().collect()
                    });
                    if let Some(&number) = numbers.get(usize::from(pick) * numbers.len() / 256) {
                        world.unsubscribe(client, number);
                    }
                }
                Step::Migrate { items, players, is_wide } => {
                    rules = (items, players);
                    world.migrate(schema(ITEM_RULES[items], PLAYER_RULES[players], is_wide));
                }
            }
        }
        world.flush();
    }
}
