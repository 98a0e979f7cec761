//! ambit-node
