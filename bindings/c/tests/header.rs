//! The committed header is what the generator makes of the sources.

#[allow(dead_code, reason = "its main is for people")]
#[path = "../examples/header.rs"]
mod header;

#[test]
fn what_is_committed_is_up_to_date() {
    header::write(true).unwrap();
}
