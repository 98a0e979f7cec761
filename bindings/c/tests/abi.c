// The C ABI: refused arguments leave outputs alone, and one player's life on a real server.

#include <ambit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                             \
    do {                                                                             \
        if (!(condition)) {                                                          \
            fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #condition, last_error()); \
            exit(1);                                                                 \
        }                                                                            \
    } while (0)
#define OK(call) CHECK((call) == AMBIT_STATUS_OK)

enum { WAIT_MS = 10000, NAME = 32, POSITION = 40 };
static const AmbitDelivery immediate = {.rate = INFINITY};

static const char *last_error(void) {
    static char copy[512];
    AmbitText text;
    if (ambit_error_text(&text) != AMBIT_STATUS_OK) return "";
    snprintf(copy, sizeof copy, "%.*s", (int)text.length, (const char *)text.bytes);
    return copy;
}

static AmbitText text(const char *words) { return (AmbitText){(const uint8_t *)words, strlen(words)}; }

static AmbitClient *connect_as(const char *uri, const char *token) {
    AmbitClient *client = NULL;
    AmbitOptions options = {text(uri), text(getenv("AMBIT_TEST_DATABASE")), text(token), 0};
    OK(ambit_client_connect(&options, &client));
    return client;
}

/// Ticks until `ready` holds; fails when nothing happens for long.
static AmbitTick until(AmbitClient *client, bool (*ready)(AmbitClient *, const AmbitTick *)) {
    AmbitTick tick;
    for (;;) {
        bool news;
        OK(ambit_client_tick(client, 0, &tick));
        if (ready(client, &tick)) return tick;
        OK(ambit_client_wait(client, WAIT_MS, &news));
        CHECK(news);
    }
}

static bool knows_tables(AmbitClient *client, const AmbitTick *tick) {
    AmbitTableInfo info;
    (void)tick;
    return ambit_table_by_name(client, text("player"), &info) == AMBIT_STATUS_OK;
}

static bool has_result(AmbitClient *client, const AmbitTick *tick) {
    (void)client;
    return tick->result_count > 0;
}

static bool has_player(AmbitClient *client, const AmbitTick *tick) {
    size_t count = 0;
    AmbitTableInfo info;
    (void)tick;
    OK(ambit_table_by_name(client, text("player"), &info));
    OK(ambit_table_count(client, info.table, &count));
    return count > 0;
}

static bool has_update(AmbitClient *client, const AmbitTick *tick) {
    (void)client;
    for (size_t i = 0; i < tick->event_count; i++) {
        if (tick->events[i].kind == AMBIT_EVENT_KIND_UPDATE) return true;
    }
    return false;
}

static bool has_delete(AmbitClient *client, const AmbitTick *tick) {
    (void)client;
    for (size_t i = 0; i < tick->event_count; i++) {
        if (tick->events[i].kind == AMBIT_EVENT_KIND_DELETE) return true;
    }
    return false;
}

static bool is_over(AmbitClient *client, const AmbitTick *tick) {
    AmbitState state;
    (void)tick;
    OK(ambit_client_state(client, &state));
    return state == AMBIT_STATE_DISCONNECTED;
}

static void refuses_bad_arguments(void) {
    uint32_t number = 77;
    size_t count = 77;
    uint8_t identity[32] = {1};
    AmbitTick tick;
    AmbitClient *client = connect_as(getenv("AMBIT_TEST_SERVER"), "");
    CHECK(ambit_abi_version() == AMBIT_ABI_VERSION);
    CHECK(ambit_client_connect(NULL, &client) == AMBIT_STATUS_NULL_ARGUMENT);
    CHECK(ambit_client_tick(NULL, 0, &tick) == AMBIT_STATUS_NULL_ARGUMENT);
    CHECK(ambit_client_tick(client, 0, NULL) == AMBIT_STATUS_NULL_ARGUMENT);
    CHECK(strstr(last_error(), "NULL") != NULL);
    CHECK(ambit_error_text(NULL) == AMBIT_STATUS_NULL_ARGUMENT);
    CHECK(ambit_client_subscribe(client, (AmbitText){NULL, 5}, NULL, 0, NULL, &number) == AMBIT_STATUS_NULL_ARGUMENT);
    CHECK(ambit_client_subscribe(client, (AmbitText){(const uint8_t *)"\xff\xfe", 2}, NULL, 0, NULL, &number) == AMBIT_STATUS_NOT_UTF8);
    CHECK(ambit_client_subscribe(client, (AmbitText){(const uint8_t *)"S", SIZE_MAX}, NULL, 0, NULL, &number) == AMBIT_STATUS_BAD_ARGUMENT);
    CHECK(ambit_client_subscribe(NULL, text("SELECT * FROM player"), NULL, 0, NULL, &number) == AMBIT_STATUS_NULL_ARGUMENT);
    CHECK(ambit_client_subscribe(client, text("SELECT * FROM player"), NULL, 0, NULL, NULL) == AMBIT_STATUS_NULL_ARGUMENT);
    AmbitParameter bad[2] = {{.name = text("radius"), .kind = AMBIT_PARAMETER_KIND_FLOAT, .x = NAN}};
    AmbitText near = text("SELECT * FROM player WHERE ST_DWithin(position, :centre, :radius)");
    CHECK(ambit_client_subscribe(client, near, NULL, 1, NULL, &number) == AMBIT_STATUS_NULL_ARGUMENT);
    CHECK(ambit_client_subscribe(client, near, bad, SIZE_MAX, NULL, &number) == AMBIT_STATUS_BAD_ARGUMENT);
    CHECK(ambit_client_subscribe(client, near, bad, 1, NULL, &number) == AMBIT_STATUS_BAD_ARGUMENT);
    CHECK(strstr(last_error(), ":radius") != NULL);
    bad[0] = (AmbitParameter){.name = text("sender"), .kind = AMBIT_PARAMETER_KIND_BOOL};
    CHECK(ambit_client_change_parameters(client, 1, bad, 1, &number) == AMBIT_STATUS_BAD_ARGUMENT);
    bad[0] = (AmbitParameter){.name = text("a"), .kind = 99};
    CHECK(ambit_client_change_parameters(client, 1, bad, 1, &number) == AMBIT_STATUS_BAD_ARGUMENT);
    bad[0] = (AmbitParameter){.name = text("a"), .kind = AMBIT_PARAMETER_KIND_TEXT, .bytes = text("\xff")};
    CHECK(ambit_client_change_parameters(client, 1, bad, 1, &number) == AMBIT_STATUS_NOT_UTF8);
    CHECK(ambit_client_change_parameters(NULL, 1, NULL, 0, &number) == AMBIT_STATUS_NULL_ARGUMENT);
    CHECK(ambit_client_change_parameters(client, 1, NULL, 0, NULL) == AMBIT_STATUS_NULL_ARGUMENT);
    CHECK(ambit_table_count(client, 9999, &count) == AMBIT_STATUS_NOT_FOUND);
    CHECK(ambit_table_near(client, 0, 0, 0, 0, 0, 1, NULL, 4, &count) == AMBIT_STATUS_NULL_ARGUMENT);
    CHECK(number == 77 && count == 77);
    ambit_client_free(client);
    ambit_client_free(NULL);

    client = connect_as("http://127.0.0.1:1", "");
    AmbitTableInfo info;
    AmbitTableStatistics figures;
    CHECK(ambit_client_identity(client, identity) == AMBIT_STATUS_NOT_CONNECTED);
    CHECK(ambit_client_connection(client, identity) == AMBIT_STATUS_NOT_CONNECTED && identity[0] == 1);
    CHECK(ambit_table_by_name(client, text("player"), &info) == AMBIT_STATUS_NOT_CONNECTED);
    CHECK(ambit_table_statistics(client, 0, &figures) == AMBIT_STATUS_NOT_CONNECTED);
    ambit_client_free(client);
}

/// A subscription with these options is refused here, with a text that says this.
static void refuses_delivery(AmbitDelivery delivery, AmbitStatus status, const char *why) {
    uint32_t number = 77;
    AmbitClient *client = connect_as(getenv("AMBIT_TEST_SERVER"), "");
    CHECK(ambit_client_subscribe(client, text("SELECT * FROM player"), NULL, 0, &delivery, &number) == status);
    CHECK(number == 77 && strstr(last_error(), why) != NULL);
    ambit_client_free(client);
}

/// The same of one tier.
static void refuses_tier(AmbitTier tier, AmbitStatus status, const char *why) {
    refuses_delivery((AmbitDelivery){.tiers = &tier, .tier_count = 1}, status, why);
}

static void refuses_bad_delivery(void) {
    const AmbitStatus bad = AMBIT_STATUS_BAD_ARGUMENT;
    AmbitTier tiers[9] = {{.distance = 30}, {.distance = 20}};
    AmbitText columns[2] = {text("position"), text("\xff")};
    refuses_delivery((AmbitDelivery){.rate = -1}, bad, "rate");
    refuses_delivery((AmbitDelivery){.rate = NAN}, bad, "rate");
    refuses_delivery((AmbitDelivery){.hysteresis = -1}, bad, "hysteresis");
    refuses_delivery((AmbitDelivery){.hysteresis = NAN}, bad, "hysteresis");
    refuses_delivery((AmbitDelivery){.budget = 999}, bad, "budget of 999");
    refuses_delivery((AmbitDelivery){.tier_count = 1}, AMBIT_STATUS_NULL_ARGUMENT, "NULL");
    refuses_delivery((AmbitDelivery){.tiers = tiers, .tier_count = 2}, bad, "tier 2");
    refuses_delivery((AmbitDelivery){.tiers = tiers, .tier_count = 9}, bad, "9 tiers");
    refuses_delivery((AmbitDelivery){.tiers = tiers, .tier_count = SIZE_MAX}, bad, "tiers");
    refuses_tier((AmbitTier){.distance = 0}, bad, "distance");
    refuses_tier((AmbitTier){.distance = INFINITY}, bad, "distance");
    refuses_tier((AmbitTier){.distance = 1, .rate = NAN}, bad, "rate");
    refuses_tier((AmbitTier){.distance = 1, .rate = 0.001F}, bad, "rate");
    refuses_tier((AmbitTier){.distance = 1, .column_count = 1}, AMBIT_STATUS_NULL_ARGUMENT, "NULL");
    refuses_tier((AmbitTier){.distance = 1, .columns = columns, .column_count = 2}, AMBIT_STATUS_NOT_UTF8, "utf-8");
    refuses_tier((AmbitTier){.distance = 1, .columns = columns, .column_count = SIZE_MAX}, bad, "columns");
    columns[1] = (AmbitText){NULL, 1};
    refuses_tier((AmbitTier){.distance = 1, .columns = columns, .column_count = 2}, AMBIT_STATUS_NULL_ARGUMENT, "NULL");
    columns[1] = (AmbitText){NULL, 0};
    refuses_tier((AmbitTier){.distance = 1, .columns = columns, .column_count = 2}, bad, "column");
}

static void says_why_it_cannot_connect(void) {
    AmbitText reason;
    AmbitClient *client = connect_as("http://127.0.0.1:1", "");
    until(client, is_over);
    OK(ambit_client_reason(client, &reason));
    CHECK(reason.length > 0);
    ambit_client_free(client);
}

static uint32_t call(AmbitClient *client, const char *name, const uint8_t *row, size_t length) {
    AmbitReducerInfo info;
    uint32_t request;
    OK(ambit_reducer_by_name(client, text(name), &info));
    OK(ambit_client_call(client, (uint16_t)info.reducer, row, length, &request));
    return request;
}

static void lives(void) {
    AmbitClient *client = connect_as(getenv("AMBIT_TEST_SERVER"), "");
    uint32_t subscription, request;
    uint8_t identity[32];
    OK(ambit_client_subscribe(client, text("SELECT * FROM player WHERE identity = :sender"), NULL, 0, &immediate, &subscription));
    until(client, knows_tables);
    OK(ambit_client_identity(client, identity));

    uint8_t join[16] = {8, 0, 0, 0, 6, 0, 0, 0, 'c', '-', 't', 'e', 's', 't'};
    request = call(client, "join", join, 14);
    AmbitTick tick = until(client, has_result);
    CHECK(tick.results[0].request == request && tick.results[0].status == 0 && tick.results[0].offset > 0);
    until(client, has_player);

    AmbitTableInfo player;
    AmbitRow row, rows[2];
    size_t total = 0;
    OK(ambit_table_by_name(client, text("player"), &player));
    CHECK(player.fixed_bytes == 72 && !player.is_fixed && player.fingerprint != 0);
    OK(ambit_table_find(client, player.table, 0, identity, 32, &row));
    CHECK(memcmp(row.bytes, identity, 32) == 0 && ((uintptr_t)row.bytes & 7) == 0);
    uint32_t name[2];
    float position[4] = {0};
    memcpy(name, row.bytes + NAME, sizeof name);
    memcpy(position, row.bytes + POSITION, 8);
    CHECK(name[1] == 6 && memcmp(row.bytes + name[0], "c-test", 6) == 0);
    OK(ambit_table_rows(client, player.table, rows, 2, &total));
    CHECK(total == 1 && rows[0].slot == row.slot);
    OK(ambit_table_rows(client, player.table, NULL, 0, &total));
    CHECK(total == 1);
    rows[0].slot = 777;
    CHECK(ambit_table_rows(client, player.table, rows, 2, NULL) == AMBIT_STATUS_NULL_ARGUMENT && rows[0].slot == 777);
    CHECK(ambit_table_where(client, player.table, 0, identity, 32, rows, 2, NULL) == AMBIT_STATUS_NULL_ARGUMENT);
    OK(ambit_table_where(client, player.table, 0, identity, 32, rows, 2, &total));
    CHECK(total == 1 && rows[0].slot == row.slot && rows[0].bytes == row.bytes);
    uint8_t nobody[32] = {0};
    OK(ambit_table_where(client, player.table, 0, nobody, 32, rows, 2, &total));
    CHECK(total == 0);
    OK(ambit_table_row(client, player.table, row.slot, &rows[1]));
    CHECK(rows[1].bytes == row.bytes);
    CHECK(ambit_table_row(client, player.table, row.slot + 1, &rows[1]) == AMBIT_STATUS_NOT_FOUND);
    CHECK(ambit_table_find(client, player.table, 0, identity, 31, &rows[1]) == AMBIT_STATUS_BAD_ARGUMENT);
    CHECK(ambit_table_find(client, player.table, 77, identity, 32, &rows[1]) == AMBIT_STATUS_BAD_ARGUMENT);
    bool found = false;
    for (uint16_t index = 0; index < 4 && !found; index++) {
        found = ambit_table_near(client, player.table, index, position[0], position[1], 0, 5, rows, 2, &total) == AMBIT_STATUS_OK;
    }
    CHECK(found && total == 1 && rows[0].slot == row.slot);

    // Nobody leaps across the map: a quiet call says so, and only that. The step that it makes itself says nothing.
    AmbitReducerInfo move_to;
    float leap[4] = {position[0] > 300 ? 1.0F : 600.0F, position[1], 0, 0};
    OK(ambit_reducer_by_name(client, text("move_to"), &move_to));
    OK(ambit_client_call_quietly(client, (uint16_t)move_to.reducer, (const uint8_t *)position, sizeof position, &request));
    OK(ambit_client_call_quietly(client, (uint16_t)move_to.reducer, (const uint8_t *)leap, sizeof leap, &request));
    CHECK(ambit_client_call_quietly(client, (uint16_t)move_to.reducer, NULL, 16, &request) != AMBIT_STATUS_OK);
    tick = until(client, has_result);
    CHECK(tick.result_count == 1 && tick.results[0].request == request && tick.results[0].status != 0);

    position[0] += position[0] > 300 ? -1.0F : 1.0F;
    request = call(client, "move_to", (const uint8_t *)position, sizeof position);
    tick = until(client, has_update);
    // Events that are given back come again, and first.
    size_t given = tick.event_count;
    OK(ambit_client_defer_events(client, 0));
    OK(ambit_client_tick(client, 0, &tick));
    CHECK(tick.event_count >= given && has_update(client, &tick));
    for (size_t i = 0; i < tick.event_count; i++) {
        const AmbitEvent *event = &tick.events[i];
        if (event->kind != AMBIT_EVENT_KIND_UPDATE) continue;
        CHECK(event->table == player.table && memcmp(event->new_row + POSITION, position, 8) == 0);
        CHECK(memcmp(event->old_row + POSITION, position, 8) != 0 && event->old_length == event->new_length);
    }
    CHECK(ambit_client_call(client, (uint16_t)move_to.reducer, identity, 3, &request) == AMBIT_STATUS_BAD_ARGUMENT);

    AmbitText token;
    char kept[1024];
    OK(ambit_client_token(client, &token));
    CHECK(token.length > 0 && token.length < sizeof kept);
    snprintf(kept, sizeof kept, "%.*s", (int)token.length, (const char *)token.bytes);
    AmbitStatistics statistics;
    OK(ambit_client_statistics(client, &statistics));
    CHECK(statistics.bytes_received > 0 && statistics.messages_sent > 0);
    AmbitTableStatistics figures;
    OK(ambit_table_statistics(client, player.table, &figures));
    CHECK(figures.inserts == 1 && figures.updates > 0 && figures.deletes == 0 && figures.bytes > 0);
    CHECK(ambit_table_statistics(client, 9999, &figures) == AMBIT_STATUS_NOT_FOUND);
    uint8_t connection[16] = {0}, zero[16] = {0};
    OK(ambit_client_connection(client, connection));
    CHECK(memcmp(connection, zero, 16) != 0);
    AmbitSubscriptionState state;
    AmbitText why;
    OK(ambit_client_subscription(client, subscription, &state, &why));
    CHECK(state == AMBIT_SUBSCRIPTION_STATE_APPLIED && why.length == 0);
    OK(ambit_client_unsubscribe(client, subscription));
    tick = until(client, has_delete);
    for (size_t i = 0; i < tick.event_count; i++) {
        const AmbitEvent *event = &tick.events[i];
        if (event->kind != AMBIT_EVENT_KIND_DELETE) continue;
        CHECK(event->table == player.table && event->reason == 4 && event->new_row == NULL && event->new_length == 0);
        CHECK(event->old_length >= 72 && memcmp(event->old_row, identity, 32) == 0);
    }
    OK(ambit_client_disconnect(client));
    until(client, is_over);
    OK(ambit_table_count(client, player.table, &total));
    ambit_client_free(client);

    uint8_t again[32];
    client = connect_as(getenv("AMBIT_TEST_SERVER"), kept);
    until(client, knows_tables);
    OK(ambit_client_identity(client, again));
    CHECK(memcmp(identity, again, 32) == 0);
    ambit_client_free(client);
}

static uint32_t waited_subscription, waited_change;
static AmbitSubscriptionState waited_state;
static char waited_message[512];

static bool has_answer(AmbitClient *client, const AmbitTick *tick) {
    AmbitText message;
    (void)tick;
    OK(ambit_client_change(client, waited_subscription, waited_change, &waited_state, &message));
    snprintf(waited_message, sizeof waited_message, "%.*s", (int)message.length, (const char *)message.bytes);
    return waited_state != AMBIT_SUBSCRIPTION_STATE_PENDING;
}

static bool has_monster(AmbitClient *client, const AmbitTick *tick) {
    size_t count = 0;
    AmbitTableInfo info;
    (void)tick;
    if (ambit_table_by_name(client, text("monster"), &info) != AMBIT_STATUS_OK) return false;
    OK(ambit_table_count(client, info.table, &count));
    return count > 0;
}

static void changes_parameters(void) {
    AmbitClient *client = connect_as(getenv("AMBIT_TEST_SERVER"), "");
    AmbitTableInfo monster;
    size_t all = 0, few = 0;
    AmbitParameter parameters[2] = {
        {.name = text("centre"), .kind = AMBIT_PARAMETER_KIND_POINT2, .x = 300, .y = 300},
        {.name = text("radius"), .kind = AMBIT_PARAMETER_KIND_INTEGER, .low = 100000},
    };
    AmbitText near = text("SELECT * FROM monster WHERE ST_DWithin(position, :centre, :radius)");
    OK(ambit_client_subscribe(client, near, parameters, 2, &immediate, &waited_subscription));
    until(client, has_monster);
    OK(ambit_table_by_name(client, text("monster"), &monster));
    OK(ambit_table_count(client, monster.table, &all));

    parameters[1] = (AmbitParameter){.name = text("radius"), .kind = AMBIT_PARAMETER_KIND_FLOAT, .x = 0.5};
    OK(ambit_client_change_parameters(client, waited_subscription, parameters, 2, &waited_change));
    until(client, has_answer);
    OK(ambit_table_count(client, monster.table, &few));
    CHECK(waited_state == AMBIT_SUBSCRIPTION_STATE_APPLIED && waited_message[0] == 0 && few < all);

    OK(ambit_client_change_parameters(client, waited_subscription, parameters, 1, &waited_change));
    until(client, has_answer);
    CHECK(waited_state == AMBIT_SUBSCRIPTION_STATE_FAILED && strstr(waited_message, ":radius") != NULL);
    AmbitText message;
    OK(ambit_client_subscription(client, waited_subscription, &waited_state, &message));
    CHECK(waited_state == AMBIT_SUBSCRIPTION_STATE_APPLIED);
    ambit_client_free(client);
}

static bool has_state(AmbitClient *client, const AmbitTick *tick) {
    AmbitText message;
    (void)tick;
    OK(ambit_client_subscription(client, waited_subscription, &waited_state, &message));
    snprintf(waited_message, sizeof waited_message, "%.*s", (int)message.length, (const char *)message.bytes);
    return waited_state != AMBIT_SUBSCRIPTION_STATE_PENDING;
}

static bool has_ended(AmbitClient *client, const AmbitTick *tick) {
    return has_state(client, tick) && waited_state == AMBIT_SUBSCRIPTION_STATE_ENDED;
}

static uint8_t walker_identity[32];
static float walker_position[4];
static uint64_t walker_offset;

/// Whether the cache has the walker where it is.
static bool is_there(AmbitClient *client, const AmbitTick *tick) {
    AmbitTableInfo info;
    AmbitRow row;
    (void)tick;
    return ambit_table_by_name(client, text("player"), &info) == AMBIT_STATUS_OK &&
           ambit_table_find(client, info.table, 0, walker_identity, 32, &row) == AMBIT_STATUS_OK &&
           memcmp(row.bytes + POSITION, walker_position, 8) == 0;
}

/// Whether the cache is not older than the walker's last step.
static bool has_step(AmbitClient *client, const AmbitTick *tick) {
    (void)client;
    return tick->offset >= walker_offset;
}

static void walk(AmbitClient *walker, float metres) {
    walker_position[0] += metres;
    call(walker, "move_to", (const uint8_t *)walker_position, sizeof walker_position);
    AmbitTick tick = until(walker, has_result);
    CHECK(tick.results[0].status == 0);
    walker_offset = tick.results[0].offset;
}

/// Somebody of this name, which has six letters and is nobody else's.
static AmbitClient *joined_walker(const char *name) {
    AmbitClient *walker = connect_as(getenv("AMBIT_TEST_SERVER"), "");
    AmbitTableInfo player;
    AmbitRow row;
    uint32_t number;
    uint8_t join[16] = {8, 0, 0, 0, 6, 0, 0, 0};
    memcpy(join + 8, name, 6);
    OK(ambit_client_subscribe(walker, text("SELECT * FROM player WHERE identity = :sender"), NULL, 0, &immediate, &number));
    until(walker, knows_tables);
    OK(ambit_client_identity(walker, walker_identity));
    call(walker, "join", join, 14);
    until(walker, has_player);
    OK(ambit_table_by_name(walker, text("player"), &player));
    OK(ambit_table_find(walker, player.table, 0, walker_identity, 32, &row));
    memcpy(walker_position, row.bytes + POSITION, 8);
    return walker;
}

static void delivers_as_asked(void) {
    AmbitClient *walker = joined_walker("c-walk"), *watcher = connect_as(getenv("AMBIT_TEST_SERVER"), "");
    const float step = walker_position[0] > 300 ? -1.0F : 1.0F;
    AmbitText column = text("position");
    AmbitTier tiers[2] = {{.distance = 30, .rate = 20}, {.distance = 2000, .rate = 0.01F, .columns = &column, .column_count = 1}};
    AmbitDelivery delivery = {.hysteresis = 5, .tiers = tiers, .tier_count = 2, .budget = 64000, .confirmed = 1};
    AmbitParameter centre = {.name = text("centre"), .kind = AMBIT_PARAMETER_KIND_POINT2, .x = walker_position[0], .y = walker_position[1]};
    AmbitText near = text("SELECT * FROM player WHERE ST_DWithin(position, :centre, 1000)");
    uint32_t number;
    // Monsters always move, so that there are updates whether the walker is told or not.
    OK(ambit_client_subscribe(watcher, text("SELECT * FROM monster"), NULL, 0, NULL, &number));
    OK(ambit_client_subscribe(watcher, near, &centre, 1, &delivery, &waited_subscription));
    until(watcher, is_there);
    walk(walker, step);
    until(watcher, is_there);

    centre.x += 200;
    OK(ambit_client_change_parameters(watcher, waited_subscription, &centre, 1, &waited_change));
    until(watcher, has_answer);
    CHECK(waited_state == AMBIT_SUBSCRIPTION_STATE_APPLIED);
    walk(walker, step);
    until(watcher, has_step);
    CHECK(!is_there(watcher, NULL));
    centre.x -= 200;
    OK(ambit_client_change_parameters(watcher, waited_subscription, &centre, 1, &waited_change));
    until(watcher, is_there);

    column = text("no_such");
    OK(ambit_client_subscribe(watcher, near, &centre, 1, &delivery, &waited_subscription));
    until(watcher, has_state);
    CHECK(waited_state == AMBIT_SUBSCRIPTION_STATE_FAILED && strstr(waited_message, "no_such") != NULL);
    OK(ambit_client_subscribe(watcher, text("SELECT * FROM player"), NULL, 0, &(AmbitDelivery){.hysteresis = 5}, &waited_subscription));
    until(watcher, has_state);
    CHECK(waited_state == AMBIT_SUBSCRIPTION_STATE_FAILED && strstr(waited_message, "ST_DWithin") != NULL);
    ambit_client_free(watcher);
    ambit_client_free(walker);
}

static bool has_inspection(AmbitClient *client, const AmbitTick *tick) {
    AmbitInspection inspection;
    (void)tick;
    return ambit_client_inspection(client, waited_subscription, &inspection) == AMBIT_STATUS_OK;
}

static void tells_what_is_in_force(void) {
    AmbitClient *walker = joined_walker("c-look");
    AmbitTier tiers[2] = {{.distance = 30}, {.distance = 80, .rate = 4}};
    AmbitDelivery delivery = {.rate = 20, .hysteresis = 5, .tiers = tiers, .tier_count = 2, .budget = 64000};
    AmbitInspection told = {.rows = 777};
    CHECK(ambit_client_inspect(NULL, 1) == AMBIT_STATUS_NULL_ARGUMENT && ambit_client_inspection(walker, 1, NULL) == AMBIT_STATUS_NULL_ARGUMENT);
    CHECK(ambit_client_inspect(walker, 99) == AMBIT_STATUS_NOT_FOUND && strstr(last_error(), "no subscription 99") != NULL);
    OK(ambit_client_subscribe(walker, text("SELECT a.* FROM player a JOIN player p ON ST_DWithin(a.position, p.position, 80) "
                                           "WHERE p.identity = :sender AND a.identity = :sender"),
                              NULL, 0, &delivery, &waited_subscription));
    CHECK(ambit_client_inspection(walker, waited_subscription, &told) == AMBIT_STATUS_NOT_FOUND && told.rows == 777);
    OK(ambit_client_inspect(walker, waited_subscription));
    until(walker, has_inspection);
    OK(ambit_client_inspection(walker, waited_subscription, &told));
    // The other subscription of the connection wants every commit.
    CHECK(told.rows == 1 && told.waiting == 0 && isinf(told.rate) && told.hysteresis == 5 && told.budget == 64000 && told.offset > 0);
    CHECK(told.circle_count == 1 && told.circles[0].radius == 80 && told.circles[0].z == 0);
    CHECK(told.circles[0].x == walker_position[0] && told.circles[0].y == walker_position[1]);
    CHECK(told.tier_count == 2 && told.tiers[0].distance == 30 && told.tiers[0].interval_ms == 0 && told.tiers[0].rows == 1);
    CHECK(told.tiers[1].distance == 80 && told.tiers[1].interval_ms == 250 && told.tiers[1].rows == 0);
    OK(ambit_client_unsubscribe(walker, waited_subscription));
    CHECK(until(walker, has_ended).offset > 0 && !has_inspection(walker, NULL));
    ambit_client_free(walker);
}

enum { MONSTER_NAME = 0, MONSTER_AT = 2, MONSTER_FACING = 3, MONSTER_POSITION = 8, MONSTER_TURN = 16, FRAMES = 60 };

static bool has_clock(AmbitClient *client, const AmbitTick *tick) {
    int64_t now;
    return ambit_client_server_time(client, &now) == AMBIT_STATUS_OK && has_monster(client, tick);
}

/// What of a sampled column must hold whatever the time: a row that has just come, long ago, is where it is now.
static void samples_where_it_came(AmbitClient *client, uint16_t table, const AmbitRow *row) {
    float place[3];
    double values[4] = {7, 7, 7, 7};
    memcpy(place, row->bytes + MONSTER_POSITION, sizeof place);
    OK(ambit_table_sample(client, table, row->slot, MONSTER_AT, 0, values));
    CHECK(values[0] == place[0] && values[1] == place[1] && values[2] == 0 && values[3] == 0);
    OK(ambit_table_sample(client, table, row->slot, MONSTER_FACING, 0, values));
    CHECK(values[0] == place[2] && values[1] == 0);
}

static void samples_between_updates(void) {
    AmbitClient *client = connect_as(getenv("AMBIT_TEST_SERVER"), "");
    AmbitTableInfo monster;
    AmbitRow row;
    AmbitTick tick;
    uint32_t number;
    size_t total = 0;
    int64_t now = 77, shown = 0, server = 0;
    double values[4] = {7, 7, 7, 7}, before[2] = {0, 0};
    CHECK(ambit_table_interpolate(client, 0, 0) == AMBIT_STATUS_NOT_FOUND && ambit_table_interpolate(NULL, 0, 0) == AMBIT_STATUS_NULL_ARGUMENT);
    CHECK(ambit_client_server_time(client, &now) == AMBIT_STATUS_NOT_CONNECTED && ambit_client_render_time(client, &now) == AMBIT_STATUS_NOT_CONNECTED && now == 77);
    CHECK(strstr(last_error(), "ping") != NULL);
    CHECK(ambit_client_set_render_delay(client, 2000001) == AMBIT_STATUS_BAD_ARGUMENT && strstr(last_error(), "2000001") != NULL);
    OK(ambit_client_set_render_delay(client, 0));
    OK(ambit_client_set_render_delay(client, -1));
    OK(ambit_client_subscribe(client, text("SELECT * FROM monster"), NULL, 0, NULL, &number));
    until(client, has_clock);
    CHECK(ambit_client_server_time(client, NULL) == AMBIT_STATUS_NULL_ARGUMENT && ambit_client_render_time(NULL, &now) == AMBIT_STATUS_NULL_ARGUMENT);
    OK(ambit_table_by_name(client, text("monster"), &monster));
    OK(ambit_table_rows(client, monster.table, &row, 1, &total));
    CHECK(ambit_table_interpolate(client, monster.table, 99) == AMBIT_STATUS_NOT_FOUND);
    CHECK(ambit_table_interpolate(client, monster.table, MONSTER_NAME) == AMBIT_STATUS_BAD_ARGUMENT && strstr(last_error(), "`id`") != NULL);
    CHECK(ambit_table_sample(client, monster.table, row.slot, MONSTER_AT, 0, values) == AMBIT_STATUS_BAD_ARGUMENT);
    OK(ambit_table_interpolate(client, monster.table, MONSTER_AT));
    OK(ambit_table_interpolate(client, monster.table, MONSTER_FACING));
    CHECK(ambit_table_sample(client, monster.table, UINT32_MAX, MONSTER_AT, 0, values) == AMBIT_STATUS_NOT_FOUND);
    CHECK(ambit_table_sample(client, 9999, row.slot, MONSTER_AT, 0, values) == AMBIT_STATUS_NOT_FOUND && values[0] == 7);
    CHECK(ambit_table_sample(client, monster.table, row.slot, MONSTER_AT, 0, NULL) == AMBIT_STATUS_NULL_ARGUMENT);
    samples_where_it_came(client, monster.table, &row);

    for (int frame = 0; frame < FRAMES; frame++) {
        bool news;
        int64_t past = shown, earlier = server;
        OK(ambit_client_wait(client, 10, &news));
        OK(ambit_client_tick(client, 0, &tick));
        OK(ambit_client_server_time(client, &server));
        OK(ambit_client_render_time(client, &shown));
        CHECK(server >= earlier && shown >= past && shown <= server);
        OK(ambit_table_sample(client, monster.table, row.slot, MONSTER_AT, shown, values));
        // Monsters walk at most 6 metres per second; 2 metres are far more than a frame's way.
        CHECK(frame == 0 || (fabs(values[0] - before[0]) < 2 && fabs(values[1] - before[1]) < 2));
        memcpy(before, values, sizeof before);
    }
    AmbitStatistics figures;
    OK(ambit_client_statistics(client, &figures));
    CHECK(figures.render_delay_us > 0 && figures.render_delay_us <= 500000 && figures.round_trip_us > 0);
    ambit_client_free(client);
}

int main(void) {
    refuses_bad_arguments();
    refuses_bad_delivery();
    says_why_it_cannot_connect();
    lives();
    changes_parameters();
    delivers_as_asked();
    tells_what_is_in_force();
    samples_between_updates();
    puts("test result: ok. 8 passed; 0 failed");
    return 0;
}
