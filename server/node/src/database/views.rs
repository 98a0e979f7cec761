//! Clients that were welcomed under an older schema: which of today's reducers their numbers mean.
//!
//! A client keeps the ids of the schema that it was welcomed with. After a publish the ids may have moved; a reducer that
//! takes other arguments now, or is gone, is refused by name. (The follower does the same for tables.)

use ambit_model::{Lifecycle, ReducerSchema, Schema};

/// Today's meaning of the reducer ids of an older schema.
#[derive(Debug)]
pub struct View {
    reducers: Vec<Result<u16, String>>,
}

impl View {
    /// The view of clients of `welcomed` on a database of schema `now`.
    pub fn new(welcomed: &Schema, now: &Schema) -> Self {
        Self { reducers: welcomed.reducers.iter().map(|old| meaning(old, now)).collect() }
    }

    /// The reducer's id now, or why there is none. An id that the client cannot know stays unknown.
    pub fn reducer(&self, id: u16) -> Result<u16, &str> {
        match self.reducers.get(usize::from(id)) {
            Some(Ok(id)) => Ok(*id),
            Some(Err(reason)) => Err(reason),
            None => Ok(u16::MAX),
        }
    }
}

fn meaning(old: &ReducerSchema, now: &Schema) -> Result<u16, String> {
    let name = &old.name;
    let again = "connect again with newly generated code";
    match now.reducer(name) {
        None => Err(format!("reducer `{name}` is gone since this client connected; {again}")),
        Some((_, new)) if new.params != old.params => {
            Err(format!("reducer `{name}` takes other arguments since this client connected; {again}"))
        }
        Some((_, new)) if new.lifecycle != Lifecycle::Call && old.lifecycle == Lifecycle::Call => {
            Err(format!("reducer `{name}` cannot be called any more since this client connected; {again}"))
        }
        Some((id, _)) => Ok(id),
    }
}

#[cfg(test)]
mod tests {
    use ambit_model::{ColumnType, Field};

    use super::*;

    #[test]
    fn ids_move_and_what_changed_is_refused_by_name() {
        let reducer = |name: &str, params: &[&str]| ReducerSchema {
            name: name.into(),
            params: params.iter().map(|name| Field { name: (*name).into(), ty: ColumnType::U8 }).collect(),
            lifecycle: Lifecycle::Call,
            doc: String::new(),
        };
        let schema = |reducers: &[ReducerSchema]| Schema { reducers: reducers.to_vec(), ..Schema::default() };
        let old = schema(&[reducer("attack", &["target"]), reducer("join", &[]), reducer("walk", &["x"])]);
        let new = schema(&[reducer("alpha", &[]), reducer("join", &[]), reducer("walk", &["x", "y"])]);
        let view = View::new(&old, &new);
        assert_eq!(
            view.reducer(0),
            Err(
                "reducer `attack` is gone since this client connected; connect again with newly generated code"
            )
        );
        assert_eq!(view.reducer(1), Ok(1));
        assert!(view.reducer(2).unwrap_err().contains("`walk` takes other arguments"));
        assert_eq!(view.reducer(77), Ok(u16::MAX));
    }
}
