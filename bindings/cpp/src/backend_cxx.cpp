// The core behind a client through the cxx bridge, linked statically: each method is one call of the bridge.

#include "ambit/client.h"
#include "bridge.g.h"

#include <algorithm>

namespace ambit {
namespace {

using Bytes = rust::Slice<const std::uint8_t>;

Bytes bytes_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

/// What the parameters lend to the core for one call.
std::vector<bridge::Parameter> list_of(const Parameters& parameters) {
    std::vector<bridge::Parameter> list;
    for (const Parameter& from : parameters.list()) {
        list.push_back({bytes_of(from.name), bytes_of(from.bytes), from.low, from.high, {from.x, from.y, from.z}, static_cast<std::int32_t>(from.kind)});
    }
    return list;
}

rust::Slice<const bridge::Parameter> slice_of(const std::vector<bridge::Parameter>& list) { return {list.data(), list.size()}; }

/// What delivery options lend to the core for one call.
class LentDelivery {
    std::vector<std::vector<bridge::Name>> columns_;
    std::vector<bridge::Tier> tiers_;
    bridge::Delivery delivery_{};

public:
    explicit LentDelivery(const Delivery& from) {
        for (const Tier& tier : from.tiers) {
            std::vector<bridge::Name>& columns = columns_.emplace_back();
            for (const std::string& column : tier.columns) columns.push_back({bytes_of(column)});
            // A list keeps its place when the list of lists grows.
            tiers_.push_back({tier.distance, tier.rate, {columns.data(), columns.size()}});
        }
        delivery_ = {from.rate, from.hysteresis, {tiers_.data(), tiers_.size()}, from.budget, from.confirmed};
    }
    LentDelivery(const LentDelivery&) = delete;
    LentDelivery& operator=(const LentDelivery&) = delete;
    const bridge::Delivery& get() const { return delivery_; }
};

std::string string_of(const rust::String& text) { return std::string(text.data(), text.size()); }

static_assert(sizeof(RowRef) == sizeof(bridge::Row) && offsetof(RowRef, slot) == offsetof(bridge::Row, slot));

rust::Slice<bridge::Row> rows_of(RowRef* rows, std::size_t room) { return {reinterpret_cast<bridge::Row*>(rows), room}; }

template <std::size_t N>
bool copy_id(const std::array<std::uint8_t, N>& from, bool known, std::uint8_t (&out)[N]) {
    if (known) std::memcpy(out, from.data(), N);
    return known;
}

class CxxBackend final : public Backend {
    rust::Box<bridge::Core> core_;

public:
    explicit CxxBackend(const Options& options)
        : core_(bridge::connect(bytes_of(options.uri), bytes_of(options.database), bytes_of(options.token), options.reconnect_ms)) {}

    std::string error() override {
        const rust::Str text = core_->error();
        return std::string(text.data(), text.size());
    }
    ConnectionState state() override { return static_cast<ConnectionState>(core_->state()); }
    std::string reason() override { return string_of(core_->reason()); }
    bool identity(Identity& out) override {
        std::array<std::uint8_t, 32> id{};
        return copy_id(id, core_->identity(id), out.bytes);
    }
    bool connection(ConnectionId& out) override {
        std::array<std::uint8_t, 16> id{};
        return copy_id(id, core_->connection(id), out.bytes);
    }
    bool token(std::string& out) override {
        out = string_of(core_->token());
        return !out.empty();
    }
    bool subscribe(std::string_view sql, const Parameters& parameters, const Delivery& delivery, std::uint32_t& out) override {
        const std::vector<bridge::Parameter> list = list_of(parameters);
        const LentDelivery lent(delivery);
        out = core_->subscribe(bytes_of(sql), slice_of(list), lent.get());
        return out != 0;
    }
    bool change_parameters(std::uint32_t subscription, const Parameters& parameters, std::uint32_t& out) override {
        const std::vector<bridge::Parameter> list = list_of(parameters);
        out = core_->change_parameters(subscription, slice_of(list));
        return out != 0;
    }
    SubscriptionState change(std::uint32_t subscription, std::uint32_t change, std::string& message) override {
        const auto state = static_cast<SubscriptionState>(core_->change(subscription, change));
        message = state == SubscriptionState::Failed ? error() : std::string();
        return state;
    }
    bool unsubscribe(std::uint32_t subscription) override { return core_->unsubscribe(subscription); }
    SubscriptionState subscription(std::uint32_t subscription, std::string& message) override {
        const auto state = static_cast<SubscriptionState>(core_->subscription(subscription));
        message = state == SubscriptionState::Failed ? error() : std::string();
        return state;
    }
    bool inspect(std::uint32_t subscription) override { return core_->inspect(subscription); }
    bool inspection(std::uint32_t subscription, Inspection& out) override {
        bridge::Inspection from{};
        if (!core_->inspection(subscription, from)) return false;
        out.offset = from.offset;
        out.rows = from.rows;
        out.waiting = from.waiting;
        out.rate = from.rate;
        out.hysteresis = from.hysteresis;
        out.budget = from.budget;
        out.circles.clear();
        for (const bridge::Circle& at : core_->circles()) out.circles.push_back({{at.x, at.y, at.z}, at.radius});
        out.tiers.clear();
        for (const bridge::TierInForce& at : core_->tiers()) out.tiers.push_back({at.distance, at.interval_ms, at.rows});
        return true;
    }
    Lookup reducer(std::string_view name, Info& out) override { return take(core_->reducer(bytes_of(name)), out); }
    Lookup table(std::string_view name, Info& out) override { return take(core_->table(bytes_of(name)), out); }
    bool call(std::uint16_t reducer, const std::uint8_t* row, std::size_t length, std::uint32_t& out) override {
        out = core_->call(reducer, Bytes(row, length));
        return out != 0;
    }
    bool tick(std::size_t events_max, Tick& out) override {
        const bridge::Tick tick = core_->tick(events_max);
        out = {tick.event_count, tick.result_count, tick.offset, tick.durable_offset, tick.timestamp};
        return true;
    }
    RowEvent event(std::size_t index) override {
        const bridge::Event from = core_->event(index);
        return {from.table, static_cast<RowEventKind>(from.kind), static_cast<DeleteReason>(from.reason),
                from.slot, from.old_row, from.new_row};
    }
    CallResult result(std::size_t index) override {
        const bridge::Outcome from = core_->outcome(index);
        return {from.request, static_cast<CallStatus>(from.status), from.offset,
                {reinterpret_cast<const char*>(from.message), from.message_length}};
    }
    void defer_events(std::size_t count) override { core_->defer_events(count); }
    bool wait(std::uint32_t timeout_ms) override { return core_->wait(timeout_ms); }
    void disconnect() override { core_->disconnect(); }
    Statistics statistics() override {
        const bridge::Figures from = core_->figures();
        return {from.bytes_received, from.messages_received, from.updates_received, from.bytes_sent, from.messages_sent,
                from.round_trip_us, from.clock_offset_us, from.rows_pending, from.events_pending, from.calls_in_flight,
                from.outgoing_bytes, from.clock_jitter_us, from.render_delay_us};
    }
    bool server_time(std::int64_t& out_us) override { return core_->server_time(out_us); }
    bool render_time(std::int64_t& out_us) override { return core_->render_time(out_us); }
    bool set_render_delay(std::int64_t delay_us) override { return core_->set_render_delay(delay_us); }
    bool interpolate(std::uint16_t table, std::uint16_t column) override { return core_->interpolate(table, column); }
    bool sample(std::uint16_t table, std::uint32_t slot, std::uint16_t column, std::int64_t time_us, double (&out)[4]) override {
        std::array<double, 4> values{};
        if (!core_->sample(table, slot, column, time_us, values)) return false;
        std::copy(values.begin(), values.end(), out);
        return true;
    }
    std::size_t count(std::uint16_t table) override { return core_->count(table); }
    bool find(std::uint16_t table, std::uint16_t index, const RowWriter& key, RowRef& out) override {
        return core_->find(table, index, Bytes(key.data(), key.size()), reinterpret_cast<bridge::Row&>(out));
    }
    bool row(std::uint16_t table, std::uint32_t slot, RowRef& out) override { return core_->row(table, slot, reinterpret_cast<bridge::Row&>(out)); }
    std::size_t all(std::uint16_t table, RowRef* rows, std::size_t room) override {
        return core_->all(table, rows_of(rows, room));
    }
    std::size_t where(std::uint16_t table, std::uint16_t index, const RowWriter& key, RowRef* rows, std::size_t room) override {
        return core_->filter(table, index, Bytes(key.data(), key.size()), rows_of(rows, room));
    }
    std::size_t near(std::uint16_t table, std::uint16_t index, const DVec3& centre, double radius, RowRef* rows, std::size_t room) override {
        return core_->near(table, index, {centre.x, centre.y, centre.z}, radius, rows_of(rows, room));
    }

private:
    static Lookup take(const bridge::Info& from, Info& out) {
        if (!from.found) return from.is_schema_known ? Lookup::Missing : Lookup::NotYet;
        out = {from.fingerprint, from.fixed_bytes, from.id};
        return Lookup::Found;
    }
};

}  // namespace

std::unique_ptr<Backend> make_backend(const Options& options) { return std::make_unique<CxxBackend>(options); }

}  // namespace ambit
