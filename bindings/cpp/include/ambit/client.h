// The game's handle in C++17: connect, subscribe, call, tick, and what generated tables share. The same header
// serves both ways to link: the C library through ambit.h (src/backend_c.cpp) and the static Rust library through
// the cxx bridge. No exceptions, no RTTI. One client belongs to one thread at a time.
#pragma once

#include <functional>
#include <limits>
#include <memory>

#include "delivery.h"
#include "inspection.h"
#include "parameters.h"

/// What marks the functions of this layer that a program calls across a library that it is part of: an engine plugin defines it.
#ifndef AMBIT_CPP_API
#define AMBIT_CPP_API
#endif

namespace ambit {

/// While it is Reconnecting the cache stays as it was; subscriptions can be begun, changed and ended, and calls are refused.
enum class ConnectionState { Connecting = 0, Connected = 1, Disconnected = 2, Reconnecting = 3 };
enum class SubscriptionState { Pending = 0, Applied = 1, Ended = 2, Failed = 3 };
/// Lost: the connection was lost before the answer; whether the call was committed is not known.
enum class CallStatus { Committed = 0, ReducerError = 1, Rejected = 2, Lost = 3 };
/// Why a row left the cache.
enum class DeleteReason : std::uint8_t { Deleted = 0, OutOfRange = 1, NoLongerMatching = 2, NotPermitted = 3, Unsubscribed = 4, Away = 5 };
enum class RowEventKind : std::uint8_t { Insert = 0, Update = 1, Delete = 2 };

/// A row in the core's memory; safe until the next tick.
struct RowRef {
    const std::uint8_t* bytes = nullptr;
    std::uint32_t length = 0;
    std::uint32_t slot = 0;
};

/// One change of a row; rows are in the core's memory until the next tick.
struct RowEvent {
    std::uint16_t table;
    RowEventKind kind;
    DeleteReason reason;
    std::uint32_t slot;
    const std::uint8_t* old_row;
    const std::uint8_t* new_row;
};

/// What became of a reducer call; the message is safe until the next tick.
struct CallResult {
    std::uint32_t request;
    CallStatus status;
    std::uint64_t offset;
    std::string_view message;
};

struct Statistics {
    std::uint64_t bytes_received, messages_received, updates_received, bytes_sent, messages_sent, round_trip_us;
    std::int64_t clock_offset_us;
    std::uint64_t rows_pending, events_pending, calls_in_flight, outgoing_bytes;
    /// How far the measurements of the server's clock lie from the one that counts.
    std::uint64_t clock_jitter_us;
    /// How far render_time() is behind the server's clock, or is going to be.
    std::int64_t render_delay_us;
};

/// What generated code compares with what it was made from.
struct Info {
    std::uint64_t fingerprint = 0;
    std::uint32_t fixed_bytes = 0;
    std::uint16_t id = 0;
};

/// What the connected schema says about a name.
enum class Lookup { Found, NotYet, Missing };

/// What a tick brought.
struct Tick {
    std::size_t event_count = 0, result_count = 0;
    std::uint64_t offset = 0, durable_offset = 0;
    std::int64_t timestamp = 0;
};

/// The core behind a client, linked in one of two ways. For the client alone.
class Backend {
public:
    virtual ~Backend() = default;
    /// What the core last refused.
    virtual std::string error() = 0;
    virtual ConnectionState state() = 0;
    virtual std::string reason() = 0;
    virtual bool identity(Identity& out) = 0;
    virtual bool connection(ConnectionId& out) = 0;
    virtual bool token(std::string& out) = 0;
    virtual bool subscribe(std::string_view sql, const Parameters& parameters, const Delivery& delivery, std::uint32_t& out) = 0;
    virtual bool change_parameters(std::uint32_t subscription, const Parameters& parameters, std::uint32_t& out) = 0;
    virtual SubscriptionState change(std::uint32_t subscription, std::uint32_t change, std::string& message) = 0;
    virtual bool unsubscribe(std::uint32_t subscription) = 0;
    virtual SubscriptionState subscription(std::uint32_t subscription, std::string& message) = 0;
    virtual bool inspect(std::uint32_t subscription) = 0;
    virtual bool inspection(std::uint32_t subscription, Inspection& out) = 0;
    virtual Lookup reducer(std::string_view name, Info& out) = 0;
    virtual Lookup table(std::string_view name, Info& out) = 0;
    virtual bool call(std::uint16_t reducer, const std::uint8_t* row, std::size_t length, std::uint32_t& out) = 0;
    /// Hands out at most so many events; 0 for all.
    virtual bool tick(std::size_t events_max, Tick& out) = 0;
    virtual RowEvent event(std::size_t index) = 0;
    virtual CallResult result(std::size_t index) = 0;
    virtual void defer_events(std::size_t count) = 0;
    virtual bool wait(std::uint32_t timeout_ms) = 0;
    virtual void disconnect() = 0;
    virtual Statistics statistics() = 0;
    virtual bool server_time(std::int64_t& out_us) = 0;
    virtual bool render_time(std::int64_t& out_us) = 0;
    virtual bool set_render_delay(std::int64_t delay_us) = 0;
    virtual bool interpolate(std::uint16_t table, std::uint16_t column) = 0;
    virtual bool sample(std::uint16_t table, std::uint32_t slot, std::uint16_t column, std::int64_t time_us, double (&out)[4]) = 0;
    virtual std::size_t count(std::uint16_t table) = 0;
    virtual bool find(std::uint16_t table, std::uint16_t index, const RowWriter& key, RowRef& out) = 0;
    /// The row of this number, if it is in the cache.
    virtual bool row(std::uint16_t table, std::uint32_t slot, RowRef& out) = 0;
    /// The number of rows; those that have room are written.
    virtual std::size_t all(std::uint16_t table, RowRef* rows, std::size_t room) = 0;
    virtual std::size_t where(std::uint16_t table, std::uint16_t index, const RowWriter& key, RowRef* rows, std::size_t room) = 0;
    virtual std::size_t near(std::uint16_t table, std::uint16_t index, const DVec3& centre, double radius, RowRef* rows, std::size_t room) = 0;
};

/// Where to connect, and as whom.
struct Options {
    std::string uri, database, token;
    /// For how long a connection that is lost is made again. 0: for as long as the client lives; less: it is over at once.
    std::int64_t reconnect_ms = 0;
};

/// A reducer of the connected database. Its number, plus one in the list of those that generated code uses.
using Reducer = std::size_t;

class Table;

/// One connection to a database, with its cache.
class AMBIT_CPP_API Client {
public:
    static constexpr double no_budget = std::numeric_limits<double>::infinity();

    /// Begins to connect and returns at once; state() tells how it goes.
    explicit Client(const Options& options);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Called by tick for every result of a call.
    std::function<void(const CallResult&)> on_result;

    ConnectionState state() { return backend_->state(); }
    /// Why the connection is over or was lost, or why this client does not work; empty otherwise.
    std::string reason() { return problem_.empty() ? backend_->reason() : problem_; }
    /// The last refusal's text: after a call, subscription or look-up that gave nothing.
    std::string error() { return refusal_.empty() ? backend_->error() : refusal_; }
    /// Whether tables and reducers are known, which is from the first tick after the connection stands on. Before
    /// that tables are empty and calls are refused.
    bool ready() const { return bound_; }
    /// Looks up tables and reducers that were added since the last tick, which does so by itself otherwise. Whether all are known;
    /// reason() says if one of them never will be.
    bool look_up() { return bound_ || (problem_.empty() && bind() == Lookup::Found); }
    bool identity(Identity& out) { return backend_->identity(out); }
    bool connection(ConnectionId& out) { return backend_->connection(out); }
    /// To keep, and to give next time; empty before the client is connected.
    std::string token();
    /// The subscription's number; 0 when it was refused. `rate` in updates per second: 0 is the server's default, infinity one
    /// update per commit.
    std::uint32_t subscribe(std::string_view sql, float rate = 0) { return subscribe(sql, Parameters(), Delivery::at_rate(rate)); }
    /// The same of a query that names parameters: `:name` in its text takes the value of that name.
    std::uint32_t subscribe(std::string_view sql, const Parameters& parameters, float rate = 0) { return subscribe(sql, parameters, Delivery::at_rate(rate)); }
    /// With delivery options: how often rows are told by their distance, when they leave a circle, how many bytes per second
    /// the connection is sent, and whether only what is durable is told.
    std::uint32_t subscribe(std::string_view sql, const Delivery& delivery) { return subscribe(sql, Parameters(), delivery); }
    std::uint32_t subscribe(std::string_view sql, const Parameters& parameters, const Delivery& delivery);
    /// Gives a subscription's query other parameters in place of all that it had. The number of the change; 0 when it was
    /// refused. With a later tick the rows that are in one of both answers only come or leave, all at once.
    std::uint32_t change_parameters(std::uint32_t subscription, const Parameters& parameters);
    /// How a change of parameters stands: applied if it or a later one counts, failed if the server refused it; if the
    /// subscription is over, as that stands.
    SubscriptionState change(std::uint32_t subscription, std::uint32_t change, std::string& message) { return backend_->change(subscription, change, message); }
    bool unsubscribe(std::uint32_t subscription);
    SubscriptionState subscription(std::uint32_t number, std::string& message) { return backend_->subscription(number, message); }
    /// Asks the server what is in force in a subscription: how many rows it holds, how many of them wait, its circles and
    /// tiers. Nothing is sent when nobody asks. inspection() has the answer with a later tick.
    bool inspect(std::uint32_t subscription);
    /// The last answer to inspect() as of the last tick. False, and nothing is changed, before it and once the subscription
    /// is over. `out` can be used again, and then its lists keep their memory.
    bool inspection(std::uint32_t subscription, Inspection& out) { return backend_->inspection(subscription, out); }
    /// Brings the cache to the latest commit that has arrived and raises events and results. Events for which the
    /// budget leaves no time, or beyond `events_max` of them (0: all), come with the next tick. False when the client does not work; reason() says why. A
    /// handler must not call tick: that is refused, and error() says so.
    bool tick(double budget_ms = no_budget, std::size_t events_max = 0);
    /// Blocks until something has happened since the last tick or the time is over.
    bool wait(std::uint32_t timeout_ms) { return backend_->wait(timeout_ms); }
    void disconnect() { backend_->disconnect(); }
    Statistics statistics() { return backend_->statistics(); }
    /// The server's time in microseconds since 1970, as estimated with the last tick. It never goes back. False, and nothing is
    /// changed, before the server has answered a ping.
    bool server_time(std::int64_t& out_us) { return backend_->server_time(out_us); }
    /// The time that a frame is to show, for Table::sample(): the server's time minus the render delay. It never goes back. Ask
    /// once per frame, after the tick. False, and nothing is changed, before the server has answered a ping.
    bool render_time(std::int64_t& out_us) { return backend_->render_time(out_us); }
    /// Fixes the render delay, at most 2,000,000 microseconds. A negative one lets it adapt again to how often rows are told and
    /// how late, which is also how a client begins. False when the delay is refused.
    bool set_render_delay(std::int64_t delay_us);
    /// The commit that the cache equals, its time, and what is durable.
    const Tick& last_tick() const { return tick_; }

    // What generated code calls.
    Reducer add_reducer(const char* name, std::uint64_t fingerprint);
    RowWriter& arguments(std::uint32_t fixed_bytes) { writer_.begin(fixed_bytes); return writer_; }
    /// The request's number; 0 when the call was refused.
    std::uint32_t call(Reducer reducer, const RowWriter& arguments);
    void add_table(Table* table);
    void remove_table(Table* table);
    Backend& backend() { return *backend_; }
    std::vector<RowRef>& arena() { return arena_; }
    /// Counts the ticks, so that rows of an earlier one are known.
    std::uint64_t age() const { return age_; }

private:
    struct Known { const char* name; std::uint64_t fingerprint; std::uint16_t id; };
    struct Ticking;
    Lookup bind();
    Lookup known(Lookup found);
    bool same(const char* what, const char* name, std::uint64_t generated, std::uint64_t connected);

    std::unique_ptr<Backend> backend_;
    std::vector<Table*> tables_;
    std::vector<Known> reducers_;
    std::vector<Table*> tables_by_id_;
    std::vector<RowRef> arena_;
    RowWriter writer_;
    std::string problem_, refusal_;
    Tick tick_;
    std::uint64_t age_ = 0;
    bool bound_ = false, ticking_ = false;
};

/// Makes the core's side of a client; each way to link has its own.
std::unique_ptr<Backend> make_backend(const Options& options);

/// A table of the connected database. Generated code derives from it. It must not outlive its client.
class Table {
public:
    Table(Client& client, const char* name, std::uint64_t fingerprint, std::uint32_t fixed_bytes)
        : client_(client), name_(name), fingerprint_(fingerprint), fixed_bytes_(fixed_bytes) { client_.add_table(this); }
    virtual ~Table() { client_.remove_table(this); }
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    /// Rows in the cache; 0 before the connection stands.
    std::size_t count() { return known_ ? client_.backend().count(id_) : 0; }
    /// Calls `each` with the number of every row in the cache, by which events name it.
    template <typename Each>
    void each_slot(Each each) {
        const std::size_t first = client_.arena().size();
        const std::size_t total = take([this](RowRef* rows, std::size_t room) { return client_.backend().all(id_, rows, room); });
        for (std::size_t i = first; i < first + total; i++) each(client_.arena()[i].slot);
        client_.arena().resize(first);
    }
    /// Remembers the last values of a column from now on, for sample(). `column` counts the row's columns from 0; once is enough.
    /// False before the client is ready, and when the column is no number, vector or rotation: error() says why.
    bool interpolate(std::uint16_t column) { return known_ && client_.backend().interpolate(id_, column); }
    /// A row's value in an interpolated column at a time of the server's, usually that of Client::render_time(): 4 numbers, of which
    /// those that the column does not have are 0; a rotation is x, y, z, w. `slot` is the row's number, as events name it. False,
    /// and nothing is changed, when the row is not in the cache or the column not interpolated.
    bool sample(std::uint32_t slot, std::uint16_t column, std::int64_t time_us, double (&out)[4]) {
        return known_ && client_.backend().sample(id_, slot, column, time_us, out);
    }

protected:
    friend class Client;
    virtual void dispatch(const RowEvent& event) = 0;
    RowWriter& key(std::uint32_t fixed_bytes) { key_.begin(fixed_bytes); return key_; }
    bool lookup(std::uint16_t index, const RowWriter& key, RowRef& out) { return known_ && client_.backend().find(id_, index, key, out); }
    /// Appends an answer's rows to the client's arena and tells how many.
    template <typename Ask>
    std::size_t take(Ask ask) {
        constexpr std::size_t first_room = 64;
        std::vector<RowRef>& arena = client_.arena();
        const std::size_t first = arena.size();
        if (!known_) return 0;
        for (std::size_t room = first_room;;) {
            arena.resize(first + room);
            const std::size_t total = ask(arena.data() + first, room);
            if (total <= room) {
                arena.resize(first + total);
                return total;
            }
            room = total;
        }
    }

    Client& client_;
    const char* name_;
    std::uint64_t fingerprint_;
    std::uint32_t fixed_bytes_;
    std::uint16_t id_ = 0;
    bool known_ = false;
    RowWriter key_;
};

template <typename Row>
decltype(auto) row_at(const std::uint8_t* bytes) {
    if constexpr (Row::in_place) {
        return *reinterpret_cast<const Row*>(bytes);
    } else {
        return Row(bytes);
    }
}

/// Ends the program: rows of an earlier tick were read, whose memory is gone.
[[noreturn]] AMBIT_CPP_API void rows_are_gone();

/// Rows of one answer, read in place; safe until the next tick. Its place is given back when it goes.
template <typename Row>
class Rows {
    Client* client_;
    std::size_t first_, count_;
    std::uint64_t age_;

public:
    Rows(Client& client, std::size_t first, std::size_t count) : client_(&client), first_(first), count_(count), age_(client.age()) {}
    Rows(Rows&& other) noexcept : client_(other.client_), first_(other.first_), count_(other.count_), age_(other.age_) { other.count_ = 0; }
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    Rows& operator=(Rows&&) = delete;
    ~Rows() {
        if (count_ > 0 && is_fresh() && first_ + count_ == client_->arena().size()) client_->arena().resize(first_);
    }
    std::size_t size() const { return count_; }
    /// Whether no tick has come since; only then may rows be read.
    bool is_fresh() const { return age_ == client_->age(); }
    decltype(auto) operator[](std::size_t index) const {
        if (!is_fresh()) rows_are_gone();
        return row_at<Row>(client_->arena()[first_ + index].bytes);
    }

    class Iterator {
        const Rows* rows_;
        std::size_t index_;

    public:
        Iterator(const Rows* rows, std::size_t index) : rows_(rows), index_(index) {}
        decltype(auto) operator*() const { return (*rows_)[index_]; }
        Iterator& operator++() { ++index_; return *this; }
        bool operator!=(const Iterator& other) const { return index_ != other.index_; }
    };
    Iterator begin() const { return {this, 0}; }
    Iterator end() const { return {this, count_}; }
};

/// A row that was looked for: a pointer to a row in place, or an optional accessor. Test it, then use `->`.
template <typename Row, bool InPlace = Row::in_place>
struct FoundOf { using Type = const Row*; };
template <typename Row>
struct FoundOf<Row, false> { using Type = std::optional<Row>; };
template <typename Row>
using Found = typename FoundOf<Row>::Type;

/// Rows, events and answers of one row type.
template <typename Row>
class TypedTable : public Table {
public:
    using Table::Table;
    std::function<void(const Row& row)> on_insert;
    std::function<void(const Row& before, const Row& after)> on_update;
    std::function<void(const Row& row, DeleteReason reason)> on_delete;

    /// All rows in the cache; safe until the next tick.
    Rows<Row> rows() {
        const std::size_t first = client_.arena().size();
        return {client_, first, take([this](RowRef* rows, std::size_t room) { return client_.backend().all(id_, rows, room); })};
    }

    /// The row of this number, as events name it, if it is in the cache. Another row can get the number of one that is gone.
    typename FoundOf<Row>::Type row_at_slot(std::uint32_t slot) {
        RowRef row;
        if (!known_ || !client_.backend().row(id_, slot, row)) return {};
        return found_at(row);
    }

protected:
    // Generated look-ups are called find, find_by_*, where_* and near*; these are not.
    typename FoundOf<Row>::Type found_by(std::uint16_t index, const RowWriter& key) {
        RowRef row;
        if (!lookup(index, key, row)) return {};
        return found_at(row);
    }

    static typename FoundOf<Row>::Type found_at(const RowRef& row) {
        if constexpr (Row::in_place) {
            return reinterpret_cast<const Row*>(row.bytes);
        } else {
            return Row(row.bytes);
        }
    }

    Rows<Row> rows_where(std::uint16_t index, const RowWriter& key) {
        const std::size_t first = client_.arena().size();
        return {client_, first, take([&](RowRef* rows, std::size_t room) { return client_.backend().where(id_, index, key, rows, room); })};
    }

    Rows<Row> rows_near(std::uint16_t index, double x, double y, double z, double radius) {
        const std::size_t first = client_.arena().size();
        return {client_, first, take([&](RowRef* rows, std::size_t room) {
                    return client_.backend().near(id_, index, DVec3{x, y, z}, radius, rows, room);
                })};
    }

    void dispatch(const RowEvent& event) override {
        switch (event.kind) {
        case RowEventKind::Insert:
            if (on_insert) on_insert(row_at<Row>(event.new_row));
            break;
        case RowEventKind::Update:
            if (on_update) on_update(row_at<Row>(event.old_row), row_at<Row>(event.new_row));
            break;
        case RowEventKind::Delete:
            if (on_delete) on_delete(row_at<Row>(event.old_row), event.reason);
            break;
        }
    }
};

}  // namespace ambit
