//! Words that must not stand in the repository: unfinished work, sleeping tests, a machine's paths, and the C
//! ABI outside its two places.

use super::Finding;
use super::source::{Source, is_code};

// Put together from halves, so that this file does not break its own rules.
const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const IGNORED_TEST: &str = concat!("#[ign", "ore");
const C_ABI: &str = concat!("extern ", "\"C\"");
const MACHINE_PATHS: [&str; 5] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/Us", "ers/"),
    concat!("C:\\", "Users"),
];
const SLEEPS: [&str; 6] =
    ["thread::sleep", "time::sleep", "Thread.Sleep", "sleep_for", "usleep(", "nanosleep("];

/// The only folders whose Rust may speak the C ABI.
const C_ABI_FOLDERS: [&str; 2] = ["bindings/c/", "server/module-sdk/"];

/// Checks every line of a file.
pub fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let generated = source.is_generated();
    let test_line = source.first_test_line();
    for (index, line) in source.text.lines().enumerate() {
        let mut refuse = |text: &str| findings.push(Finding::new(&source.path, index + 1, text));
        if MACHINE_PATHS.iter().any(|path| contains_path(line, path)) {
            refuse("a path of one machine: use a relative path, a temporary folder or an argument");
        }
        if generated {
            continue;
        }
        if UNFINISHED.iter().any(|word| contains_word(line, word)) {
            refuse("unfinished work: finish it, or write it down where work is planned");
        }
        if !is_code(&source.path) {
            continue;
        }
        if line.trim_start().starts_with(IGNORED_TEST) {
            refuse("an ignored test: make it run or delete it");
        }
        let in_test = test_line.is_some_and(|first| index >= first);
        if in_test && SLEEPS.iter().any(|call| line.contains(call)) {
            refuse("a sleeping test: wait for the event itself");
        }
        if is_c_abi(&source.path, line) {
            refuse("the C ABI belongs in bindings/c and server/module-sdk only");
        }
    }
    findings
}

fn is_c_abi(path: &str, line: &str) -> bool {
    let allowed = C_ABI_FOLDERS.iter().any(|folder| path.starts_with(folder));
    path.ends_with(".rs") && !allowed && !line.trim_start().starts_with("//") && line.contains(C_ABI)
}

/// Whether `word` stands in `line` on its own.
fn contains_word(line: &str, word: &str) -> bool {
    let is_part =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    line.match_indices(word).any(|(at, _)| {
        !is_part(line[..at].chars().next_back()) && !is_part(line[at + word.len()..].chars().next())
    })
}

/// Whether an absolute path that starts with `path` stands in `line`: not the middle of a longer one or a URL.
fn contains_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || "._-~}/*>".contains(letter))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(path: &str, text: &str) -> Vec<usize> {
        let source = Source { path: path.to_string(), text: text.to_string() };
        check(&source).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn unfinished_work_is_refused_wherever_it_stands() {
        assert_eq!(texts("a.rs", concat!("//! A.\n// TO", "DO: later\n")), [2]);
        assert_eq!(texts("a.md", concat!("FIX", "ME\n")), [1]);
        assert_eq!(texts("a.rs", concat!("//! A.\nlet MASTO", "DON = 1;\n")), Vec::<usize>::new());
    }

    #[test]
    fn ignored_and_sleeping_tests_are_refused() {
        assert_eq!(texts("a.rs", concat!("//! A.\n#[ign", "ore]\nfn test() {}\n")), [2]);
        let sleep = concat!("std::thread::", "sleep(ONE);\n");
        assert_eq!(texts("a/tests/b.rs", &format!("//! B.\n{sleep}")), [2]);
        assert_eq!(texts("a/src/b.rs", &format!("//! B.\n{sleep}#[cfg(test)]\n{sleep}")), [4]);
        assert_eq!(texts("a/Tests/B.cs", concat!("Thread.Sl", "eep(10);\n")), [1]);
    }

    #[test]
    fn the_c_abi_has_two_homes() {
        let line = concat!("//! A.\npub extern \"", "C\" fn f() {}\n");
        assert_eq!(texts("server/store/src/a.rs", line), [2]);
        assert_eq!(texts("bindings/c/src/a.rs", line), Vec::<usize>::new());
        assert_eq!(texts("server/module-sdk/src/a.rs", line), Vec::<usize>::new());
        assert_eq!(texts("a.rs", concat!("//! A.\n// an extern \"", "C\" function\n")), Vec::<usize>::new());
        assert_eq!(texts("bindings/cpp/src/a.rs", "//! A.\nunsafe extern \"C++\" {}\n"), Vec::<usize>::new());
    }

    #[test]
    fn a_machines_paths_are_refused() {
        assert_eq!(texts("a.md", concat!("see /ho", "me/someone/x\n")), [1]);
        assert_eq!(texts("a.md", concat!("see https://example.org/ho", "me/x\n")), Vec::<usize>::new());
    }
}
