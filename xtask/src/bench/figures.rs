//! Figures: from a program's output, and the median of several runs.

use anyhow::{Context, Result};
use serde::Serialize;

/// One measured number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: String,
    /// How many runs the value is the median of.
    pub median_of: usize,
}

/// The lines `figure <name> <value> <unit>` of an output; other lines are for people.
pub fn read_figures(output: &str) -> Result<Vec<Figure>> {
    let lines = output.lines().filter_map(|line| line.trim().strip_prefix("figure "));
    lines.map(|line| read_figure(line).with_context(|| format!("`figure {line}`"))).collect()
}

fn read_figure(line: &str) -> Result<Figure> {
    let mut words = line.split_whitespace();
    let mut word = || words.next().context("a figure is `figure <name> <value> <unit>`");
    let (name, value, unit) = (word()?.to_string(), word()?.parse()?, word()?.to_string());
    Ok(Figure { name, value, unit, median_of: 1 })
}

/// For each name the median of the runs that printed it, in the order of the first run.
pub fn medians(runs: &[Vec<Figure>]) -> Vec<Figure> {
    let first = runs.first().map(Vec::as_slice).unwrap_or_default();
    let median = |figure: &Figure| {
        let all = runs.iter().flatten().filter(|other| other.name == figure.name);
        let mut values: Vec<f64> = all.map(|other| other.value).collect();
        values.sort_by(f64::total_cmp);
        let value = values[values.len() / 2];
        Figure { value, median_of: values.len(), ..figure.clone() }
    };
    first.iter().map(median).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_of_figures_are_read() {
        let figures = read_figures("reading: 5 s\nfigure log_append_mb_per_s 512.5 MB/s\n").unwrap();
        let expected = Figure {
            name: "log_append_mb_per_s".to_string(),
            value: 512.5,
            unit: "MB/s".to_string(),
            median_of: 1,
        };
        assert_eq!(figures, [expected]);
        assert!(read_figures("figure speed fast ns").is_err());
        assert!(read_figures("figure speed 5").is_err());
    }

    #[test]
    fn the_middle_run_is_kept() {
        let run = |value| read_figures(&format!("figure speed {value} ns")).unwrap();
        let median = medians(&[run(9.0), run(1.0), run(2.0)]);
        assert_eq!((median[0].value, median[0].median_of), (2.0, 3));
        assert!(medians(&[]).is_empty());
    }
}
