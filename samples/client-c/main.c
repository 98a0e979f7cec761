// A player in a terminal, straight on the C ABI: joins, walks to the middle of the map and around it, says who enters and leaves their sight
// and what people say. Usage: client-c SERVER DATABASE [--seconds N]
//
// C has no generated code: the offsets below are those of the module's `player` and `chat_message` rows
// (docs/formats/row.md), and the program checks their sizes before it reads any.

#include <ambit.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    PLAYER_NAME = 32, PLAYER_POSITION = 40, PLAYER_ZONE = 52, PLAYER_HEALTH = 54, PLAYER_BYTES = 72,
    CHAT_SPEAKER = 12, CHAT_TEXT = 20, CHAT_BYTES = 40,
    STEP_MS = 50, STEPS_BETWEEN_WORDS = 100, MAP_MIDDLE = 320,
};

typedef struct Player {
    AmbitClient *client;
    AmbitTableInfo player, chat_message;
    AmbitReducerInfo join, move_to, say, respawn;
    uint32_t steps, seen, refused, chat;
    uint16_t zone;
    uint8_t identity[32];
    bool ready, joined;
} Player;

static AmbitText text(const char *words) { return (AmbitText){(const uint8_t *)words, strlen(words)}; }

static bool failed(AmbitStatus status) {
    AmbitText error;
    if (status == AMBIT_STATUS_OK) return false;
    ambit_error_text(&error);
    fprintf(stderr, "%.*s\n", (int)error.length, (const char *)error.bytes);
    return true;
}

static uint32_t u32_at(const uint8_t *row, size_t at) {
    uint32_t value;
    memcpy(&value, row + at, sizeof value);
    return value;
}

static uint16_t u16_at(const uint8_t *row, size_t at) {
    uint16_t value;
    memcpy(&value, row + at, sizeof value);
    return value;
}

/// A text column: its length, and its bytes in the row's heap.
static int length_at(const uint8_t *row, size_t at) { return (int)u32_at(row, at + 4); }
static const char *text_at(const uint8_t *row, size_t at) { return (const char *)row + u32_at(row, at); }

/// Learns the numbers of tables and reducers. False if this program was written for another module.
static bool learn(Player *me) {
    AmbitClient *client = me->client;
    if (failed(ambit_table_by_name(client, text("player"), &me->player)) ||
        failed(ambit_table_by_name(client, text("chat_message"), &me->chat_message)) ||
        failed(ambit_reducer_by_name(client, text("join"), &me->join)) ||
        failed(ambit_reducer_by_name(client, text("move_to"), &me->move_to)) ||
        failed(ambit_reducer_by_name(client, text("respawn"), &me->respawn)) ||
        failed(ambit_reducer_by_name(client, text("say"), &me->say))) {
        return false;
    }
    if (me->player.fixed_bytes != PLAYER_BYTES || me->chat_message.fixed_bytes != CHAT_BYTES) {
        fprintf(stderr, "the rows of this module have another layout than this program knows\n");
        return false;
    }
    return true;
}

/// Calls a reducer whose only parameter is a text.
static void call_with_text(Player *me, const AmbitReducerInfo *reducer, const char *words) {
    uint8_t row[128] = {0};
    uint32_t request, offset = 8, length = (uint32_t)strlen(words);
    memcpy(row, &offset, 4);
    memcpy(row + 4, &length, 4);
    memcpy(row + 8, words, length);
    failed(ambit_client_call(me->client, (uint16_t)reducer->reducer, row, 8 + length, &request));
}

/// Listens to the zone that the player is in.
static void hear(Player *me, uint16_t zone) {
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT * FROM chat_message WHERE zone = %u", zone);
    if (me->chat != 0) failed(ambit_client_unsubscribe(me->client, me->chat));
    failed(ambit_client_subscribe(me->client, text(sql), NULL, 0, NULL, &me->chat));
    me->zone = zone;
}

/// One frame of the game.
static void play(Player *me) {
    uint8_t *identity = me->identity, row[16] = {0};
    uint32_t request;
    AmbitRow mine;
    if (!me->joined) {
        char name[32];
        snprintf(name, sizeof name, "c-%02x%02x%02x", identity[0], identity[1], identity[2]);
        call_with_text(me, &me->join, name);
        me->joined = true;
        return;
    }
    if (ambit_table_find(me->client, me->player.table, 0, identity, sizeof me->identity, &mine) != AMBIT_STATUS_OK) return;
    if (me->chat == 0 || u16_at(mine.bytes, PLAYER_ZONE) != me->zone) hear(me, u16_at(mine.bytes, PLAYER_ZONE));
    if (u16_at(mine.bytes, PLAYER_HEALTH) == 0) {
        failed(ambit_client_call(me->client, (uint16_t)me->respawn.reducer, NULL, 0, &request));
        return;
    }
    float to[3];
    memcpy(to, mine.bytes + PLAYER_POSITION, 8);
    float x = MAP_MIDDLE - to[0], y = MAP_MIDDLE - to[1];
    to[2] = hypotf(x, y) > 40 ? atan2f(y, x) : (float)me->steps * 0.05F;
    to[0] += cosf(to[2]);
    to[1] += sinf(to[2]);
    memcpy(row, to, sizeof to);
    failed(ambit_client_call(me->client, (uint16_t)me->move_to.reducer, row, sizeof row, &request));
    if (me->steps++ % STEPS_BETWEEN_WORDS == 0) call_with_text(me, &me->say, "hello from C");
}

/// Prints what a tick handed out.
static void tell(Player *me, const AmbitTick *tick) {
    for (size_t i = 0; i < tick->event_count; i++) {
        const AmbitEvent *event = &tick->events[i];
        if (event->table == me->player.table && event->kind != AMBIT_EVENT_KIND_UPDATE) {
            bool enters = event->kind == AMBIT_EVENT_KIND_INSERT;
            const uint8_t *row = enters ? event->new_row : event->old_row;
            const char *what = enters ? "is in sight" : event->reason == 1 ? "is out of sight" : "is gone";
            me->seen += enters && memcmp(row, me->identity, sizeof me->identity) != 0;
            printf("%c %.*s %s\n", enters ? '+' : '-', length_at(row, PLAYER_NAME), text_at(row, PLAYER_NAME), what);
        } else if (event->table == me->chat_message.table && event->kind == AMBIT_EVENT_KIND_INSERT) {
            const uint8_t *row = event->new_row;
            printf("%.*s: %.*s\n", length_at(row, CHAT_SPEAKER), text_at(row, CHAT_SPEAKER), length_at(row, CHAT_TEXT),
                   text_at(row, CHAT_TEXT));
        }
    }
    for (size_t i = 0; i < tick->result_count; i++) {
        if (tick->results[i].status == 0) continue;
        me->refused++;
        printf("! %.*s\n", (int)tick->results[i].message.length, (const char *)tick->results[i].message.bytes);
    }
}

static double seconds_now(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int run(Player *me, double seconds) {
    double end = seconds_now() + seconds, next_step = 0;
    while (seconds_now() < end) {
        AmbitTick tick;
        AmbitState state;
        bool news;
        if (failed(ambit_client_wait(me->client, STEP_MS, &news)) || failed(ambit_client_tick(me->client, 0, &tick)) ||
            failed(ambit_client_state(me->client, &state))) {
            return 1;
        }
        if (state == AMBIT_STATE_DISCONNECTED) {
            AmbitText reason;
            failed(ambit_client_reason(me->client, &reason));
            fprintf(stderr, "%.*s\n", (int)reason.length, (const char *)reason.bytes);
            return 1;
        }
        AmbitTableInfo first;
        if (!me->ready && ambit_table_by_name(me->client, text("player"), &first) == AMBIT_STATUS_OK) {
            if (failed(ambit_client_identity(me->client, me->identity)) || !learn(me)) return 1;
            me->ready = true;
        }
        if (!me->ready) continue;
        tell(me, &tick);
        if (seconds_now() < next_step) continue;
        next_step = seconds_now() + STEP_MS / 1000.0;
        play(me);
    }
    printf("walked %u steps, saw %u others, %u calls refused\n", me->steps, me->seen, me->refused);
    return me->steps > 0 && me->seen > 0 ? 0 : 1;
}

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "usage: %s SERVER DATABASE [--seconds N]\n", arguments[0]);
        return 2;
    }
    double seconds = 1e9;
    if (count == 5 && strcmp(arguments[3], "--seconds") == 0) sscanf(arguments[4], "%lf", &seconds);
    setvbuf(stdout, NULL, _IOLBF, 0);
    Player me = {0};
    AmbitOptions options = {text(arguments[1]), text(arguments[2]), text(""), 0};
    uint32_t subscription;
    if (ambit_abi_version() != AMBIT_ABI_VERSION || failed(ambit_client_connect(&options, &me.client))) return 1;
    int result = 1;
    if (!failed(ambit_client_subscribe(me.client, text("SELECT * FROM player WHERE identity = :sender"), NULL, 0, NULL, &subscription)) &&
        !failed(ambit_client_subscribe(me.client,
                                       text("SELECT o.* FROM player o JOIN player me ON ST_DWithin(o.position, me.position, 160) "
                                            "WHERE me.identity = :sender"),
                                       NULL, 0, NULL, &subscription))) {
        result = run(&me, seconds);
    }
    ambit_client_free(me.client);
    return result;
}
