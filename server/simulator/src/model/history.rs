//! The states of the database after each commit, as far back as a crash may lead.

use std::collections::BTreeMap;

use super::database::Database;

/// What one commit came to.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    pub state: Database,
    /// Whether the log holds a record of it.
    pub is_logged: bool,
}

/// The commits of a database, by offset.
#[derive(Debug)]
pub(crate) struct History {
    commits: BTreeMap<u64, Commit>,
}

impl History {
    /// A history that begins with a state at an offset.
    pub(crate) fn new(offset: u64, state: Database) -> Self {
        Self { commits: BTreeMap::from([(offset, Commit { state, is_logged: true })]) }
    }

    /// The commits go on from a state at an offset. Later ones never happened.
    pub(crate) fn go_back(&mut self, offset: u64, state: Database) {
        self.commits.split_off(&(offset + 1));
        let is_logged = self.commits.get(&offset).is_some_and(|commit| commit.is_logged);
        self.push(offset, Commit { state, is_logged });
    }

    /// The log holds no record behind this offset any more.
    pub(crate) fn lose_records(&mut self, last_record: u64) {
        self.commits.range_mut(last_record + 1..).for_each(|(_, commit)| commit.is_logged = false);
    }

    pub(crate) fn push(&mut self, offset: u64, commit: Commit) {
        self.commits.insert(offset, commit);
    }

    /// The state after the last commit at or before the offset.
    pub(crate) fn at(&self, offset: u64) -> Option<&Database> {
        self.commits.range(..=offset).next_back().map(|(_, commit)| &commit.state)
    }

    /// The state at an offset, and those after later commits up to another one.
    pub(crate) fn between(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, &Database)> {
        let first = self.commits.range(..=from).next_back().map_or(from, |(offset, _)| *offset);
        self.commits.range(first..=to).map(|(offset, commit)| (*offset, &commit.state))
    }

    /// The offset of the last commit.
    pub(crate) fn last_offset(&self) -> u64 {
        self.commits.keys().next_back().copied().unwrap_or(0)
    }

    /// The offset of the last commit up to this one that the log holds a record of.
    pub(crate) fn last_logged(&self, offset: u64) -> u64 {
        let up_to = self.commits.range(..=offset).rev();
        up_to.into_iter().find(|(_, commit)| commit.is_logged).map_or(0, |(offset, _)| *offset)
    }
}
