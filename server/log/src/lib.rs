//! ambit-log
