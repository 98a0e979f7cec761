//! Both licences are there, whole, and name nobody else.

use std::fs;
use std::path::Path;

use super::Finding;

/// Words of every part of the Apache License 2.0, in order: a text that has lost a part lacks one of them.
const APACHE_PARTS: [&str; 12] = [
    "Version 2.0, January 2004",
    "1. Definitions.",
    "2. Grant of Copyright License.",
    "3. Grant of Patent License.",
    "4. Redistribution.",
    "5. Submission of Contributions.",
    "6. Trademarks.",
    "7. Disclaimer of Warranty.",
    "8. Limitation of Liability.",
    "9. Accepting Warranty or Additional Liability.",
    "END OF TERMS AND CONDITIONS",
    "APPENDIX: How to apply the Apache License to your work.",
];
/// Letters of the licence without white space, rounded down.
const APACHE_LETTERS: usize = 8600;

/// Checks both files.
pub fn check(root: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut of = |name: &str, rule: fn(&str) -> Option<String>| {
        let fault = match fs::read_to_string(root.join(name)) {
            Ok(text) => rule(&text),
            Err(error) => Some(error.to_string()),
        };
        findings.extend(fault.map(|text| Finding::new(name, 0, text)));
    };
    of("LICENSE-APACHE", apache);
    of("LICENSE-MIT", mit);
    findings
}

fn apache(text: &str) -> Option<String> {
    let mut rest = text;
    for part in APACHE_PARTS {
        let Some(at) = rest.find(part) else { return Some(format!("`{part}` is missing or out of place")) };
        rest = &rest[at + part.len()..];
    }
    if text.split_whitespace().map(str::len).sum::<usize>() < APACHE_LETTERS {
        return Some("the text is shorter than the licence".to_string());
    }
    let foreign = text
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("Copyright ") && *line != "Copyright [yyyy] [name of copyright owner]");
    foreign.map(|line| format!("a copyright line of somebody: `{line}`"))
}

fn mit(text: &str) -> Option<String> {
    let whole = text.contains("Permission is hereby granted, free of charge")
        && text.contains("WITHOUT WARRANTY OF ANY KIND");
    if !whole {
        return Some("the text is not the MIT licence".to_string());
    }
    let ours = text
        .lines()
        .filter(|line| line.starts_with("Copyright"))
        .all(|line| line.contains("The Ambit authors"));
    (!ours).then(|| "the copyright line must name the Ambit authors".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> String {
        fs::read_to_string(crate::step::root().join("LICENSE-APACHE")).unwrap()
    }

    #[test]
    fn the_whole_licence_passes() {
        assert_eq!(apache(&whole()), None);
    }

    #[test]
    fn a_part_that_is_gone_and_a_foreign_copyright_are_found() {
        assert!(apache(&whole().replace("6. Trademarks.", "")).is_some());
        assert!(apache(&whole().replace("[yyyy] [name of copyright owner]", "2016 Somebody")).is_some());
        assert!(apache("Version 2.0, January 2004").is_some());
        assert!(mit("Copyright (c) Somebody").is_some());
    }
}
