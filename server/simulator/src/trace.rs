//! A running hash of everything that happens, so that two runs of a seed can be compared, and, on request, the last
//! steps in words.

/// What has happened so far.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    hash: u64,
    steps: u64,
    /// Whether lines are kept; they cost more than all the rest.
    is_told: bool,
    lines: Vec<String>,
}

impl Trace {
    pub(crate) fn new(is_told: bool) -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, is_told, ..Self::default() }
    }

    /// Takes in bytes that a run determines.
    pub(crate) fn note(&mut self, bytes: &[u8]) {
        self.hash = hash(self.hash, bytes);
    }

    /// The next step begins; `line` is called only if lines are kept.
    pub(crate) fn step(&mut self, now: i64, line: impl FnOnce() -> String) {
        self.steps += 1;
        self.note(&now.to_le_bytes());
        if self.is_told {
            let line = format!("{:>6} {:>10} µs  {}", self.steps, now, line());
            self.lines.push(line);
        }
    }

    /// Adds to the current step's words.
    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        if self.is_told {
            let line = format!("                      {}", line());
            self.lines.push(line);
        }
    }

    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }
}

/// FNV-1a over words: fast, and the same everywhere.
pub(crate) fn hash(start: u64, bytes: &[u8]) -> u64 {
    let mut hash = start;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }
    for byte in rest {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    (hash ^ bytes.len() as u64).wrapping_mul(0x0000_0100_0000_01b3)
}
