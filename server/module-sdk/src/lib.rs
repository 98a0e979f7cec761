//! ambit-module
