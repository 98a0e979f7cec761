//! File and folder names that say nothing, or tell history.

use super::Finding;

/// A name that could be on any drawer.
const EMPTY_NAMES: [&str; 8] =
    ["util", "utils", "common", "helper", "helpers", "misc", "manager", "managers"];

/// What is below has the names of the engine's headers.
const ENGINE_HEADERS: &str = "unreal-plugin/Tests/EngineStandIn/";

/// Checks each part of a path.
pub fn check(path: &str) -> Option<Finding> {
    if path.starts_with(ENGINE_HEADERS) {
        return None;
    }
    for part in path.split('/') {
        let stem = part.split('.').next().unwrap_or_default().to_lowercase();
        if EMPTY_NAMES.contains(&stem.as_str()) {
            return Some(Finding::new(
                path,
                0,
                format!("`{part}` says nothing: name it after the noun or the verb"),
            ));
        }
        if is_versioned(&stem) {
            return Some(Finding::new(path, 0, format!("`{part}` tells history: replace the older one")));
        }
        if part == "mod.rs" {
            return Some(Finding::new(path, 0, "use `foo.rs` beside `foo/`, not `mod.rs`"));
        }
    }
    None
}

/// Whether a stem ends with `_v` and digits.
fn is_versioned(stem: &str) -> bool {
    let without_digits = stem.trim_end_matches(|letter: char| letter.is_ascii_digit());
    without_digits.len() < stem.len() && without_digits.ends_with("_v")
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_that_say_something_pass() {
        for path in [
            "server/log/src/reader.rs",
            "docs/formats/log.md",
            "a/tests/fixtures/v1-torn.log",
            "a/env_var.rs",
            "unreal-plugin/Tests/EngineStandIn/Misc/Guid.h",
        ] {
            assert_eq!(check(path), None);
        }
    }

    #[test]
    fn names_that_say_nothing_are_refused() {
        for path in
            ["a/util.rs", "a/helpers/x.rs", "a/Common.cs", "a/mod.rs", "a/reader_v2.rs", "a/manager.hpp"]
        {
            assert!(check(path).is_some(), "{path}");
        }
    }
}
