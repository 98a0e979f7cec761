// The client over either backend: binding generated code to the connected schema, ticks, refusals.

#include "ambit/client.h"

#include <algorithm>
#include <chrono>

namespace ambit {

Client::Client(const Options& options) : backend_(make_backend(options)) {}

Client::~Client() = default;

std::string Client::token() {
    std::string token;
    return backend_->token(token) ? token : std::string();
}

std::uint32_t Client::subscribe(std::string_view sql, float rate) {
    std::uint32_t number = 0;
    return backend_->subscribe(sql, rate, number) ? number : 0;
}

bool Client::tick(double budget_ms) {
    arena_.clear();
    Tick tick;
    if (!problem_.empty() || !backend_->tick(tick)) return false;
    tick_ = tick;
    if (!bound_ && !bind()) return problem_.empty();
    if (on_result) {
        for (std::size_t i = 0; i < tick.result_count; i++) on_result(backend_->result(i));
    }
    using Clock = std::chrono::steady_clock;
    const bool limited = budget_ms < no_budget;
    const Clock::time_point start = Clock::now();
    for (std::size_t i = 0; i < tick.event_count; i++) {
        // At least one event per tick, so that even a budget of 0 gets through.
        if (limited && i > 0 && std::chrono::duration<double, std::milli>(Clock::now() - start).count() >= budget_ms) {
            backend_->defer_events(i);
            break;
        }
        const RowEvent event = backend_->event(i);
        Table* table = event.table < tables_by_id_.size() ? tables_by_id_[event.table] : nullptr;
        if (table != nullptr) table->dispatch(event);
    }
    return true;
}

Reducer Client::add_reducer(const char* name, std::uint64_t fingerprint) {
    reducers_.push_back({name, fingerprint, 0});
    return reducers_.size();
}

std::uint32_t Client::call(Reducer reducer, const RowWriter& arguments) {
    if (!bound_ || reducer == 0 || reducer > reducers_.size()) return 0;
    std::uint32_t request = 0;
    return backend_->call(reducers_[reducer - 1].id, arguments.data(), arguments.size(), request) ? request : 0;
}

void Client::add_table(Table* table) { tables_.push_back(table); }

void Client::remove_table(Table* table) {
    tables_.erase(std::remove(tables_.begin(), tables_.end(), table), tables_.end());
    std::replace(tables_by_id_.begin(), tables_by_id_.end(), table, static_cast<Table*>(nullptr));
}

bool Client::bind() {
    if (state() != ConnectionState::Connected) return false;
    Info info;
    for (Table* table : tables_) {
        // Before the first tick after the Welcome no table is known yet; a missing one leaves a text.
        if (!backend_->table(table->name_, info)) return false;
        if (!same("table", table->name_, table->fingerprint_, info.fingerprint)) return false;
        table->id_ = info.id;
        if (tables_by_id_.size() <= info.id) tables_by_id_.resize(std::size_t{info.id} + 1);
        tables_by_id_[info.id] = table;
    }
    for (Known& reducer : reducers_) {
        if (!backend_->reducer(reducer.name, info)) return false;
        if (!same("reducer", reducer.name, reducer.fingerprint, info.fingerprint)) return false;
        reducer.id = info.id;
    }
    for (Table* table : tables_) table->known_ = true;
    bound_ = true;
    return true;
}

bool Client::same(const char* what, const char* name, std::uint64_t generated, std::uint64_t connected) {
    if (generated == connected) return true;
    problem_ = std::string(what) + " `" + name +
               "` of the connected database differs from the one this code was generated from; run `ambit generate` again";
    return false;
}

}  // namespace ambit
