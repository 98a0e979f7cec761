//! Why a subscription is refused, with the place in the text and what to write instead.

use std::fmt;

use ambit_wire::DeliveryError;

use crate::earlier::TableChange;
use crate::limits;

/// Why a subscription is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The query's text.
    #[error("{0}")]
    Text(TextError),
    /// The client has a subscription of that number already.
    #[error("subscription {0} is in use; choose another number, or unsubscribe and wait until it has ended")]
    SubscriptionInUse(u32),
    /// The client has no subscription of that number, or it has ended.
    #[error("there is no subscription {0}; it has not begun, or has ended")]
    UnknownSubscription(u32),
    /// The client has [`limits::SUBSCRIPTIONS_PER_CLIENT_MAX`] subscriptions already.
    #[error(
        "a connection can have at most {} subscriptions; unsubscribe one first",
        limits::SUBSCRIPTIONS_PER_CLIENT_MAX
    )]
    TooManySubscriptions,
    /// All clients together use [`limits::GROUNDS_MAX`] kinds of moving circles already.
    #[error(
        "the database follows {} kinds of moving circles already; use the same tables and joined columns as other subscriptions",
        limits::GROUNDS_MAX
    )]
    TooManyCircles,
    /// More than [`limits::OBSERVERS_PER_CIRCLE_MAX`] rows are the centre of one moving circle.
    #[error(
        "{0} rows are the circle's centre, at most {max} are possible; add conditions that leave the rows of one player",
        max = limits::OBSERVERS_PER_CIRCLE_MAX
    )]
    TooManyObservers(usize),
    /// More rows than this decide what a join shows: [`limits::OBSERVERS_PER_CIRCLE_MAX`] at one of its ends, or
    /// [`limits::JOINED_ROWS_MAX`] on the way to the selected table.
    #[error(
        "more than {0} rows of a joined table decide what the subscription shows; add conditions that leave fewer"
    )]
    TooManyJoinedRows(usize),
    /// The client's subscriptions with LIMIT would show more than [`limits::TOP_ROWS_PER_CLIENT_MAX`] rows together.
    #[error(
        "the client's other subscriptions with LIMIT may show {0} rows already, and all of them together at most {max}; use a smaller LIMIT, or unsubscribe first",
        max = limits::TOP_ROWS_PER_CLIENT_MAX
    )]
    TooManyTopRows(usize),
    /// A rule of one of its tables that nobody can read. A publish refuses such a module.
    #[error(
        "the rules of table `{0}` that say which rows a client may see cannot be read; publish the module again"
    )]
    UnreadableRule(String),
    /// A rule of one of its tables that joins others cannot be kept up to date together with what the query joins.
    #[error(
        "which rows of table `{0}` you may see depends on other tables, and a moving circle cannot be joined with that; \
         subscribe to `{0}` without the circle, by conditions on its own columns"
    )]
    RuledOut(String),
    /// More than [`limits::RULED_TABLES_MAX`] tables, those of rules counted.
    #[error(
        "the query joins more than {} tables together with those that decide which of their rows you may see; join fewer",
        limits::RULED_TABLES_MAX
    )]
    TooManyRuledTables,
    /// More than [`limits::ALTERNATIVES_MAX`] combinations of rules.
    #[error(
        "the tables of the query can be seen in more than {} ways together; join fewer tables",
        limits::ALTERNATIVES_MAX
    )]
    TooManyAlternatives,
    /// Delivery options of rows that are seen by a rule which joins other tables.
    #[error(
        "which rows of table `{0}` you may see depends on other tables, and such rows have no hysteresis, tiers or budget; leave these options out"
    )]
    RuledDelivery(String),
    /// The rate is not a number above 0.
    #[error("the rate {0} is not possible; use updates per second above 0, or infinity for every commit")]
    Rate(String),
    /// The delivery options are impossible whatever the query is.
    #[error(transparent)]
    Delivery(DeliveryError),
    /// Delivery options of a join.
    #[error(
        "rows of a join, and the first rows by ORDER BY and LIMIT, have no hysteresis, tiers or budget; select by conditions on one table, or by a circle"
    )]
    NoDelivery,
    /// Hysteresis or tiers without a distance.
    #[error("hysteresis and tiers need a distance; use a query with one ST_DWithin that every row satisfies")]
    NoDistance,
    /// A tier names a column that the table does not have.
    #[error("a tier names the column `{column}`, which table `{table}` does not have")]
    TierColumn {
        /// The table's name.
        table: String,
        /// The column's.
        column: String,
    },
    /// A table that is not what the client knows any more.
    #[error(transparent)]
    TableChanged(#[from] TableChange),
    /// A table that came after the client, as it is now.
    #[error(
        "table `{0}` was added or changed after this client connected; connect again with newly generated code"
    )]
    NewerTable(String),
    /// No such client is connected.
    #[error("the client is not connected")]
    UnknownClient,
}

/// What is wrong with a query's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextError {
    /// Line, from 1.
    pub line: u64,
    /// Character within the line, from 1.
    pub column: u64,
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub remedy: String,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, problem, remedy } = self;
        write!(f, "line {line}, column {column}: {problem}; {remedy}")
    }
}

impl From<TextError> for QueryError {
    fn from(error: TextError) -> Self {
        Self::Text(error)
    }
}
