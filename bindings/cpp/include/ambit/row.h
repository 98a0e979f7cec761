// Column types and row bytes in C++17: the structs that lie in rows, reading a row's heap, and writing rows of
// arguments and keys in the canonical layout. Rows that are read were checked by the core; nothing is checked
// twice. Leaves out connections and tables: see client.h.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace ambit {

struct Vec2 { float x = 0, y = 0; };
struct Vec3 { float x = 0, y = 0, z = 0; };
struct Vec4 { float x = 0, y = 0, z = 0, w = 0; };
struct Quat { float x = 0, y = 0, z = 0, w = 0; };
struct DVec2 { double x = 0, y = 0; };
struct DVec3 { double x = 0, y = 0, z = 0; };
struct IVec2 { std::int32_t x = 0, y = 0; };
struct IVec3 { std::int32_t x = 0, y = 0, z = 0; };
/// A 128-bit integer as two halves; the compiler's own is aligned to 16, a row's to 8.
struct I128 { std::uint64_t low = 0; std::int64_t high = 0; };
struct U128 { std::uint64_t low = 0; std::uint64_t high = 0; };
struct EntityId { std::uint64_t value = 0; };
/// Microseconds since 1970-01-01 UTC.
struct Timestamp { std::int64_t microseconds = 0; };
struct Duration { std::int64_t microseconds = 0; };

template <std::size_t N>
struct IdBytes {
    std::uint8_t bytes[N] = {};
    friend bool operator==(const IdBytes& a, const IdBytes& b) { return std::memcmp(a.bytes, b.bytes, N) == 0; }
    friend bool operator!=(const IdBytes& a, const IdBytes& b) { return !(a == b); }
    friend bool operator<(const IdBytes& a, const IdBytes& b) { return std::memcmp(a.bytes, b.bytes, N) < 0; }
};
/// Who is calling: a player or a service, the same across connections.
struct Identity : IdBytes<32> {};
/// One connection of a client.
struct ConnectionId : IdBytes<16> {};
/// A 128-bit identifier in the byte order of RFC 9562.
struct Uuid : IdBytes<16> {};

/// An option of a fixed type as it lies in a row: a tag byte, then the value at its alignment.
template <typename T>
struct Option {
    bool has = false;
    T held{};
    Option() = default;
    Option(const T& value) : has(true), held(value) {}
    bool has_value() const { return has; }
    explicit operator bool() const { return has; }
    const T& operator*() const { return held; }
    const T* operator->() const { return &held; }
};

inline std::uint32_t u32_at(const std::uint8_t* row, std::uint32_t at) {
    std::uint32_t value;
    std::memcpy(&value, row + at, sizeof value);
    return value;
}

inline std::uint32_t heap_offset(const std::uint8_t* row, std::uint32_t at) { return u32_at(row, at); }
inline std::uint32_t heap_length(const std::uint8_t* row, std::uint32_t at) { return u32_at(row, at + 4); }

/// The text that the reference at `at` names, in the row.
inline std::string_view text_at(const std::uint8_t* row, std::uint32_t at) {
    return {reinterpret_cast<const char*>(row + heap_offset(row, at)), heap_length(row, at)};
}

/// Elements in a row's heap, read in place; safe until the next tick.
template <typename T>
class List {
    const T* first_;
    std::size_t count_;

public:
    List(const T* first, std::size_t count) : first_(first), count_(count) {}
    const T* begin() const { return first_; }
    const T* end() const { return first_ + count_; }
    std::size_t size() const { return count_; }
    bool empty() const { return count_ == 0; }
    const T& operator[](std::size_t index) const { return first_[index]; }
};

template <typename T>
List<T> list_at(const std::uint8_t* row, std::uint32_t at) {
    return {reinterpret_cast<const T*>(row + heap_offset(row, at)), heap_length(row, at)};
}

/// Writes one row into a buffer that is used again and again.
class RowWriter {
    std::vector<std::uint8_t> bytes_;

public:
    void begin(std::uint32_t fixed_bytes) {
        bytes_.clear();
        bytes_.resize(fixed_bytes);
    }

    const std::uint8_t* data() const { return bytes_.data(); }
    std::size_t size() const { return bytes_.size(); }

    void put(std::uint32_t at, const void* from, std::size_t size) { std::memcpy(bytes_.data() + at, from, size); }

    /// Appends bytes to the heap and refers to them at `at`.
    void bytes(std::uint32_t at, const void* from, std::size_t size) {
        if (size == 0) return;
        std::uint32_t block = list(at, static_cast<std::uint32_t>(size), 1, 1);
        put(block, from, size);
    }

    /// Reserves a zeroed list in the heap, refers to it at `at`, returns its place.
    std::uint32_t list(std::uint32_t at, std::uint32_t count, std::uint32_t stride, std::uint32_t align) {
        if (count == 0) return 0;
        std::uint32_t block = reserve(std::size_t{count} * stride, align);
        refer(at, block, count);
        return block;
    }

    /// Reserves a zeroed block in the heap, refers to it at `at`, returns its place.
    std::uint32_t block(std::uint32_t at, std::uint32_t size, std::uint32_t align) {
        std::uint32_t place = reserve(size, align);
        refer(at, place, size);
        return place;
    }

private:
    std::uint32_t reserve(std::size_t size, std::uint32_t align) {
        std::size_t block = (bytes_.size() + align - 1) / align * align;
        bytes_.resize(block + size);
        return static_cast<std::uint32_t>(block);
    }

    void refer(std::uint32_t at, std::uint32_t offset, std::uint32_t count) {
        put(at, &offset, sizeof offset);
        put(at + 4, &count, sizeof count);
    }
};

/// How a type lies in a row. Numbers, vectors, ids and enums are their own bytes; generated code adds the rest.
template <typename T>
struct Codec {
    static_assert(std::is_trivially_copyable_v<T>, "this type has no codec");
    static constexpr std::uint32_t size = sizeof(T), align = alignof(T);
    static T read(const std::uint8_t* row, std::uint32_t at) {
        T value;
        std::memcpy(&value, row + at, sizeof value);
        return value;
    }
    static void write(RowWriter& writer, std::uint32_t at, const T& value) { writer.put(at, &value, sizeof value); }
};

template <>
struct Codec<std::string> {
    static constexpr std::uint32_t size = 8, align = 4;
    static std::string read(const std::uint8_t* row, std::uint32_t at) { return std::string(text_at(row, at)); }
    static void write(RowWriter& writer, std::uint32_t at, const std::string& value) {
        writer.bytes(at, value.data(), value.size());
    }
};

template <typename T>
struct Codec<std::vector<T>> {
    static constexpr std::uint32_t size = 8, align = 4;
    static std::vector<T> read(const std::uint8_t* row, std::uint32_t at) {
        std::uint32_t block = heap_offset(row, at), count = heap_length(row, at);
        std::vector<T> values;
        values.reserve(count);
        for (std::uint32_t i = 0; i < count; i++) values.push_back(Codec<T>::read(row, block + i * Codec<T>::size));
        return values;
    }
    static void write(RowWriter& writer, std::uint32_t at, const std::vector<T>& values) {
        auto count = static_cast<std::uint32_t>(values.size());
        std::uint32_t block = writer.list(at, count, Codec<T>::size, Codec<T>::align);
        for (std::uint32_t i = 0; i < count; i++) Codec<T>::write(writer, block + i * Codec<T>::size, values[i]);
    }
};

template <typename T>
struct Codec<Option<T>> {
    static constexpr std::uint32_t align = Codec<T>::align, size = align + (Codec<T>::size + align - 1) / align * align;
    static_assert(sizeof(Option<T>) == size, "an option must lie in C++ as it lies in a row");
    static Option<T> read(const std::uint8_t* row, std::uint32_t at) {
        return row[at] != 0 ? Option<T>(Codec<T>::read(row, at + align)) : Option<T>();
    }
    static void write(RowWriter& writer, std::uint32_t at, const Option<T>& value) {
        if (!value.has) return;
        writer.put(at, &value.has, 1);
        Codec<T>::write(writer, at + align, value.held);
    }
};

template <typename T>
struct Codec<std::optional<T>> {
    static constexpr std::uint32_t align = Codec<T>::align, size = align + (Codec<T>::size + align - 1) / align * align;
    static std::optional<T> read(const std::uint8_t* row, std::uint32_t at) {
        if (row[at] == 0) return std::nullopt;
        return Codec<T>::read(row, at + align);
    }
    static void write(RowWriter& writer, std::uint32_t at, const std::optional<T>& value) {
        if (!value.has_value()) return;
        const std::uint8_t present = 1;
        writer.put(at, &present, 1);
        Codec<T>::write(writer, at + align, *value);
    }
};

}  // namespace ambit
