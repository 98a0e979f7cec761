//! ambit-wire
