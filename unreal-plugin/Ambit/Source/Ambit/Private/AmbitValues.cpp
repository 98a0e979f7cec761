// Identities as text.

#include "AmbitValues.h"

#include "AmbitCodec.h"

namespace
{
	FString Hexadecimal(const uint8* Bytes, int32 Count)
	{
		return BytesToHex(Bytes, Count).ToLower();
	}
}

FString FAmbitIdentity::ToString() const
{
	return Hexadecimal(Bytes, sizeof(Bytes));
}

FString FAmbitConnectionId::ToString() const
{
	return Hexadecimal(Bytes, sizeof(Bytes));
}

bool FAmbitIdentity::Parse(const FString& Text, FAmbitIdentity& Out)
{
	constexpr int32 Letters = 2 * sizeof(Bytes);
	if (Text.Len() != Letters)
	{
		return false;
	}
	for (int32 Index = 0; Index < Letters; Index++)
	{
		if (!FChar::IsHexDigit(Text[Index]))
		{
			return false;
		}
	}
	HexToBytes(Text, Out.Bytes);
	return true;
}
