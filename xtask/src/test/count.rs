//! How many tests passed, from the words of the programs that ran them.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::step;

/// Tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub passed: usize,
    pub failed: usize,
}

/// Runs `cargo test` with its output shown, and adds up its `test result:` lines.
pub fn cargo_test(command: &mut Command) -> Result<Count> {
    let (mut count, success) = watch(command, cargo_line)?;
    if !success && count.failed == 0 {
        // Cargo failed before or beside the tests: something does not compile, or a test program died.
        count.failed = 1;
    }
    if success && count.passed == 0 {
        bail!("cargo test ran no tests");
    }
    Ok(count)
}

/// Runs a script of tests. Its own count is used when it prints one, else it counts as one test.
pub fn script(command: &mut Command) -> Result<Count> {
    let line = step::describe(command);
    let read = |line: &str| cargo_line(line).or_else(|| plain_line(line)).or_else(|| nunit_line(line));
    let (mut count, success) = watch(command, read)?;
    if !success {
        println!("`{line}` failed");
        count.failed = count.failed.max(1);
    } else if count == Count::default() {
        count.passed = 1;
    }
    Ok(count)
}

/// Shows every line of the output and adds up what `read` finds in them. Also whether the program succeeded.
fn watch(command: &mut Command, read: impl Fn(&str) -> Option<Count>) -> Result<(Count, bool)> {
    let line = step::describe(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{line}` could not be started"))?;
    let output = child.stdout.take().context("the child's output is piped")?;
    let mut total = Count::default();
    for bytes in BufReader::new(output).split(b'\n') {
        let bytes = bytes?;
        let text = String::from_utf8_lossy(&bytes);
        println!("{text}");
        if let Some(count) = read(&text) {
            total.passed += count.passed;
            total.failed += count.failed;
        }
    }
    Ok((total, child.wait()?.success()))
}

/// `test result: ok. 6 passed; 0 failed; …`
fn cargo_line(line: &str) -> Option<Count> {
    let rest = line.split_once("test result: ")?.1;
    Some(Count { passed: number_before(rest, " passed")?, failed: number_before(rest, " failed")? })
}

/// `6 passed, 0 failed`
fn plain_line(line: &str) -> Option<Count> {
    let (passed, failed) = line.trim().split_once(" passed, ")?;
    Some(Count { passed: passed.parse().ok()?, failed: failed.strip_suffix(" failed")?.parse().ok()? })
}

/// NUnit's `Tests run: 6, Errors: 0, Failures: 0, …`
fn nunit_line(line: &str) -> Option<Count> {
    let rest = line.trim().strip_prefix("Tests run: ")?;
    let after =
        |name: &str| -> Option<usize> { rest.split_once(name)?.1.split([',', ' ']).next()?.parse().ok() };
    let run: usize = rest.split(',').next()?.parse().ok()?;
    let failed = after("Errors: ")? + after("Failures: ")?;
    Some(Count { passed: run.saturating_sub(failed), failed })
}

fn number_before(text: &str, word: &str) -> Option<usize> {
    text.split_once(word)?.0.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_counting_is_read() {
        let count = |passed, failed| Some(Count { passed, failed });
        assert_eq!(cargo_line("test result: ok. 6 passed; 0 failed; 0 ignored; 0 measured"), count(6, 0));
        assert_eq!(cargo_line("test result: FAILED. 14 passed; 1 failed; 0 ignored"), count(14, 1));
        assert_eq!(cargo_line("test row ... ok"), None);
        assert_eq!(plain_line("12 passed, 3 failed"), count(12, 3));
        assert_eq!(plain_line("we passed, nobody failed"), None);
        assert_eq!(
            nunit_line("Tests run: 9, Errors: 1, Failures: 2, Inconclusive: 0, Time: 0.2 seconds"),
            count(6, 3)
        );
        assert_eq!(nunit_line("Tests"), None);
    }

    #[test]
    fn a_script_without_a_count_is_one_test() {
        let sh = |text: &str| script(Command::new("sh").args(["-c", text])).unwrap();
        assert_eq!(sh("true"), Count { passed: 1, failed: 0 });
        assert_eq!(sh("exit 2"), Count { passed: 0, failed: 1 });
        assert_eq!(sh("echo 'test result: ok. 7 passed; 0 failed'"), Count { passed: 7, failed: 0 });
        assert_eq!(sh("echo '4 passed, 1 failed'; exit 1"), Count { passed: 4, failed: 1 });
        assert_eq!(sh("echo '4 passed, 0 failed'; exit 1"), Count { passed: 4, failed: 1 });
    }

    #[test]
    fn cargo_that_runs_nothing_has_not_passed() {
        assert!(cargo_test(Command::new("sh").args(["-c", "true"])).is_err());
        let died = cargo_test(
            Command::new("sh").args(["-c", "echo 'test result: ok. 6 passed; 0 failed;'; exit 1"]),
        );
        assert_eq!(died.unwrap(), Count { passed: 6, failed: 1 });
    }
}
