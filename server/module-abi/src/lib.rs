//! ambit-module-abi
