// The client over either backend: binding generated code to the connected schema, ticks, refusals.

#include "ambit/client.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace ambit {

Client::Client(const Options& options) : backend_(make_backend(options)) {}

Client::~Client() = default;

std::string Client::token() {
    std::string token;
    return backend_->token(token) ? token : std::string();
}

std::uint32_t Client::subscribe(std::string_view sql, const Parameters& parameters, const Delivery& delivery) {
    refusal_.clear();
    std::uint32_t number = 0;
    return backend_->subscribe(sql, parameters, delivery, number) ? number : 0;
}

std::uint32_t Client::change_parameters(std::uint32_t subscription, const Parameters& parameters) {
    refusal_.clear();
    std::uint32_t change = 0;
    return backend_->change_parameters(subscription, parameters, change) ? change : 0;
}

bool Client::unsubscribe(std::uint32_t subscription) {
    refusal_.clear();
    return backend_->unsubscribe(subscription);
}

bool Client::inspect(std::uint32_t subscription) {
    refusal_.clear();
    return backend_->inspect(subscription);
}

bool Client::set_render_delay(std::int64_t delay_us) {
    refusal_.clear();
    return backend_->set_render_delay(delay_us);
}

/// While handlers run. Ends also when one of them throws, in a program that has exceptions: the events after its
/// own come with the next tick.
struct Client::Ticking {
    Client& client;
    std::size_t handled = 0, count = 0;

    explicit Ticking(Client& of) : client(of) { client.ticking_ = true; }
    Ticking(const Ticking&) = delete;
    Ticking& operator=(const Ticking&) = delete;
    ~Ticking() {
        client.ticking_ = false;
        if (handled < count) client.backend_->defer_events(handled);
    }
};

bool Client::tick(double budget_ms) {
    if (ticking_) {
        refusal_ = "tick cannot be called by a handler of tick: the rows of the handler's event would be gone";
        return false;
    }
    refusal_.clear();
    arena_.clear();
    age_++;
    Tick tick;
    if (!problem_.empty() || !backend_->tick(tick)) return false;
    tick_ = tick;
    if (!bound_ && bind() != Lookup::Found) return problem_.empty();
    Ticking ticking(*this);
    ticking.count = tick.event_count;
    for (std::size_t i = 0; i < tick.result_count && on_result; i++) on_result(backend_->result(i));
    using Clock = std::chrono::steady_clock;
    const bool limited = budget_ms < no_budget;
    const Clock::time_point start = Clock::now();
    while (ticking.handled < ticking.count) {
        // At least one event per tick, so that even a budget of 0 gets through.
        if (limited && ticking.handled > 0 && std::chrono::duration<double, std::milli>(Clock::now() - start).count() >= budget_ms) break;
        const RowEvent event = backend_->event(ticking.handled++);
        Table* table = event.table < tables_by_id_.size() ? tables_by_id_[event.table] : nullptr;
        if (table != nullptr) table->dispatch(event);
    }
    return true;
}

Reducer Client::add_reducer(const char* name, std::uint64_t fingerprint) {
    reducers_.push_back({name, fingerprint, 0});
    bound_ = false;
    return reducers_.size();
}

std::uint32_t Client::call(Reducer reducer, const RowWriter& arguments) {
    refusal_.clear();
    if (!bound_ || reducer == 0 || reducer > reducers_.size()) {
        refusal_ = "no reducer can be called before the first tick after the connection stands";
        return 0;
    }
    std::uint32_t request = 0;
    return backend_->call(reducers_[reducer - 1].id, arguments.data(), arguments.size(), request) ? request : 0;
}

void Client::add_table(Table* table) {
    tables_.push_back(table);
    bound_ = false;
}

void Client::remove_table(Table* table) {
    tables_.erase(std::remove(tables_.begin(), tables_.end(), table), tables_.end());
    std::replace(tables_by_id_.begin(), tables_by_id_.end(), table, static_cast<Table*>(nullptr));
}

/// Looks everything up in the schema, which outlives the connection that brought it.
Lookup Client::bind() {
    Identity anyone;
    if (!backend_->identity(anyone)) return Lookup::NotYet;
    Info info;
    for (Table* table : tables_) {
        if (const Lookup found = known(backend_->table(table->name_, info)); found != Lookup::Found) return found;
        if (!same("table", table->name_, table->fingerprint_, info.fingerprint)) return Lookup::Missing;
        table->id_ = info.id;
        if (tables_by_id_.size() <= info.id) tables_by_id_.resize(std::size_t{info.id} + 1);
        tables_by_id_[info.id] = table;
    }
    for (Known& reducer : reducers_) {
        if (const Lookup found = known(backend_->reducer(reducer.name, info)); found != Lookup::Found) return found;
        if (!same("reducer", reducer.name, reducer.fingerprint, info.fingerprint)) return Lookup::Missing;
        reducer.id = info.id;
    }
    for (Table* table : tables_) table->known_ = true;
    bound_ = true;
    return Lookup::Found;
}

/// Keeps why something is missing: the client does not work without it.
Lookup Client::known(Lookup found) {
    if (found == Lookup::Missing) problem_ = backend_->error() + "; run `ambit generate` again";
    return found;
}

bool Client::same(const char* what, const char* name, std::uint64_t generated, std::uint64_t connected) {
    if (generated == connected) return true;
    problem_ = std::string(what) + " `" + name +
               "` of the connected database differs from the one this code was generated from; run `ambit generate` again";
    return false;
}

void rows_are_gone() {
    std::fputs("ambit: the rows of an answer are gone after the next tick\n", stderr);
    std::abort();
}

}  // namespace ambit
