//! The naive model of a database that every checker compares with: maps instead of pages, scans instead of indexes,
//! copies instead of undo logs.

mod database;
mod history;
mod migration;
mod shape;
mod transaction;

pub(crate) use database::{Database, Refusal, Row, Table};
pub(crate) use history::{Commit, History};
pub(crate) use shape::{IndexShape, ReferenceShape, Shape, TableShape};
pub(crate) use transaction::Transaction;
