//! The committed C++ side of the bridge is what the generator makes of the sources.

#[allow(dead_code, reason = "its main is for people")]
#[path = "../examples/bridge.rs"]
mod bridge;

#[test]
fn what_is_committed_is_up_to_date() {
    bridge::write(true).unwrap();
}
