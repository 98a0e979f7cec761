//! The author's comments, for the schema.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The lines of the doc comments.
pub fn of(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("doc") => text(&pair.value),
            Meta::Path(_) | Meta::List(_) | Meta::NameValue(_) => None,
        })
        .map(|line| line.strip_prefix(' ').map(str::to_owned).unwrap_or(line))
        .collect();
    lines.join("\n").trim().to_owned()
}

fn text(value: &Expr) -> Option<String> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "a doc comment is a string literal")]
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}
