//! Random updates, gaps, teleports and ticks: every sampled value is what a naive model of the documented rules says.

use std::collections::BTreeMap;

use crate::bodies::{Body, Client, Told};
use proptest::collection::vec;
use proptest::prelude::*;

/// What the rules are made of, in microseconds, as docs/guides/smoothing.md has them.
const FIRST_INTERVAL: i64 = 50_000;
const REST: i64 = 500_000;
const SILENCE: i64 = 2_000_000;
const STEP_MIN: i64 = 20_000;
const EXTRAPOLATION: i64 = 250_000;
const WINDOW: f64 = 100_000.0;
const REMEMBERED: usize = 8;

/// The whole history of the table, from which every answer is computed anew.
#[derive(Debug, Default)]
struct Model {
    rows: BTreeMap<u32, Vec<Value>>,
    /// When rows moved on, as updates told it.
    regular: Vec<(i64, u32)>,
    updated: i64,
    fastest: f64,
    usual: i64,
}

#[derive(Debug, Clone, Copy)]
struct Value {
    time: i64,
    x: f64,
    glide: i64,
    usual: i64,
    speed: f64,
}

impl Model {
    fn lively(&self) -> bool {
        let share =
            |(time, count): &(i64, u32)| f64::from(*count) * (-((self.updated - time) as f64) / WINDOW).exp();
        self.regular.iter().map(share).sum::<f64>() >= 4.0
    }

    fn rests(&self, value: &Value) -> bool {
        self.updated - value.time >= value.usual - value.usual / 8
    }

    fn told(&mut self, time: i64, told: &[Told]) {
        let mut regular = 0;
        for told in told {
            match *told {
                Told::Enters(slot, body) => {
                    let (x, usual) = (body.place.x, self.usual);
                    self.rows.insert(slot, vec![Value { time, x, glide: 0, usual, speed: 0.0 }]);
                }
                Told::Leaves(slot) => drop(self.rows.remove(&slot)),
                Told::Named(_) => {}
                Told::Moves(slot, body) => {
                    let last = *self.rows[&slot].last().unwrap();
                    let gap = time - last.time;
                    let is_regular = gap <= 2 * last.usual;
                    let is_silence = self.lively() && gap <= SILENCE && !self.rests(&last);
                    let mut glide = if is_regular || is_silence { gap } else { last.usual };
                    let usual = if gap <= REST { last.usual + (gap - last.usual) / 4 } else { last.usual };
                    regular += u32::from(is_regular);
                    if is_regular {
                        self.usual += (usual - self.usual) / 64;
                    }
                    let before = if is_regular { last.speed } else { 0.0 };
                    let way = body.place.x - last.x;
                    let speed = way.abs() / glide.max(STEP_MIN) as f64;
                    if self.fastest > 0.0 && speed > 4.0 * self.fastest.max(before) {
                        glide = 0;
                    }
                    self.fastest = self.fastest.max(speed.min(before));
                    let value = Value { time, x: body.place.x, glide, usual, speed };
                    self.rows.get_mut(&slot).unwrap().push(value);
                }
            }
        }
        self.regular.push((time, regular));
        self.updated = time;
    }

    fn x(&self, slot: u32, time: i64) -> f64 {
        let values = &self.rows[&slot];
        let after = values.iter().position(|value| value.time > time).unwrap_or(values.len());
        let last = values[after.saturating_sub(1)];
        let Some(next) = values.get(after) else {
            let way = if values.len() < 2 { 0.0 } else { last.x - values[after - 2].x };
            let goes_on = last.glide > 0 && self.lively() && !self.rests(&last);
            let reach = if goes_on { (time - last.time).min(EXTRAPOLATION) } else { 0 };
            return last.x + way * reach as f64 / last.glide.max(1) as f64;
        };
        if after == 0 {
            return next.x;
        }
        let left = next.time - time;
        if left >= next.glide { last.x } else { next.x + (last.x - next.x) * left as f64 / next.glide as f64 }
    }
}

#[derive(Debug, Clone)]
enum Action {
    /// So many microseconds later, which bodies move how far; others come or go.
    Update {
        passed: i64,
        moves: Vec<(u32, f64)>,
        toggled: Option<u32>,
        named: Option<u32>,
    },
    Tick,
}

fn action() -> impl Strategy<Value = Action> {
    // At least 20 ms, so that nothing is thinned out: the delay is 100 ms.
    let passed = prop_oneof![
        6 => Just(50_000_i64),
        3 => 20_000_i64..90_000,
        1 => 90_000_i64..700_000,
        1 => 700_000_i64..9_000_000,
    ];
    let way = prop_oneof![8 => -1.0..1.0, 1 => Just(0.0), 1 => -500.0..500.0];
    let moves = prop_oneof![
        1 => vec((0_u32..10, way.clone()), 0..3),
        2 => vec((0_u32..10, way), 6..20),
    ];
    let update = (passed, moves, proptest::option::weighted(0.1, 0_u32..10), proptest::option::of(0_u32..10))
        .prop_map(|(passed, moves, toggled, named)| Action::Update { passed, moves, toggled, named });
    prop_oneof![3 => update, 2 => Just(Action::Tick)]
}

fn told(model: &Model, moves: &[(u32, f64)], toggled: Option<u32>, named: Option<u32>) -> Vec<Told> {
    let is_there = |slot: &u32| model.rows.contains_key(slot);
    let ways: BTreeMap<u32, f64> = moves.iter().copied().filter(|(slot, _)| Some(*slot) != toggled).collect();
    let mut told = Vec::new();
    for (slot, way) in ways {
        let here = model.rows.get(&slot).and_then(|values| values.last()).map_or(way, |last| last.x);
        let body = Body::at(here + way);
        told.push(if is_there(&slot) { Told::Moves(slot, body) } else { Told::Enters(slot, body) });
    }
    told.extend(named.filter(|slot| is_there(slot) && Some(*slot) != toggled).map(Told::Named));
    told.extend(
        toggled.map(
            |slot| {
                if is_there(&slot) { Told::Leaves(slot) } else { Told::Enters(slot, Body::at(0.0)) }
            },
        ),
    );
    told
}

/// Compares each row at all times at which something could differ.
fn compare(client: &Client, model: &Model) {
    for (&slot, values) in &model.rows {
        let remembered = values.len().saturating_sub(REMEMBERED);
        let begin = if remembered == 0 { 0 } else { values[remembered].time };
        let last = values.last().unwrap().time;
        let mut times = vec![begin, last + 30_000, last + EXTRAPOLATION, last + 5_000_000];
        for value in &values[remembered..] {
            times.extend([0, 1, value.glide / 3, value.glide, value.glide + 1].map(|ago| value.time - ago));
        }
        for time in times.into_iter().filter(|time| *time >= begin) {
            let (sampled, expected) = (client.x(slot, time), model.x(slot, time));
            assert!((sampled - expected).abs() < 1e-6, "slot {slot} at {time}: {sampled}, not {expected}");
        }
    }
}

proptest! {
    #[test]
    fn sampled_values_are_those_of_the_model(actions in vec(action(), 1..120)) {
        let mut client = Client::new();
        let mut model = Model { usual: FIRST_INTERVAL, updated: 0, ..Model::default() };
        let mut time = 1_000_000_000;
        for action in actions {
            match action {
                Action::Tick => {
                    client.tick();
                    compare(&client, &model);
                }
                Action::Update { passed, moves, toggled, named } => {
                    time += passed;
                    let told = told(&model, &moves, toggled, named);
                    client.told(time, &told);
                    model.told(time, &told);
                }
            }
        }
        client.shown(time + 50_000, &[]);
        model.told(time + 50_000, &[]);
        compare(&client, &model);
    }
}
