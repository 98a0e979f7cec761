// What is in force in a subscription: for editors, debug drawing and debuggers, which ask the server for it.
#pragma once

#include <cstdint>
#include <vector>

#include "row.h"

namespace ambit {

/// A circle, or a sphere, in units of the position.
struct Circle {
    /// In two dimensions its z is 0.
    DVec3 centre;
    /// At which rows enter.
    double radius;
};

/// A tier of a subscription, and what it holds.
struct TierInForce {
    /// Up to which distance, border included, in units of the position.
    double distance;
    /// Changes of one row are at least so many milliseconds apart; 0 for one per update.
    std::uint32_t interval_ms;
    /// Rows that lie in it.
    std::uint32_t rows;
};

/// What is in force in a subscription, as of one update.
struct Inspection {
    /// The commit that the cache equalled then.
    std::uint64_t offset = 0;
    /// Rows that the client holds because of it. It may hold some of them because of others too.
    std::uint32_t rows = 0;
    /// Those of them that have changes which the client is still to be told.
    std::uint32_t waiting = 0;
    /// Updates per second of the connection; infinity for one per commit.
    float rate = 0;
    /// Rows leave its circles at the radius plus this.
    double hysteresis = 0;
    /// Bytes per second that its changes compete for; 0 for no bound.
    std::uint32_t budget = 0;
    /// Where its rows lie, if the query says so by distance: in any of these if they move, in all of them otherwise.
    std::vector<Circle> circles;
    /// From near to far; the last one holds to the border.
    std::vector<TierInForce> tiers;
};

}  // namespace ambit
