//! ambit-client-core
