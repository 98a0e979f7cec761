//! ambit-codegen
