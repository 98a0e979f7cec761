// The values of the names in a query. The core checks names and values when they are used.
#pragma once

#include "row.h"

namespace ambit {

/// What a parameter holds.
enum class ParameterKind : std::int32_t { Bool = 0, Integer = 1, Float = 2, Text = 3, Bytes = 4, Point2 = 5, Point3 = 6 };

/// The value of a name in a query. Only the fields of its kind count.
struct Parameter {
    std::string name;
    ParameterKind kind = ParameterKind::Bool;
    std::uint64_t low = 0;
    std::int64_t high = 0;
    double x = 0, y = 0, z = 0;
    /// Text or bytes.
    std::string bytes;
};

/// Values by name, for `:name` in a query: `Parameters().set("zone", 3).set("centre", position)`.
class Parameters {
    std::vector<Parameter> list_;

public:
    template <typename T, std::enable_if_t<std::is_integral_v<T>, int> = 0>
    Parameters& set(std::string_view name, T value) {
        constexpr bool is_bool = std::is_same_v<T, bool>;
        std::int64_t high = 0;
        if constexpr (std::is_signed_v<T>) high = value < 0 ? -1 : 0;
        return integer(name, static_cast<std::uint64_t>(value), high, is_bool ? ParameterKind::Bool : ParameterKind::Integer);
    }
    Parameters& set(std::string_view name, I128 value) { return integer(name, value.low, value.high); }
    Parameters& set(std::string_view name, EntityId value) { return integer(name, value.value, 0); }
    Parameters& set(std::string_view name, Timestamp value) { return set(name, value.microseconds); }
    Parameters& set(std::string_view name, Duration value) { return set(name, value.microseconds); }
    Parameters& set(std::string_view name, double value) { return point(name, ParameterKind::Float, value, 0, 0); }
    Parameters& set(std::string_view name, float value) { return point(name, ParameterKind::Float, value, 0, 0); }
    Parameters& set(std::string_view name, std::string_view text) { return bytes(name, ParameterKind::Text, text.data(), text.size()); }
    Parameters& set(std::string_view name, const std::string& text) { return set(name, std::string_view(text)); }
    Parameters& set(std::string_view name, const char* text) { return set(name, std::string_view(text)); }
    Parameters& set(std::string_view name, const std::vector<std::uint8_t>& value) { return bytes(name, ParameterKind::Bytes, value.data(), value.size()); }
    template <std::size_t N>
    Parameters& set(std::string_view name, const IdBytes<N>& id) { return bytes(name, ParameterKind::Bytes, id.bytes, N); }
    Parameters& set(std::string_view name, const Vec2& value) { return point(name, ParameterKind::Point2, value.x, value.y, 0); }
    Parameters& set(std::string_view name, const DVec2& value) { return point(name, ParameterKind::Point2, value.x, value.y, 0); }
    Parameters& set(std::string_view name, const Vec3& value) { return point(name, ParameterKind::Point3, value.x, value.y, value.z); }
    Parameters& set(std::string_view name, const DVec3& value) { return point(name, ParameterKind::Point3, value.x, value.y, value.z); }

    /// The same value under another name.
    Parameters& add(std::string_view name, Parameter value) {
        value.name = name;
        list_.push_back(std::move(value));
        return *this;
    }

    /// Of those with one name the core takes the last.
    const std::vector<Parameter>& list() const { return list_; }

private:
    Parameter& append(std::string_view name, ParameterKind kind) {
        list_.emplace_back();
        list_.back().name = name;
        list_.back().kind = kind;
        return list_.back();
    }
    Parameters& integer(std::string_view name, std::uint64_t low, std::int64_t high, ParameterKind kind = ParameterKind::Integer) {
        Parameter& parameter = append(name, kind);
        parameter.low = low;
        parameter.high = high;
        return *this;
    }
    Parameters& point(std::string_view name, ParameterKind kind, double x, double y, double z) {
        Parameter& parameter = append(name, kind);
        parameter.x = x;
        parameter.y = y;
        parameter.z = z;
        return *this;
    }
    Parameters& bytes(std::string_view name, ParameterKind kind, const void* from, std::size_t size) {
        append(name, kind).bytes.assign(static_cast<const char*>(from), size);
        return *this;
    }
};

}  // namespace ambit
