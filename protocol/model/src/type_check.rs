//! Which column types a schema may have. What a column may be used for is the schema's own check.

#![expect(clippy::wildcard_enum_match_arm, reason = "only types made of others can be wrong")]

use crate::limits;
use crate::names::{check_name, distinct_names};
use crate::types::{ColumnType, Field, fields_size};

/// Refuses types that nest too deep, have too many fields or variants, no variant at all, or bad names.
pub(crate) fn check_type(ty: &ColumnType) -> Result<(), String> {
    if ty.depth(limits::TYPE_DEPTH_MAX) > limits::TYPE_DEPTH_MAX {
        return Err(format!("its type nests deeper than {} levels", limits::TYPE_DEPTH_MAX));
    }
    check_shape(ty)
}

fn check_shape(ty: &ColumnType) -> Result<(), String> {
    match ty {
        ColumnType::Option(inner) => check_shape(inner),
        ColumnType::Vec(inner) => {
            check_shape(inner)?;
            match inner.size() {
                0 => {
                    Err(format!("a list of `{inner}` has elements without bytes; store their number instead"))
                }
                _ => Ok(()),
            }
        }
        ColumnType::Struct(structure) => {
            check_type_name("struct", &structure.name)?;
            check_fields(&structure.name, &structure.fields)
        }
        ColumnType::Enum(enumeration) => {
            let name = &enumeration.name;
            check_type_name("enum", name)?;
            if enumeration.variants.is_empty() || enumeration.variants.len() > limits::VARIANTS_MAX {
                return Err(format!(
                    "enum `{name}` has {} variants; 1 to {} are possible",
                    enumeration.variants.len(),
                    limits::VARIANTS_MAX
                ));
            }
            distinct_names(enumeration.variants.iter().map(|variant| variant.name.as_str()))
                .map_err(|wrong| format!("enum `{name}`, variant `{}`: {}", wrong.name, wrong.problem))?;
            enumeration.variants.iter().try_for_each(|variant| check_fields(&variant.name, &variant.fields))
        }
        _ => Ok(()),
    }
}

fn check_type_name(what: &str, name: &str) -> Result<(), String> {
    check_name(name).map_err(|problem| format!("{what} `{name}`: {problem}"))
}

fn check_fields(name: &str, fields: &[Field]) -> Result<(), String> {
    if fields.len() > limits::COLUMNS_MAX {
        return Err(format!(
            "`{name}` has {} fields; at most {} are possible",
            fields.len(),
            limits::COLUMNS_MAX
        ));
    }
    distinct_names(fields.iter().map(|field| field.name.as_str()))
        .map_err(|wrong| format!("`{name}`, field `{}`: {}", wrong.name, wrong.problem))?;
    fields.iter().try_for_each(|field| check_shape(&field.ty))?;
    if fields_size(fields) > limits::ROW_FIXED_BYTES_MAX {
        return Err(format!("`{name}` is larger than {} bytes", limits::ROW_FIXED_BYTES_MAX));
    }
    Ok(())
}
