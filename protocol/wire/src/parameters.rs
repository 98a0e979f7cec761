//! The client's own parameters: values that a query's text names and does not contain. It leaves out what they are
//! compared with.

pub(crate) mod envelope;

use std::collections::BTreeMap;

use crate::limits;

/// Values by name, for `:name` in a query. A query may leave some of them unused.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parameters {
    values: BTreeMap<String, ParameterValue>,
    bytes: usize,
}

/// The value of a parameter. It takes the type of the column that it is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum ParameterValue {
    /// For a bool column.
    Bool(bool),
    /// For columns of integers, moments and spans of time, for floats, coordinates and radii.
    Integer(i128),
    /// For floats, coordinates and radii.
    Float(f64),
    /// For text, the pattern of LIKE, an enum's variant, and ids as hexadecimal digits.
    Text(String),
    /// For bytes and ids.
    Bytes(Vec<u8>),
    /// A point, or the corner of a box, in two dimensions.
    Point2([f64; 2]),
    /// The same in three.
    Point3([f64; 3]),
}

/// Why a parameter is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// A name that cannot stand after the colon, or that a number of letters past [`limits::PARAMETER_NAME_BYTES_MAX`]
    /// make.
    #[error(
        "`{0}` is no parameter's name; use at most {max} letters, digits and underscores, a letter first",
        max = limits::PARAMETER_NAME_BYTES_MAX
    )]
    Name(String),
    /// `sender` and `connection` say who the client is.
    #[error("the database itself sets `:{0}`; choose another name")]
    Reserved(String),
    /// An infinite number, or what is none.
    #[error("the value of `:{0}` is not a finite number; use a finite one")]
    NotFinite(String),
    /// More than [`limits::PARAMETERS_MAX`].
    #[error("a query can have at most {} parameters", limits::PARAMETERS_MAX)]
    TooMany,
    /// More than [`limits::PARAMETER_BYTES_MAX`] in texts and bytes together.
    #[error("the parameters have {0} bytes, at most {max} are possible", max = limits::PARAMETER_BYTES_MAX)]
    TooLarge(usize),
}

impl Parameters {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a parameter its value, in place of the one that it had. The name is without the colon; capital letters count.
    pub fn set(&mut self, name: &str, value: ParameterValue) -> Result<(), ParameterError> {
        let is_first = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
        let is_name = name.starts_with(is_first)
            && name.chars().all(|letter| is_first(letter) || letter.is_ascii_digit())
            && name.len() <= limits::PARAMETER_NAME_BYTES_MAX;
        if !is_name {
            let shown = name.chars().take(limits::PARAMETER_NAME_BYTES_MAX).collect();
            return Err(ParameterError::Name(shown));
        }
        if matches!(name, "sender" | "connection") {
            return Err(ParameterError::Reserved(name.to_owned()));
        }
        if !value.is_finite() {
            return Err(ParameterError::NotFinite(name.to_owned()));
        }
        let old = self.values.get(name);
        if old.is_none() && self.values.len() >= limits::PARAMETERS_MAX {
            return Err(ParameterError::TooMany);
        }
        let bytes = self.bytes - old.map_or(0, ParameterValue::bytes) + value.bytes();
        if bytes > limits::PARAMETER_BYTES_MAX {
            return Err(ParameterError::TooLarge(bytes));
        }
        self.bytes = bytes;
        self.values.insert(name.to_owned(), value);
        Ok(())
    }

    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&ParameterValue> {
        self.values.get(name)
    }

    /// Names and values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ParameterValue)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Bytes of their texts and bytes together.
    pub fn byte_count(&self) -> usize {
        self.bytes
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl ParameterValue {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Bool(_) | Self::Integer(_) | Self::Float(_) | Self::Point2(_) | Self::Point3(_) => 0,
        }
    }

    fn is_finite(&self) -> bool {
        match self {
            Self::Float(value) => value.is_finite(),
            Self::Point2(point) => point.iter().all(|part| part.is_finite()),
            Self::Point3(point) => point.iter().all(|part| part.is_finite()),
            Self::Bool(_) | Self::Integer(_) | Self::Text(_) | Self::Bytes(_) => true,
        }
    }
}
