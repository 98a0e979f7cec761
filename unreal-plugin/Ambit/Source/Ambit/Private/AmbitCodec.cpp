// Values of the core as Unreal has them, and back.

#include "AmbitCodec.h"

namespace
{
	constexpr int64 TicksPerMicrosecond = ETimespan::TicksPerMicrosecond;

	/** As Unreal's ticks of 100 ns, from `Epoch` on; what lies outside `Least` and `Most` becomes these. */
	int64 ToTicks(int64 Microseconds, int64 Epoch, int64 Least, int64 Most)
	{
		if (Microseconds > (Most - Epoch) / TicksPerMicrosecond)
		{
			return Most;
		}
		// The difference to a least value far below zero would not fit.
		if (Microseconds < Least / TicksPerMicrosecond - Epoch / TicksPerMicrosecond)
		{
			return Least;
		}
		return Epoch + Microseconds * TicksPerMicrosecond;
	}

	/** Rounded down, also before the epoch. */
	int64 ToMicroseconds(int64 Ticks)
	{
		const int64 Cut = Ticks / TicksPerMicrosecond;
		return Ticks % TicksPerMicrosecond < 0 ? Cut - 1 : Cut;
	}

	int64 UnixEpoch()
	{
		return FDateTime(1970, 1, 1).GetTicks();
	}

	uint32 BigEndian(const uint8* Bytes)
	{
		return (uint32{Bytes[0]} << 24) | (uint32{Bytes[1]} << 16) | (uint32{Bytes[2]} << 8) | uint32{Bytes[3]};
	}

	void ToBigEndian(uint32 From, uint8* Bytes)
	{
		for (int32 Index = 0; Index < 4; Index++)
		{
			Bytes[Index] = static_cast<uint8>(From >> (24 - 8 * Index));
		}
	}
}

namespace Ambit
{
	FAmbitInt128 ToUnreal(const ambit::I128& From)
	{
		FAmbitInt128 To;
		To.Low = static_cast<int64>(From.low);
		To.High = From.high;
		return To;
	}

	FAmbitUInt128 ToUnreal(const ambit::U128& From)
	{
		FAmbitUInt128 To;
		To.Low = static_cast<int64>(From.low);
		To.High = static_cast<int64>(From.high);
		return To;
	}

	FAmbitIdentity ToUnreal(const ambit::Identity& From)
	{
		FAmbitIdentity To;
		FMemory::Memcpy(To.Bytes, From.bytes, sizeof(To.Bytes));
		return To;
	}

	FAmbitConnectionId ToUnreal(const ambit::ConnectionId& From)
	{
		FAmbitConnectionId To;
		FMemory::Memcpy(To.Bytes, From.bytes, sizeof(To.Bytes));
		return To;
	}

	FGuid ToUnreal(const ambit::Uuid& From)
	{
		return FGuid(BigEndian(From.bytes), BigEndian(From.bytes + 4), BigEndian(From.bytes + 8), BigEndian(From.bytes + 12));
	}

	FDateTime ToUnreal(ambit::Timestamp From)
	{
		return FDateTime(ToTicks(From.microseconds, UnixEpoch(), FDateTime::MinValue().GetTicks(), FDateTime::MaxValue().GetTicks()));
	}

	FTimespan ToUnreal(ambit::Duration From)
	{
		return FTimespan(ToTicks(From.microseconds, 0, FTimespan::MinValue().GetTicks(), FTimespan::MaxValue().GetTicks()));
	}

	void FromUnreal(const FAmbitInt128& From, ambit::I128& To)
	{
		To = {static_cast<std::uint64_t>(From.Low), From.High};
	}

	void FromUnreal(const FAmbitUInt128& From, ambit::U128& To)
	{
		To = {static_cast<std::uint64_t>(From.Low), static_cast<std::uint64_t>(From.High)};
	}

	void FromUnreal(const FAmbitIdentity& From, ambit::Identity& To)
	{
		FMemory::Memcpy(To.bytes, From.Bytes, sizeof(To.bytes));
	}

	void FromUnreal(const FAmbitConnectionId& From, ambit::ConnectionId& To)
	{
		FMemory::Memcpy(To.bytes, From.Bytes, sizeof(To.bytes));
	}

	void FromUnreal(const FGuid& From, ambit::Uuid& To)
	{
		ToBigEndian(From.A, To.bytes);
		ToBigEndian(From.B, To.bytes + 4);
		ToBigEndian(From.C, To.bytes + 8);
		ToBigEndian(From.D, To.bytes + 12);
	}

	void FromUnreal(const FDateTime& From, ambit::Timestamp& To)
	{
		To.microseconds = ToMicroseconds(From.GetTicks() - UnixEpoch());
	}

	void FromUnreal(const FTimespan& From, ambit::Duration& To)
	{
		To.microseconds = ToMicroseconds(From.GetTicks());
	}

	FString ToString(FUtf8StringView Text)
	{
		const FUTF8ToTCHAR Converted(reinterpret_cast<const ANSICHAR*>(Text.GetData()), Text.Len());
		return FString(Converted.Length(), Converted.Get());
	}

	FString ToString(std::string_view Text)
	{
		return ToString(FUtf8StringView(reinterpret_cast<const UTF8CHAR*>(Text.data()), static_cast<int32>(Text.size())));
	}

	std::string ToUtf8(const FString& Text)
	{
		const FTCHARToUTF8 Converted(*Text, Text.Len());
		return std::string(Converted.Get(), static_cast<std::size_t>(Converted.Length()));
	}
}
