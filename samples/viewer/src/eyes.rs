//! The two clients behind the view: a spectator of the whole map, and a player who sees only a circle.

use std::time::{Duration, Instant};

use ambit_client::model::glam::Vec2;
use ambit_client::model::{Identity, Value, decode_row, encode_row};
use ambit_client::{
    Budget, CallStatus, Client, ConnectionState, EventKind, Options, SubscriptionState, Table,
};
use anyhow::{Context, Result, bail};

use crate::scene::{Point, Scene};

/// Updates per second of the map. It is drawn about as often.
const MAP_RATE_HZ: f32 = 4.0;
/// Updates per second of the player.
const PLAYER_RATE_HZ: f32 = 20.0;
/// How long the server may take to welcome a client. A loaded machine with hundreds of bots takes a second or two.
const WELCOME_WAIT: Duration = Duration::from_secs(20);
/// Metres of one step. The sample refuses steps of more than 5.
const STEP: f32 = 1.0;
/// Steps of one lap around the middle of the map.
const STEPS_PER_LAP: f32 = 1_200.0;
/// Why a call may be refused without anything being wrong: the view learns of its player's death a moment later.
const REFUSED_IN_DEATH: [&str; 2] = ["the dead lie still", "only the dead come back"];

/// What the sample module calls things.
mod names {
    pub const PLAYER: &str = "player";
    pub const MONSTER: &str = "monster";
    pub const ITEM: &str = "item";
    pub const IDENTITY: &str = "identity";
    pub const POSITION: &str = "position";
    pub const JOIN: &str = "join";
    pub const MOVE_TO: &str = "move_to";
    pub const RESPAWN: &str = "respawn";
    pub const HEALTH: &str = "health";
}

/// Both clients.
pub struct Eyes {
    map: Client,
    player: Client,
    radius: f64,
    circles: Vec<u32>,
    steps: f32,
    identity: Identity,
    entered: u64,
    left: u64,
    refused: Vec<String>,
}

impl Eyes {
    /// Connects both, joins the world as a player and subscribes to the map and to the circle.
    pub fn open(server: &str, database: &str, radius: f64) -> Result<Eyes> {
        let options = || Options {
            uri: server.into(),
            database: database.into(),
            token: None,
            // The view ends with its server.
            reconnect_for: Some(Duration::ZERO),
        };
        let mut eyes = Eyes {
            map: Client::connect(options()),
            player: Client::connect(options()),
            radius,
            circles: Vec::new(),
            steps: 0.0,
            identity: Identity::default(),
            entered: 0,
            left: 0,
            refused: Vec::new(),
        };
        welcome(&mut eyes.map)?;
        eyes.identity = welcome(&mut eyes.player)?;
        for table in [names::PLAYER, names::MONSTER, names::ITEM] {
            eyes.map.subscribe(&format!("SELECT * FROM {table}"), MAP_RATE_HZ)?;
            let circle = circle(table, radius);
            eyes.circles.push(eyes.player.subscribe(&circle, PLAYER_RATE_HZ)?);
        }
        call(&mut eyes.player, names::JOIN, &[Value::String(format!("Watcher {}", std::process::id()))])?;
        Ok(eyes)
    }

    /// Takes in news for the time of a frame, walks a step and describes the scene.
    pub fn look(&mut self, frame: Duration) -> Result<Scene> {
        let deadline = Instant::now() + frame;
        loop {
            self.player.wait(deadline.saturating_duration_since(Instant::now()));
            self.player.tick(Budget::UNLIMITED);
            self.note_events();
            if Instant::now() >= deadline {
                break;
            }
        }
        self.map.tick(Budget::UNLIMITED);
        for client in [&self.map, &self.player] {
            if let ConnectionState::Disconnected { reason } = client.state() {
                bail!("a client of the view is disconnected: {reason}");
            }
        }
        self.note_subscriptions()?;
        self.step()?;
        Ok(self.scene())
    }

    /// Calls of this player that the server refused, and why.
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    /// Rows that the player's client holds although they lie outside the circle. The cache is one commit, so there
    /// should be none at any moment.
    pub fn outside_circle(&self) -> usize {
        let Some(own) = self.own() else { return 0 };
        // f32 positions and an f64 radius: the edge itself may round either way.
        let radius = self.radius * 1.0001;
        self.seen().iter().filter(|point| (point.0 - own.0).hypot(point.1 - own.1) > radius).count()
    }

    fn note_subscriptions(&self) -> Result<()> {
        for &subscription in &self.circles {
            if let Some(SubscriptionState::Failed(message)) = self.player.subscription(subscription) {
                bail!("the server refused the circle: {message}");
            }
        }
        Ok(())
    }

    fn note_events(&mut self) {
        for event in self.player.events() {
            match event.kind {
                EventKind::Insert { .. } => self.entered += 1,
                EventKind::Delete { .. } => self.left += 1,
                EventKind::Update { .. } => {}
            }
        }
        let refused = self.player.results().iter().filter(|result| result.status != CallStatus::Committed);
        let wrong =
            refused.filter(|result| !REFUSED_IN_DEATH.iter().any(|text| result.message.starts_with(text)));
        self.refused.extend(wrong.map(|result| result.message.clone()));
    }

    /// Walks around the middle of the map, so that the circle meets something; comes back after a death.
    fn step(&mut self) -> Result<()> {
        let Some(own) = self.own_row() else { return Ok(()) };
        if own.health == 0 {
            return call(&mut self.player, names::RESPAWN, &[]);
        }
        self.steps += 1.0;
        let angle = self.steps / STEPS_PER_LAP * std::f32::consts::TAU;
        let side = Vec2::splat(self.map_side());
        let goal = side / 2.0 + Vec2::from_angle(angle) * side / 3.0;
        let way = (goal - own.position).clamp_length_max(STEP);
        let args = [Value::Vec2(own.position + way), Value::F32(way.to_angle())];
        call(&mut self.player, names::MOVE_TO, &args)
    }

    /// The edge of a map that begins at 0, as far as anything on it shows.
    fn map_side(&self) -> f32 {
        let (x, y) = self.scene().bounds();
        x[1].max(y[1]) as f32
    }

    fn own(&self) -> Option<Point> {
        self.own_row().map(|own| point(own.position))
    }

    fn own_row(&self) -> Option<Own> {
        let table = self.player.table(names::PLAYER)?;
        let identity = Value::Identity(self.identity);
        let own = rows(table).find(|row| value(table, row, names::IDENTITY) == Some(&identity))?;
        let Some(Value::Vec2(position)) = value(table, &own, names::POSITION) else { return None };
        let Some(Value::U16(health)) = value(table, &own, names::HEALTH) else { return None };
        Some(Own { position: *position, health: *health })
    }

    fn scene(&self) -> Scene {
        let of = |name: &str| self.map.table(name).map(points).unwrap_or_default();
        Scene {
            players: of(names::PLAYER),
            monsters: of(names::MONSTER),
            items: of(names::ITEM),
            own: self.own(),
            radius: self.radius,
            seen: self.seen(),
            entered: self.entered,
            left: self.left,
            round_trip_ms: self.player.statistics().round_trip_us as f64 / 1e3,
        }
    }

    fn seen(&self) -> Vec<Point> {
        let tables = [names::PLAYER, names::MONSTER, names::ITEM];
        tables.iter().filter_map(|name| self.player.table(name)).flat_map(points).collect()
    }
}

/// The player's own row, as far as it matters here.
struct Own {
    position: Vec2,
    health: u16,
}

/// The rows of a table that lie near the caller's own player.
fn circle(table: &str, radius: f64) -> String {
    format!(
        "SELECT t.* FROM {table} t JOIN {player} p ON ST_DWithin(t.position, p.position, {radius}) WHERE p.identity = :sender",
        player = names::PLAYER
    )
}

fn welcome(client: &mut Client) -> Result<Identity> {
    client.wait_until(WELCOME_WAIT, |client| client.state() != ConnectionState::Connecting);
    match client.state() {
        ConnectionState::Connected => client.identity().context("a connected client has an identity"),
        ConnectionState::Connecting => {
            bail!("the server did not welcome a client of the view in {WELCOME_WAIT:?}")
        }
        ConnectionState::Disconnected { reason } | ConnectionState::Reconnecting { reason } => {
            bail!("a client of the view is disconnected: {reason}")
        }
    }
}

fn call(client: &mut Client, reducer: &str, args: &[Value]) -> Result<()> {
    let schema = client.schema().context("a connected client has a schema")?;
    let (id, reducer_schema) = schema.reducer(reducer).with_context(|| format!("no reducer `{reducer}`"))?;
    let args =
        encode_row(&reducer_schema.layout(), args).with_context(|| format!("arguments of `{reducer}`"))?;
    client.call(id, &args).with_context(|| reducer.to_string())?;
    Ok(())
}

fn rows(table: &Table) -> impl Iterator<Item = Vec<Value>> {
    table.iter().filter_map(|(_, bytes)| decode_row(table.layout(), bytes).ok())
}

fn value<'a>(table: &Table, row: &'a [Value], column: &str) -> Option<&'a Value> {
    let (number, _) = table.schema()?.column(column)?;
    row.get(usize::from(number))
}

fn points(table: &Table) -> Vec<Point> {
    let position = |row: Vec<Value>| match value(table, &row, names::POSITION) {
        Some(Value::Vec2(position)) => Some(point(*position)),
        Some(_) | None => None,
    };
    rows(table).filter_map(position).collect()
}

fn point(position: Vec2) -> Point {
    (f64::from(position.x), f64::from(position.y))
}
