//! bots
fn main() {}
