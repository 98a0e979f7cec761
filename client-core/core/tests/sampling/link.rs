//! A server, a link that delays and stalls, and a game with frames of its own: bodies that move at constant speed are shown so,
//! never go back, and are where they were on the server.

use std::collections::VecDeque;

use crate::bodies::{Body, Client, PLACE, Told, update};
use ambit_model::Timestamp;
use ambit_wire::ServerMessage;
use proptest::prelude::*;

/// Microseconds between two updates, and between two frames.
const UPDATE: u64 = 50_000;
const FRAME: u64 = 16_667;
/// Between two pings of the first seconds.
const PING: u64 = 200_000;
/// Units per second.
const SPEED: f64 = 10.0;
/// How long a run is.
const RUN: u64 = 20_000_000;
/// The client's clock begins here, the server's somewhere else.
const START: u64 = 1_000_000_000;

#[derive(Debug, Clone)]
struct Line {
    /// The server's clock minus the client's.
    ahead: i64,
    /// The way to the client: at least, and what comes on top of it at random.
    way: u64,
    jitter: u64,
    /// In how many thousandths of the updates the line stands still, and for how long.
    stalls: u64,
    stall: u64,
    bodies: u32,
    seed: u64,
}

/// What travels, in order, and when it arrives.
struct Link {
    line: Line,
    random: u64,
    waiting: VecDeque<(u64, Vec<u8>)>,
}

impl Link {
    /// xorshift64.
    fn draw(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below.max(1)
    }

    fn way(&mut self) -> u64 {
        self.line.way + self.draw(self.line.jitter + 1)
    }

    /// A line is a stream: what is sent later arrives later.
    fn send(&mut self, now: u64, message: Vec<u8>) {
        let stall = if self.draw(1_000) < self.line.stalls { self.line.stall } else { 0 };
        let arrival = now + self.way() + stall;
        let last = self.waiting.back().map_or(0, |(at, _)| *at);
        self.waiting.push_back((arrival.max(last), message));
    }
}

/// The worst and how many frames were off by more than a thousandth of a unit.
#[derive(Debug, Default)]
struct Seen {
    frames: u32,
    off: u32,
    worst: f64,
}

/// Where a body is at a time of the server's, in units.
fn place(server_us: i64, slot: u32) -> f64 {
    (server_us as f64 - START as f64) * 1e-6 * SPEED + f64::from(slot) * 100.0
}

fn run(line: &Line) -> Seen {
    let mut client = Client::new();
    let mut link = Link { line: line.clone(), random: line.seed | 1, waiting: VecDeque::new() };
    let server = |now: u64| now as i64 + line.ahead;
    let (mut seen, mut offset) = (Seen::default(), 1);
    let mut shown: Vec<f64> = Vec::new();
    for passed in (0..RUN).step_by(1_000) {
        let now = START + passed;
        if passed % UPDATE == 0 {
            let at = server(now);
            let told: Vec<_> = (0..line.bodies)
                .map(|slot| (slot, Body::at(place(at, slot))))
                .map(
                    |(slot, body)| {
                        if passed == 0 { Told::Enters(slot, body) } else { Told::Moves(slot, body) }
                    },
                )
                .collect();
            offset += 1;
            link.send(now, update(offset, at, &told));
        }
        if passed % PING == 0 {
            // The way to the server is as long as the one back, in the mean.
            let there = link.way();
            let pong = ServerMessage::Pong { sent_at: now, server_time: Timestamp(server(now + there)) };
            link.send(now + there, pong.encode());
        }
        while link.waiting.front().is_some_and(|(at, _)| *at <= now) {
            let (at, message) = link.waiting.pop_front().unwrap();
            client.session.receive(&message, at).unwrap();
        }
        if passed % FRAME < 1_000 {
            client.world.keep_time(&mut client.session, now);
            client.tick();
            look(&client, now, &mut shown, &mut seen);
        }
    }
    seen
}

/// Looks at every body in a frame.
fn look(client: &Client, now: u64, shown: &mut Vec<f64>, seen: &mut Seen) {
    let Some(time) = client.world.render_time_us(now) else { return };
    let table = client.world.table(0).unwrap();
    shown.resize(table.local_end() as usize, f64::MIN);
    for (local, _) in table.iter() {
        let x = client.world.sample(0, local, PLACE, time).unwrap()[0];
        let before = &mut shown[local as usize];
        assert!(x >= *before - 1e-9, "it goes back from {before} to {x} at {time}");
        *before = x;
        // What came before the client did is unknown.
        if now > START + 2_000_000 {
            let off = (x - place(time, table.slot(local).unwrap())).abs();
            seen.worst = seen.worst.max(off);
            seen.off += u32::from(off > 1e-3);
            seen.frames += 1;
        }
    }
}

#[test]
fn a_good_line_is_smooth_everywhere() {
    for bodies in [1, 20] {
        let line =
            Line { ahead: 5_000_000, way: 20_000, jitter: 10_000, stalls: 0, stall: 0, bodies, seed: 7 };
        let seen = run(&line);
        assert!(seen.frames > 900 && seen.off * 50 <= seen.frames, "{seen:?}");
        assert!(seen.worst <= SPEED * 0.015, "{seen:?}");
    }
}

#[test]
fn a_crowd_goes_on_while_the_line_stands_still() {
    let line = Line {
        ahead: -3_000_000,
        way: 40_000,
        jitter: 20_000,
        stalls: 10,
        stall: 200_000,
        bodies: 20,
        seed: 3,
    };
    let seen = run(&line);
    assert!(seen.frames > 900 && seen.worst <= SPEED * 1e-3, "{seen:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the line does, nothing goes back, and nothing is farther off than the line stood still.
    #[test]
    fn motion_never_goes_back(
        ahead in -50_000_000_i64..50_000_000,
        way in 0_u64..150_000,
        jitter in 0_u64..100_000,
        stalls in 0_u64..60,
        stall in 0_u64..400_000,
        bodies in prop_oneof![Just(1_u32), Just(2), Just(3), Just(12)],
        seed in any::<u64>(),
    ) {
        let line = Line { ahead, way, jitter, stalls, stall, bodies, seed };
        let seen = run(&line);
        // Stalls can follow each other; a clock that is off by half a jitter shifts all bodies alike.
        let late = 3 * stall + 2 * jitter + UPDATE + way;
        prop_assert!(seen.worst <= SPEED * late as f64 * 1e-6, "{seen:?} of {line:?}");
    }
}
