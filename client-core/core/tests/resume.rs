//! Connections that are lost at any moment: the cache stays as it was, and goes in one step to what the server has then. Events tell
//! exactly what is different, and a row that came back otherwise has changed, not ended.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/world.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use ambit_client_core::{Budget, EventKind, Lost, Outbox, ProtocolError, SendError, Session, World};
use ambit_wire::{
    Claims, ClientMessage, LeaveReason, ServerMessage, UpdateHeader, begin_table, end_table, row_digest,
    write_delete, write_insert,
};
use proptest::collection::vec;
use proptest::prelude::*;
use support::{Rows, Server, Step, row, schema, welcome};

const KEY: [u64; 2] = [7, 11];

#[derive(Debug, Clone)]
enum Action {
    Update(Vec<Step>),
    Tick(usize),
    Lose,
    /// The server has restarted, and rows lie in other slots.
    Shuffle(Vec<(u16, u32, u32)>),
    /// Another connection stands; its results come in two updates, the first with these tables.
    Return(BTreeSet<u16>),
    /// The second update.
    Finish,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3_u16, 0..12_u32, any::<u8>())
            .prop_map(|(table, slot, number)| Step::Put { table, slot, number }),
        2 => (0..3_u16, 0..12_u32, 0..5_u8)
            .prop_map(|(table, slot, reason)| Step::Delete { table, slot, reason }),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => vec(step(), 0..12).prop_map(Action::Update),
        2 => prop_oneof![Just(usize::MAX), 0..6_usize].prop_map(Action::Tick),
        2 => Just(Action::Lose),
        1 => vec((0..3_u16, 0..12_u32, 0..12_u32), 0..8).prop_map(Action::Shuffle),
        3 => proptest::collection::btree_set(0..3_u16, 0..3).prop_map(Action::Return),
        3 => Just(Action::Finish),
    ]
}

/// What the client was told, and what it makes of it.
struct Game {
    server: Server,
    session: Session,
    world: World,
    /// What the server has told the session.
    held: Rows,
    /// What events have told the game, by table and local number.
    told: BTreeMap<(u16, u32), Vec<u8>>,
    state: State,
    /// The cache when the game last had all.
    settled: Rows,
}

#[derive(Debug, Clone, PartialEq)]
enum State {
    Connected,
    Lost,
    /// Claims that the server has not answered, and tables that it has told of.
    Returning(BTreeMap<(u16, u32), u64>, BTreeSet<u16>),
}

impl Game {
    fn new() -> Self {
        let mut session = Session::new();
        session.receive(&welcome(), 0).unwrap();
        Self {
            server: Server::default(),
            session,
            world: World::new(),
            held: Rows::new(),
            told: BTreeMap::new(),
            state: State::Connected,
            settled: Rows::new(),
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            // Between the two updates of a return nothing happens, so that this server needs no deltas then.
            Action::Update(_) if matches!(self.state, State::Returning(..)) => {}
            Action::Update(steps) => {
                let update = self.server.update(&steps);
                if self.state == State::Connected {
                    self.session.receive(&update, 0).unwrap();
                    self.held = self.server.rows.clone();
                }
            }
            Action::Tick(events_max) => self.tick(events_max),
            Action::Lose => {
                self.session.lose(Lost::default());
                self.state = State::Lost;
            }
            Action::Shuffle(moves) if self.state == State::Lost => {
                self.server.offset /= 2;
                for (table, from, to) in moves {
                    if let Some(row) = self.server.rows.remove(&(table, from))
                        && let Some(other) = self.server.rows.insert((table, to), row)
                    {
                        self.server.rows.insert((table, from), other);
                    }
                }
            }
            Action::Return(tables) if self.state == State::Lost => self.come_back(tables),
            Action::Finish => self.finish(),
            Action::Shuffle(_) | Action::Return(_) => {}
        }
    }

    fn come_back(&mut self, tables: BTreeSet<u16>) {
        self.session.receive(&welcome(), 0).unwrap();
        let message = self.session.claim(KEY);
        let ClientMessage::Resume { key: KEY, block } = ClientMessage::decode(&message).unwrap() else {
            panic!("no claims");
        };
        let claims: BTreeMap<_, _> = Claims::new(block)
            .map(|claim| claim.unwrap())
            .map(|claim| ((claim.table, claim.slot), claim.digest))
            .collect();
        let held = self.held.iter().map(|(&key, row)| (key, row_digest(KEY, row)));
        assert_eq!(claims, held.collect());
        self.state = State::Returning(claims, BTreeSet::new());
        self.tell(&tables, false);
    }

    fn finish(&mut self) {
        if matches!(self.state, State::Returning(..)) {
            self.tell(&BTreeSet::from([0, 1, 2]), true);
            self.state = State::Connected;
        }
    }

    /// The results of these tables. The last update takes away what is left of the claims.
    fn tell(&mut self, tables: &BTreeSet<u16>, resumed: bool) {
        let State::Returning(claims, done) = &mut self.state else { panic!("nobody returns") };
        let mut blocks = Vec::new();
        for table in 0..3 {
            let mark = begin_table(&mut blocks, table);
            let mut others = Vec::new();
            if tables.contains(&table) && done.insert(table) {
                for (&(_, slot), row) in self.server.rows.range((table, 0)..=(table, u32::MAX)) {
                    let claimed = claims.remove(&(table, slot));
                    if claimed == Some(row_digest(KEY, row)) {
                        continue;
                    }
                    if claimed.is_some() {
                        write_delete(&mut blocks, slot, LeaveReason::Away);
                    }
                    write_insert(&mut others, slot, row);
                    self.held.insert((table, slot), row.clone());
                }
            }
            let left = claims.extract_if((table, 0)..=(table, u32::MAX), |_, _| resumed);
            for (key, _) in left {
                write_delete(&mut blocks, key.1, LeaveReason::Away);
                self.held.remove(&key);
            }
            blocks.extend(others);
            end_table(&mut blocks, mark);
        }
        let header = UpdateHeader { offset: self.server.offset, resumed, ..UpdateHeader::default() };
        self.session.receive(&header.encode_with(&[&blocks]), 0).unwrap();
    }

    fn tick(&mut self, events_max: usize) {
        let before = cached(&self.world);
        // What waits may change, and change back.
        let has_waited = self.world.events_pending() > 0;
        self.world.tick(&mut self.session, Budget::events(events_max));
        let after = cached(&self.world);
        match &self.state {
            State::Connected => {
                assert_eq!(after, self.server.rows);
                assert_eq!(self.world.offset(), self.server.offset);
                self.settled = after;
            }
            // What was told before the connection was lost still comes; nothing of what is told since, until all is.
            State::Lost | State::Returning(..) if after != before => self.settled = after,
            State::Lost | State::Returning(..) => assert_eq!(after, self.settled),
        }
        self.replay(has_waited);
    }

    fn replay(&mut self, has_waited: bool) {
        let id = |row: &[u8]| u32::from_le_bytes(row[..4].try_into().unwrap());
        for event in self.world.events() {
            let key = (event.table, event.local);
            match event.kind {
                EventKind::Insert { row } => {
                    assert!(self.told.insert(key, row.to_vec()).is_none(), "inserted twice: {event:?}");
                }
                EventKind::Update { old, row } => {
                    assert_eq!(id(old), id(row), "another row: {event:?}");
                    assert!(has_waited || old != row, "nothing has changed: {event:?}");
                    assert_eq!(self.told.insert(key, row.to_vec()).as_deref(), Some(old), "{event:?}");
                }
                EventKind::Delete { old, reason } => {
                    assert_eq!(self.told.remove(&key).as_deref(), Some(old), "{event:?}");
                    let is_away = reason == LeaveReason::Away;
                    let mut rows = self.server.rows.range((event.table, 0)..=(event.table, u32::MAX));
                    let is_there = rows.any(|(_, row)| id(row) == id(old));
                    assert!(
                        !(is_away && is_there && self.state == State::Connected),
                        "it is there: {event:?}"
                    );
                }
            }
        }
    }
}

fn cached(world: &World) -> Rows {
    let rows = world.tables().iter().flat_map(|table| {
        table.iter().map(|(local, row)| ((table.id(), table.slot(local).unwrap()), row.to_vec()))
    });
    rows.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn a_cache_survives_its_connections(actions in vec(action(), 1..60)) {
        let mut game = Game::new();
        actions.into_iter().for_each(|action| game.act(action));
        if game.state == State::Lost {
            game.come_back(BTreeSet::new());
        }
        game.finish();
        game.tick(usize::MAX);
        let told: Vec<Vec<u8>> = game.told.into_values().collect();
        prop_assert_eq!(told.len(), game.server.rows.len());
        for (local, row) in game.world.tables().iter().flat_map(|table| table.iter()) {
            prop_assert!(told.iter().any(|other| other == row), "row {} was not told of", local);
        }
    }
}

/// A session that was welcomed and holds rows of table 0 in slots 0, 1, ….
fn holding(count: u32) -> (Server, Session, World) {
    let (mut server, mut session, mut world) = (Server::default(), Session::new(), World::new());
    session.receive(&welcome(), 0).unwrap();
    let steps: Vec<Step> = (0..count).map(|slot| Step::Put { table: 0, slot, number: 1 }).collect();
    session.receive(&server.update(&steps), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    (server, session, world)
}

#[test]
fn rows_beyond_the_limit_of_claims_are_sent_again_and_the_game_does_not_notice() {
    let limit = ambit_wire::limits::CLAIMS_MAX as u32;
    let (server, mut session, mut world) = holding(limit + 2);
    session.lose(Lost::default());
    session.receive(&welcome(), 0).unwrap();
    let message = session.claim(KEY);
    let ClientMessage::Resume { block, .. } = ClientMessage::decode(&message).unwrap() else { panic!() };
    assert_eq!(Claims::new(block).count(), limit as usize);
    let mut blocks = Vec::new();
    let mark = begin_table(&mut blocks, 0);
    for slot in limit..limit + 2 {
        write_insert(&mut blocks, slot, &server.rows[&(0, slot)]);
    }
    end_table(&mut blocks, mark);
    let header = UpdateHeader { resumed: true, ..UpdateHeader::default() };
    session.receive(&header.encode_with(&[&blocks]), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    assert_eq!(world.events().count(), 0);
    assert_eq!(cached(&world), server.rows);
}

#[test]
fn a_session_goes_on_with_the_same_schema_only_and_once_per_connection() {
    let (_, mut session, _) = holding(1);
    assert_eq!(session.receive(&welcome(), 0), Err(ProtocolError::SecondWelcome));
    let (_, mut session, mut world) = holding(1);
    session.lose(Lost::default());
    let mut other = schema();
    other.tables[0].name = "entity".into();
    let other = ServerMessage::Welcome {
        identity: Default::default(),
        connection: Default::default(),
        token: "token",
        schema: &other.encode(),
        offset: 0,
    };
    assert_eq!(session.receive(&other.encode(), 0), Err(ProtocolError::SchemaChanged));
    world.tick(&mut session, Budget::UNLIMITED);
    assert_eq!(world.table(0).unwrap().len(), 1, "the cache stays");
}

#[test]
fn a_lost_connection_says_nothing_before_another_welcome() {
    let (mut server, mut session, _) = holding(1);
    session.lose(Lost::default());
    let update = server.update(&[Step::Put { table: 0, slot: 0, number: 2 }]);
    assert_eq!(session.receive(&update, 0), Err(ProtocolError::NotWelcome));
}

/// A server that was restarted gives the numbers of commits that were not logged again: what it called durable before is another
/// commit now.
#[test]
fn what_was_durable_on_one_connection_says_nothing_on_the_next() {
    let (_, mut session, mut world) = holding(1);
    session.receive(&ServerMessage::Durable { durable_offset: 40 }.encode(), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    assert_eq!(world.durable_offset(), 40);
    session.lose(Lost::default());
    world.tick(&mut session, Budget::UNLIMITED);
    assert_eq!(world.durable_offset(), 40, "those commits are durable");
    session.receive(&welcome(), 0).unwrap();
    session.claim(KEY);
    session.receive(&ServerMessage::Durable { durable_offset: 38 }.encode(), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    assert_eq!(world.durable_offset(), 38);
}

/// A game that subscribes anew in every frame of a long break used to take memory without bound, and its next connection was
/// taken for one that breaks the protocol.
#[test]
fn subscriptions_of_a_long_break_are_bounded_and_all_are_told_of() {
    let (_, mut session, mut world) = holding(1);
    let mut outbox = Outbox::new();
    session.lose(outbox.lose());
    let mut begun = 0;
    let refused = loop {
        match outbox.subscribe("SELECT * FROM unit", 0.0) {
            Ok(number) => outbox.unsubscribe(number).unwrap(),
            Err(error) => break error,
        }
        begun += 1;
        assert!(begun < 10_000, "there is no bound");
    };
    assert!(matches!(refused, SendError::Full { what: "subscriptions", .. }), "{refused}");
    session.receive(&welcome(), 0).unwrap();
    let claims = session.claim(KEY);
    session.end(outbox.resume(claims));
    let applied: Vec<u32> = (1..=ambit_wire::limits::SUBSCRIPTIONS_MAX as u32).collect();
    let header = UpdateHeader { resumed: true, applied, ..UpdateHeader::default() };
    session.receive(&header.encode_with(&[&[]]), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    assert!(world.subscription(begun).is_some(), "the last one has ended");
}

/// A row of which another one has the slot now.
#[test]
fn rows_that_change_places_stay_the_same_rows() {
    let (server, mut session, mut world) = holding(2);
    let locals = [0, 1].map(|slot| world.table(0).unwrap().local(slot).unwrap());
    session.lose(Lost::default());
    session.receive(&welcome(), 0).unwrap();
    session.claim(KEY);
    let mut blocks = Vec::new();
    let mark = begin_table(&mut blocks, 0);
    let reason = LeaveReason::Away;
    (0..2).for_each(|slot| write_delete(&mut blocks, slot, reason));
    write_insert(&mut blocks, 0, &server.rows[&(0, 1)]);
    write_insert(&mut blocks, 1, &row(0, 1, 9));
    end_table(&mut blocks, mark);
    let header = UpdateHeader { resumed: true, ..UpdateHeader::default() };
    session.receive(&header.encode_with(&[&blocks]), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    let table = world.table(0).unwrap();
    assert_eq!([1, 0].map(|slot| table.local(slot).unwrap()), locals);
    let events: Vec<_> = world.events().collect();
    assert!(
        matches!(&events[..], [event] if event.local == locals[0] && matches!(event.kind, EventKind::Update { .. })),
        "{events:?}"
    );
}
