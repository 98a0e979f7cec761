//! The index of filters never misses one that a row can concern, and finds few others.

use ambit_model::Schema;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::{FilterId, Filters};
use crate::limits;
use crate::query::plan::Filter;
use crate::query::random::{condition, filter, row, schema};

/// Watches all of them, and gives up every fourth.
fn watch(filters: &[Filter]) -> (Filters, Vec<Option<FilterId>>) {
    let mut watched = Filters::default();
    let ids: Vec<FilterId> = filters.iter().map(|filter| watched.acquire(filter, false)).collect();
    let mut kept = Vec::new();
    for (place, id) in ids.into_iter().enumerate() {
        let is_kept = place % 4 != 3;
        if !is_kept {
            watched.release(id, false);
        }
        kept.push(is_kept.then_some(id));
    }
    (watched, kept)
}

fn concerned(filters: &Filters, before: Option<&[u8]>, now: Option<&[u8]>) -> Vec<FilterId> {
    let mut found = vec![99];
    filters.concerned(0, before, now, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn every_filter_that_a_row_concerns_is_found(
        conditions in prop::collection::vec(condition(), 1..60),
        rows in prop::collection::vec(row(), 1..30),
    ) {
        let schema = schema();
        let filters: Vec<Filter> = conditions.iter().map(|condition| filter(&schema, condition)).collect();
        let (watched, kept) = watch(&filters);
        for pair in rows.windows(2) {
            let found = concerned(&watched, Some(&pair[0]), Some(&pair[1]));
            let each_once: std::collections::HashSet<&FilterId> = found.iter().collect();
            prop_assert_eq!(each_once.len(), found.len(), "a filter twice");
            for ((filter, condition), id) in filters.iter().zip(&conditions).zip(&kept) {
                let Some(id) = id else { continue };
                let is_concerned = filter.matches(&pair[0]) || filter.matches(&pair[1]);
                prop_assert!(!is_concerned || found.contains(id), "missed: {}", condition);
            }
        }
    }

    #[test]
    fn what_is_given_up_leaves_nothing_behind(conditions in prop::collection::vec(condition(), 1..40)) {
        let schema = schema();
        let mut watched = Filters::default();
        let filters: Vec<Filter> = conditions.iter().map(|condition| filter(&schema, condition)).collect();
        let ids: Vec<FilterId> = filters.iter().map(|filter| watched.acquire(filter, true)).collect();
        for id in ids {
            watched.release(id, true);
        }
        prop_assert!(watched.tables.iter().all(|table| table.is_empty()));
        prop_assert!(watched.by_filter.is_empty());
    }
}

/// How many filters each of some rows meets, and how many hold it.
fn met_and_holding(schema: &Schema, conditions: &[String], rows: &[Vec<u8>]) -> Vec<(usize, usize)> {
    let filters: Vec<Filter> = conditions.iter().map(|condition| filter(schema, condition)).collect();
    let mut watched = Filters::default();
    for filter in &filters {
        watched.acquire(filter, false);
    }
    let holding = |row: &[u8]| filters.iter().filter(|filter| filter.matches(row)).count();
    rows.iter().map(|row| (concerned(&watched, None, Some(row)).len(), holding(row))).collect()
}

fn rows(count: usize) -> Vec<Vec<u8>> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut next = || row().new_tree(&mut runner).unwrap().current();
    (0..count).map(|_| next()).collect()
}

#[test]
fn a_row_meets_the_ranges_and_values_that_hold_it_and_no_others() {
    let schema = schema();
    let kinds: [&dyn Fn(usize) -> String; 11] = [
        &|number| format!("hp BETWEEN {number} AND {}", number + 2),
        &|number| format!("hp >= {} AND hp < {}", number % 50, number),
        &|number| format!("hp > {number}"),
        &|number| format!("speed < -{number}"),
        &|number| format!("mass BETWEEN {number} AND {}.5", number + 1),
        &|number| format!("zone = 1 AND hp = {number}"),
        &|number| format!("zone = {} AND hp BETWEEN {number} AND {}", number % 200, number + 1),
        &|number| format!("hp IN ({number}, {}, {})", number + 1, number + 7),
        &|number| format!("level IS NULL AND hp <= -{number}"),
        &|number| format!("hp > -9 AND (mass = {number} OR speed = {number})"),
        &|number| format!("hp = {number} OR speed BETWEEN {number} AND {}", number + 1),
    ];
    for kind in kinds {
        let conditions: Vec<String> = (0..2_000).map(kind).collect();
        for (met, holding) in met_and_holding(&schema, &conditions, &rows(20)) {
            assert_eq!(met, holding, "{}", conditions[1]);
        }
    }
}

#[test]
fn a_row_meets_few_areas_and_prefixes_besides_those_that_hold_it() {
    let schema = schema();
    let kinds: [&dyn Fn(usize) -> String; 4] = [
        &|number| format!("ST_DWithin(place, ST_Point({}, {}), 2)", number % 70 * 3, number / 70 * 3),
        &|number| {
            let (x, y) = (number % 70 * 3, number / 70 * 3);
            format!("place && ST_MakeEnvelope({x}, {y}, {}, {})", x + 4, y + 4)
        },
        &|number| format!("zone = 1 AND ST_DWithin(aim, ST_MakePoint({number}, 0, 0), 5)"),
        &|number| format!("name LIKE 'or{number}%'"),
    ];
    for kind in kinds {
        let conditions: Vec<String> = (0..4_000).map(kind).collect();
        for (met, holding) in met_and_holding(&schema, &conditions, &rows(20)) {
            assert!(met <= holding + 8, "{}: {met} met, {holding} hold it", conditions[1]);
        }
    }
}

/// Each shape is asked for every row, so strangers must not be able to make many.
#[test]
fn the_kinds_of_keys_stay_few_however_many_columns_are_combined() {
    let schema = schema();
    let parts = [
        "zone = 1",
        "hp = 1",
        "level = 1",
        "speed = 1",
        "mass = 1",
        "name = 'orc'",
        "title = 'elf'",
        "alive",
        "hp > 0",
        "speed > 0",
    ];
    let conditions: Vec<String> = (1_u32..1 << parts.len())
        .map(|mask| {
            let chosen = parts.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1);
            chosen.map(|(_, part)| *part).collect::<Vec<_>>().join(" AND ")
        })
        .collect();
    let filters: Vec<Filter> = conditions.iter().map(|condition| filter(&schema, condition)).collect();
    let mut watched = Filters::default();
    let ids: Vec<FilterId> = filters.iter().map(|filter| watched.acquire(filter, false)).collect();
    let shapes = watched.tables[0].shape_count();
    assert!(shapes <= limits::KEY_SHAPES_MAX + parts.len(), "{shapes} kinds of keys");
    for row in rows(50) {
        let found = concerned(&watched, None, Some(&row));
        for (filter, id) in filters.iter().zip(&ids) {
            assert!(!filter.matches(&row) || found.contains(id));
        }
    }
}

/// The same query in other words is the same filter.
#[test]
fn equal_queries_are_evaluated_once() {
    let schema = schema();
    for (one, other) in [
        ("zone = 1 AND hp > 2", "hp > 2 AND (1 = zone AND zone = 1)"),
        ("zone = 1 OR zone = 2 OR hp = 3", "hp IN (3) OR zone IN (2, 1, 2)"),
        ("NOT (zone = 1 OR hp > 2)", "zone <> 1 AND hp <= 2"),
        ("NOT (zone IN (1, 2) AND alive)", "alive = FALSE OR zone NOT IN (2, 1)"),
        ("NOT alive", "alive <> TRUE"),
        ("zone <> 1 AND zone <> 2", "zone NOT IN (1, 2)"),
        ("NOT hp BETWEEN 1 AND 3", "hp > 3 OR hp < 1"),
        ("name LIKE 'orc'", "name = 'orc'"),
        ("NOT NOT level IS NULL", "level IS NULL"),
        ("speed = -0.0", "speed = 0"),
        ("(zone = 1 OR hp = 2) AND id = 5", "id = 5 AND (hp = 2 OR (zone = 1))"),
        ("place && ST_MakeEnvelope(5, 6, 1, 2)", "ST_Within(place, ST_MakeEnvelope(1, 2, 5, 6))"),
    ] {
        assert_eq!(filter(&schema, one), filter(&schema, other), "{one} | {other}");
    }
    let different =
        ["level = 1", "level <> 1", "NOT level IS NULL", "level IS NULL", "hp = 1 OR hp = 2", "hp = 1"];
    let filters: std::collections::HashSet<Filter> =
        different.iter().map(|condition| filter(&schema, condition)).collect();
    assert_eq!(filters.len(), different.len());
}
