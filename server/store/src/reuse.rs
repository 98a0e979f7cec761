//! Lists that one transaction fills and the next one fills again.

use crate::limits::REUSED_BYTES_MAX;

/// Empties a list for its next use. An unusually large one gives its memory back.
pub(crate) fn empty<T>(list: &mut Vec<T>) {
    list.clear();
    list.shrink_to(REUSED_BYTES_MAX / size_of::<T>().max(1));
}
