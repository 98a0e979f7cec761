// Parameters and delivery options as the core takes them.

#include "AmbitDelivery.h"

#include "AmbitCodec.h"

FAmbitParameters& FAmbitParameters::Set(const FString& Name, const FString& Value)
{
	Native.set(Ambit::ToUtf8(Name), Ambit::ToUtf8(Value));
	return *this;
}

FAmbitParameters& FAmbitParameters::Set(const FString& Name, const FAmbitIdentity& Value)
{
	ambit::Identity Identity;
	Ambit::FromUnreal(Value, Identity);
	Native.set(Ambit::ToUtf8(Name), Identity);
	return *this;
}

FAmbitParameters& FAmbitParameters::Set(const FString& Name, const FVector& Value)
{
	Native.set(Ambit::ToUtf8(Name), ambit::DVec3{Value.X, Value.Y, Value.Z});
	return *this;
}

FAmbitParameters& FAmbitParameters::Set(const FString& Name, const FVector2D& Value)
{
	Native.set(Ambit::ToUtf8(Name), ambit::DVec2{Value.X, Value.Y});
	return *this;
}

FAmbitParameters& FAmbitParameters::Set(const FString& Name, const FDateTime& Value)
{
	ambit::Timestamp Time;
	Ambit::FromUnreal(Value, Time);
	Native.set(Ambit::ToUtf8(Name), Time);
	return *this;
}

FAmbitParameters& FAmbitParameters::Set(const FString& Name, double Value)
{
	Native.set(Ambit::ToUtf8(Name), Value);
	return *this;
}

FAmbitParameters& FAmbitParameters::Set(const FString& Name, int64 Value)
{
	Native.set(Ambit::ToUtf8(Name), Value);
	return *this;
}

FAmbitParameters& FAmbitParameters::Set(const FString& Name, bool Value)
{
	Native.set(Ambit::ToUtf8(Name), Value);
	return *this;
}

ambit::Delivery FAmbitDelivery::ToNative() const
{
	ambit::Delivery Native;
	Native.rate = bEveryCommit ? std::numeric_limits<float>::infinity() : Rate;
	Native.hysteresis = Hysteresis;
	for (const FAmbitTier& Tier : Tiers)
	{
		ambit::Tier& Added = Native.tiers.emplace_back();
		Added.distance = Tier.Distance;
		Added.rate = Tier.Rate;
		for (const FString& Column : Tier.Columns)
		{
			Added.columns.push_back(Ambit::ToUtf8(Column));
		}
	}
	Native.budget = static_cast<std::uint32_t>(FMath::Max(Budget, 0));
	Native.confirmed = bConfirmed;
	return Native;
}
