//! The pattern of LIKE: a text that begins with something, or one text exactly.

use sqlparser::tokenizer::Span;

use super::error::TextError;
use super::scope::refuse;

/// What texts a pattern fits.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// One without a wildcard.
    Exact(String),
    /// One that ends in `%`.
    Prefix(String),
}

impl Pattern {
    /// A backslash takes the special meaning of the character after it away.
    pub fn read(pattern: &str, span: Span) -> Result<Self, TextError> {
        let refused = |problem: &str| {
            Err(refuse(
                span,
                format!("LIKE {problem}"),
                "write the beginning and one `%`, such as 'orc%'; write \\% and \\_ for the characters themselves",
            ))
        };
        let mut text = String::with_capacity(pattern.len());
        let mut letters = pattern.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => match letters.next() {
                    Some(escaped) => text.push(escaped),
                    None => return refused("with a backslash at the end is not possible"),
                },
                '%' if letters.as_str().is_empty() => return Ok(Self::Prefix(text)),
                '%' => return refused("can have `%` only once, at the end"),
                '_' => return refused("with `_`, one character whichever, is not possible"),
                other => text.push(other),
            }
        }
        Ok(Self::Exact(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_a_text_or_its_beginning() {
        let read = |pattern: &str| Pattern::read(pattern, Span::empty()).ok();
        assert_eq!(read("orc%"), Some(Pattern::Prefix("orc".into())));
        assert_eq!(read("%"), Some(Pattern::Prefix(String::new())));
        assert_eq!(read(""), Some(Pattern::Exact(String::new())));
        assert_eq!(read("orc"), Some(Pattern::Exact("orc".into())));
        assert_eq!(read(r"100\%"), Some(Pattern::Exact("100%".into())));
        assert_eq!(read(r"a\_b\\%"), Some(Pattern::Prefix(r"a_b\".into())));
        for pattern in ["%orc", "o%c", "orc%%", "o_c", "_", r"orc\", r"%\%"] {
            assert_eq!(read(pattern), None, "{pattern}");
        }
    }
}
