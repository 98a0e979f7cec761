//! The usual client watches its own row and a circle around it. The circle shows that row too: it alone tells all there is.

use crate::client::{Source, Stage, Subscription};
use crate::cohort::Cohort;

/// Of the subscriptions to one table, which all others show nothing beside: its position, if there is such a one and all
/// are steady. It holds as long as the circle knows its observer's place; where that is none, nothing is near it.
pub(super) fn position_of_cover(cohort: &Cohort, group: &[Subscription]) -> Option<usize> {
    if !group.iter().all(|subscription| subscription.stage == Stage::Steady) {
        return None;
    }
    match group {
        [_] => Some(0),
        [first, second] if covers(cohort, first, second) => Some(0),
        [first, second] if covers(cohort, second, first) => Some(1),
        _ => None,
    }
}

/// Whether a circle shows every row of a filter, and all of its columns: those in its own centre.
fn covers(cohort: &Cohort, by: &Subscription, covered: &Subscription) -> bool {
    let (Source::Circle { circle, observers, .. }, Source::Filter(filter)) = (&by.source, &covered.source)
    else {
        return false;
    };
    let is_own = circle.observer.table == circle.target.table
        && circle.observer_position == circle.target_position
        && circle.joined.iter().all(|(target, observer)| target == observer)
        && circle.target.is_of_all()
        && circle.rule_for.is_none();
    let filter_of = |id| cohort.filters.get(id).map(|watched| &watched.filter);
    let shows_columns = covered.columns & !by.columns == 0;
    is_own && shows_columns && filter_of(*filter) == filter_of(*observers)
}
