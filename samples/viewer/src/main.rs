//! The sample world, live in a terminal: a map with one player's circle of interest, and the server's figures.
//! Without a terminal, one line of figures per second. Ends with a summary, and with a failure when something
//! was wrong.

#![expect(clippy::print_stdout, reason = "a command-line program's output is its standard output")]

mod scene;

mod eyes;

mod statistics;

mod screen;

mod verdict;

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Parser;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};

use eyes::Eyes;
use scene::Scene;
use statistics::{Counters, Observer, Rates};
use verdict::Verdict;

/// The pause between two steps and frames.
const FRAME: Duration = Duration::from_millis(50);
/// The pause between two looks at the server's counters.
const COUNTERS_PAUSE: Duration = Duration::from_secs(1);

#[derive(Parser)]
#[command(about = "The sample world, live in a terminal")]
struct Arguments {
    /// The server, as http://host:port
    #[arg(long)]
    server: String,
    /// The database with the sample MMO
    #[arg(long)]
    database: String,
    /// End after so many seconds
    #[arg(long)]
    seconds: Option<u64>,
    /// How many players should be on the map, besides the view's own
    #[arg(long, default_value_t = 0)]
    players: usize,
    /// The radius of the circle in metres
    #[arg(long, default_value_t = 80.0)]
    radius: f64,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut view = View {
        eyes: Eyes::open(&arguments.server, &arguments.database, arguments.radius)?,
        observer: Observer::new(&arguments.server, &arguments.database),
        verdict: Verdict::default(),
        counters: Counters::default(),
        rates: Rates::default(),
        counted: None,
        started: Instant::now(),
        ends: arguments.seconds.map(Duration::from_secs),
    };
    if std::io::stdout().is_terminal() {
        let mut terminal = ratatui::init();
        let watched = view.watch_on(&mut terminal);
        ratatui::restore();
        watched?;
    } else {
        view.watch_in_lines()?;
    }
    view.sum_up(arguments.players)
}

/// Everything that is looked at, and with what.
struct View {
    eyes: Eyes,
    observer: Observer,
    verdict: Verdict,
    counters: Counters,
    rates: Rates,
    counted: Option<Instant>,
    started: Instant,
    ends: Option<Duration>,
}

impl View {
    fn watch_on(&mut self, terminal: &mut DefaultTerminal) -> Result<()> {
        while !self.is_over() {
            let (scene, _) = self.look()?;
            terminal.draw(|frame| screen::draw(frame, &scene, &self.counters, &self.rates))?;
            if event::poll(Duration::ZERO)? && is_end(&event::read()?) {
                break;
            }
        }
        Ok(())
    }

    fn watch_in_lines(&mut self) -> Result<()> {
        while !self.is_over() {
            let (scene, is_counted) = self.look()?;
            if is_counted {
                println!("{:>5.0} s  {}", self.started.elapsed().as_secs_f64(), self.line(&scene));
            }
        }
        Ok(())
    }

    /// One frame: the scene, and whether the server's counters are new too.
    fn look(&mut self) -> Result<(Scene, bool)> {
        let scene = self.eyes.look(FRAME)?;
        self.verdict.note(&scene, self.eyes.outside_circle());
        let is_due = self.counted.is_none_or(|then| then.elapsed() >= COUNTERS_PAUSE);
        if is_due {
            (self.counters, self.rates) = self.observer.look()?;
            self.counted = Some(Instant::now());
        }
        Ok((scene, is_due))
    }

    fn line(&self, scene: &Scene) -> String {
        let Rates { calls, updates, bytes_per_client, flush_ms, log_syncs, log_sync_ms, .. } = self.rates;
        format!(
            "{} players, {} in the circle; {calls:.0} calls/s, {updates:.0} updates/s, {:.2} kB/s per client, \
             flush {flush_ms:.2} ms, {log_syncs:.0} log syncs/s of {log_sync_ms:.2} ms",
            scene.players.len(),
            scene.seen.len(),
            bytes_per_client / 1e3,
        )
    }

    fn is_over(&self) -> bool {
        self.ends.is_some_and(|ends| self.started.elapsed() >= ends)
    }

    fn sum_up(mut self, expected_players: usize) -> Result<()> {
        (self.counters, _) = self.observer.look()?;
        self.rates = self.observer.overall();
        let scene = self.eyes.look(Duration::ZERO)?;
        println!("in {:.0} s: {}", self.started.elapsed().as_secs_f64(), self.line(&scene));
        println!(
            "{} rows entered the circle, {} left it; {} calls failed by the rules of the game",
            scene.entered, scene.left, self.counters.calls_failed
        );
        let faults = self.verdict.faults(expected_players, &self.counters, &self.rates, self.eyes.refused());
        if !faults.is_empty() {
            bail!("{}", faults.join("\n"));
        }
        Ok(())
    }
}

fn is_end(event: &Event) -> bool {
    let Event::Key(key) = event else { return false };
    let is_interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    is_interrupt || key.code == KeyCode::Char('q') || key.code == KeyCode::Esc
}
