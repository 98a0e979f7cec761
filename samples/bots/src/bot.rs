//! One bot: a client, a mind, and what it has seen.

use std::time::{Duration, Instant};

use ambit_client::{Budget, CallStatus, Client, ConnectionState, EventKind, SubscriptionState};
use ambit_model::Identity;
use ambit_model::glam::Vec2;
use anyhow::{Context, Result, bail};

use crate::mind::Mind;
use crate::report::Report;
use crate::rows::{self, Player, PlayerColumns};
use crate::sight::Steps;
use crate::{Options, queries};

/// One bot.
pub struct Bot {
    client: Client,
    mind: Mind,
    name: String,
    subscriptions: Vec<u32>,
    character: Option<Character>,
    join_request: Option<u32>,
    /// Calls that the reducer refused, and the last reason.
    pub refused: u64,
    /// The last reason.
    pub refusal: Option<String>,
    /// Calls made.
    pub calls: u64,
}

/// The bot's character.
struct Character {
    identity: Identity,
    columns: PlayerColumns,
    /// The reducer's id.
    move_to: u16,
    position: Vec2,
    is_dead: bool,
}

impl Bot {
    /// Begins to connect.
    pub fn connect(number: u32, options: &Options) -> Self {
        let mut client = Client::connect(ambit_client::Options {
            uri: options.server.clone(),
            database: options.database.clone(),
            token: None,
            // Whoever measures wants to know of it.
            reconnect_for: Some(Duration::ZERO),
        });
        // What cannot be sent shows as a connection that has ended.
        let subscriptions =
            queries(options).iter().filter_map(|sql| client.subscribe(sql, options.rate).ok()).collect();
        Self {
            client,
            mind: Mind::new(number),
            name: format!("bot{number}x{:x}", std::process::id()),
            subscriptions,
            character: None,
            join_request: None,
            refused: 0,
            refusal: None,
            calls: 0,
        }
    }

    /// Goes on joining; whether the bot has its character and sees.
    pub fn try_join(&mut self, steps: &mut Steps) -> Result<bool> {
        self.client.tick(Budget::UNLIMITED);
        self.check_connection()?;
        if self.character.is_some() {
            return Ok(true);
        }
        let (Some(identity), Some(schema)) = (self.client.identity(), self.client.schema()) else {
            return Ok(false);
        };
        if self.join_request.is_none() {
            self.join_request = Some(self.client.call_named("join", &rows::join(&self.name))?);
        }
        if let Some(result) =
            self.client.results().iter().find(|result| Some(result.request) == self.join_request)
            && result.status != CallStatus::Committed
        {
            bail!("{} could not join: {}", self.name, result.message);
        }
        let columns = PlayerColumns::of(&schema)?;
        let Some(me) = own_row(&self.client, columns, identity)? else { return Ok(false) };
        steps.take(identity, me.position);
        let is_dead = me.health == 0;
        let (move_to, _) = schema.reducer("move_to").context("the module has no move_to")?;
        self.character = Some(Character { identity, columns, move_to, position: me.position, is_dead });
        Ok(true)
    }

    /// Brings the cache up to date and notes what is wrong; a watcher also measures how old what it sees is.
    pub fn look(&mut self, is_watcher: bool, steps: &Steps, report: &mut Report) -> Result<()> {
        self.client.tick(Budget::UNLIMITED);
        let now = Instant::now();
        let Some(character) = &mut self.character else { return Ok(()) };
        for event in self.client.events().filter(|event| event.table == character.columns.table) {
            let (EventKind::Update { row, .. } | EventKind::Insert { row }) = event.kind else { continue };
            let is_insert = matches!(event.kind, EventKind::Insert { .. });
            let player = character.columns.read(row)?;
            if player.identity == character.identity {
                character.is_dead = player.health == 0;
                // After coming back to life the bot goes on from where it is put.
                if player.position.distance(character.position) > 5.0 {
                    character.position = player.position;
                }
            } else if is_watcher && !is_insert {
                // Whoever comes into sight may have stepped long ago; only changes tell of delay.
                if let Some(age) = steps.age(player.identity, player.position, now) {
                    report.saw(age);
                }
            }
        }
        for result in self.client.results() {
            match result.status {
                CallStatus::Committed => {}
                CallStatus::ReducerError => {
                    self.refused += 1;
                    self.refusal = Some(result.message.clone());
                }
                CallStatus::Lost => bail!("{}: {}", self.name, result.message),
                CallStatus::Rejected => bail!("{}: a call was rejected: {}", self.name, result.message),
            }
        }
        self.check_connection()
    }

    /// Makes the next step, or comes back to life.
    pub fn act(&mut self, options: &Options, steps: &mut Steps) -> Result<()> {
        let Some(character) = &mut self.character else { return Ok(()) };
        if character.is_dead {
            self.calls += 1;
            self.client.call_named("respawn", &[]).context("respawn")?;
            return Ok(());
        }
        if let Some((next, facing)) = self.mind.step(character.position, options.restless) {
            character.position = next;
            self.calls += 1;
            let args = rows::move_to(next, facing);
            self.client.call_quietly(character.move_to, &args).context("move_to")?;
            steps.take(character.identity, next);
        }
        Ok(())
    }

    /// Figures of the connection.
    pub fn statistics(&self) -> ambit_client::Statistics {
        self.client.statistics()
    }

    /// Other players in sight.
    pub fn others_in_sight(&self) -> usize {
        self.client.table("player").map_or(0, |table| table.len().saturating_sub(1))
    }

    fn check_connection(&self) -> Result<()> {
        match self.client.state() {
            ConnectionState::Connecting
            | ConnectionState::Connected
            | ConnectionState::Reconnecting { .. } => {}
            ConnectionState::Disconnected { reason } => bail!("{}: {reason}", self.name),
        }
        for subscription in &self.subscriptions {
            if let Some(SubscriptionState::Failed(message)) = self.client.subscription(*subscription) {
                bail!("{}: a query was refused: {message}", self.name);
            }
        }
        Ok(())
    }
}

fn own_row(client: &Client, columns: PlayerColumns, identity: Identity) -> Result<Option<Player>> {
    let Some(table) = client.table_by_id(columns.table) else { return Ok(None) };
    for (_, row) in table.iter() {
        let player = columns.read(row)?;
        if player.identity == identity {
            return Ok(Some(player));
        }
    }
    Ok(None)
}
