//! The terminal view: the map at the left, figures at the right.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::canvas::{Canvas, Circle, Points};
use ratatui::widgets::{Block, Paragraph};

use crate::scene::Scene;
use crate::statistics::{Counters, Rates};

/// Columns of the figures.
const FIGURES_WIDTH: u16 = 34;

/// Draws one frame.
pub fn draw(frame: &mut Frame<'_>, scene: &Scene, counters: &Counters, rates: &Rates) {
    let [map, figures] =
        Layout::horizontal([Constraint::Min(20), Constraint::Length(FIGURES_WIDTH)]).areas(frame.area());
    draw_map(frame, map, scene);
    draw_figures(frame, figures, scene, counters, rates);
}

fn draw_map(frame: &mut Frame<'_>, area: Rect, scene: &Scene) {
    let (x, y) = scene.bounds();
    let points =
        |context: &mut ratatui::widgets::canvas::Context<'_>, coords: &[(f64, f64)], color: Color| {
            context.draw(&Points { coords, color });
        };
    let canvas = Canvas::default()
        .block(Block::bordered().title(" the world "))
        .marker(Marker::Braille)
        .x_bounds(x)
        .y_bounds(y)
        .paint(|context| {
            points(context, &scene.items, Color::DarkGray);
            points(context, &scene.monsters, Color::Red);
            points(context, &scene.players, Color::Blue);
            context.layer();
            // What the player's own client holds, over what there is.
            points(context, &scene.seen, Color::Yellow);
            if let Some((x, y)) = scene.own {
                context.draw(&Circle { x, y, radius: scene.radius, color: Color::Green });
                context.layer();
                context.print(x, y, Line::from("@").fg(Color::White).bold());
            }
        });
    frame.render_widget(canvas, area);
}

fn draw_figures(frame: &mut Frame<'_>, area: Rect, scene: &Scene, counters: &Counters, rates: &Rates) {
    let figure = |name: &str, value: String| Line::from(format!("{name:<18}{value:>13}"));
    let lines = vec![
        figure("players", scene.players.len().to_string()).fg(Color::Blue),
        figure("monsters", scene.monsters.len().to_string()).fg(Color::Red),
        figure("items", scene.items.len().to_string()).fg(Color::DarkGray),
        figure("connections", counters.connections.to_string()),
        Line::default(),
        figure("calls/s", format!("{:.0}", rates.calls)),
        figure("commits/s", format!("{:.0}", rates.commits)),
        figure("updates/s", format!("{:.0}", rates.updates)),
        figure("kB/s per client", format!("{:.2}", rates.bytes_per_client / 1e3)),
        figure("flush ms", format!("{:.2}", rates.flush_ms)),
        figure("log kB/s", format!("{:.0}", rates.log_bytes / 1e3)),
        figure("log fsync/s", format!("{:.0}", rates.log_syncs)),
        figure("log fsync ms", format!("{:.2}", rates.log_sync_ms)),
        Line::default(),
        Line::from("@ one player's view").style(Style::new().fg(Color::Green)),
        figure("rows in the circle", scene.seen.len().to_string()).fg(Color::Yellow),
        figure("entered", scene.entered.to_string()),
        figure("left", scene.left.to_string()),
        figure("round trip ms", format!("{:.1}", scene.round_trip_ms)),
        Line::default(),
        figure("failed calls", counters.calls_failed.to_string()),
        figure("rejected calls", counters.calls_rejected.to_string()),
        figure("slow clients", counters.slow_clients.to_string()),
        figure("late ticks left out", counters.ticks_skipped.to_string()),
        Line::default(),
        Line::from("q ends the demo").dim(),
    ];
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" Ambit ")), area);
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    #[test]
    fn the_circle_the_player_and_the_figures_are_drawn() {
        let mut terminal = Terminal::new(TestBackend::new(100, 40)).unwrap();
        let scene = Scene {
            players: vec![(0.0, 0.0), (100.0, 100.0)],
            own: Some((50.0, 50.0)),
            radius: 20.0,
            seen: vec![(55.0, 55.0)],
            ..Scene::default()
        };
        let rates = Rates { calls: 4_000.0, ..Rates::default() };
        terminal.draw(|frame| draw(frame, &scene, &Counters::default(), &rates)).unwrap();
        let buffer = terminal.backend().buffer();
        let cells = buffer.content();
        assert!(cells.iter().any(|cell| cell.symbol() == "@" && cell.fg == Color::White));
        assert!(cells.iter().filter(|cell| cell.fg == Color::Green).count() > 10);
        assert!(cells.iter().any(|cell| cell.fg == Color::Yellow));
        let text: String = cells.iter().map(|cell| cell.symbol()).collect();
        assert!(text.contains("calls/s                    4000"), "{text}");
    }
}
