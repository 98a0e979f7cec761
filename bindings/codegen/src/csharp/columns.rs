//! The columns of each table for typed queries, in C#.

#![expect(clippy::wildcard_enum_match_arm, reason = "most types share one treatment")]

use ambit_model::{ColumnType, EnumType};

use super::types::field_name;
use super::{doc, type_name};
use crate::code::Code;
use crate::naming::lower_camel;
use crate::plan::TablePlan;

/// Columns of types that cannot be compared only have a name, which is enough for a tier.
pub(super) fn write(plan: &TablePlan<'_>, code: &mut Code) {
    let (name, table) = (format!("{}Columns", plan.name()), &plan.table.name);
    let row = format!("{}Row", plan.name());
    code.line(format!("/// <summary>The columns of table `{table}`, for typed queries.</summary>"));
    code.open(format!("public static class {name} {{"));
    for (number, column) in plan.columns().enumerate() {
        let ty = held(&column.ty);
        let class = class(ty, &row);
        doc(code, &column.doc);
        let mut value = "v".to_owned();
        if let ColumnType::Enum(enumeration) = ty
            && is_compared(ty)
        {
            let names = format!("{}Names_", lower_camel(&column.name));
            code.line(format!("private static readonly string[] {names} = {{ {} }};", variants(enumeration)));
            value = format!("{names}[(int)v]");
        }
        let rest = match ty {
            ColumnType::Identity | ColumnType::ConnectionId | ColumnType::String => String::new(),
            _ if !is_compared(ty) => String::new(),
            _ => format!(", (p, n, v) => p.Set(n, {value})"),
        };
        code.line(format!(
            "public static readonly {class} {} = new {class}(\"{table}\", \"{}\", {number}{rest});",
            field_name(&name, &column.name),
            column.name
        ));
    }
    code.close("}");
}

/// What an optional column is compared as.
fn held(ty: &ColumnType) -> &ColumnType {
    match ty {
        ColumnType::Option(inner) => held(inner),
        other => other,
    }
}

fn class(ty: &ColumnType, row: &str) -> String {
    use ColumnType as T;
    match ty {
        T::String => format!("Ambit.TextColumn<{row}>"),
        T::Identity => format!("Ambit.IdentityColumn<{row}>"),
        T::ConnectionId => format!("Ambit.ConnectionColumn<{row}>"),
        T::Vec2 | T::DVec2 | T::Vec3 | T::DVec3 => {
            format!("Ambit.PositionColumn<{row}, {}>", type_name(ty))
        }
        _ if !is_compared(ty) => format!("Ambit.Column<{row}>"),
        _ => format!("Ambit.Column<{row}, {}>", type_name(ty)),
    }
}

fn is_compared(ty: &ColumnType) -> bool {
    use ColumnType as T;
    match ty {
        T::Enum(enumeration) => !enumeration.has_payload(),
        T::U128 | T::Vec4 | T::Quat | T::IVec2 | T::IVec3 | T::Option(_) | T::Vec(_) | T::Struct(_) => false,
        _ => true,
    }
}

fn variants(enumeration: &EnumType) -> String {
    let names: Vec<String> =
        enumeration.variants.iter().map(|variant| format!("\"{}\"", variant.name)).collect();
    names.join(", ")
}
