//! JSON ↔ values of columns, for tools: `ambit call` and calls over HTTP. Never on the hot path.
//!
//! | column type | JSON |
//! |---|---|
//! | bool, integers, floats | `true`, `12`, `1.5`; integers and floats also as text (`"12"`, `"inf"`), for those that JSON numbers cannot hold |
//! | Vec2 … IVec3, Quat | `[1, 2, 3]` or `{"x": 1, "y": 2, "z": 3}` |
//! | Identity, ConnectionId, Uuid | hexadecimal text |
//! | EntityId; Timestamp, Duration | a number; a number of microseconds |
//! | String; Bytes | text; hexadecimal text or `[1, 2, 255]` |
//! | Option | `null` or the value |
//! | Vec | `[…]` |
//! | struct | `{"field": …}` or `[…]` in declared order |
//! | enum | `"Variant"`, or `{"Variant": {"field": …}}` or `{"Variant": […]}` |

mod read;
mod write;

use std::fmt;

use ambit_model::{ReducerSchema, encode_row};

pub use read::read_value;
pub use write::write_value;

/// Why JSON is not the arguments of a reducer. Names the argument and the place in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentsError {
    /// Too few or too many.
    #[error("reducer `{reducer}` takes {expected}; {actual} given")]
    Count {
        /// The reducer's name.
        reducer: String,
        /// Its parameters, as declared.
        expected: Parameters,
        /// Arguments given.
        actual: usize,
    },
    /// One is of another type.
    #[error("argument `{path}`: expected {expected}, got {actual}")]
    Type {
        /// The parameter's name, then fields and positions: `items[3].count`.
        path: String,
        /// The type and how it is written.
        expected: String,
        /// The JSON that was given, cut short.
        actual: String,
    },
    /// Together they are too large.
    #[error("the arguments of reducer `{reducer}` are too large: {problem}")]
    TooLarge {
        /// The reducer's name.
        reducer: String,
        /// By how much.
        problem: String,
    },
}

/// Parameters as a text: `2 arguments (x: i32, name: String)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            0 => return f.write_str("no arguments"),
            1 => f.write_str("1 argument (")?,
            count => write!(f, "{count} arguments (")?,
        }
        for (index, (name, ty)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{name}: {ty}")?;
        }
        f.write_str(")")
    }
}

/// The row of arguments for one JSON value per parameter.
pub fn arguments_row(
    reducer: &ReducerSchema,
    arguments: &[serde_json::Value],
) -> Result<Vec<u8>, ArgumentsError> {
    if arguments.len() != reducer.params.len() {
        let expected =
            reducer.params.iter().map(|param| (param.name.clone(), param.ty.to_string())).collect();
        return Err(ArgumentsError::Count {
            reducer: reducer.name.clone(),
            expected: Parameters(expected),
            actual: arguments.len(),
        });
    }
    let values = reducer.params.iter().zip(arguments);
    let values = values.map(|(param, json)| read_value(&param.ty, json, &param.name));
    let values = values.collect::<Result<Vec<_>, _>>()?;
    encode_row(&reducer.layout(), &values).map_err(|error| ArgumentsError::TooLarge {
        reducer: reducer.name.clone(),
        problem: error.to_string(),
    })
}

#[cfg(test)]
mod tests;
