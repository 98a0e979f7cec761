//! What a schema's names may be. They become identifiers of generated code, so nothing else may stand in them.

use std::collections::HashSet;

use crate::limits;

/// A name that is refused.
#[derive(Debug)]
pub(crate) struct WrongName<'a> {
    pub name: &'a str,
    pub problem: String,
}

/// Refuses a name that is no identifier, or too long.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let ends_well = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if starts_well && ends_well && name.len() <= limits::NAME_BYTES_MAX {
        return Ok(());
    }
    Err(format!("a name has 1 to {} letters, digits and _ and no digit first", limits::NAME_BYTES_MAX))
}

/// Refuses names of which one is bad or occurs twice.
pub(crate) fn distinct_names<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), WrongName<'a>> {
    let mut seen = HashSet::new();
    for name in names {
        check_name(name).map_err(|problem| WrongName { name, problem })?;
        if !seen.insert(name) {
            return Err(WrongName { name, problem: "the name occurs twice".into() });
        }
    }
    Ok(())
}
