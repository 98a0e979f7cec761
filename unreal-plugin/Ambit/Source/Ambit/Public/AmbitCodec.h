// How a column's bytes become what Unreal has for them, and back. `Value` is what Blueprint holds, `View` what C++ reads in place.
// Rows that are read were checked by the core, so nothing is checked here; what is written from Blueprint's wider numbers is.
#pragma once

#include "AmbitCore.h"
#include "AmbitValues.h"

/** Writes one row of arguments or of a key. */
struct FAmbitRowWriter
{
	ambit::RowWriter* Bytes;
	/** Whether every number fits into its column. */
	bool bFits = true;

	/** Begins what a variant carries: a block that the reference at `At` names, and that begins with the variant's number. */
	uint32 Block(uint32 At, uint32 Size, uint32 Align, uint8 Tag)
	{
		const uint32 Place = Bytes->block(At, Size, Align);
		Bytes->put(Place, &Tag, 1);
		return Place;
	}
};

/** A type that lies in a row as it lies in C++ and that Blueprint has as `ValueType`. */
template <typename Wire, typename ValueType>
struct TAmbitNumber
{
	static constexpr uint32 Size = sizeof(Wire), Align = alignof(Wire);
	using Value = ValueType;
	using View = ValueType;
	static View Peek(const uint8* Row, uint32 At)
	{
		Wire Read;
		FMemory::Memcpy(&Read, Row + At, sizeof(Read));
		return static_cast<Value>(Read);
	}
	static void Read(const uint8* Row, uint32 At, Value& Out) { Out = Peek(Row, At); }
	static void Write(FAmbitRowWriter& Writer, uint32 At, Value From)
	{
		const Wire Written = static_cast<Wire>(From);
		if constexpr (std::is_integral_v<Wire> && sizeof(Wire) < sizeof(Value))
		{
			Writer.bFits &= static_cast<Value>(Written) == From;
		}
		Writer.Bytes->put(At, &Written, sizeof(Written));
	}
};

/** The codec of a column type. Enums without data are their own byte; structs and enums with data have generated codecs. */
template <typename Wire>
struct TAmbitCodec : TAmbitNumber<Wire, Wire>
{
	static_assert(std::is_enum_v<Wire>, "this type has no codec");
};

template <> struct TAmbitCodec<bool> : TAmbitNumber<bool, bool> {};
template <> struct TAmbitCodec<int8> : TAmbitNumber<int8, int32> {};
template <> struct TAmbitCodec<int16> : TAmbitNumber<int16, int32> {};
template <> struct TAmbitCodec<int32> : TAmbitNumber<int32, int32> {};
template <> struct TAmbitCodec<int64> : TAmbitNumber<int64, int64> {};
template <> struct TAmbitCodec<uint8> : TAmbitNumber<uint8, uint8> {};
template <> struct TAmbitCodec<uint16> : TAmbitNumber<uint16, int32> {};
template <> struct TAmbitCodec<uint32> : TAmbitNumber<uint32, int64> {};
/** Blueprint has no such number: it sees the same 64 bits with a sign. */
template <> struct TAmbitCodec<uint64> : TAmbitNumber<uint64, int64> {};
template <> struct TAmbitCodec<float> : TAmbitNumber<float, float> {};
template <> struct TAmbitCodec<double> : TAmbitNumber<double, double> {};

namespace Ambit
{
	// From a column's type to Unreal's, and back.
	inline FVector2D ToUnreal(const ambit::Vec2& From) { return FVector2D(From.x, From.y); }
	inline FVector2D ToUnreal(const ambit::DVec2& From) { return FVector2D(From.x, From.y); }
	inline FVector ToUnreal(const ambit::Vec3& From) { return FVector(From.x, From.y, From.z); }
	inline FVector ToUnreal(const ambit::DVec3& From) { return FVector(From.x, From.y, From.z); }
	inline FVector4 ToUnreal(const ambit::Vec4& From) { return FVector4(From.x, From.y, From.z, From.w); }
	inline FQuat ToUnreal(const ambit::Quat& From) { return FQuat(From.x, From.y, From.z, From.w); }
	inline FIntPoint ToUnreal(const ambit::IVec2& From) { return FIntPoint(From.x, From.y); }
	inline FIntVector ToUnreal(const ambit::IVec3& From) { return FIntVector(From.x, From.y, From.z); }
	inline int64 ToUnreal(ambit::EntityId From) { return static_cast<int64>(From.value); }
	AMBIT_API FAmbitInt128 ToUnreal(const ambit::I128& From);
	AMBIT_API FAmbitUInt128 ToUnreal(const ambit::U128& From);
	AMBIT_API FAmbitIdentity ToUnreal(const ambit::Identity& From);
	AMBIT_API FAmbitConnectionId ToUnreal(const ambit::ConnectionId& From);
	AMBIT_API FGuid ToUnreal(const ambit::Uuid& From);
	/** In UTC. What lies outside Unreal's years 1 to 9999 becomes the nearest moment in them. */
	AMBIT_API FDateTime ToUnreal(ambit::Timestamp From);
	/** What is longer than Unreal's longest span becomes that. */
	AMBIT_API FTimespan ToUnreal(ambit::Duration From);

	inline void FromUnreal(const FVector2D& From, ambit::Vec2& To) { To = {static_cast<float>(From.X), static_cast<float>(From.Y)}; }
	inline void FromUnreal(const FVector2D& From, ambit::DVec2& To) { To = {From.X, From.Y}; }
	inline void FromUnreal(const FVector& From, ambit::Vec3& To) { To = {static_cast<float>(From.X), static_cast<float>(From.Y), static_cast<float>(From.Z)}; }
	inline void FromUnreal(const FVector& From, ambit::DVec3& To) { To = {From.X, From.Y, From.Z}; }
	inline void FromUnreal(const FVector4& From, ambit::Vec4& To) { To = {static_cast<float>(From.X), static_cast<float>(From.Y), static_cast<float>(From.Z), static_cast<float>(From.W)}; }
	inline void FromUnreal(const FQuat& From, ambit::Quat& To) { To = {static_cast<float>(From.X), static_cast<float>(From.Y), static_cast<float>(From.Z), static_cast<float>(From.W)}; }
	inline void FromUnreal(const FIntPoint& From, ambit::IVec2& To) { To = {From.X, From.Y}; }
	inline void FromUnreal(const FIntVector& From, ambit::IVec3& To) { To = {From.X, From.Y, From.Z}; }
	inline void FromUnreal(int64 From, ambit::EntityId& To) { To = {static_cast<std::uint64_t>(From)}; }
	AMBIT_API void FromUnreal(const FAmbitInt128& From, ambit::I128& To);
	AMBIT_API void FromUnreal(const FAmbitUInt128& From, ambit::U128& To);
	AMBIT_API void FromUnreal(const FAmbitIdentity& From, ambit::Identity& To);
	AMBIT_API void FromUnreal(const FAmbitConnectionId& From, ambit::ConnectionId& To);
	AMBIT_API void FromUnreal(const FGuid& From, ambit::Uuid& To);
	/** Microseconds; what is finer is cut off. */
	AMBIT_API void FromUnreal(const FDateTime& From, ambit::Timestamp& To);
	AMBIT_API void FromUnreal(const FTimespan& From, ambit::Duration& To);

	/** The text that the reference at `At` names. */
	inline FUtf8StringView TextAt(const uint8* Row, uint32 At)
	{
		return FUtf8StringView(reinterpret_cast<const UTF8CHAR*>(Row + ambit::heap_offset(Row, At)), static_cast<int32>(ambit::heap_length(Row, At)));
	}
	AMBIT_API FString ToString(FUtf8StringView Text);
	AMBIT_API FString ToString(std::string_view Text);
	AMBIT_API std::string ToUtf8(const FString& Text);
}

/** A struct of the core that Unreal has a struct of its own for. */
template <typename Wire>
struct TAmbitStruct
{
	static constexpr uint32 Size = sizeof(Wire), Align = alignof(Wire);
	using Value = decltype(Ambit::ToUnreal(std::declval<Wire>()));
	using View = Value;
	static View Peek(const uint8* Row, uint32 At) { return Ambit::ToUnreal(ambit::Codec<Wire>::read(Row, At)); }
	static void Read(const uint8* Row, uint32 At, Value& Out) { Out = Peek(Row, At); }
	static void Write(FAmbitRowWriter& Writer, uint32 At, const Value& From)
	{
		Wire Written;
		Ambit::FromUnreal(From, Written);
		Writer.Bytes->put(At, &Written, sizeof(Written));
	}
};

template <> struct TAmbitCodec<ambit::Vec2> : TAmbitStruct<ambit::Vec2> {};
template <> struct TAmbitCodec<ambit::Vec3> : TAmbitStruct<ambit::Vec3> {};
template <> struct TAmbitCodec<ambit::Vec4> : TAmbitStruct<ambit::Vec4> {};
template <> struct TAmbitCodec<ambit::Quat> : TAmbitStruct<ambit::Quat> {};
template <> struct TAmbitCodec<ambit::DVec2> : TAmbitStruct<ambit::DVec2> {};
template <> struct TAmbitCodec<ambit::DVec3> : TAmbitStruct<ambit::DVec3> {};
template <> struct TAmbitCodec<ambit::IVec2> : TAmbitStruct<ambit::IVec2> {};
template <> struct TAmbitCodec<ambit::IVec3> : TAmbitStruct<ambit::IVec3> {};
template <> struct TAmbitCodec<ambit::I128> : TAmbitStruct<ambit::I128> {};
template <> struct TAmbitCodec<ambit::U128> : TAmbitStruct<ambit::U128> {};
template <> struct TAmbitCodec<ambit::EntityId> : TAmbitStruct<ambit::EntityId> {};
template <> struct TAmbitCodec<ambit::Identity> : TAmbitStruct<ambit::Identity> {};
template <> struct TAmbitCodec<ambit::ConnectionId> : TAmbitStruct<ambit::ConnectionId> {};
template <> struct TAmbitCodec<ambit::Uuid> : TAmbitStruct<ambit::Uuid> {};
template <> struct TAmbitCodec<ambit::Timestamp> : TAmbitStruct<ambit::Timestamp> {};
template <> struct TAmbitCodec<ambit::Duration> : TAmbitStruct<ambit::Duration> {};

template <>
struct TAmbitCodec<FString>
{
	static constexpr uint32 Size = 8, Align = 4;
	using Value = FString;
	using View = FUtf8StringView;
	static View Peek(const uint8* Row, uint32 At) { return Ambit::TextAt(Row, At); }
	static void Read(const uint8* Row, uint32 At, FString& Out) { Out = Ambit::ToString(Ambit::TextAt(Row, At)); }
	static void Write(FAmbitRowWriter& Writer, uint32 At, const FString& From)
	{
		const FTCHARToUTF8 Text(*From, From.Len());
		Writer.Bytes->bytes(At, Text.Get(), static_cast<std::size_t>(Text.Length()));
	}
};

/** A view of a row, or of a struct in one, from byte `InAt`; safe until the next tick. */
class FAmbitView
{
public:
	// What the engine-neutral layer asks: it makes a view where it has a row's address.
	static constexpr bool in_place = false;
	explicit FAmbitView(const uint8* InBytes, uint32 InAt = 0) : AmbitBytes(InBytes), AmbitAt(InAt) {}

protected:
	const uint8* AmbitBytes;
	uint32 AmbitAt;
};

/** The elements of a list in a row, read one by one; safe until the next tick. */
template <typename Wire>
class TAmbitListView
{
	const uint8* Row;
	uint32 First, Count;

public:
	TAmbitListView(const uint8* InRow, uint32 At) : Row(InRow), First(ambit::heap_offset(InRow, At)), Count(ambit::heap_length(InRow, At)) {}
	int32 Num() const { return static_cast<int32>(Count); }
	bool IsEmpty() const { return Count == 0; }
	typename TAmbitCodec<Wire>::View operator[](int32 Index) const { return TAmbitCodec<Wire>::Peek(Row, Place(Index)); }
	void CopyTo(TArray<typename TAmbitCodec<Wire>::Value>& Out) const
	{
		Out.SetNum(Num());
		for (int32 Index = 0; Index < Num(); Index++)
		{
			TAmbitCodec<Wire>::Read(Row, Place(Index), Out[Index]);
		}
	}

	class FIterator
	{
		const TAmbitListView* List;
		int32 Index;

	public:
		FIterator(const TAmbitListView* InList, int32 InIndex) : List(InList), Index(InIndex) {}
		typename TAmbitCodec<Wire>::View operator*() const { return (*List)[Index]; }
		FIterator& operator++() { ++Index; return *this; }
		bool operator!=(const FIterator& Other) const { return Index != Other.Index; }
	};
	FIterator begin() const { return {this, 0}; }
	FIterator end() const { return {this, Num()}; }

private:
	uint32 Place(int32 Index) const { return First + static_cast<uint32>(Index) * TAmbitCodec<Wire>::Size; }
};

/** The wire of a list. */
template <typename Wire>
struct TAmbitList {};

template <typename Wire>
struct TAmbitCodec<TAmbitList<Wire>>
{
	static constexpr uint32 Size = 8, Align = 4;
	using Value = TArray<typename TAmbitCodec<Wire>::Value>;
	using View = TAmbitListView<Wire>;
	static View Peek(const uint8* Row, uint32 At) { return View(Row, At); }
	static void Read(const uint8* Row, uint32 At, Value& Out) { Peek(Row, At).CopyTo(Out); }
	static void Write(FAmbitRowWriter& Writer, uint32 At, const Value& From)
	{
		const uint32 First = Writer.Bytes->list(At, static_cast<uint32>(From.Num()), TAmbitCodec<Wire>::Size, TAmbitCodec<Wire>::Align);
		for (int32 Index = 0; Index < From.Num(); Index++)
		{
			TAmbitCodec<Wire>::Write(Writer, First + static_cast<uint32>(Index) * TAmbitCodec<Wire>::Size, From[Index]);
		}
	}
};

/** The wire of a list inside a list; `Wrapper` is the struct that Blueprint needs in between. */
template <typename Wire, typename Wrapper>
struct TAmbitNested {};

template <typename Wire, typename Wrapper>
struct TAmbitCodec<TAmbitNested<Wire, Wrapper>>
{
	static constexpr uint32 Size = TAmbitCodec<Wire>::Size, Align = TAmbitCodec<Wire>::Align;
	using Value = Wrapper;
	using View = typename TAmbitCodec<Wire>::View;
	static View Peek(const uint8* Row, uint32 At) { return TAmbitCodec<Wire>::Peek(Row, At); }
	static void Read(const uint8* Row, uint32 At, Value& Out) { TAmbitCodec<Wire>::Read(Row, At, Out.Values); }
	static void Write(FAmbitRowWriter& Writer, uint32 At, const Value& From) { TAmbitCodec<Wire>::Write(Writer, At, From.Values); }
};

/** The wire of a value that may be missing; `Wrapper` is the struct that Blueprint has for it. */
template <typename Wire, typename Wrapper>
struct TAmbitOption {};

template <typename Wire, typename Wrapper>
struct TAmbitCodec<TAmbitOption<Wire, Wrapper>>
{
	static constexpr uint32 Align = TAmbitCodec<Wire>::Align, Size = Align + (TAmbitCodec<Wire>::Size + Align - 1) / Align * Align;
	using Value = Wrapper;
	using View = TOptional<typename TAmbitCodec<Wire>::View>;
	static View Peek(const uint8* Row, uint32 At)
	{
		return Row[At] != 0 ? View(TAmbitCodec<Wire>::Peek(Row, At + Align)) : View();
	}
	static void Read(const uint8* Row, uint32 At, Value& Out)
	{
		if (Row[At] == 0)
		{
			Out = Wrapper();
			return;
		}
		Out.bIsSet = true;
		TAmbitCodec<Wire>::Read(Row, At + Align, Out.Value);
	}
	static void Write(FAmbitRowWriter& Writer, uint32 At, const Value& From)
	{
		if (!From.bIsSet)
		{
			return;
		}
		const uint8 Present = 1;
		Writer.Bytes->put(At, &Present, 1);
		TAmbitCodec<Wire>::Write(Writer, At + Align, From.Value);
	}
};
