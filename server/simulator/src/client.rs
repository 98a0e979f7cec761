//! A client: the real session, cache and outbox, and what it has asked for.

use std::collections::BTreeMap;

use ambit_client_core::{
    Budget, CallStatus, EventKind, Outbox, Parameters, ProtocolError, Session, SubscriptionState, World,
};
use ambit_model::Identity;

use crate::checkers::loose::Floors;
use crate::checkers::{Checker, Violation};
use crate::module::schema::REDUCER_ACT;
use crate::query::Query;
use crate::random::Random;

/// A game somewhere. It has one connection at a time.
#[derive(Debug)]
pub(crate) struct Client {
    pub random: Random,
    pub identity: Identity,
    /// Its world, and the connection if it believes that it has one.
    pub link: Option<Link>,
    /// Whether it goes on with its world when the connection was lost.
    returns: bool,
}

/// A game's world. It survives a connection that is lost, if the game wants that.
#[derive(Debug)]
pub(crate) struct Link {
    pub connection: u64,
    session: Session,
    pub world: World,
    pub outbox: Outbox,
    /// By number, until the server has ended them.
    pub queries: BTreeMap<u32, Query>,
    /// What the game believes from events alone, by table and local number.
    told: BTreeMap<(u16, u32), Vec<u8>>,
    /// What is held of tables that are watched with delivery options.
    pub floors: Floors,
    /// Calls without an answer.
    pub calls: usize,
    /// Whether it was lost, and waits for another Welcome.
    is_lost: bool,
    /// Whether it was lost, and not all that is different was told.
    is_returning: bool,
}

/// What a message has told.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Everything up to here was acknowledged as durable.
    pub durable_offset: u64,
    /// The server has said goodbye.
    pub is_goodbye: bool,
    /// Another connection cannot go on where the last one ended.
    pub is_over: bool,
    /// All that happened while the client was away is told.
    pub is_back: bool,
}

impl Client {
    pub(crate) fn new(number: usize, random: Random, returns: bool) -> Self {
        Self { random, identity: Identity([number as u8 + 1; 32]), link: None, returns }
    }

    /// Begins a connection; the first message.
    pub(crate) fn connect(&mut self, connection: u64) -> Vec<u8> {
        self.link = Some(Link {
            connection,
            session: Session::new(),
            world: World::new(),
            outbox: Outbox::new(),
            queries: BTreeMap::new(),
            told: BTreeMap::new(),
            floors: Floors::default(),
            calls: 0,
            is_lost: false,
            is_returning: false,
        });
        Outbox::hello(Some(&self.identity.to_string()))
    }

    /// Its connection is gone: if it does not come back, so is its world.
    pub(crate) fn forget(&mut self) {
        if !self.returns {
            self.link = None;
        }
    }

    /// Begins another connection that goes on with the world of the last one, if there is one to go on with and chance will have it.
    pub(crate) fn reconnect(&mut self, connection: u64) -> Vec<u8> {
        let goes_on = self.returns && !self.random.one_in(4);
        match self.link.as_mut().filter(|link| goes_on && link.world.schema().is_some()) {
            Some(link) => link.lose(connection),
            None => return self.connect(connection),
        }
        Outbox::hello(Some(&self.identity.to_string()))
    }
}

impl Link {
    /// Its connection is lost, and this is the next one.
    fn lose(&mut self, connection: u64) {
        self.session.lose(self.outbox.lose());
        (self.connection, self.is_lost, self.is_returning) = (connection, true, true);
        self.floors = Floors::default();
        let has_failed =
            |number: &u32| matches!(self.world.subscription(*number), Some(SubscriptionState::Failed(_)));
        self.queries.retain(|number, _| !has_failed(number));
    }

    /// Whether the cache is the world as the server told it last.
    pub(crate) fn is_following(&self) -> bool {
        self.session.is_following()
    }

    /// Does something by chance: a call, a subscription, the end of one, a ping.
    pub(crate) fn act(&mut self, random: &mut Random, now: i64) -> Result<(), Violation> {
        let refused = |error: &dyn std::fmt::Display| {
            Violation::new(Checker::Client, format!("the outbox refuses an ordinary message: {error}"))
        };
        let Some(schema) = self.world.schema().cloned().filter(|_| !self.is_lost) else { return Ok(()) };
        match random.below(10) {
            0..6 => {
                let seed = random.next();
                self.outbox.call(REDUCER_ACT, &seed.to_le_bytes()).map_err(|error| refused(&error))?;
                self.calls += 1;
            }
            6 | 7 if self.queries.len() < 4 => {
                let Some(query) = Query::random(random, &schema) else { return Ok(()) };
                let begun = self.outbox.subscribe_as(&query.sql, &Parameters::new(), &query.delivery);
                let number = begun.map_err(|error| refused(&error))?;
                self.queries.insert(number, query);
            }
            8 => {
                let applied =
                    |number: &&u32| self.world.subscription(**number) == Some(&SubscriptionState::Applied);
                let Some(&number) = self.queries.keys().find(applied) else { return Ok(()) };
                self.outbox.unsubscribe(number).map_err(|error| refused(&error))?;
            }
            _ => self.outbox.ping(now.unsigned_abs()).map_err(|error| refused(&error))?,
        }
        Ok(())
    }

    /// Takes in a message and lets the game tick.
    pub(crate) fn receive(&mut self, message: &[u8], now: i64) -> Result<News, Violation> {
        let wrong = |text: String| Violation::new(Checker::Client, text);
        let received = self.session.receive(message, now.unsigned_abs());
        if received == Err(ProtocolError::SchemaChanged) {
            return Ok(News { is_goodbye: true, is_over: true, ..News::default() });
        }
        received.map_err(|error| wrong(format!("the session refuses a message of the server: {error}")))?;
        self.outbox.settle(&self.session.take_settled());
        if self.is_lost {
            // It is the Welcome.
            self.is_lost = false;
            let claims = self.session.claim([self.connection, now.unsigned_abs()]);
            let ended = self.outbox.resume(claims);
            self.session.end(ended);
        }
        self.world.tick(&mut self.session, Budget::UNLIMITED);
        self.follow_events()?;
        let is_back = self.world.is_following() && std::mem::take(&mut self.is_returning);
        if is_back {
            // What was held as it was is exact as of some commit since the Welcome, and changes of it may wait since then.
            let since = self.session.welcome().map_or(0, |welcome| welcome.offset);
            self.floors = Floors::since(&self.world, since);
        }
        let mut news = News {
            durable_offset: self.world.durable_offset(),
            is_goodbye: self.session.goodbye().is_some(),
            is_over: false,
            is_back,
        };
        for result in self.world.results() {
            if result.status == CallStatus::Rejected {
                return Err(wrong(format!("the server rejects an ordinary call: {}", result.message)));
            }
            self.calls = self.calls.saturating_sub(1);
        }
        let answered = self.world.answered();
        self.outbox.answered(answered);
        let ended = |number: &u32| self.world.subscription(*number) == Some(&SubscriptionState::Ended);
        self.queries.retain(|number, _| !ended(number));
        for (number, query) in &self.queries {
            match self.world.subscription(*number) {
                // A table that has changed since: the client needs the new schema.
                Some(SubscriptionState::Failed(problem)) if problem.contains("connect again") => {
                    news.is_goodbye = true;
                }
                Some(SubscriptionState::Failed(problem)) => {
                    return Err(wrong(format!("the server refuses `{}`: {problem}", query.sql)));
                }
                Some(SubscriptionState::Applied | SubscriptionState::Ended) | None => {}
            }
        }
        Ok(news)
    }

    /// What events tell must add up to the cache.
    fn follow_events(&mut self) -> Result<(), Violation> {
        for event in self.world.events() {
            let key = (event.table, event.local);
            let (expected, now) = match event.kind {
                EventKind::Insert { row } => (None, Some(row)),
                EventKind::Update { old, row } => (Some(old), Some(row)),
                EventKind::Delete { old, .. } => (Some(old), None),
            };
            let before = match now {
                Some(row) => self.told.insert(key, row.to_vec()),
                None => self.told.remove(&key),
            };
            if before.as_deref() != expected {
                let text = format!("an event of table {} row {} does not follow what was told", key.0, key.1);
                return Err(Violation::new(Checker::Client, text));
            }
        }
        let held = self.world.tables().iter().map(ambit_client_core::Table::len).sum::<usize>();
        match held == self.told.len() {
            true => Ok(()),
            false => Err(Violation::new(
                Checker::Client,
                format!("the cache holds {held} rows, events told of {}", self.told.len()),
            )),
        }
    }

    /// The queries whose rows are in the cache.
    pub(crate) fn applied(&self) -> impl Iterator<Item = &Query> {
        let is_applied = |number: &u32| self.world.subscription(*number) == Some(&SubscriptionState::Applied);
        self.queries.iter().filter(move |(number, _)| is_applied(number)).map(|(_, query)| query)
    }
}
