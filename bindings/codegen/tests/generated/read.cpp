// Reads rows that Rust wrote, says what is in them, writes them again and compares every byte.

#include <cstdio>
#include <cstdlib>

#include "reducers.g.h"

namespace {

alignas(8) std::uint8_t row[4096];
std::size_t length;

void load(const char* folder, const char* table) {
    std::string path = std::string(folder) + "/" + table + ".row";
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) std::abort();
    length = std::fread(row, 1, sizeof row, file);
    std::fclose(file);
}

const char* same(const ambit::RowWriter& writer) {
    return writer.size() == length && std::memcmp(writer.data(), row, length) == 0 ? "ok" : "wrong";
}

/// A tier names columns of every type, those too that nothing can be compared with.
std::string names_of_a_tier() {
    using Columns = game::PlainColumns;
    const auto query = game::PlainTable::query().tier(80, 5, Columns::flag, Columns::mood, Columns::d3, Columns::owner, Columns::turn, Columns::maybe_stats);
    std::string names;
    for (const std::string& name : query.wanted_delivery().tiers[0].columns) names += name + ' ';
    return names;
}

}  // namespace

int main(int, char** arguments) {
    load(arguments[1], "plain");
    const auto& plain = *reinterpret_cast<const game::PlainRow*>(row);
    bool whole = sizeof plain == length && plain.flag && !plain.no_u64 && plain.maybe_stats->power == 5 && *plain.maybe_flag &&
                 plain.a_u128.high == std::uint64_t{1} << 36 && plain.owner.bytes[0] == 0xab && plain.uuid.bytes[15] == 0xef &&
                 names_of_a_tier() == "flag mood d3 owner turn maybe_stats ";
    std::printf("plain %d %d %u %g %g %d %d %s %d %d %d %d %s\n", int(plain.id), plain.a_i8, plain.a_u32, double(plain.a_f32),
                plain.d3.y, plain.i3.x, int(plain.entity.value), plain.mood == game::Mood::Angry ? "Angry" : "?",
                plain.stats.level, int(*plain.maybe_u64), **plain.maybe_maybe, plain.class_, whole ? "ok" : "wrong");

    load(arguments[1], "heap_row");
    game::HeapRowRow heap(row);
    const auto action = heap.action();
    const auto* move = std::get_if<game::Action::Move>(&action.value);
    const auto maybe_action = heap.maybe_action();
    const auto* say = std::get_if<game::Action::Say>(&maybe_action->value);
    whole = heap.empty().empty() && !heap.no_text() && *heap.maybe_text() == "yes" && heap.words().size() == 3 &&
            heap.grid()[0][0] == 1 && *heap.maybes()[0] == 5 && !heap.maybes()[1] && move != nullptr && move->run &&
            move->to.z == -1 && say != nullptr && say->f_0 == "hey" && heap.moods()[0] == game::Mood::Default;
    std::printf("heap %s %zu %g %g %s %s %s\n", std::string(heap.name()).c_str(), heap.blob().size(), heap.points()[0].x,
                heap.points()[0].y, heap.item().name.c_str(), heap.items()[0].name.c_str(), whole ? "ok" : "wrong");

    ambit::RowWriter writer;
    load(arguments[1], "nested_fixed");
    const auto& nested_fixed = *reinterpret_cast<const game::NestedFixedRow*>(row);
    writer.begin(sizeof nested_fixed);
    ambit::Codec<std::uint64_t>::write(writer, 0, nested_fixed.id);
    ambit::Codec<game::EverythingFixed>::write(writer, 8, nested_fixed.event);
    std::printf("nested_fixed %s\n", same(writer));

    load(arguments[1], "nested");
    game::NestedRow nested(row);
    writer.begin((8 + ambit::Codec<game::Everything>::size + 7) / 8 * 8);
    ambit::Codec<std::uint64_t>::write(writer, 0, nested.id());
    ambit::Codec<game::Everything>::write(writer, 8, nested.event());
    std::printf("nested %s\n", same(writer));

    load(arguments[1], "veiled");
    const auto& veiled = *reinterpret_cast<const game::VeiledRow*>(row);
    std::printf("veiled %d %d %d %s\n", int(veiled.id), veiled.level, veiled.f_private_2,
                sizeof veiled == length && veiled.flag ? "ok" : "wrong");
}
