//! A parameter's value as bindings pass it: a number for its kind, and fields of which that kind reads some.

use ambit_client_core::ParameterValue;

/// The value of a parameter in plain fields.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainValue<'a> {
    /// 0 bool, 1 integer, 2 float, 3 text, 4 bytes, 5 a point of two numbers, 6 of three.
    pub kind: i32,
    /// The lower half of an integer; of a bool, whether it is not 0.
    pub low: u64,
    /// The upper half of an integer: 0 if the number has 64 bits, -1 if it is negative.
    pub high: i64,
    /// A float or a point's coordinates.
    pub numbers: [f64; 3],
    /// Text or bytes.
    pub bytes: &'a [u8],
}

/// Why plain fields are no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlainValueError {
    /// The kind has no such number.
    #[error("{0} is no kind of parameter")]
    Kind(i32),
    /// A text that is not UTF-8.
    #[error("the text of a parameter is not UTF-8")]
    NotUtf8,
}

impl TryFrom<PlainValue<'_>> for ParameterValue {
    type Error = PlainValueError;

    fn try_from(plain: PlainValue<'_>) -> Result<Self, PlainValueError> {
        let [x, y, z] = plain.numbers;
        Ok(match plain.kind {
            0 => Self::Bool(plain.low != 0),
            1 => Self::Integer(i128::from(plain.high) << 64 | i128::from(plain.low)),
            2 => Self::Float(x),
            3 => {
                let text = std::str::from_utf8(plain.bytes).map_err(|_| PlainValueError::NotUtf8)?;
                Self::Text(text.to_owned())
            }
            4 => Self::Bytes(plain.bytes.to_vec()),
            5 => Self::Point2([x, y]),
            6 => Self::Point3([x, y, z]),
            other => return Err(PlainValueError::Kind(other)),
        })
    }
}
