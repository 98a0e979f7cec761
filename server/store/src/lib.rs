//! ambit-store
