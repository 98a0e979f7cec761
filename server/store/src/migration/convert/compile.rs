//! Which types become which others, and by which steps.

#![expect(clippy::wildcard_enum_match_arm, reason = "a few of the types can become others")]

use ambit_model::{ColumnType, EnumType, Field, Variant};

use crate::migration::convert::{Conversion, FieldStep, VariantStep};

impl Conversion {
    /// How `from` becomes `to`, or why it does not. What is lost on the way is appended to `lost`.
    pub(crate) fn new(from: &ColumnType, to: &ColumnType, lost: &mut Vec<String>) -> Result<Self, String> {
        use ColumnType as T;
        if from.is_fixed() && is_same_shape(from, to) {
            return Ok(Self::Copy(from.size()));
        }
        if let Some(conversion) = wider_number(from, to) {
            return Ok(conversion);
        }
        Ok(match (from, to) {
            (T::String, T::String) | (T::Bytes, T::Bytes) => Self::Text,
            (T::Option(inner), T::Option(other)) => Self::Option {
                from_align: inner.align(),
                to_align: other.align(),
                inner: Box::new(Self::new(inner, other, lost)?),
            },
            (_, T::Option(other)) => {
                Self::Wrap { align: other.align(), inner: Box::new(Self::new(from, other, lost)?) }
            }
            (T::Vec(inner), T::Vec(other)) => Self::List {
                from_size: inner.size(),
                to_size: other.size(),
                to_align: other.align(),
                inner: Box::new(Self::new(inner, other, lost)?),
            },
            (T::Struct(structure), T::Struct(other)) => {
                Self::Fields(field_steps(&other.name, &structure.fields, &other.fields, 0, lost)?)
            }
            (T::Enum(enumeration), T::Enum(other)) => Self::new_enum(enumeration, other, lost)?,
            _ => return Err(format!("{from} does not become {to} by itself")),
        })
    }

    /// What an option holds, or a plain value; for a referring column and the key that it names.
    pub(crate) fn unwrapped(from: &ColumnType, to: &ColumnType) -> Result<Self, String> {
        match from {
            ColumnType::Option(inner) if !is_same_shape(from, to) => {
                let conversion = Self::new(inner, to, &mut Vec::new())?;
                Ok(Self::Unwrap { align: inner.align(), inner: Box::new(conversion) })
            }
            _ => Self::new(from, to, &mut Vec::new()),
        }
    }

    fn new_enum(from: &EnumType, to: &EnumType, lost: &mut Vec<String>) -> Result<Self, String> {
        let mut variants = Vec::with_capacity(from.variants.len());
        for variant in &from.variants {
            let found = (0..=u8::MAX).zip(&to.variants).find(|(_, other)| other.name == variant.name);
            let Some((tag, other)) = found else {
                return Err(format!("variant `{}` of enum `{}` is gone", variant.name, from.name));
            };
            let path = format!("{}::{}", to.name, other.name);
            let fields = field_steps(&path, &variant.fields, &other.fields, 1, lost)?;
            let (size, align) = Variant::block(other);
            variants.push(VariantStep { tag, size, align, fields });
        }
        Ok(Self::Enum { from_heap: from.has_payload(), to_heap: to.has_payload(), variants })
    }
}

/// Whether both types have the same values in the same bytes: names of structs and enums do not matter, those of
/// fields and variants do.
pub(crate) fn is_same_shape(one: &ColumnType, other: &ColumnType) -> bool {
    use ColumnType as T;
    let same_fields = |one: &[Field], other: &[Field]| {
        one.len() == other.len()
            && one
                .iter()
                .zip(other)
                .all(|(one, other)| one.name == other.name && is_same_shape(&one.ty, &other.ty))
    };
    match (one, other) {
        (T::Option(one), T::Option(other)) | (T::Vec(one), T::Vec(other)) => is_same_shape(one, other),
        (T::Struct(one), T::Struct(other)) => same_fields(&one.fields, &other.fields),
        (T::Enum(one), T::Enum(other)) => {
            one.variants.len() == other.variants.len()
                && one
                    .variants
                    .iter()
                    .zip(&other.variants)
                    .all(|(one, other)| one.name == other.name && same_fields(&one.fields, &other.fields))
        }
        _ => one == other,
    }
}

/// The fields of `to` by name, in their order. A new one must be an option: it is absent.
fn field_steps(
    path: &str,
    from: &[Field],
    to: &[Field],
    first: usize,
    lost: &mut Vec<String>,
) -> Result<Vec<FieldStep>, String> {
    let sources = places(from, first);
    let mut steps = Vec::with_capacity(to.len());
    for (field, place) in to.iter().zip(places(to, first)) {
        match from.iter().zip(&sources).find(|(source, _)| source.name == field.name) {
            Some((source, &source_place)) => {
                let conversion = Conversion::new(&source.ty, &field.ty, lost)
                    .map_err(|why| format!("field `{path}.{}`: {why}", field.name))?;
                steps.push(FieldStep { from: source_place, to: place, conversion });
            }
            None if matches!(field.ty, ColumnType::Option(_)) => {}
            None => return Err(format!("field `{path}.{}` is new and no option", field.name)),
        }
    }
    let gone = from.iter().filter(|source| to.iter().all(|field| field.name != source.name));
    lost.extend(gone.map(|field| format!("field `{path}.{}`", field.name)));
    Ok(steps)
}

/// Where fields lie as in a `#[repr(C)]` struct whose first `first` bytes are taken.
fn places(fields: &[Field], first: usize) -> Vec<usize> {
    let place = |end: &mut usize, field: &Field| {
        let offset = end.next_multiple_of(field.ty.align());
        *end = offset + field.ty.size();
        Some(offset)
    };
    fields.iter().scan(first, place).collect()
}

fn wider_number(from: &ColumnType, to: &ColumnType) -> Option<Conversion> {
    use ColumnType as T;
    let count = match (from, to) {
        (T::F32, T::F64) => 1,
        (T::Vec2, T::DVec2) => 2,
        (T::Vec3, T::DVec3) => 3,
        _ => 0,
    };
    if count != 0 {
        return Some(Conversion::Floats(count));
    }
    let (size, signed) = integer(from)?;
    match to {
        // Exact for every number of these sizes; the larger ones are checked one by one.
        T::F32 if size <= 2 => return Some(Conversion::Float { from: size, to: 4, signed }),
        T::F64 if size <= 8 => return Some(Conversion::Float { from: size, to: 8, signed }),
        _ => {}
    }
    let (width, wide_signed) = integer(to)?;
    let is_wider = width > size && (wide_signed || !signed);
    is_wider.then_some(Conversion::Integer { from: size, to: width, signed })
}

/// Bytes of an integer, and whether it has a sign.
fn integer(ty: &ColumnType) -> Option<(usize, bool)> {
    use ColumnType as T;
    match ty {
        T::U8 | T::U16 | T::U32 | T::U64 | T::U128 => Some((ty.size(), false)),
        T::I8 | T::I16 | T::I32 | T::I64 | T::I128 => Some((ty.size(), true)),
        _ => None,
    }
}
