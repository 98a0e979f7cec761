//! ambit-engine
