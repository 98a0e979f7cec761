//! ambit-interest
