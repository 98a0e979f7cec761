// Texts: FString in UTF-16, FName, views of UTF-8 and the converters between them.
#pragma once

#include "StandIn/Platform.h"

// There is one engine, whatever a module shows of itself.
#pragma GCC visibility push(default)

namespace StandIn
{
	/** Both ways; what is not valid becomes U+FFFD, as in the engine. */
	std::u16string Widen(const char* Text, SIZE_T Length);
	std::string Narrow(const char16_t* Text, SIZE_T Length);
}

struct FChar
{
	static bool IsHexDigit(TCHAR Letter)
	{
		return (Letter >= u'0' && Letter <= u'9') || (Letter >= u'a' && Letter <= u'f') || (Letter >= u'A' && Letter <= u'F');
	}
	static TCHAR ToLower(TCHAR Letter) { return Letter >= u'A' && Letter <= u'Z' ? static_cast<TCHAR>(Letter + 32) : Letter; }
};

class FString
{
	std::u16string Letters;

public:
	FString() = default;
	FString(const TCHAR* Text) : Letters(Text ? Text : u"") {}
	FString(int32 Length, const TCHAR* Text) : Letters(Text, static_cast<SIZE_T>(Length)) {}
	explicit FString(const std::u16string& In) : Letters(In) {}
	const TCHAR* operator*() const { return Letters.c_str(); }
	int32 Len() const { return static_cast<int32>(Letters.size()); }
	bool IsEmpty() const { return Letters.empty(); }
	void Reset() { Letters.clear(); }
	TCHAR operator[](int32 Index) const { return Letters[static_cast<SIZE_T>(Index)]; }
	FString& operator+=(const FString& Other)
	{
		Letters += Other.Letters;
		return *this;
	}
	friend FString operator+(FString A, const FString& B) { return A += B; }
	// Like the engine's, without regard to case.
	friend bool operator==(const FString& A, const FString& B) { return A.ToLower().Letters == B.ToLower().Letters; }
	friend bool operator==(const FString& A, const TCHAR* B) { return A == FString(B); }
	friend bool operator!=(const FString& A, const FString& B) { return !(A == B); }
	bool Equals(const FString& Other) const { return Letters == Other.Letters; }
	bool Contains(const FString& Part) const { return ToLower().Letters.find(Part.ToLower().Letters) != std::u16string::npos; }
	bool StartsWith(const FString& Part) const { return ToLower().Letters.rfind(Part.ToLower().Letters, 0) == 0; }
	FString Left(int32 Count) const { return FString(Letters.substr(0, static_cast<SIZE_T>(Count))); }
	FString ToLower() const
	{
		FString Out = *this;
		for (TCHAR& Letter : Out.Letters)
		{
			Letter = FChar::ToLower(Letter);
		}
		return Out;
	}
	FString TrimEnd() const
	{
		FString Out = *this;
		while (!Out.Letters.empty() && Out.Letters.back() <= u' ')
		{
			Out.Letters.pop_back();
		}
		return Out;
	}
	static FString FromInt(int32 Number) { return Printf(TEXT("%d"), Number); }
	friend uint32 GetTypeHash(const FString& Of)
	{
		const FString Lower = Of.ToLower();
		return FCrc::MemCrc32(*Lower, Lower.Len() * 2);
	}

	/** `%s` is a text of the engine; everything else is printf's. */
	template <typename... Arguments>
	static FString Printf(const TCHAR* Format, Arguments... Given)
	{
		FString Out;
		(Next(Out, Format, Given), ...);
		Out += FString(Format);
		return Out;
	}

private:
	template <typename T>
	static void Next(FString& Out, const TCHAR*& Format, T Given)
	{
		const std::u16string Rest(Format);
		const SIZE_T Percent = Rest.find(u'%');
		SIZE_T End = Percent + 1;
		while (Rest.find_first_of(u"sdiufgxXc", End) != End)
		{
			End++;
		}
		Out.Letters += Rest.substr(0, Percent);
		if constexpr (std::is_pointer_v<T>)
		{
			check(Rest[End] == u's');
			Out += FString(Given);
		}
		else
		{
			const std::string Specification = StandIn::Narrow(Rest.c_str() + Percent, End + 1 - Percent);
			char Buffer[64];
			std::snprintf(Buffer, sizeof(Buffer), Specification.c_str(), Given);
			Out.Letters += StandIn::Widen(Buffer, std::strlen(Buffer));
		}
		Format += End + 1;
	}
};

class FName
{
	FString Text;

public:
	FName() = default;
	FName(const TCHAR* In) : Text(In) {}
	explicit FName(const FString& In) : Text(In) {}
	FString ToString() const { return Text; }
	bool IsNone() const { return Text.IsEmpty(); }
	friend bool operator==(const FName& A, const FName& B) { return A.Text == B.Text; }
	friend bool operator!=(const FName& A, const FName& B) { return !(A == B); }
	friend uint32 GetTypeHash(const FName& Of) { return GetTypeHash(Of.Text); }
};
#define NAME_None FName()

class FText
{
	FString Text;

public:
	static FText FromString(const FString& In)
	{
		FText Out;
		Out.Text = In;
		return Out;
	}
	FString ToString() const { return Text; }
};
#define LOCTEXT(Key, Text) FText::FromString(TEXT(Text))

template <typename Letter>
class TStringView
{
	const Letter* Data = nullptr;
	int32 Length = 0;

public:
	TStringView() = default;
	TStringView(const Letter* In, int32 InLength) : Data(In), Length(InLength) {}
	const Letter* GetData() const { return Data; }
	int32 Len() const { return Length; }
	bool IsEmpty() const { return Length == 0; }
	friend bool operator==(TStringView A, TStringView B)
	{
		return A.Length == B.Length && FMemory::Memcmp(A.Data, B.Data, static_cast<SIZE_T>(A.Length) * sizeof(Letter)) == 0;
	}
};
using FUtf8StringView = TStringView<UTF8CHAR>;
using FStringView = TStringView<TCHAR>;

/** The converter lives as long as its text is needed. */
class FUTF8ToTCHAR
{
	std::u16string Text;

public:
	FUTF8ToTCHAR(const ANSICHAR* In, int32 Length) : Text(StandIn::Widen(In, static_cast<SIZE_T>(Length))) {}
	explicit FUTF8ToTCHAR(const ANSICHAR* In) : Text(StandIn::Widen(In, std::strlen(In))) {}
	const TCHAR* Get() const { return Text.c_str(); }
	int32 Length() const { return static_cast<int32>(Text.size()); }
};
class FTCHARToUTF8
{
	std::string Text;

public:
	FTCHARToUTF8(const TCHAR* In, int32 Length) : Text(StandIn::Narrow(In, static_cast<SIZE_T>(Length))) {}
	explicit FTCHARToUTF8(const TCHAR* In) : FTCHARToUTF8(In, FString(In).Len()) {}
	const ANSICHAR* Get() const { return Text.c_str(); }
	int32 Length() const { return static_cast<int32>(Text.size()); }
};
#define UTF8_TO_TCHAR(Text) FUTF8ToTCHAR(Text).Get()
#define TCHAR_TO_UTF8(Text) FTCHARToUTF8(Text).Get()

inline FString BytesToHex(const uint8* Bytes, int32 Count)
{
	FString Out;
	for (int32 Index = 0; Index < Count; Index++)
	{
		Out += FString::Printf(TEXT("%02X"), static_cast<int>(Bytes[Index]));
	}
	return Out;
}

inline int32 HexToBytes(const FString& Text, uint8* Out)
{
	const std::string Letters = StandIn::Narrow(*Text, static_cast<SIZE_T>(Text.Len()));
	for (SIZE_T Index = 0; Index + 1 < Letters.size(); Index += 2)
	{
		Out[Index / 2] = static_cast<uint8>(std::strtoul(Letters.substr(Index, 2).c_str(), nullptr, 16));
	}
	return Text.Len() / 2;
}

enum class ELogVerbosity
{
	Fatal,
	Error,
	Warning,
	Display,
	Log
};
namespace StandIn
{
	template <typename... Arguments>
	void Log(ELogVerbosity Verbosity, const TCHAR* Format, Arguments... Given)
	{
		const FString Line = FString::Printf(Format, Given...);
		if (Verbosity <= ELogVerbosity::Warning)
		{
			std::fprintf(stderr, "%s\n", Narrow(*Line, static_cast<SIZE_T>(Line.Len())).c_str());
		}
		if (Verbosity == ELogVerbosity::Fatal)
		{
			std::abort();
		}
	}
}
#define UE_LOG(Category, Verbosity, ...) StandIn::Log(ELogVerbosity::Verbosity, __VA_ARGS__)
#define UE_CLOG(Condition, Category, Verbosity, ...) ((Condition) ? UE_LOG(Category, Verbosity, __VA_ARGS__) : static_cast<void>(0))

#pragma GCC visibility pop
