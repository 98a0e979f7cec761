//! What is in force in a subscription, for whoever asks: counted with what a flush knows, at the client's update. So the answer
//! and the client's cache are of one commit. It leaves out what rules of visibility ask: that is the module's business.

use ambit_model::Slot;
use ambit_wire::limits::CIRCLES_MAX;
use ambit_wire::{Circle, Inspection};

use super::{Scratch, loose, union};
use crate::client::{Centre, Client, Source, Stage};
use crate::cohort::{Cohort, Rate};
use crate::filters::FilterId;
use crate::limits;
use crate::query::plan::{self, Area, Condition, Filter};
use crate::world::World;

const _: () = assert!(limits::OBSERVERS_PER_CIRCLE_MAX <= CIRCLES_MAX);
const _: () = assert!(limits::CONDITIONS_MAX <= CIRCLES_MAX);

/// Answers for those of the client's subscriptions that were asked about. All of them are steady, as the update has left them.
pub(super) fn answer(
    world: &World,
    cohort: &Cohort,
    client: &mut Client,
    scratch: &mut Scratch<'_>,
    offset: u64,
) -> Vec<Inspection> {
    let rate = client.rate().map_or(0.0, Rate::hertz);
    let Client { subscriptions, purse, .. } = &*client;
    let mut answers = Vec::new();
    for known in subscriptions.iter().filter(|known| known.is_inspected) {
        let figures = match loose::figures(world, cohort, (known, subscriptions)) {
            Some(figures) => figures,
            None => {
                let rows = strict_rows(world, cohort, scratch, (known.table, &known.source));
                loose::Figures { rows, ..loose::Figures::default() }
            }
        };
        let terms = known.loose.as_deref().map(|loose| &loose.terms);
        let loose::Figures { rows, waiting, tiers } = figures;
        let count = |rows| u32::try_from(rows).unwrap_or(u32::MAX);
        answers.push(Inspection {
            subscription: known.number,
            offset,
            rows: count(rows),
            waiting: count(waiting),
            rate,
            hysteresis: terms.map_or(0.0, |terms| terms.hysteresis),
            budget: terms.filter(|terms| terms.budget > 0).map_or(0, |_| purse.budget()),
            circles: circles(world, cohort, &known.source),
            tiers,
        });
    }
    client.subscriptions.iter_mut().for_each(|known| known.is_inspected = false);
    answers
}

/// How many rows a first result would have now.
fn strict_rows(world: &World, cohort: &Cohort, scratch: &mut Scratch<'_>, seen: (u16, &Source)) -> usize {
    let mut views = Vec::new();
    union::view_source(world, cohort, scratch, seen, (Stage::Added, 0), true, &mut views);
    let mut slots: Vec<Slot> = views.iter().filter(|view| view.is).map(|view| view.slot).collect();
    slots.sort_unstable();
    slots.dedup();
    slots.len()
}

/// Where the rows of a source lie, as the query says. Its parts differ by rules alone.
fn circles(world: &World, cohort: &Cohort, source: &Source) -> Vec<Circle> {
    let mut found: Vec<Circle> = Vec::new();
    for part in source.parts() {
        let mut others = circles_of(world, cohort, part);
        others.retain(|circle| !found.contains(circle));
        found.append(&mut others);
    }
    found.truncate(CIRCLES_MAX);
    found
}

/// The circles of one part.
fn circles_of(world: &World, cohort: &Cohort, source: &Source) -> Vec<Circle> {
    let of_filter = |filter: Option<&Filter>| {
        filter.map(|filter| fixed(&filter.conditions, &filter.permission)).unwrap_or_default()
    };
    match source {
        Source::Filter(id) => of_filter(cohort.filters.get(*id).map(|watched| &watched.filter)),
        Source::Ranking(id) => of_filter(cohort.rankings.get(*id).map(|ranking| &ranking.ranked.filter)),
        Source::Join { join, .. } => of_filter(join.tables.first().map(|selected| &selected.filter)),
        Source::Circle { circle, observers, .. } => match &circle.rule_for {
            Some(own) => fixed(own, &[]),
            None => moving(world, cohort, (circle, *observers)),
        },
        Source::Top { of, .. } => circles(world, cohort, of),
        Source::Near(near) => match &near.centre {
            Centre::Fixed { filter, .. } => of_filter(Some(filter)),
            Centre::Moving { circle, observers } => moving(world, cohort, (circle, *observers)),
        },
        Source::Any(_) | Source::Held(_) => Vec::new(),
    }
}

/// Circles that every row lies in that satisfies these conditions, but for those of a rule.
fn fixed(conditions: &[Condition], permission: &[Condition]) -> Vec<Circle> {
    let circle = |condition: &Condition| match condition {
        Condition::Within { area: Area::Circle { centre, radius }, negated: false, .. } => {
            Some(Circle { centre: centre.map(plan::Number::get), radius: radius.get() })
        }
        Condition::Within { .. }
        | Condition::All(_)
        | Condition::Any(_)
        | Condition::Null { .. }
        | Condition::Compare { .. }
        | Condition::OneOf { .. }
        | Condition::Begins { .. } => None,
    };
    let own = conditions.iter().filter(|condition| !permission.contains(condition));
    own.filter_map(circle).collect()
}

/// Circles around rows; those at no place have none.
fn moving(world: &World, cohort: &Cohort, (circle, observers): (&plan::Circle, FilterId)) -> Vec<Circle> {
    let members = cohort.filters.get(observers).map(|watched| watched.members.as_slice()).unwrap_or_default();
    let rows = members.iter().filter_map(|&member| world.row(circle.observer.table, member));
    let places = rows.map(|row| circle.observer_position.read(row));
    let found = places.filter(|place| place.iter().all(|part| part.is_finite()));
    found.take(CIRCLES_MAX).map(|centre| Circle { centre, radius: circle.radius.get() }).collect()
}
