//! ambit-cpp
