//! What conditions that all must hold say of single columns: where indexes of rows, and of filters, begin.

use super::{Area, Comparison, Condition, Form, Number, Operand, Position, Scalar};

/// What is known of a row that satisfies some conditions. Whatever does not stand here narrows nothing.
#[derive(Debug, Default)]
pub(crate) struct Facts<'a> {
    /// Each column once.
    pub equal: Vec<Equal<'a>>,
    /// Each column once.
    pub spans: Vec<Span>,
    pub areas: Vec<(Position, &'a Area)>,
    /// Lists of conditions of which one must hold.
    pub alternatives: Vec<&'a [Condition]>,
}

/// A column that has one of a few values; `None` is NULL.
#[derive(Debug)]
pub(crate) struct Equal<'a> {
    pub operand: Operand,
    pub values: Vec<Option<&'a Scalar>>,
}

/// A column whose value lies between two others; without both it is not NULL.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Span {
    pub operand: Operand,
    pub low: Option<Edge>,
    pub high: Option<Edge>,
}

/// One end of a span.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Edge {
    pub value: Scalar,
    pub is_included: bool,
}

/// How few rows a fact usually leaves, the fewest first: an id tells most rows apart, then a place does, then any other
/// value, then a range. A guess that only costs time where it is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Selectivity {
    Id,
    Place,
    Value,
    Range,
    HalfRange,
}

/// Values of at least so many bytes are usually ids.
const ID_BYTES: usize = 8;

impl<'a> Facts<'a> {
    pub fn of(conditions: &[&'a Condition]) -> Self {
        let mut facts = Self::default();
        for condition in conditions.iter().copied() {
            match condition {
                Condition::Compare { operand, comparison, value } => {
                    facts.compare(*operand, *comparison, value);
                }
                Condition::OneOf { operand, values, negated: false } => {
                    facts.equal(*operand, values.iter().map(Some).collect());
                }
                Condition::Null { operand, negated: false } => facts.equal(*operand, vec![None]),
                Condition::Null { operand, negated: true } if operand.form != Form::Opaque => {
                    facts.span(Span { operand: *operand, low: None, high: None });
                }
                Condition::Begins { operand, prefix, negated: false } => {
                    facts.span(Span {
                        operand: *operand,
                        low: Some(Edge { value: Scalar::Bytes(prefix.clone()), is_included: true }),
                        high: after(prefix)
                            .map(|value| Edge { value: Scalar::Bytes(value), is_included: false }),
                    });
                }
                Condition::Within { position, area, negated: false } => facts.areas.push((*position, area)),
                Condition::Any(list) => facts.alternatives.push(list),
                // What is not so, and what stands deeper: a flat tree has no AND in an AND.
                Condition::OneOf { .. }
                | Condition::Null { .. }
                | Condition::Begins { .. }
                | Condition::Within { .. }
                | Condition::All(_) => {}
            }
        }
        facts
    }

    fn compare(&mut self, operand: Operand, comparison: Comparison, value: &'a Scalar) {
        let edge = |is_included| Some(Edge { value: value.clone(), is_included });
        let (low, high) = match comparison {
            Comparison::Equal => return self.equal(operand, vec![Some(value)]),
            // Leaves nearly all rows.
            Comparison::NotEqual => return,
            Comparison::Less => (None, edge(false)),
            Comparison::LessOrEqual => (None, edge(true)),
            Comparison::Greater => (edge(false), None),
            Comparison::GreaterOrEqual => (edge(true), None),
        };
        self.span(Span { operand, low, high });
    }

    /// Of two lists for one column the shorter is enough.
    fn equal(&mut self, operand: Operand, values: Vec<Option<&'a Scalar>>) {
        match self.equal.iter_mut().find(|known| known.operand == operand) {
            Some(known) if known.values.len() > values.len() => known.values = values,
            Some(_) => {}
            None => self.equal.push(Equal { operand, values }),
        }
    }

    /// Two spans of one column are the part that lies in both.
    fn span(&mut self, span: Span) {
        let Some(known) = self.spans.iter_mut().find(|known| known.operand == span.operand) else {
            return self.spans.push(span);
        };
        let is_tighter = |new: &Edge, old: &Edge, wanted: std::cmp::Ordering| {
            let ordering = new.value.cmp(&old.value);
            ordering == wanted || ordering.is_eq() && !new.is_included
        };
        if let Some(low) = span.low
            && known.low.as_ref().is_none_or(|old| is_tighter(&low, old, std::cmp::Ordering::Greater))
        {
            known.low = Some(low);
        }
        if let Some(high) = span.high
            && known.high.as_ref().is_none_or(|old| is_tighter(&high, old, std::cmp::Ordering::Less))
        {
            known.high = Some(high);
        }
    }
}

impl Equal<'_> {
    pub fn selectivity(&self) -> Selectivity {
        let bytes = match self.operand.form {
            Form::Bytes(size) | Form::Unsigned(size) | Form::Signed(size) => size,
            Form::Heap => ID_BYTES,
            Form::Bool | Form::Float32 | Form::Float64 | Form::Opaque => 0,
        };
        let is_null = self.values.contains(&None);
        if bytes >= ID_BYTES && !is_null { Selectivity::Id } else { Selectivity::Value }
    }
}

impl Span {
    pub fn selectivity(&self) -> Selectivity {
        if self.low.is_some() && self.high.is_some() { Selectivity::Range } else { Selectivity::HalfRange }
    }
}

impl Area {
    /// The box around it.
    pub fn bounds(&self) -> ([f64; 3], [f64; 3]) {
        match self {
            Self::Box { low, high } => (low.map(Number::get), high.map(Number::get)),
            Self::Circle { centre, radius } => {
                let (centre, radius) = (centre.map(Number::get), radius.get());
                // Rounding must not lose a row at the very border.
                let farthest = centre.iter().fold(0.0_f64, |most, axis| most.max(axis.abs()));
                let reach = (radius + (farthest + radius) * 1e-12).min(f64::MAX);
                (centre.map(|axis| axis - reach), centre.map(|axis| axis + reach))
            }
        }
    }
}

/// The conditions that an alternative consists of.
pub(crate) fn parts(condition: &Condition) -> &[Condition] {
    match condition {
        Condition::All(inner) => inner,
        Condition::Compare { .. }
        | Condition::OneOf { .. }
        | Condition::Begins { .. }
        | Condition::Null { .. }
        | Condition::Within { .. }
        | Condition::Any(_) => std::slice::from_ref(condition),
    }
}

/// The first text after all that begin with a prefix, if there is one.
fn after(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut letters: Vec<char> = str::from_utf8(prefix).ok()?.chars().collect();
    while let Some(last) = letters.pop() {
        // One number range within the characters is none.
        let next = if last == '\u{D7FF}' { Some('\u{E000}') } else { char::from_u32(last as u32 + 1) };
        if let Some(next) = next {
            letters.push(next);
            return Some(letters.into_iter().collect::<String>().into_bytes());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::after;

    #[test]
    fn the_text_after_a_prefix_is_a_text() {
        let after = |prefix: &str| after(prefix.as_bytes()).map(|text| String::from_utf8(text).unwrap());
        assert_eq!(after("orc").as_deref(), Some("ord"));
        assert_eq!(after("a\u{7F}").as_deref(), Some("a\u{80}"));
        assert_eq!(after("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(after("b\u{10FFFF}").as_deref(), Some("c"));
        assert_eq!(after("\u{10FFFF}"), None);
        assert_eq!(after(""), None);
    }
}
