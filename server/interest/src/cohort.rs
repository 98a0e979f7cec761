//! Cohorts: connections of one rate and phase. They are flushed together and share every encoded byte.

use ambit_model::{Duration, Timestamp};

use crate::filters::Filters;
use crate::flush::routine::Routines;
use crate::limits;
use crate::motion::CohortMotion;
use crate::query::QueryError;
use crate::rankings::Rankings;

/// How often a connection is flushed. The higher one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rate {
    /// So many times per second.
    Hertz(u32),
    /// At every flush after a commit.
    Immediate,
}

pub(crate) struct Cohort {
    pub rate: Rate,
    phase: u32,
    due: Timestamp,
    /// When it is due if clients only wait for their turn.
    resumes: Timestamp,
    pub filters: Filters,
    pub rankings: Rankings,
    /// Per table: the first change that its clients have not seen.
    pub cursors: Vec<u64>,
    /// What its clients know of quantised columns.
    pub motion: CohortMotion,
    /// Whether subscriptions wait for their first result or their end, or a client for another cohort.
    pub has_news: bool,
    /// Whether a client that was told of rows otherwise is now told of their motion too: it does not know which way they went.
    pub has_stray_ways: bool,
    /// Its clients, and what a flush does for each.
    pub routines: Routines,
}

impl Rate {
    /// The group for a wanted rate: 0 is the default, what lies between two groups gets the faster one.
    pub fn from_hertz(hertz: f32) -> Result<Self, QueryError> {
        if hertz.is_nan() || hertz < 0.0 {
            return Err(QueryError::Rate(hertz.to_string()));
        }
        let hertz = if hertz == 0.0 { limits::RATE_DEFAULT_HZ } else { hertz };
        let group = limits::RATES_HZ.iter().find(|&&group| hertz <= group as f32);
        Ok(group.map_or(Self::Immediate, |&group| Self::Hertz(group)))
    }

    fn period(self) -> Option<i64> {
        match self {
            Self::Hertz(hertz) => Some(1_000_000 / i64::from(hertz.max(1))),
            Self::Immediate => None,
        }
    }

    /// Its period in milliseconds; 0 if there is none.
    pub fn period_ms(self) -> u32 {
        self.period().map_or(0, |period| (period / 1_000) as u32)
    }

    /// In updates per second; infinity for one per flush.
    pub fn hertz(self) -> f32 {
        match self {
            Self::Hertz(hertz) => hertz as f32,
            Self::Immediate => f32::INFINITY,
        }
    }

    /// How many phases the rate's connections are spread over.
    pub fn phases(self) -> u32 {
        match self {
            Self::Hertz(_) => limits::PHASES,
            Self::Immediate => 1,
        }
    }
}

impl Cohort {
    pub fn new(rate: Rate, phase: u32, now: Timestamp) -> Self {
        let mut cohort = Self {
            rate,
            phase,
            due: now,
            resumes: now,
            filters: Filters::default(),
            rankings: Rankings::default(),
            cursors: Vec::new(),
            motion: CohortMotion::default(),
            has_news: false,
            has_stray_ways: false,
            routines: Routines::default(),
        };
        cohort.flushed(now);
        cohort
    }

    /// When it is due, if it has anything to do.
    pub fn due(&self) -> Timestamp {
        self.due
    }

    /// Subscriptions of the client at this position begin or end, or it goes to another cohort.
    pub fn tell_news(&mut self, client: usize) {
        self.has_news = true;
        self.routines.void(client);
    }

    /// When it is due if no commit was made since the last flush, and clients lack what waits for its turn.
    pub fn resumes(&self) -> Timestamp {
        self.resumes
    }

    /// Makes it due at once.
    pub fn hurry(&mut self) {
        self.due = Timestamp(i64::MIN);
    }

    /// Sets the next moment of its phase. Phases are fixed points of time, so cohorts that were hurried or had
    /// nothing to do for a while spread again by themselves.
    pub fn flushed(&mut self, now: Timestamp) {
        self.due = match self.rate.period() {
            None => Timestamp(i64::MIN),
            Some(period) => {
                let offset = period * i64::from(self.phase) / i64::from(limits::PHASES);
                let behind = now.0.saturating_sub(offset).rem_euclid(period);
                now.plus(Duration(period - behind))
            }
        };
        self.resumes = match self.rate {
            Rate::Hertz(_) => self.due,
            Rate::Immediate => now.plus(Duration::from_millis(limits::TURN_MS)),
        };
    }
}
