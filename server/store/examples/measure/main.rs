//! Measures the store: single operations, transactions, memory, and snapshots of a world of 1 GB. With arguments, only
//! the parts that they name.

#![expect(clippy::disallowed_methods, reason = "what measures reads the clock")]
#![expect(clippy::print_stdout, reason = "a program whose result is what it prints")]

mod world;

mod operations;
mod transactions;

mod memory;
mod snapshot;

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |part: &str| wanted.is_empty() || wanted.iter().any(|name| name == part);
    if is_wanted("operations") {
        operations::measure(10_000);
        operations::measure(1_000_000);
    }
    if is_wanted("transactions") {
        transactions::measure();
    }
    if is_wanted("memory") {
        memory::measure();
    }
    if is_wanted("snapshot") {
        snapshot::measure();
    }
}
