//! What the follower knows of one connection.

use std::sync::Arc;

use ambit_model::{ConnectionId, Identity, Slot};
use ambit_wire::Parameters;

use crate::cohort::Cohort;
use crate::earlier::EarlierSchema;
use crate::filters::FilterId;
use crate::flush::loose::{Loose, Purse};
use crate::query::QueryError;
use crate::query::plan::{Circle, Filter, Join, Order};
use crate::rankings::RankingId;
use crate::world::GroundId;
use crate::world::near::SpotsId;

/// A connection's name, chosen by whoever owns the sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

pub(crate) struct Client {
    pub id: ClientId,
    pub identity: Identity,
    pub connection: ConnectionId,
    /// The schema that it was welcomed with, if that is not the current one.
    pub earlier: Option<Arc<EarlierSchema>>,
    /// The group that it is flushed with, once it has subscribed to something.
    pub cohort: Option<usize>,
    /// In the order of their tables as the client knows them.
    pub subscriptions: Vec<Subscription>,
    /// Subscriptions that ended before their first result.
    pub ended: Vec<u32>,
    pub purse: Purse,
}

pub(crate) struct Subscription {
    pub number: u32,
    pub rate: crate::cohort::Rate,
    pub stage: Stage,
    /// The table whose rows it shows.
    pub table: u16,
    /// The id that the client knows the table by.
    pub known_table: u16,
    /// The columns that it shows, as a mask. Bits behind the last column are set if those are all that clients may see.
    pub columns: u64,
    pub source: Source,
    /// The query, to be read again with other parameters.
    pub sql: Box<str>,
    /// Those that it has.
    pub parameters: Parameters,
    /// Those of the change that the client was not told of.
    pub next_parameters: Option<Parameters>,
    /// The tables that the query names, the selected one first. Rules may join others.
    pub queried: Vec<u16>,
    /// Whether rules of these tables decide what it shows.
    pub is_ruled: bool,
    /// Whether the rules have changed since its source was made, and the client was not told yet.
    pub is_outdated: bool,
    /// What it shows from the next flush on, if its stage is [`Stage::Changing`].
    pub next: Option<Box<Source>>,
    /// The last change of parameters that the client was not told of, 0 if there is none.
    pub change: u32,
    /// What the client holds of it, if that does not follow from the rows alone.
    pub loose: Option<Box<Loose>>,
    /// Whether the client is to be told what is in force.
    pub is_inspected: bool,
    /// Why the follower ends it, if its stage is [`Stage::Ended`], or why it takes no other parameters.
    pub refused: Option<QueryError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The client has nothing of it yet.
    Added,
    Steady,
    /// The client has what it showed with other parameters.
    Changing,
    /// The client is to lose it at the next flush.
    Ended,
    /// The same, but the client never had anything of it.
    Refused,
}

/// Where a subscription's rows come from.
pub(crate) enum Source {
    Filter(FilterId),
    Circle {
        circle: Box<Circle>,
        ground: GroundId,
        /// The rows in the centre.
        observers: FilterId,
    },
    Join {
        join: Box<Join>,
        /// The filters of the tables at its ends, by their positions in the join.
        leaves: Vec<(usize, FilterId)>,
    },
    /// The first rows of a filter.
    Ranking(RankingId),
    /// The first rows of a circle, a join or a list, whose filters are rankings of the same order.
    Top {
        order: Order,
        limit: usize,
        of: Box<Source>,
    },
    /// A circle with delivery options.
    Near(Box<Near>),
    /// Rows that come from one of these, none of which is another list.
    Any(Vec<Source>),
    /// Rows that it showed when the schema changed, and shows no longer unless something else does.
    Held(Vec<Slot>),
}

/// A circle with delivery options.
pub(crate) struct Near {
    pub centre: Centre,
    /// At which rows enter.
    pub radius: f64,
    pub spots: SpotsId,
}

impl Near {
    /// The table whose rows it shows.
    pub fn table(&self) -> u16 {
        match &self.centre {
            Centre::Fixed { filter, .. } => filter.table,
            Centre::Moving { circle, .. } => circle.target.table,
        }
    }
}

/// What is in the centre of a [`Near`].
pub(crate) enum Centre {
    Fixed {
        /// The whole query.
        filter: Filter,
        /// Its conditions apart from the circle.
        target: Filter,
        place: [f64; 3],
    },
    /// Rows.
    Moving { circle: Box<Circle>, observers: FilterId },
}

impl Client {
    pub fn new(id: ClientId, identity: Identity, connection: ConnectionId) -> Self {
        Self {
            id,
            identity,
            connection,
            earlier: None,
            cohort: None,
            subscriptions: Vec::new(),
            ended: Vec::new(),
            purse: Purse::default(),
        }
    }

    /// Whether any subscription has delivery options.
    pub fn is_loose(&self) -> bool {
        self.subscriptions.iter().any(|subscription| subscription.loose.is_some())
    }

    /// The rate at which the strictest of its subscriptions wants to be flushed.
    pub fn rate(&self) -> Option<crate::cohort::Rate> {
        let wanted = self.subscriptions.iter().filter(|subscription| subscription.stage != Stage::Ended);
        wanted.map(|subscription| subscription.rate).max()
    }

    pub fn has_news(&self) -> bool {
        !self.ended.is_empty()
            || self.subscriptions.iter().any(|subscription| subscription.stage != Stage::Steady)
    }
}

impl Subscription {
    /// What it is to show after the flush.
    pub fn latest(&self) -> &Source {
        self.next.as_deref().unwrap_or(&self.source)
    }
}

impl Source {
    /// What it consists of: itself, or the parts of a list.
    pub fn parts(&self) -> &[Self] {
        match self {
            Self::Any(parts) => parts,
            Self::Filter(_)
            | Self::Circle { .. }
            | Self::Join { .. }
            | Self::Ranking(_)
            | Self::Top { .. }
            | Self::Near(_)
            | Self::Held(_) => std::slice::from_ref(self),
        }
    }

    /// The table whose rows it gives, 0 for those that are held by themselves.
    pub fn table(&self, cohort: &Cohort) -> u16 {
        match self {
            Self::Filter(id) => cohort.filters.get(*id).map_or(0, |watched| watched.filter.table),
            Self::Ranking(id) => cohort.rankings.get(*id).map_or(0, |ranking| ranking.ranked.filter.table),
            Self::Circle { circle, .. } => circle.target.table,
            Self::Join { join, .. } => join.target(),
            Self::Top { of, .. } => of.table(cohort),
            Self::Near(near) => near.table(),
            Self::Any(parts) => parts.first().map_or(0, |part| part.table(cohort)),
            Self::Held(_) => 0,
        }
    }

    /// The joins that it shows rows of.
    pub fn joins(&self) -> Vec<&Join> {
        match self {
            Self::Join { join, .. } => vec![join],
            Self::Top { of, .. } => of.joins(),
            Self::Any(parts) => parts.iter().flat_map(Self::joins).collect(),
            Self::Filter(_) | Self::Ranking(_) | Self::Circle { .. } | Self::Near(_) | Self::Held(_) => {
                Vec::new()
            }
        }
    }

    /// Rows that it shows at most, if its query says so.
    pub fn limit(&self, cohort: &Cohort) -> usize {
        match self {
            Self::Filter(_)
            | Self::Circle { .. }
            | Self::Join { .. }
            | Self::Near(_)
            | Self::Any(_)
            | Self::Held(_) => 0,
            Self::Ranking(id) => cohort.rankings.get(*id).map_or(0, |ranking| ranking.ranked.limit),
            Self::Top { limit, .. } => *limit,
        }
    }
}
