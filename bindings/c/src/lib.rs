//! ambit-c
