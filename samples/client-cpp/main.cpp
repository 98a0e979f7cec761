// A player in a terminal: joins, walks to the middle of the map and around it, says who enters and leaves their sight and what people say.
// Usage: client-cpp SERVER DATABASE [--seconds N]

#include <cmath>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "generated/reducers.g.h"

namespace {

constexpr float step_metres = 1.0F;
constexpr float map_middle = 320.0F;
constexpr std::uint32_t step_ms = 50;
constexpr std::uint32_t steps_between_words = 100;

double seconds_now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string text(std::string_view view) { return std::string(view); }

struct Player {
    ambit::Client client;
    mmo::Database database{client};
    bool joined = false;
    std::uint32_t steps = 0, seen = 0, refused = 0, chat = 0;
    std::uint16_t zone = 0;

    explicit Player(const ambit::Options& options) : client(options) {
        database.tables.player.on_insert = [this](const mmo::PlayerRow& row) {
            ambit::Identity me;
            seen += client.identity(me) && !(row.identity() == me);
            std::printf("+ %s is in sight\n", text(row.name()).c_str());
        };
        database.tables.player.on_delete = [](const mmo::PlayerRow& row, ambit::DeleteReason reason) {
            std::printf("- %s %s\n", text(row.name()).c_str(), reason == ambit::DeleteReason::OutOfRange ? "is out of sight" : "is gone");
        };
        database.tables.chat_message.on_insert = [](const mmo::ChatMessageRow& row) {
            std::printf("%s: %s\n", text(row.speaker()).c_str(), text(row.text()).c_str());
        };
        client.on_result = [this](const ambit::CallResult& result) {
            if (result.status == ambit::CallStatus::Committed) return;
            refused++;
            std::printf("! %s\n", text(result.message).c_str());
        };
        client.subscribe("SELECT * FROM player WHERE identity = :sender");
        client.subscribe(
            "SELECT o.* FROM player o JOIN player me ON ST_DWithin(o.position, me.position, 160) WHERE me.identity = :sender");
    }

    /// One frame of the game.
    void play(const ambit::Identity& me) {
        if (!joined) {
            char name[32];
            std::snprintf(name, sizeof name, "cpp-%02x%02x%02x", me.bytes[0], me.bytes[1], me.bytes[2]);
            joined = database.reducers.join(name) != 0;
            return;
        }
        const auto row = database.tables.player.find(me);
        if (!row) return;
        if (chat == 0 || row->zone() != zone) hear(row->zone());
        if (row->health() == 0) {
            database.reducers.respawn();
            return;
        }
        const ambit::Vec2 at = row->position();
        const float x = map_middle - at.x, y = map_middle - at.y;
        const float facing = std::hypot(x, y) > 40 ? std::atan2(y, x) : static_cast<float>(steps) * 0.05F;
        database.reducers.move_to({at.x + step_metres * std::cos(facing), at.y + step_metres * std::sin(facing)}, facing);
        if (steps++ % steps_between_words == 0) database.reducers.say("hello from C++");
    }

    /// Listens to the zone that the player is in.
    void hear(std::uint16_t now) {
        if (chat != 0) client.unsubscribe(chat);
        chat = client.subscribe("SELECT * FROM chat_message WHERE zone = " + std::to_string(now));
        zone = now;
    }
};

}  // namespace

int main(int count, char** arguments) {
    if (count < 3) {
        std::fprintf(stderr, "usage: %s SERVER DATABASE [--seconds N]\n", arguments[0]);
        return 2;
    }
    double seconds = 1e9;
    if (count == 5 && std::string_view(arguments[3]) == "--seconds") seconds = std::atof(arguments[4]);
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    Player player({arguments[1], arguments[2], ""});
    const double end = seconds_now() + seconds;
    double next_step = 0;
    while (seconds_now() < end) {
        player.client.wait(step_ms);
        if (!player.client.tick(5) || player.client.state() == ambit::ConnectionState::Disconnected) {
            std::fprintf(stderr, "%s\n", player.client.reason().c_str());
            return 1;
        }
        ambit::Identity me;
        if (seconds_now() < next_step || !player.client.ready() || !player.client.identity(me)) continue;
        next_step = seconds_now() + step_ms / 1000.0;
        player.play(me);
    }
    std::printf("walked %u steps, saw %u others, %u calls refused\n", player.steps, player.seen, player.refused);
    return player.steps > 0 && player.seen > 0 ? 0 : 1;
}
