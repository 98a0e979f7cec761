// The core behind a client through the C library: each method is one call of ambit.h.

#include <ambit.h>

#include "ambit/client.h"

namespace ambit {
namespace {

AmbitText text_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view view_of(const AmbitText& text) {
    return {reinterpret_cast<const char*>(text.bytes), text.length};
}

/// What the parameters lend to the core for one call.
std::vector<AmbitParameter> list_of(const Parameters& parameters) {
    std::vector<AmbitParameter> list;
    for (const Parameter& from : parameters.list()) {
        list.push_back({text_of(from.name), text_of(from.bytes), from.low, from.high, from.x, from.y, from.z, static_cast<std::int32_t>(from.kind)});
    }
    return list;
}

/// What delivery options lend to the core for one call.
class LentDelivery {
    std::vector<std::vector<AmbitText>> columns_;
    std::vector<AmbitTier> tiers_;
    AmbitDelivery delivery_{};

public:
    explicit LentDelivery(const Delivery& from) {
        for (const Tier& tier : from.tiers) {
            std::vector<AmbitText>& columns = columns_.emplace_back();
            for (const std::string& column : tier.columns) columns.push_back(text_of(column));
            // A list keeps its place when the list of lists grows.
            tiers_.push_back({tier.distance, tier.rate, columns.data(), columns.size()});
        }
        delivery_ = {from.rate, from.hysteresis, tiers_.data(), tiers_.size(), from.budget, from.confirmed};
    }
    LentDelivery(const LentDelivery&) = delete;
    LentDelivery& operator=(const LentDelivery&) = delete;
    const AmbitDelivery* get() const { return &delivery_; }
};

bool ok(AmbitStatus status) { return status == AMBIT_STATUS_OK; }

static_assert(sizeof(RowRef) == sizeof(AmbitRow) && offsetof(RowRef, slot) == offsetof(AmbitRow, slot));

AmbitRow* rows_of(RowRef* rows) { return reinterpret_cast<AmbitRow*>(rows); }

Lookup lookup_of(AmbitStatus status) {
    if (ok(status)) return Lookup::Found;
    return status == AMBIT_STATUS_NOT_CONNECTED ? Lookup::NotYet : Lookup::Missing;
}

class CBackend final : public Backend {
    AmbitClient* client_ = nullptr;
    AmbitTick tick_{};
    /// Why there is no client.
    std::string failure_;

public:
    explicit CBackend(const Options& options) {
        if (ambit_abi_version() != AMBIT_ABI_VERSION) {
            failure_ = "the ambit library has another version than the header; build and ship matching files";
            return;
        }
        const AmbitOptions c_options{text_of(options.uri), text_of(options.database), text_of(options.token), options.reconnect_ms};
        if (!ok(ambit_client_connect(&c_options, &client_))) failure_ = error();
    }
    ~CBackend() override { ambit_client_free(client_); }

    std::string error() override {
        AmbitText text{};
        return ok(ambit_error_text(&text)) ? std::string(view_of(text)) : std::string();
    }
    ConnectionState state() override {
        AmbitState state = AMBIT_STATE_DISCONNECTED;
        return ok(ambit_client_state(client_, &state)) ? static_cast<ConnectionState>(state) : ConnectionState::Disconnected;
    }
    std::string reason() override {
        if (client_ == nullptr) return failure_;
        AmbitText text{};
        return ok(ambit_client_reason(client_, &text)) ? std::string(view_of(text)) : error();
    }
    bool identity(Identity& out) override { return ok(ambit_client_identity(client_, out.bytes)); }
    bool connection(ConnectionId& out) override { return ok(ambit_client_connection(client_, out.bytes)); }
    bool token(std::string& out) override {
        AmbitText text{};
        if (!ok(ambit_client_token(client_, &text))) return false;
        out = view_of(text);
        return true;
    }
    bool subscribe(std::string_view sql, const Parameters& parameters, const Delivery& delivery, std::uint32_t& out) override {
        const std::vector<AmbitParameter> list = list_of(parameters);
        const LentDelivery lent(delivery);
        return ok(ambit_client_subscribe(client_, text_of(sql), list.data(), list.size(), lent.get(), &out));
    }
    bool change_parameters(std::uint32_t subscription, const Parameters& parameters, std::uint32_t& out) override {
        const std::vector<AmbitParameter> list = list_of(parameters);
        return ok(ambit_client_change_parameters(client_, subscription, list.data(), list.size(), &out));
    }
    bool unsubscribe(std::uint32_t subscription) override { return ok(ambit_client_unsubscribe(client_, subscription)); }
    SubscriptionState subscription(std::uint32_t subscription, std::string& message) override {
        AmbitSubscriptionState state = AMBIT_SUBSCRIPTION_STATE_FAILED;
        AmbitText text{};
        return told(ambit_client_subscription(client_, subscription, &state, &text), state, text, message);
    }
    SubscriptionState change(std::uint32_t subscription, std::uint32_t change, std::string& message) override {
        AmbitSubscriptionState state = AMBIT_SUBSCRIPTION_STATE_FAILED;
        AmbitText text{};
        return told(ambit_client_change(client_, subscription, change, &state, &text), state, text, message);
    }
    bool inspect(std::uint32_t subscription) override { return ok(ambit_client_inspect(client_, subscription)); }
    bool inspection(std::uint32_t subscription, Inspection& out) override {
        AmbitInspection from{};
        if (!ok(ambit_client_inspection(client_, subscription, &from))) return false;
        out.offset = from.offset;
        out.rows = from.rows;
        out.waiting = from.waiting;
        out.rate = from.rate;
        out.hysteresis = from.hysteresis;
        out.budget = from.budget;
        out.circles.clear();
        for (const AmbitCircle* at = from.circles; at != from.circles + from.circle_count; at++) out.circles.push_back({{at->x, at->y, at->z}, at->radius});
        out.tiers.clear();
        for (const AmbitTierInForce* at = from.tiers; at != from.tiers + from.tier_count; at++) out.tiers.push_back({at->distance, at->interval_ms, at->rows});
        return true;
    }
    Lookup reducer(std::string_view name, Info& out) override {
        AmbitReducerInfo info{};
        const Lookup found = lookup_of(ambit_reducer_by_name(client_, text_of(name), &info));
        if (found == Lookup::Found) out = {info.fingerprint, info.fixed_bytes, static_cast<std::uint16_t>(info.reducer)};
        return found;
    }
    Lookup table(std::string_view name, Info& out) override {
        AmbitTableInfo info{};
        const Lookup found = lookup_of(ambit_table_by_name(client_, text_of(name), &info));
        if (found == Lookup::Found) out = {info.fingerprint, info.fixed_bytes, info.table};
        return found;
    }
    bool call(std::uint16_t reducer, const std::uint8_t* row, std::size_t length, std::uint32_t& out) override {
        return ok(ambit_client_call(client_, reducer, row, length, &out));
    }
    bool tick(std::size_t events_max, Tick& out) override {
        if (!ok(ambit_client_tick(client_, events_max, &tick_))) return false;
        out = {tick_.event_count, tick_.result_count, tick_.offset, tick_.durable_offset, tick_.timestamp};
        return true;
    }
    /// One past the end is an insert of no table.
    RowEvent event(std::size_t index) override {
        if (index >= tick_.event_count) return {0xffff, RowEventKind::Insert, DeleteReason::Deleted, 0, nullptr, nullptr};
        const AmbitEvent& from = tick_.events[index];
        return {from.table, static_cast<RowEventKind>(from.kind), static_cast<DeleteReason>(from.reason),
                from.slot, from.old_row, from.new_row};
    }
    /// One past the end is a rejected call without a number.
    CallResult result(std::size_t index) override {
        if (index >= tick_.result_count) return {0, CallStatus::Rejected, 0, {}};
        const AmbitResult& from = tick_.results[index];
        return {from.request, static_cast<CallStatus>(from.status), from.offset, view_of(from.message)};
    }
    void defer_events(std::size_t count) override { ambit_client_defer_events(client_, count); }
    bool wait(std::uint32_t timeout_ms) override {
        bool news = false;
        return ok(ambit_client_wait(client_, timeout_ms, &news)) && news;
    }
    void disconnect() override { ambit_client_disconnect(client_); }
    Statistics statistics() override {
        AmbitStatistics from{};
        ambit_client_statistics(client_, &from);
        return {from.bytes_received, from.messages_received, from.updates_received, from.bytes_sent, from.messages_sent,
                from.round_trip_us, from.clock_offset_us, from.rows_pending, from.events_pending, from.calls_in_flight,
                from.outgoing_bytes, from.clock_jitter_us, from.render_delay_us};
    }
    bool server_time(std::int64_t& out_us) override { return ok(ambit_client_server_time(client_, &out_us)); }
    bool render_time(std::int64_t& out_us) override { return ok(ambit_client_render_time(client_, &out_us)); }
    bool set_render_delay(std::int64_t delay_us) override { return ok(ambit_client_set_render_delay(client_, delay_us)); }
    bool interpolate(std::uint16_t table, std::uint16_t column) override { return ok(ambit_table_interpolate(client_, table, column)); }
    bool sample(std::uint16_t table, std::uint32_t slot, std::uint16_t column, std::int64_t time_us, double (&out)[4]) override {
        return ok(ambit_table_sample(client_, table, slot, column, time_us, out));
    }
    std::size_t count(std::uint16_t table) override {
        std::size_t count = 0;
        ambit_table_count(client_, table, &count);
        return count;
    }
    bool find(std::uint16_t table, std::uint16_t index, const RowWriter& key, RowRef& out) override {
        return ok(ambit_table_find(client_, table, index, key.data(), key.size(), rows_of(&out)));
    }
    bool row(std::uint16_t table, std::uint32_t slot, RowRef& out) override {
        return ok(ambit_table_row(client_, table, slot, rows_of(&out)));
    }
    std::size_t all(std::uint16_t table, RowRef* rows, std::size_t room) override {
        std::size_t total = 0;
        return ok(ambit_table_rows(client_, table, rows_of(rows), room, &total)) ? total : 0;
    }
    std::size_t where(std::uint16_t table, std::uint16_t index, const RowWriter& key, RowRef* rows, std::size_t room) override {
        std::size_t total = 0;
        return ok(ambit_table_where(client_, table, index, key.data(), key.size(), rows_of(rows), room, &total)) ? total : 0;
    }
    std::size_t near(std::uint16_t table, std::uint16_t index, const DVec3& centre, double radius, RowRef* rows, std::size_t room) override {
        std::size_t total = 0;
        return ok(ambit_table_near(client_, table, index, centre.x, centre.y, centre.z, radius, rows_of(rows), room, &total)) ? total : 0;
    }

private:
    SubscriptionState told(AmbitStatus status, const AmbitSubscriptionState& state, const AmbitText& text, std::string& message) {
        message = ok(status) ? std::string(view_of(text)) : error();
        return ok(status) ? static_cast<SubscriptionState>(state) : SubscriptionState::Failed;
    }
};

}  // namespace

std::unique_ptr<Backend> make_backend(const Options& options) { return std::make_unique<CBackend>(options); }

}  // namespace ambit
