//! Names of the schema → names in Unreal: prefixes, names that are taken, and wrappers of what Blueprint cannot nest.
//!
//! UnrealHeaderTool compares names without their prefix and without regard to case, across the whole engine. So a type that is
//! called like one of the engine's gets the namespace before its name, and two names that differ in case alone are refused.

mod taken;

use std::collections::{BTreeSet, HashMap};

use ambit_model::{ColumnType, Field};

use super::{initial, value};
use crate::GenerateError;
use crate::naming::upper_camel;
use crate::plan::{NamedType, Plan};
use taken::{ENGINE_TYPES, MACROS, OF_OBJECTS, OF_VIEWS, PINS};

/// A struct that stands for what Blueprint cannot have in its place.
pub(super) enum Wrapper {
    /// A value that may be missing.
    Optional,
    /// An array inside another one.
    List,
}

/// A wrapper that the plugin does not have.
pub(super) struct Wrapped {
    pub(super) name: String,
    pub(super) kind: Wrapper,
    /// The type and the beginning of its value.
    pub(super) value: String,
    pub(super) initial: String,
}

/// What things are called.
pub(super) struct Names {
    /// The namespace as a prefix: `Game.World` is `GameWorld`.
    pub(super) namespace: String,
}

impl Names {
    /// Refuses names that meet in Unreal and nowhere else.
    pub(super) fn new(plan: &Plan<'_>, namespace: &str) -> Result<Self, GenerateError> {
        let names = Self { namespace: upper_camel(&namespace.replace(['.', ':'], "_")) };
        let mut types = Claims::default();
        for own in ["Database", "Reducers"] {
            types.claim(&format!("{}{own}", names.namespace), "a class that all generated code has")?;
        }
        for table in &plan.tables {
            let subject = format!("table `{}`", table.table.name);
            let fields = table.placed().into_iter().map(|(_, field)| field);
            check_members(&subject, fields.collect::<Vec<_>>().iter())?;
            let name = names.of(&table.name(), &["Table"]);
            for of_table in ["Row", "Table", "View", "Inserted", "Updated", "Deleted"] {
                types.claim(&format!("{name}{of_table}"), &subject)?;
            }
        }
        for named in &plan.types {
            match named {
                NamedType::Struct(structure) => {
                    let subject = format!("struct `{}`", structure.name);
                    types.claim(names.structure(&structure.name).get(1..).unwrap_or_default(), &subject)?;
                    check_members(&subject, structure.fields.iter())?;
                }
                NamedType::Enum(enumeration) => {
                    let subject = format!("enum `{}`", enumeration.name);
                    types
                        .claim(names.enumeration(&enumeration.name).get(1..).unwrap_or_default(), &subject)?;
                    for variant in &enumeration.variants {
                        check_members(&subject, variant.fields.iter())?;
                    }
                }
            }
        }
        for reducer in &plan.reducers {
            let subject = format!("reducer `{}`", reducer.reducer.name);
            types.claim(&names.call(&reducer.reducer.name), &subject)?;
            check_members(&subject, reducer.reducer.params.iter())?;
        }
        Ok(names)
    }

    /// A type's name without prefix: with the namespace before it where the engine has that name, alone or before one of these
    /// endings.
    fn of(&self, name: &str, endings: &[&str]) -> String {
        let is_taken = |ending: &str| {
            ENGINE_TYPES.iter().any(|taken| taken.eq_ignore_ascii_case(&format!("{name}{ending}")))
        };
        let name = name.trim_start_matches('_');
        let taken =
            if endings.is_empty() { is_taken("") } else { endings.iter().any(|ending| is_taken(ending)) };
        if taken || name.starts_with(|first: char| first.is_ascii_digit()) {
            format!("{}{name}", self.namespace)
        } else {
            name.to_owned()
        }
    }

    /// What a table's structs begin with: `FPlayer`.
    pub(super) fn table(&self, name: &str) -> String {
        format!("F{}", self.of(&upper_camel(name), &["Table"]))
    }

    /// A USTRUCT.
    pub(super) fn structure(&self, name: &str) -> String {
        format!("F{}", self.of(&upper_camel(name), &[]))
    }

    /// A UENUM.
    pub(super) fn enumeration(&self, name: &str) -> String {
        format!("E{}", self.of(&upper_camel(name), &[]))
    }

    /// The action that calls a reducer, without prefix.
    pub(super) fn call(&self, reducer: &str) -> String {
        format!("{}{}Call", self.namespace, upper_camel(reducer).trim_start_matches('_'))
    }

    /// The struct of a value of this type that may be missing.
    pub(super) fn optional(&self, of: &ColumnType) -> String {
        match (words(of), is_own(of)) {
            (words, false) => format!("FAmbitOptional{words}"),
            (words, true) => format!("F{}Optional{words}", self.namespace),
        }
    }

    /// The struct of an array of this type inside another array.
    pub(super) fn list(&self, of: &ColumnType) -> String {
        format!("F{}{}", self.namespace, words(of))
    }

    /// The wrappers that a type needs and the plugin does not have, each after what it is made of; none that `known` names.
    pub(super) fn wrappers(&self, ty: &ColumnType, known: &mut BTreeSet<String>) -> Vec<Wrapped> {
        let mut found = Vec::new();
        self.wrap(ty, known, &mut found);
        found
    }

    fn wrap(&self, ty: &ColumnType, known: &mut BTreeSet<String>, found: &mut Vec<Wrapped>) {
        let (kind, name, inner) = match ty {
            ColumnType::Option(inner) => (Wrapper::Optional, self.optional(inner), inner),
            ColumnType::Vec(inner) if super::is_list(inner) => (Wrapper::List, self.list(inner), inner),
            ColumnType::Vec(inner) => return self.wrap(inner, known, found),
            _ => return,
        };
        self.wrap(inner, known, found);
        if is_own(inner) && known.insert(name.clone()) {
            found.push(Wrapped { name, kind, value: value(inner, self), initial: initial(inner, self) });
        }
    }
}

/// A type in words, for the names of wrappers: the kind of value that Blueprint sees.
fn words(ty: &ColumnType) -> String {
    use ColumnType as T;
    match ty {
        T::Bool => "Bool".into(),
        T::U8 => "Byte".into(),
        T::I8 | T::I16 | T::I32 | T::U16 => "Int".into(),
        T::I64 | T::U32 | T::U64 | T::EntityId => "Int64".into(),
        T::F32 => "Float".into(),
        T::F64 => "Double".into(),
        T::Vec2 | T::DVec2 => "Vector2D".into(),
        T::Vec3 | T::DVec3 => "Vector".into(),
        T::Vec4 => "Vector4".into(),
        T::IVec2 => "IntPoint".into(),
        T::IVec3 => "IntVector".into(),
        T::Uuid => "Guid".into(),
        T::Timestamp => "DateTime".into(),
        T::Duration => "Timespan".into(),
        T::I128 => "Int128".into(),
        T::U128 => "UInt128".into(),
        T::Quat => "Quat".into(),
        T::Identity => "Identity".into(),
        T::ConnectionId => "ConnectionId".into(),
        T::String => "String".into(),
        T::Bytes => "Bytes".into(),
        T::Option(inner) => format!("Optional{}", words(inner)),
        T::Vec(inner) => format!("{}List", words(inner)),
        T::Enum(enumeration) => upper_camel(&enumeration.name),
        T::Struct(structure) => upper_camel(&structure.name),
    }
}

/// Whether an option of this type is of one schema alone; the plugin has those of Blueprint's own types.
fn is_own(ty: &ColumnType) -> bool {
    matches!(
        ty,
        ColumnType::Enum(_)
            | ColumnType::Struct(_)
            | ColumnType::Vec(_)
            | ColumnType::Option(_)
            | ColumnType::Bytes
    )
}

/// A name that is no macro.
fn no_macro(name: String) -> String {
    if MACROS.contains(&name.as_str()) { format!("{name}_") } else { name }
}

/// `snake_case` → `UpperCamelCase`; a number becomes a field of that number.
fn member(name: &str) -> String {
    let name = upper_camel(name);
    match name.strip_prefix('_') {
        Some(rest) => no_macro(format!("Field{rest}")),
        None => no_macro(name),
    }
}

fn outside(name: String, taken: &[&str]) -> String {
    if taken.iter().any(|taken| taken.eq_ignore_ascii_case(&name)) { format!("{name}_") } else { name }
}

/// A property of a USTRUCT: those that are true or false have a `b` before them.
pub(super) fn property(field: &Field) -> String {
    let name = member(&field.name);
    if field.ty == ColumnType::Bool { format!("b{name}") } else { name }
}

/// A parameter of a UFUNCTION.
pub(super) fn parameter(field: &Field) -> String {
    outside(property(field), PINS)
}

/// A view's function for a column.
pub(super) fn accessor(name: &str) -> String {
    outside(member(name), OF_VIEWS)
}

/// A function or a property of a class.
pub(super) fn of_object(name: &str) -> String {
    outside(member(name), OF_OBJECTS)
}

/// A value of a UENUM.
pub(super) fn enumerator(name: &str) -> String {
    member(name)
}

/// The variants of a union that have a struct, with its name.
pub(super) fn variant(union: &str, variant: &str) -> String {
    format!("{union}{}", member(variant))
}

fn check_members<'f>(subject: &str, fields: impl Iterator<Item = &'f Field>) -> Result<(), GenerateError> {
    let mut claims = Claims::default();
    for field in fields {
        claims.claim(&property(field), &format!("`{}` of {subject}", field.name))?;
    }
    Ok(())
}

/// Names without regard to case, and whose they are.
#[derive(Default)]
struct Claims {
    owners: HashMap<String, String>,
}

impl Claims {
    fn claim(&mut self, name: &str, owner: &str) -> Result<(), GenerateError> {
        match self.owners.insert(name.to_ascii_lowercase(), owner.to_owned()) {
            Some(first) => {
                Err(GenerateError::SameName { first, second: owner.to_owned(), name: name.to_owned() })
            }
            None => Ok(()),
        }
    }
}
