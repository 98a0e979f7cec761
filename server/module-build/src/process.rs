//! Child processes: run one, and say which one failed and with what words.

use std::process::{Command, Stdio};

/// Why a step of a build failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The program is not there or could not be started.
    #[error("`{command}` could not be started: {source}")]
    Start {
        /// The command line.
        command: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The program ended with a failure.
    #[error("`{command}` failed ({status}): {text}")]
    Failed {
        /// The command line.
        command: String,
        /// Its exit status.
        status: std::process::ExitStatus,
        /// The end of what it wrote to its error stream.
        text: String,
    },
    /// A file or folder could not be written.
    #[error("{path}: {source}")]
    File {
        /// Which one.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Lines of a failed program's error output that are shown again in the error.
const ERROR_LINES_MAX: usize = 30;

/// Runs to the end and returns standard output.
pub(crate) fn output_of(command: &mut Command) -> Result<String, StepError> {
    let line = describe(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| StepError::Start { command: line.clone(), source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let text = lines[lines.len().saturating_sub(ERROR_LINES_MAX)..].join("\n");
    Err(StepError::Failed { command: line, status: output.status, text })
}

/// The command line, for people.
pub(crate) fn describe(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let error = output_of(Command::new("ambit-no-such-program").arg("--version")).unwrap_err();
        assert!(
            error.to_string().starts_with("`ambit-no-such-program --version` could not be started"),
            "{error}"
        );
    }

    #[test]
    fn a_failing_program_is_quoted() {
        let error = output_of(Command::new("sh").args(["-c", "echo why >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().contains("why"), "{error}");
    }
}
