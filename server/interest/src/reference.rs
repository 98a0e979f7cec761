//! The meaning of queries, said as plainly as possible: every row is decoded and compared value by value. No index, nothing
//! kept from one commit to the next. For tests and the simulator, which compare with it what clients hold.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use ambit_model::{ConnectionId, DecodeError, Identity, RowLayout, Schema, Slot, Value, decode_row};
use ambit_store::{Store, is_within};
use ambit_wire::Parameters;

use crate::query::plan::{
    Area, By, Circle, Comparison, Condition, Filter, Join, Number, Operand, Plan, Scalar, Selection, Top,
};
use crate::query::{self, Caller, TextError};

/// A checked query, and the rules that say which rows of its tables the client may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    selection: Selection,
    /// For each of its tables the plans of which one must show a row; none if there are no rules.
    rules: Vec<Option<Vec<Plan>>>,
}

impl Query {
    /// The query of a text, for this client.
    pub fn parse(
        schema: &Schema,
        identity: Identity,
        connection: ConnectionId,
        sql: &str,
    ) -> Result<Self, TextError> {
        Self::parse_with(schema, identity, connection, sql, &Parameters::new())
    }

    /// The query of a text that names parameters of the client's own.
    pub fn parse_with(
        schema: &Schema,
        identity: Identity,
        connection: ConnectionId,
        sql: &str,
        parameters: &Parameters,
    ) -> Result<Self, TextError> {
        let caller = Caller { identity, connection, parameters };
        let selection = query::parse(schema, caller, sql)?;
        let rules = selection.plan.tables().map(|table| {
            let table = schema.tables.get(usize::from(table)).filter(|table| !table.visible.is_empty())?;
            // Where a rule cannot be read, no row is shown.
            Some(query::rule_plans(schema, caller, table).unwrap_or_default())
        });
        Ok(Self { rules: rules.collect(), selection })
    }

    /// The table whose rows it selects.
    pub fn table(&self) -> u16 {
        self.selection.plan.table()
    }

    /// All tables that its rows depend on, each once or twice.
    pub fn tables(&self) -> impl Iterator<Item = u16> {
        self.selection.plan.tables()
    }

    /// The columns that a client is shown of the rows, as a mask. It knows the others only if another query shows them, and
    /// otherwise they are blank.
    pub fn columns(&self) -> u64 {
        self.selection.columns
    }

    /// The rows that a client holds because of it: all columns, as the bytes in the store. The store has the schema that
    /// the query was read with; an error says that it holds a row that is none.
    pub fn rows<'a>(&self, store: &'a Store) -> Result<BTreeMap<Slot, &'a [u8]>, DecodeError> {
        let mut permitted = Vec::new();
        for rules in &self.rules {
            permitted.push(match rules {
                None => None,
                Some(rules) => Some(shown_by_any(store, rules)?),
            });
        }
        let rows = shown(store, &self.selection.plan, &permitted)?;
        Ok(rows.into_iter().map(|(slot, bytes, _)| (slot, bytes)).collect())
    }
}

/// The rows that a client may see, of each table by its position among a plan's; all of those without rules.
type Permitted = [Option<BTreeSet<Slot>>];

/// The rows that one of these plans shows.
fn shown_by_any(store: &Store, plans: &[Plan]) -> Result<BTreeSet<Slot>, DecodeError> {
    let mut slots = BTreeSet::new();
    for plan in plans {
        slots.extend(shown(store, plan, &[])?.into_iter().map(|(slot, ..)| slot));
    }
    Ok(slots)
}

/// The rows that a plan shows, of whose tables only the permitted rows count.
fn shown<'a>(store: &'a Store, plan: &Plan, permitted: &Permitted) -> Result<Vec<Row<'a>>, DecodeError> {
    let may_see = |place: usize| permitted.get(place).and_then(Option::as_ref);
    match plan {
        Plan::Filter(filter) => select(store, filter, may_see(0)),
        Plan::Join(join) => joined_rows(store, join, permitted),
        Plan::Circle(circle) => {
            let observers = select(store, &circle.observer, may_see(1))?;
            let mut rows = select(store, &circle.target, may_see(0))?;
            rows.retain(|(_, _, row)| {
                joined_observers(circle, &observers, row).any(|observer| {
                    is_near(
                        position(row, circle.target_position.column),
                        position(observer, circle.observer_position.column),
                        circle.radius,
                    )
                })
            });
            Ok(rows)
        }
        Plan::Top(top) => {
            let mut rows = shown(store, &top.of, permitted)?;
            let observers = match &top.of {
                Plan::Circle(circle) => select(store, &circle.observer, may_see(1))?,
                Plan::Filter(_) | Plan::Join(_) | Plan::Top(_) => Vec::new(),
            };
            rows.sort_by(|left, right| in_order(top, &observers, left, right));
            rows.truncate(top.limit);
            Ok(rows)
        }
    }
}

/// The rows in a circle's centre whose joined columns are equal to those of a row.
fn joined_observers<'a>(
    circle: &'a Circle,
    observers: &'a [Row<'_>],
    row: &'a [Value],
) -> impl Iterator<Item = &'a [Value]> {
    let observers = observers.iter().map(|(_, _, observer)| observer.as_slice());
    observers.filter(move |observer| {
        let mut joined = circle.joined.iter();
        joined.all(|(left, right)| column(row, left.column) == column(observer, right.column))
    })
}

/// Which of two rows comes first.
fn in_order(top: &Top, observers: &[Row<'_>], left: &Row<'_>, right: &Row<'_>) -> Ordering {
    let of_keys = top.order.keys.iter().map(|key| {
        let (left_null, right_null, ordering) = match &key.by {
            By::Column(operand) => {
                let (left, right) = (known(&left.2, *operand), known(&right.2, *operand));
                let ordering = left.zip(right).and_then(|(left, right)| between(left, right));
                (left.is_none(), right.is_none(), ordering)
            }
            By::Distance(of, centre) => {
                let square = |row: &[Value]| square(position(row, of.column), Some(centre.map(Number::get)));
                let (left, right) = (square(&left.2), square(&right.2));
                (left.is_none(), right.is_none(), left.partial_cmp(&right))
            }
            By::DistanceFromCentre(of) => {
                let nearest = |row: &[Value]| match &top.of {
                    Plan::Circle(circle) => joined_observers(circle, observers, row)
                        .filter_map(|observer| {
                            let centre = position(observer, circle.observer_position.column);
                            square(position(row, of.column), centre)
                        })
                        .min_by(f64::total_cmp),
                    Plan::Filter(_) | Plan::Join(_) | Plan::Top(_) => None,
                };
                let (left, right) = (nearest(&left.2), nearest(&right.2));
                (left.is_none(), right.is_none(), left.partial_cmp(&right))
            }
        };
        match (left_null, right_null) {
            (true, true) => Ordering::Equal,
            (true, false) if key.is_null_first => Ordering::Less,
            (true, false) => Ordering::Greater,
            (false, true) if key.is_null_first => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) if key.is_descending => ordering.map_or(Ordering::Equal, Ordering::reverse),
            (false, false) => ordering.unwrap_or(Ordering::Equal),
        }
    });
    of_keys.fold(Ordering::Equal, Ordering::then).then(left.0.cmp(&right.0))
}

/// The square of the distance of two places.
fn square(left: Option<[f64; 3]>, right: Option<[f64; 3]>) -> Option<f64> {
    let squares = left?.into_iter().zip(right?).map(|(left, right)| (left - right).powi(2));
    Some(squares.sum::<f64>()).filter(|square| !square.is_nan())
}

/// How two values of one column compare.
fn between(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::U8(left), Value::U8(right)) => Some(left.cmp(right)),
        (Value::U16(left), Value::U16(right)) => Some(left.cmp(right)),
        (Value::U32(left), Value::U32(right)) => Some(left.cmp(right)),
        (Value::U64(left), Value::U64(right)) => Some(left.cmp(right)),
        (Value::U128(left), Value::U128(right)) => Some(left.cmp(right)),
        (Value::EntityId(left), Value::EntityId(right)) => Some(left.0.cmp(&right.0)),
        (Value::Enum(left, _), Value::Enum(right, _)) => Some(left.cmp(right)),
        (Value::I8(left), Value::I8(right)) => Some(left.cmp(right)),
        (Value::I16(left), Value::I16(right)) => Some(left.cmp(right)),
        (Value::I32(left), Value::I32(right)) => Some(left.cmp(right)),
        (Value::I64(left), Value::I64(right)) => Some(left.cmp(right)),
        (Value::I128(left), Value::I128(right)) => Some(left.cmp(right)),
        (Value::Timestamp(left), Value::Timestamp(right)) => Some(left.0.cmp(&right.0)),
        (Value::Duration(left), Value::Duration(right)) => Some(left.0.cmp(&right.0)),
        (Value::F32(left), Value::F32(right)) => left.partial_cmp(right),
        (Value::F64(left), Value::F64(right)) => left.partial_cmp(right),
        (Value::Identity(left), Value::Identity(right)) => Some(left.0.cmp(&right.0)),
        (Value::ConnectionId(left), Value::ConnectionId(right)) => Some(left.0.cmp(&right.0)),
        (Value::Uuid(left), Value::Uuid(right)) => Some(left.0.cmp(&right.0)),
        (Value::String(left), Value::String(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
        (Value::Bytes(left), Value::Bytes(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// The rows for which there is a row in each other table, so that all columns that the query joins are equal.
fn joined_rows<'a>(
    store: &'a Store,
    join: &Join,
    permitted: &Permitted,
) -> Result<Vec<Row<'a>>, DecodeError> {
    let joined = join.tables.iter().enumerate();
    let tables: Vec<Vec<Row<'a>>> = joined
        .map(|(place, joined)| select(store, &joined.filter, permitted.get(place).and_then(Option::as_ref)))
        .collect::<Result<_, _>>()?;
    let selected = tables.first().into_iter().flatten();
    Ok(selected.filter(|row| is_joined(join, &tables, &mut vec![row])).cloned().collect())
}

/// Whether the chosen rows, one from each of the first tables, can be completed by rows from the others.
fn is_joined<'a, 'b>(join: &Join, tables: &'b [Vec<Row<'a>>], chosen: &mut Vec<&'b Row<'a>>) -> bool {
    let Some(joined) = join.tables.get(chosen.len()) else { return true };
    tables.get(chosen.len()).into_iter().flatten().any(|row| {
        let parent = joined.parent.and_then(|parent| chosen.get(parent).copied());
        let is_equal = parent.is_some_and(|(_, _, parent)| {
            joined.columns.iter().all(|(of_parent, own)| {
                let (left, right) = (known(parent, *of_parent), known(&row.2, *own));
                left.is_some() && left == right
            })
        });
        if !is_equal {
            return false;
        }
        chosen.push(row);
        let is_complete = is_joined(join, tables, chosen);
        chosen.pop();
        is_complete
    })
}

type Row<'a> = (Slot, &'a [u8], Vec<Value>);

/// The rows that satisfy a filter, of the permitted ones if not all are.
fn select<'a>(
    store: &'a Store,
    filter: &Filter,
    permitted: Option<&BTreeSet<Slot>>,
) -> Result<Vec<Row<'a>>, DecodeError> {
    let layout = store.schema().tables.get(usize::from(filter.table)).map(|table| table.layout());
    let layout = layout.unwrap_or_else(|| RowLayout::new(&[]));
    let mut rows = Vec::new();
    for (slot, bytes) in store.slots(filter.table) {
        if permitted.is_some_and(|permitted| !permitted.contains(&slot)) {
            continue;
        }
        let row = decode_row(&layout, bytes)?;
        if filter.conditions.iter().all(|condition| holds(condition, &row)) {
            rows.push((slot, bytes, row));
        }
    }
    Ok(rows)
}

/// Whether a condition is true. What is unknown, because a value is NULL or no number, is not true, and neither is its
/// negation.
fn holds(condition: &Condition, row: &[Value]) -> bool {
    match condition {
        Condition::All(conditions) => conditions.iter().all(|condition| holds(condition, row)),
        Condition::Any(conditions) => conditions.iter().any(|condition| holds(condition, row)),
        Condition::Null { operand, negated } => known(row, *operand).is_none() != *negated,
        Condition::Compare { operand, comparison, value } => {
            let ordering = known(row, *operand).and_then(|found| compare(found, value));
            ordering.is_some_and(|ordering| match comparison {
                Comparison::Equal => ordering.is_eq(),
                Comparison::NotEqual => ordering.is_ne(),
                Comparison::Less => ordering.is_lt(),
                Comparison::LessOrEqual => ordering.is_le(),
                Comparison::Greater => ordering.is_gt(),
                Comparison::GreaterOrEqual => ordering.is_ge(),
            })
        }
        Condition::OneOf { operand, values, negated } => known(row, *operand).is_some_and(|found| {
            values.iter().any(|value| compare(found, value) == Some(Ordering::Equal)) != *negated
        }),
        Condition::Begins { operand, prefix, negated } => match known(row, *operand) {
            Some(Value::String(text)) => text.as_bytes().starts_with(prefix) != *negated,
            _ => false,
        },
        Condition::Within { position: place, area, negated } => {
            let place = position(row, place.column).filter(|place| place.iter().all(|part| !part.is_nan()));
            place.is_some_and(|place| is_in(place, area) != *negated)
        }
    }
}

/// The column's value, if it has one.
#[expect(clippy::wildcard_enum_match_arm, reason = "three types have values that are none")]
fn known(row: &[Value], operand: Operand) -> Option<&Value> {
    let value = match column(row, operand.column)? {
        Value::Option(value) => value.as_deref()?,
        value => value,
    };
    match value {
        Value::F32(number) if number.is_nan() => None,
        Value::F64(number) if number.is_nan() => None,
        value => Some(value),
    }
}

/// The border belongs to circle and box.
fn is_in(place: [f64; 3], area: &Area) -> bool {
    match area {
        Area::Circle { centre, radius } => is_near(Some(place), Some(centre.map(Number::get)), *radius),
        Area::Box { low, high } => {
            let sides = low.iter().zip(high);
            place.iter().zip(sides).all(|(part, (low, high))| low.get() <= *part && *part <= high.get())
        }
    }
}

/// How a value compares to that of a query; `None` if one of them is not a number, or they are not of one kind.
fn compare(value: &Value, with: &Scalar) -> Option<Ordering> {
    match (value, with) {
        (Value::Bool(value), Scalar::Unsigned(with)) => Some(u128::from(*value).cmp(with)),
        (Value::U8(value), Scalar::Unsigned(with)) => Some(u128::from(*value).cmp(with)),
        (Value::U16(value), Scalar::Unsigned(with)) => Some(u128::from(*value).cmp(with)),
        (Value::U32(value), Scalar::Unsigned(with)) => Some(u128::from(*value).cmp(with)),
        (Value::U64(value), Scalar::Unsigned(with)) => Some(u128::from(*value).cmp(with)),
        (Value::EntityId(value), Scalar::Unsigned(with)) => Some(u128::from(value.0).cmp(with)),
        (Value::U128(value), Scalar::Unsigned(with)) => Some(value.cmp(with)),
        (Value::Enum(tag, _), Scalar::Unsigned(with)) => Some(u128::from(*tag).cmp(with)),
        (Value::I8(value), Scalar::Signed(with)) => Some(i128::from(*value).cmp(with)),
        (Value::I16(value), Scalar::Signed(with)) => Some(i128::from(*value).cmp(with)),
        (Value::I32(value), Scalar::Signed(with)) => Some(i128::from(*value).cmp(with)),
        (Value::I64(value), Scalar::Signed(with)) => Some(i128::from(*value).cmp(with)),
        (Value::Timestamp(value), Scalar::Signed(with)) => Some(i128::from(value.0).cmp(with)),
        (Value::Duration(value), Scalar::Signed(with)) => Some(i128::from(value.0).cmp(with)),
        (Value::I128(value), Scalar::Signed(with)) => Some(value.cmp(with)),
        (Value::F32(value), Scalar::Float(with)) => f64::from(*value).partial_cmp(&with.get()),
        (Value::F64(value), Scalar::Float(with)) => value.partial_cmp(&with.get()),
        (Value::Identity(value), Scalar::Bytes(with)) => Some(value.0.as_slice().cmp(with)),
        (Value::ConnectionId(value), Scalar::Bytes(with)) => Some(value.0.as_slice().cmp(with)),
        (Value::Uuid(value), Scalar::Bytes(with)) => Some(value.0.as_slice().cmp(with)),
        (Value::String(value), Scalar::Bytes(with)) => Some(value.as_bytes().cmp(with)),
        (Value::Bytes(value), Scalar::Bytes(with)) => Some(value.cmp(with)),
        _ => None,
    }
}

fn column(row: &[Value], column: u16) -> Option<&Value> {
    row.get(usize::from(column))
}

/// Where a row is; the third coordinate is 0 in two dimensions.
#[expect(clippy::wildcard_enum_match_arm, reason = "these four are the position types")]
fn position(row: &[Value], place: u16) -> Option<[f64; 3]> {
    match column(row, place)? {
        Value::Vec2(place) => Some([f64::from(place.x), f64::from(place.y), 0.0]),
        Value::Vec3(place) => Some([f64::from(place.x), f64::from(place.y), f64::from(place.z)]),
        Value::DVec2(place) => Some([place.x, place.y, 0.0]),
        Value::DVec3(place) => Some([place.x, place.y, place.z]),
        _ => None,
    }
}

/// The border belongs to the circle. What is no place is nowhere near.
fn is_near(left: Option<[f64; 3]>, right: Option<[f64; 3]>, radius: Number) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return false };
    is_within(left, right, radius.get())
}
