//! What must hold, each in a file of its own. A checker compares the real thing with the model and tells the first
//! difference.

pub(crate) mod clients;
pub(crate) mod equality;
pub(crate) mod indexes;
pub(crate) mod loose;

use std::any::Any;
use std::fmt;

/// What a violation is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checker {
    /// The store accepts and refuses exactly what the rules say, and gives the slots and numbers they say.
    Transaction,
    /// What was acknowledged as durable is there after a recovery.
    DurablePrefix,
    /// What is there after a recovery is one committed state, per durability class.
    Atomicity,
    /// A number that anybody was told is never given again.
    AutoInc,
    /// Every index answers like a scan.
    Index,
    /// The follower holds what the engine holds.
    Follower,
    /// A client's cache is the result of its queries at its offset.
    Client,
    /// A second recovery gives the same state and the same files.
    Idempotence,
    /// The log tells who called what and when, who was connected, and which modules ran.
    Journal,
    /// The real code panics.
    Panic,
    /// Damage is found, and only damage is called so.
    Recovery,
    /// Old segments and snapshots go.
    Space,
    /// A changed schema holds the rows that the plan promises.
    Migration,
}

/// Something that must hold does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub checker: Checker,
    pub message: String,
}

impl Violation {
    pub(crate) fn new(checker: Checker, message: impl Into<String>) -> Self {
        Self { checker, message: message.into() }
    }

    /// The real code has panicked. Where, the standard error has told.
    pub(crate) fn of_panic(reason: &(dyn Any + Send)) -> Self {
        let text = reason.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| reason.downcast_ref::<&str>().copied());
        Self::new(Checker::Panic, text.unwrap_or("a panic without words"))
    }
}

impl fmt::Display for Checker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Transaction => "transaction",
            Self::DurablePrefix => "durable prefix",
            Self::Atomicity => "atomicity",
            Self::AutoInc => "auto_inc",
            Self::Index => "index = table",
            Self::Follower => "follower = engine",
            Self::Client => "client = reference",
            Self::Idempotence => "recovery is idempotent",
            Self::Journal => "journal",
            Self::Panic => "panic",
            Self::Recovery => "recovery",
            Self::Space => "space",
            Self::Migration => "migration",
        })
    }
}
