//! `#[visible("…")]`: which rows of a table clients may see. What the rule says is read when the module is published.

use syn::spanned::Spanned;
use syn::{Attribute, Error, LitStr, Result};

const ALLOWS: &str = "a rule is `#[visible(\"owner = :sender\")]`, a condition as after WHERE, or \
     `#[visible(\"JOIN … ON … WHERE …\")]`; several rules show what one of them shows";

/// As many as a schema may have (limits::RULES_MAX of the model).
const RULES_MAX: usize = 8;

/// Takes the rules from a table's attributes.
pub fn take(attributes: &mut Vec<Attribute>, public: bool, is_old: bool) -> Result<Vec<String>> {
    let mut rules = Vec::new();
    for attribute in std::mem::take(attributes) {
        if !attribute.path().is_ident("visible") {
            attributes.push(attribute);
            continue;
        }
        let span = attribute.meta.span();
        if is_old {
            return Err(Error::new(span, "no client sees an old table: it has no rules"));
        }
        if !public {
            return Err(Error::new(span, "no client sees this table; write `#[table(public)]` too"));
        }
        let rule: LitStr = attribute.parse_args().map_err(|error| Error::new(error.span(), ALLOWS))?;
        if rule.value().trim().is_empty() {
            return Err(Error::new(rule.span(), ALLOWS));
        }
        if rules.len() == RULES_MAX {
            return Err(Error::new(span, format!("a table has at most {RULES_MAX} rules")));
        }
        rules.push(rule.value());
    }
    Ok(rules)
}
