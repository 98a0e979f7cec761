//! ambit-module-host
