// One player's life on a real server, in generated types. Built once with each backend and each compiler.

#include <cmath>
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
    std::size_t numbered = 0;
    for (std::uint32_t slot = 0; slot < 2 * seen; slot++) numbered += monsters.row_at_slot(slot) != nullptr;
    CHECK(numbered == seen && monsters.row_at_slot(0xffffffff) == nullptr);
}

void events_without_time_all_come_later() {
    Player player;
    auto& monsters = player.database.tables.monster;
    std::size_t inserts = 0, now = 0, ticks = 0;
    monsters.on_insert = [&](const mmo::MonsterRow&) { now++; };
    CHECK(player.client.subscribe("SELECT * FROM monster") != 0);
    while (inserts == 0 || inserts < monsters.count()) {
        CHECK(player.client.wait(wait_ms));
        now = 0;
        CHECK(ticks % 2 == 0 ? player.client.tick(0) : player.client.tick(ambit::Client::no_budget, 1));
        CHECK(now <= 1);
        inserts += now;
        ticks++;
    }
    CHECK(inserts == monsters.count() && ticks > 1);
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
    CHECK(client.reason().find("ambit generate") != std::string::npos && !client.ready());
    ambit::Client other(options());
    other.add_reducer("no_such", 1);
    while (other.tick()) CHECK(other.wait(wait_ms));
    CHECK(other.reason().find("no_such") != std::string::npos);
    // What is added to a client at work is looked up by its next tick, or at once.
    Player player;
    until(player.client, [&] { return player.client.ready(); });
    {
        mmo::Database late{player.client};
        CHECK(!player.client.ready() && late.reducers.respawn() == 0 && player.client.look_up() && late.reducers.respawn() != 0);
    }
    player.client.add_reducer("join", 1);
    CHECK(!player.client.tick() && player.client.reason().find("ambit generate") != std::string::npos);
}

void a_connection_that_is_over_at_the_first_tick_is_still_known() {
    ambit::Client client(options());
    mmo::Database database{client};
    while (client.state() == ambit::ConnectionState::Connecting) CHECK(client.wait(wait_ms));
    client.disconnect();
    while (client.state() == ambit::ConnectionState::Connected) CHECK(client.wait(wait_ms));
    CHECK(!client.ready() && database.reducers.join("x") == 0 && client.error().find("before the first tick") != std::string::npos);
    CHECK(client.tick() && client.ready());
}

void a_handler_cannot_tick() {
    Player player;
    std::string refusal, name;
    player.database.tables.player.on_insert = [&](const mmo::PlayerRow& row) {
        if (!player.client.tick()) refusal = player.client.error();
        name = row.name();
    };
    player.join();
    CHECK(refusal.find("handler") != std::string::npos && name.substr(0, 4) == "cpp-");
    CHECK(player.client.tick());
}

void rows_of_an_earlier_tick_take_no_place() {
    Player player;
    player.join();
    auto& players = player.database.tables.player;
    auto before = std::make_unique<ambit::Rows<mmo::PlayerRow>>(players.rows());
    CHECK(before->is_fresh() && before->size() == 1);
    CHECK(player.client.tick());
    const auto after = players.rows();
    CHECK(!before->is_fresh() && after.is_fresh());
    before.reset();
    CHECK(player.client.arena().size() == 1 && after[0].identity() == player.me);
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
    ambit::Client unreadable({"\xff\xfe", "mmo", ""});
    while (unreadable.state() != ambit::ConnectionState::Disconnected) CHECK(unreadable.wait(wait_ms));
    CHECK(!unreadable.reason().empty() && unreadable.reason().find("NULL") == std::string::npos);
}

void parameters_change_and_only_the_difference_comes() {
    Player player;
    auto& monsters = player.database.tables.monster;
    constexpr float immediate = std::numeric_limits<float>::infinity();
    const auto near = [](double radius) { return ambit::Parameters().set("centre", ambit::Vec2{300, 300}).set("radius", radius); };
    const std::uint32_t number = player.client.subscribe("SELECT * FROM monster WHERE ST_DWithin(position, :centre, :radius)", near(100000), immediate);
    CHECK(number != 0);
    until(player.client, [&] { return monsters.count() > 0; });
    const std::size_t all = monsters.count();
    std::string message;
    const auto becomes = [&](std::uint32_t change, ambit::SubscriptionState state) {
        CHECK(change != 0);
        until(player.client, [&] { return player.client.change(number, change, message) == state; });
    };
    becomes(player.client.change_parameters(number, near(0.5)), ambit::SubscriptionState::Applied);
    CHECK(monsters.count() < all);
    becomes(player.client.change_parameters(number, ambit::Parameters()), ambit::SubscriptionState::Failed);
    CHECK(message.find(":radius") != std::string::npos);
    CHECK(player.client.subscription(number, message) == ambit::SubscriptionState::Applied);
    CHECK(player.client.change_parameters(number, ambit::Parameters().set("sender", true)) == 0);
    CHECK(player.client.error().find(":sender") != std::string::npos);
    CHECK(player.client.change_parameters(number, ambit::Parameters().set("a", "\xff")) == 0 && !player.client.error().empty());
}

void every_kind_of_parameter_is_taken() {
    Player player;
    ambit::Parameters values;
    values.set("id", 7).set("most", std::uint64_t{0} - 1).set("negative", -1).set("yes", true).set("single", 0.5F).set("double", 0.5);
    values.set("text", "Ädä").set("string", std::string("x")).set("bytes", std::vector<std::uint8_t>{0, 255}).set("identity", player.me);
    values.set("three", ambit::Vec3{1, 2, 3}).set("time", ambit::Timestamp{5}).set("wide", ambit::I128{1, -1});
    CHECK(values.list().size() == 13 && values.list()[2].high == -1 && values.list()[3].kind == ambit::ParameterKind::Bool);
    const std::uint32_t number = player.client.subscribe("SELECT * FROM player WHERE identity = :identity", values);
    std::string message;
    until(player.client, [&] { return player.client.subscription(number, message) == ambit::SubscriptionState::Applied; });
}

void rows_are_delivered_as_asked() {
    using Columns = mmo::PlayerColumns;
    Player walker;
    walker.join();
    ambit::Vec2 at = walker.database.tables.player.find(walker.me)->position();
    const ambit::Vec2 start = at;
    std::uint64_t offset = 0;
    const auto walk = [&] {
        at.x += start.x > 300 ? -1.0F : 1.0F;
        const std::uint32_t request = walker.database.reducers.move_to(at, 0);
        CHECK(request != 0);
        offset = 0;
        walker.client.on_result = [&](const ambit::CallResult& result) {
            if (result.request != request) return;
            CHECK(result.status == ambit::CallStatus::Committed);
            offset = result.offset;
        };
        until(walker.client, [&] { return offset > 0; });
    };
    ambit::Client watcher(options());
    mmo::Database seen{watcher};
    const auto is_there = [&] {
        const auto row = seen.tables.player.find(walker.me);
        return row.has_value() && row->position().x == at.x && row->position().y == at.y;
    };
    const auto near = [&](float aside) {
        return mmo::PlayerTable::query()
            .filter(Columns::position.near({start.x + aside, start.y}, 1000))
            .hysteresis(5)
            .tier(30, 20)
            .tier(2000, 0.01F, Columns::position, Columns::facing)
            .budget(64000)
            .confirmed();
    };
    // Monsters always move, so that there are updates whether the walker is told or not.
    CHECK(watcher.subscribe("SELECT * FROM monster") != 0);
    const std::uint32_t number = ambit::subscribe(watcher, near(0));
    CHECK(number != 0);
    until(watcher, is_there);
    walk();
    until(watcher, is_there);

    std::string message;
    const std::uint32_t change = ambit::change_to(watcher, number, near(200));
    until(watcher, [&] { return watcher.change(number, change, message) == ambit::SubscriptionState::Applied; });
    walk();
    until(watcher, [&] { return watcher.last_tick().offset >= offset; });
    CHECK(!is_there());
    CHECK(ambit::change_to(watcher, number, near(0)) != 0);
    until(watcher, is_there);
}

void what_is_in_force_is_told() {
    using Columns = mmo::PlayerColumns;
    Player player;
    player.join();
    const ambit::Vec2 at = player.database.tables.player.find(player.me)->position();
    ambit::Inspection told;
    told.rows = 77;
    const std::uint32_t number = ambit::subscribe(player.client, mmo::PlayerTable::query()
        .around(Columns::position, Columns::position, 80, Columns::identity.is_sender())
        .filter(Columns::identity.equal(player.me))
        .rate(20)
        .hysteresis(5)
        .tier(30, 0)
        .tier(80, 4)
        .budget(64000));
    CHECK(number != 0 && !player.client.inspection(number, told) && told.rows == 77);
    CHECK(player.client.inspect(number));
    until(player.client, [&] { return player.client.inspection(number, told); });
    // The other subscription of the connection wants every commit.
    CHECK(told.rows == 1 && told.waiting == 0 && std::isinf(told.rate) && told.hysteresis == 5 && told.budget == 64000 && told.offset > 0);
    CHECK(told.circles.size() == 1 && told.circles[0].radius == 80);
    CHECK(told.circles[0].centre.x == at.x && told.circles[0].centre.y == at.y && told.circles[0].centre.z == 0);
    CHECK(told.tiers.size() == 2 && told.tiers[0].distance == 30 && told.tiers[0].interval_ms == 0 && told.tiers[0].rows == 1);
    CHECK(told.tiers[1].distance == 80 && told.tiers[1].interval_ms == 250 && told.tiers[1].rows == 0);
    CHECK(player.client.inspection(number, told) && told.circles.size() == 1 && told.tiers.size() == 2);
    CHECK(player.client.unsubscribe(number));
    until(player.client, [&] { return !player.client.inspection(number, told); });
    CHECK(!player.client.inspect(99) && player.client.error().find("no subscription 99") != std::string::npos);
}

void delivery_that_is_not_possible_is_refused() {
    Player player;
    std::string message;
    const auto failed = [&](std::uint32_t number, const char* why) {
        CHECK(number != 0);
        until(player.client, [&] { return player.client.subscription(number, message) == ambit::SubscriptionState::Failed; });
        CHECK(message.find(why) != std::string::npos);
    };
    ambit::Delivery delivery;
    delivery.hysteresis = 5;
    failed(player.client.subscribe("SELECT * FROM player", delivery), "ST_DWithin");
    delivery.tiers = {{30, 20, {}}, {80, 5, {"position", "no_such"}}};
    const ambit::Parameters centre = ambit::Parameters().set("centre", ambit::Vec2{1, 2});
    failed(player.client.subscribe("SELECT * FROM player WHERE ST_DWithin(position, :centre, 80)", centre, delivery), "no_such");

    const auto refused = [&](const ambit::Query<mmo::PlayerRow>& query, const char* why) {
        CHECK(ambit::subscribe(player.client, query) == 0 && player.client.error().find(why) != std::string::npos);
    };
    const auto query = mmo::PlayerTable::query;
    refused(query().rate(std::nanf("")), "rate");
    refused(query().hysteresis(-1), "hysteresis");
    refused(query().budget(999), "budget of 999");
    refused(query().tier(30, 20).tier(20, 5), "tier 2");
    refused(query().tier(30, 0.001F), "rate");
    delivery.tiers = {{30, 20, {"\xff"}}};
    refused(query().delivery(delivery), "utf-8");
    delivery.tiers.assign(9, {});
    refused(query().delivery(delivery), "9 tiers");
    CHECK(query().tier(30, 20).delivery({}).wanted_delivery().tiers.empty() && query().confirmed().wanted_delivery().confirmed);
}

void typed_queries_print_the_guides_sql() {
    using Monster = mmo::MonsterColumns;
    using Player = mmo::PlayerColumns;
    auto built = mmo::MonsterTable::query()
                     .around(Monster::position, Player::position, 80, Player::identity.is_sender())
                     .filter(Monster::kind.equal(mmo::MonsterKind::Wolf) || (Monster::health.between(1, 9) && !Monster::target.is_null()))
                     .build();
    CHECK(built.sql == "SELECT a.* FROM \"monster\" a JOIN \"player\" b ON ST_DWithin(a.\"position\", b.\"position\", :p1) WHERE b.\"identity\" = :sender"
                       " AND (a.\"kind\" = :p2 OR (a.\"health\" BETWEEN :p3 AND :p4 AND NOT (a.\"target\" IS NULL)))");
    CHECK(built.parameters.list().size() == 4 && built.parameters.list()[1].bytes == "Wolf" && built.parameters.list()[0].x == 80);
    auto players = mmo::PlayerTable::query();
    players.filter(Player::name.starts_with("50%") && Player::name.is_in({"a", "b"})).filter(Player::position.inside({0, 0}, {9, 9}));
    CHECK(players.build().sql == "SELECT * FROM \"player\" WHERE \"name\" LIKE :p1 AND \"name\" IN (:p2, :p3) AND \"position\" && ST_MakeBox2D(:p4, :p5)");
    CHECK(players.build().parameters.list()[0].bytes == "50\\%%");
    const auto nearest = mmo::MonsterTable::query()
                             .around(Monster::position, Player::position, 80, Player::identity.is_sender())
                             .order_by(Monster::position.nearest_to_centre(Player::position))
                             .order_by(Monster::health.descending())
                             .limit(50)
                             .build();
    CHECK(nearest.sql == "SELECT a.* FROM \"monster\" a JOIN \"player\" b ON ST_DWithin(a.\"position\", b.\"position\", :p1) WHERE b.\"identity\" = :sender"
                         " ORDER BY ST_Distance(a.\"position\", b.\"position\"), a.\"health\" DESC LIMIT :p2");
    CHECK(nearest.parameters.list().size() == 2 && nearest.parameters.list()[1].low == 50);
    const auto first = mmo::MonsterTable::query()
                           .order_by(Monster::target.ascending().nulls_first())
                           .order_by(Monster::health.descending().nulls_last())
                           .order_by(Monster::position.nearest_to({1, 2}))
                           .limit(10)
                           .build();
    CHECK(first.sql == "SELECT * FROM \"monster\" ORDER BY \"target\" NULLS FIRST, \"health\" DESC NULLS LAST, ST_Distance(\"position\", :p1) LIMIT :p2");
    auto shown = mmo::PlayerTable::query();
    shown.showing(Player::name).showing(Player::level).filter(Player::online.equal(true));
    CHECK(shown.build().sql == "SELECT \"name\", \"level\" FROM \"player\" WHERE \"online\" = :p1");
    built = mmo::MonsterTable::query().showing(Monster::position).around(Monster::position, Player::position, 80, Player::identity.is_sender()).build();
    CHECK(built.sql == "SELECT a.\"position\" FROM \"monster\" a JOIN \"player\" b ON ST_DWithin(a.\"position\", b.\"position\", :p1) WHERE b.\"identity\" = :sender");
}

void typed_queries_are_taken_and_changed() {
    using Monster = mmo::MonsterColumns;
    using Player = mmo::PlayerColumns;
    ::Player player;
    player.join();
    auto& monsters = player.database.tables.monster;
    const auto near = [](double radius) {
        return mmo::MonsterTable::query().filter(Monster::position.near({300, 300}, radius)).rate(std::numeric_limits<float>::infinity());
    };
    const std::uint32_t number = ambit::subscribe(player.client, near(100000));
    until(player.client, [&] { return monsters.count() > 0; });
    const std::size_t all = monsters.count();
    const std::uint32_t change = ambit::change_to(player.client, number, near(0.5));
    std::string message;
    until(player.client, [&] { return player.client.change(number, change, message) == ambit::SubscriptionState::Applied; });
    CHECK(monsters.count() < all);
    const auto taken = [&](std::uint32_t subscription) {
        CHECK(subscription != 0);
        until(player.client, [&] { return player.client.subscription(subscription, message) != ambit::SubscriptionState::Pending; });
        CHECK(message.empty());
    };
    taken(ambit::subscribe(player.client, mmo::MonsterTable::query()
        .around(Monster::position, Player::position, 80, Player::identity.is_sender())
        .filter((Monster::kind.equal(mmo::MonsterKind::Wolf) || Monster::health.at_least(1)) && Monster::target.is_null()
            && Monster::position.inside({0, 0}, {1000, 1000}) && Monster::id.is_in({1, 2, 3}))));
    taken(ambit::subscribe(player.client, mmo::PlayerTable::query().filter(Player::name.starts_with("50%_") && Player::online.equal(true))));
    taken(ambit::subscribe(player.client, mmo::MonsterTable::query().order_by(Monster::health.descending().nulls_last()).limit(3)));
    taken(ambit::subscribe(player.client, mmo::MonsterTable::query()
        .around(Monster::position, Player::position, 80, Player::identity.is_sender())
        .order_by(Monster::position.nearest_to_centre(Player::position))
        .limit(2)));
}

/// How many of the first numbers are rows whose value in this column is known.
std::size_t sampled(mmo::MonsterTable& monsters, std::uint16_t column, std::int64_t time_us, double (&values)[4]) {
    std::size_t known = 0;
    for (std::uint32_t slot = 0; slot < 2 * monsters.count(); slot++) known += monsters.sample(slot, column, time_us, values);
    return known;
}

void values_between_updates_are_sampled() {
    constexpr std::uint16_t id = 0, position = 2, facing = 3;
    constexpr int frames = 30;
    Player player;
    auto& monsters = player.database.tables.monster;
    std::int64_t server = 77, shown = 77, earlier = 0, past = 0;
    double values[4] = {7, 7, 7, 7};
    ambit::Client& client = player.client;
    CHECK(client.set_render_delay(60000) && client.set_render_delay(-1));
    CHECK(!client.set_render_delay(3000000) && client.error().find("3000000") != std::string::npos);
    CHECK(client.subscribe("SELECT * FROM monster") != 0);
    until(client, [&] { return monsters.count() > 0 && client.server_time(server); });
    CHECK(!monsters.interpolate(99) && !monsters.interpolate(id) && client.error().find("`id`") != std::string::npos);
    CHECK(sampled(monsters, position, server, values) == 0 && values[0] == 7);
    CHECK(monsters.interpolate(position) && monsters.interpolate(facing) && monsters.interpolate(position));
    for (int frame = 0; frame < frames; frame++) {
        client.wait(20);
        CHECK(client.tick() && client.server_time(server) && client.render_time(shown));
        CHECK(server >= earlier && shown >= past && shown <= server);
        earlier = server;
        past = shown;
        CHECK(sampled(monsters, position, shown, values) == monsters.count() && values[2] == 0 && values[3] == 0);
        CHECK(sampled(monsters, facing, shown, values) == monsters.count() && values[1] == 0);
    }
    const ambit::Statistics figures = client.statistics();
    CHECK(figures.render_delay_us > 0 && figures.render_delay_us <= 500000 && figures.round_trip_us > 0);
}

}  // namespace

int main() {
    rows_are_found_iterated_and_near();
    events_carry_old_and_new_rows();
    fixed_rows_are_read_in_place();
    events_without_time_all_come_later();
    results_carry_the_reducers_error();
    a_token_makes_the_same_player();
    code_of_another_schema_is_refused();
    a_connection_that_is_over_at_the_first_tick_is_still_known();
    a_handler_cannot_tick();
    rows_of_an_earlier_tick_take_no_place();
    refusals_say_why();
    parameters_change_and_only_the_difference_comes();
    every_kind_of_parameter_is_taken();
    rows_are_delivered_as_asked();
    what_is_in_force_is_told();
    delivery_that_is_not_possible_is_refused();
    typed_queries_print_the_guides_sql();
    typed_queries_are_taken_and_changed();
    values_between_updates_are_sampled();
    std::puts("test result: ok. 19 passed; 0 failed");
}
