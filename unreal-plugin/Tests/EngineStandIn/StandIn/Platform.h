// Numbers, memory, assertions and macros, named as the engine names them. Like the rest of this folder it does what Ambit's plugin needs to be
// compiled and run without the engine, and no more.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

// There is one engine, whatever a module shows of itself.
#pragma GCC visibility push(default)

using int8 = std::int8_t;
using int16 = std::int16_t;
using int32 = std::int32_t;
using int64 = long long;
using uint8 = std::uint8_t;
using uint16 = std::uint16_t;
using uint32 = std::uint32_t;
using uint64 = unsigned long long;
using SIZE_T = std::size_t;
using ANSICHAR = char;
using TCHAR = char16_t;
enum UTF8CHAR : unsigned char {};

#define TEXT(x) u##x
#define MAX_int64 (std::numeric_limits<int64>::max())
#define MIN_int64 (std::numeric_limits<int64>::min())
#define INDEX_NONE (-1)
#define FORCEINLINE inline
#define WITH_EDITOR 1
#define ENABLE_DRAW_DEBUG 1
#define THIRD_PARTY_INCLUDES_START
#define THIRD_PARTY_INCLUDES_END
// The engine defines these two, and Windows' headers the next two. Whatever is named so must be fenced.
#define check(condition) ((condition) ? static_cast<void>(0) : StandIn::Fail(#condition, __FILE__, __LINE__))
#define verify(condition) check(condition)
#define near
#define far

// What the header tool reads and the compiler does not.
#define UCLASS(...)
#define USTRUCT(...)
#define UENUM(...)
#define UPROPERTY(...)
#define UFUNCTION(...)
#define UPARAM(...)
#define UMETA(...)
#define STANDIN_JOIN_(A, B, C) A##B##C
#define STANDIN_JOIN(A, B, C) STANDIN_JOIN_(A, B, C)
#define GENERATED_BODY(...) STANDIN_JOIN(CURRENT_FILE_ID, __LINE__, _GENERATED_BODY)

namespace StandIn
{
	[[noreturn]] inline void Fail(const char* Condition, const char* File, int Line)
	{
		std::fprintf(stderr, "%s:%d: check failed: %s\n", File, Line, Condition);
		std::abort();
	}
}

template <typename T>
constexpr std::remove_reference_t<T>&& MoveTemp(T&& Value) noexcept
{
	return static_cast<std::remove_reference_t<T>&&>(Value);
}

struct FMemory
{
	static void* Memcpy(void* To, const void* From, SIZE_T Count) { return std::memcpy(To, From, Count); }
	static int32 Memcmp(const void* A, const void* B, SIZE_T Count) { return std::memcmp(A, B, Count); }
};

struct FCrc
{
	/** Any hash will do here. */
	static uint32 MemCrc32(const void* Data, int32 Length)
	{
		uint32 Hash = 2166136261u;
		for (int32 Index = 0; Index < Length; Index++)
		{
			Hash = (Hash ^ static_cast<const uint8*>(Data)[Index]) * 16777619u;
		}
		return Hash;
	}
};

struct FMath
{
	template <typename T>
	static T Max(T A, T B) { return A > B ? A : B; }
	template <typename T>
	static T Min(T A, T B) { return A < B ? A : B; }
	template <typename T>
	static T Abs(T A) { return A < 0 ? -A : A; }
	static double Sqrt(double Of) { return std::sqrt(Of); }
	static double Sin(double Of) { return std::sin(Of); }
	static double Cos(double Of) { return std::cos(Of); }
	static double Atan2(double Y, double X) { return std::atan2(Y, X); }
	static double RadiansToDegrees(double Of) { return Of * 57.29577951308232; }
	static bool IsNearlyEqual(double A, double B, double Tolerance = 1.0e-8) { return Abs(A - B) <= Tolerance; }
};

template <typename T>
struct TStructOpsTypeTraitsBase2
{
};
template <typename T>
struct TStructOpsTypeTraits : TStructOpsTypeTraitsBase2<T>
{
};

#pragma GCC visibility pop
