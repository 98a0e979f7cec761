//! The `ambit` command.
fn main() {}
