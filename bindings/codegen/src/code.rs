//! A text that grows line by line, indented by its open blocks.

use crate::Language;

/// Source text under construction.
#[derive(Default)]
pub(crate) struct Code {
    text: String,
    depth: usize,
    indentation: &'static str,
}

impl Code {
    /// A file that begins with the language's first line.
    pub(crate) fn file(language: Language) -> Self {
        let mut code = Self { indentation: language.indentation(), ..Self::default() };
        code.line(language.first_line());
        code
    }

    /// One line at the current depth; an empty one has no indentation.
    pub(crate) fn line(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        if !line.is_empty() {
            self.text.push_str(&self.indentation.repeat(self.depth));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// A line after which everything is one level deeper.
    pub(crate) fn open(&mut self, line: impl AsRef<str>) {
        self.line(line);
        self.indent();
    }

    /// A line one level less deep.
    pub(crate) fn close(&mut self, line: impl AsRef<str>) {
        self.outdent();
        self.line(line);
    }

    /// What follows is one level deeper.
    pub(crate) fn indent(&mut self) {
        self.depth += 1;
    }

    /// What follows is one level less deep.
    pub(crate) fn outdent(&mut self) {
        self.depth -= 1;
    }

    /// A comment: one line per line of `doc`, each after `prefix`; nothing for an empty one.
    pub(crate) fn doc(&mut self, prefix: &str, doc: &str) {
        for line in doc.lines() {
            self.line(format!("{prefix} {}", line.trim()).trim_end());
        }
    }

    /// The finished text.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}
