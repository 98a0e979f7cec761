//! ambit-module-macros
