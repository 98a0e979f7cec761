// How the rows of a subscription are delivered: options that stand beside its query and never in it, as
// docs/guides/delivery.md has them. The core checks numbers when they are used; what a query must have for them, the server says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ambit {

/// What rows up to a distance from the centre of a query's circle are told of.
struct Tier {
    /// Up to which distance, border included, in units of the position.
    double distance = 0;
    /// Changes of one row per second. 0 and infinity: one per update.
    float rate = 0;
    /// Names of the columns whose changes are told while the row changes. None: all.
    std::vector<std::string> columns;
};

/// The delivery options of a subscription. Without any: every change at the server's default rate.
struct Delivery {
    /// Updates per second. 0: that of the fastest tier, or without tiers the server's default. Infinity: one update per commit.
    float rate = 0;
    /// A row enters a circle at its radius and leaves at its radius plus this, in units of the position.
    double hysteresis = 0;
    /// By rising distance from the circle's centre; the last one holds to the border, wherever that is. None: every change at
    /// the subscription's rate.
    std::vector<Tier> tiers;
    /// Bytes per second that the connection is to be sent; changes of rows wait for their turn. 0: as many as there are.
    std::uint32_t budget = 0;
    /// The connection is only told what is durable, for all of its subscriptions from this one on.
    bool confirmed = false;

    /// Every change at this rate.
    static Delivery at_rate(float rate) {
        Delivery delivery;
        delivery.rate = rate;
        return delivery;
    }
};

}  // namespace ambit
