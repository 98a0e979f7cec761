// One player's life on a real server, in generated types. Built once with each backend and each compiler.

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include "reducers.g.h"

#define CHECK(condition)                                                             \
    do {                                                                             \
        if (!(condition)) {                                                          \
            std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            std::exit(1);                                                            \
        }                                                                            \
    } while (0)

namespace {

constexpr std::uint32_t wait_ms = 10000;

ambit::Options options(const std::string& token = "") { return {std::getenv("AMBIT_TEST_SERVER"), std::getenv("AMBIT_TEST_DATABASE"), token}; }

/// Ticks until `ready` holds; fails when nothing happens for long.
template <typename Ready>
void until(ambit::Client& client, Ready ready) {
    for (;;) {
        CHECK(client.tick());
        if (ready()) return;
        CHECK(client.wait(wait_ms));
    }
}

struct Player {
    ambit::Client client;
    mmo::Database database{client};
    ambit::Identity me;

    explicit Player(const std::string& token = "") : client(options(token)) {
        CHECK(client.subscribe("SELECT * FROM player WHERE identity = :sender", std::numeric_limits<float>::infinity()) != 0);
        until(client, [this] { return client.identity(me); });
    }

    void join() {
        static int players = 0;
        const std::string name = "cpp-" + std::to_string(getpid()) + "-" + std::to_string(players++);
        std::uint32_t request = 0;
        until(client, [&] {
            if (request == 0) request = database.reducers.join(name);
            return database.tables.player.count() == 1;
        });
    }
};

void rows_are_found_iterated_and_near() {
    Player player;
    player.join();
    const auto row = player.database.tables.player.find(player.me);
    CHECK(row.has_value() && row->name().substr(0, 4) == "cpp-" && row->identity() == player.me && row->online());
    CHECK(!player.database.tables.player.find(ambit::Identity{}).has_value());
    int count = 0;
    for (const auto& each : player.database.tables.player.rows()) {
        for (const auto& neighbour : player.database.tables.player.near(each.position(), 1)) {
            CHECK(neighbour.name() == each.name());
            count++;
        }
    }
    CHECK(count == 1 && player.client.arena().empty());
    CHECK(player.client.statistics().bytes_received > 0);
}

void events_carry_old_and_new_rows() {
    Player player;
    int inserts = 0, updates = 0;
    float moved = 0;
    player.database.tables.player.on_insert = [&](const mmo::PlayerRow&) { inserts++; };
    player.database.tables.player.on_update = [&](const mmo::PlayerRow& before, const mmo::PlayerRow& after) {
        updates++;
        moved = after.position().x - before.position().x;
    };
    player.join();
    ambit::Vec2 to = player.database.tables.player.find(player.me)->position();
    const float step = to.x > 300 ? -2.0F : 2.0F;
    to.x += step;
    CHECK(player.database.reducers.move_to(to, 0) != 0);
    until(player.client, [&] { return updates > 0; });
    CHECK(inserts == 1 && moved > step - 0.01F && moved < step + 0.01F);
}

void fixed_rows_are_read_in_place() {
    Player player;
    auto& monsters = player.database.tables.monster;
    CHECK(player.client.subscribe("SELECT * FROM monster") != 0);
    until(player.client, [&] { return monsters.count() > 0; });
    std::size_t seen = 0;
    for (const mmo::MonsterRow& row : monsters.rows()) {
        CHECK(monsters.find(row.id) == &row);
        seen++;
    }
    CHECK(seen == monsters.count());
    // With no time left events still come, one per tick at least.
    int updates = 0;
    monsters.on_update = [&](const mmo::MonsterRow&, const mmo::MonsterRow&) { updates++; };
    while (updates < 3) {
        CHECK(player.client.wait(wait_ms));
        CHECK(player.client.tick(0));
    }
}

void results_carry_the_reducers_error() {
    Player player;
    player.join();
    std::uint32_t request = player.database.reducers.join("");
    bool refused = false;
    player.client.on_result = [&](const ambit::CallResult& result) {
        refused |= result.request == request && result.status == ambit::CallStatus::ReducerError && !result.message.empty();
    };
    until(player.client, [&] { return refused; });
}

void a_token_makes_the_same_player() {
    Player first;
    Player again(first.client.token());
    CHECK(first.me == again.me);
}

void code_of_another_schema_is_refused() {
    ambit::Client client(options());
    client.add_reducer("join", 1);
    while (client.tick()) CHECK(client.wait(wait_ms));
    CHECK(client.reason().find("ambit generate") != std::string::npos);
}

void refusals_say_why() {
    Player player;
    const std::uint32_t number = player.client.subscribe("SELECT * FROM nothing");
    std::string message;
    until(player.client, [&] { return player.client.subscription(number, message) == ambit::SubscriptionState::Failed; });
    CHECK(message.find("nothing") != std::string::npos);
    CHECK(player.client.subscribe("SELECT * FROM player", -1) == 0 && player.client.error().find("rate") != std::string::npos);
    ambit::Client nowhere({"http://127.0.0.1:1", "mmo", ""});
    until(nowhere, [&] { return nowhere.state() == ambit::ConnectionState::Disconnected; });
    CHECK(!nowhere.reason().empty() && nowhere.token().empty());
}

}  // namespace

int main() {
    rows_are_found_iterated_and_near();
    events_carry_old_and_new_rows();
    fixed_rows_are_read_in_place();
    results_carry_the_reducers_error();
    a_token_makes_the_same_player();
    code_of_another_schema_is_refused();
    refusals_say_why();
    std::puts("test result: ok. 7 passed; 0 failed");
}
