//! ambit-client
