//! The sample world, live in a terminal: a map with one player's circle of interest, and the server's figures.
//! Without a terminal, one line of figures per second.

#![expect(clippy::print_stdout, reason = "a command-line program's output is its standard output")]

mod scene;

mod statistics;

mod screen;

fn main() {}
