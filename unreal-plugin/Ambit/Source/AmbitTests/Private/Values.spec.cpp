// Columns as Unreal has them, and back: what no server is needed for.

#include "AmbitCodec.h"
#include "AmbitOptionals.h"
#include "Misc/AutomationTest.h"

#if WITH_AUTOMATION_TESTS

BEGIN_DEFINE_SPEC(FAmbitValuesSpec, "Ambit.Values", EAutomationTestFlags::EditorContext | EAutomationTestFlags::ClientContext | EAutomationTestFlags::EngineFilter)
	/** Writes a value as a row's only column and reads it again. */
	template <typename Wire>
	typename TAmbitCodec<Wire>::Value Again(const typename TAmbitCodec<Wire>::Value& Value, bool& bFits)
	{
		Bytes.begin((TAmbitCodec<Wire>::Size + 7) / 8 * 8);
		FAmbitRowWriter Writer{&Bytes};
		TAmbitCodec<Wire>::Write(Writer, 0, Value);
		bFits = Writer.bFits;
		typename TAmbitCodec<Wire>::Value Out = typename TAmbitCodec<Wire>::Value();
		TAmbitCodec<Wire>::Read(Bytes.data(), 0, Out);
		return Out;
	}
	template <typename Wire>
	void Same(const TCHAR* What, const typename TAmbitCodec<Wire>::Value& Value)
	{
		bool bFits = false;
		const bool bSame = Again<Wire>(Value, bFits) == Value;
		TestTrue(What, bSame && bFits);
	}
	template <typename Wire>
	void DoesNotFit(const TCHAR* What, typename TAmbitCodec<Wire>::Value Value)
	{
		bool bFits = true;
		Again<Wire>(Value, bFits);
		TestFalse(What, bFits);
	}

	ambit::RowWriter Bytes;
END_DEFINE_SPEC(FAmbitValuesSpec)

void FAmbitValuesSpec::Define()
{
	Describe(TEXT("Numbers"), [this]
	{
		It(TEXT("come back"), [this]
		{
			Same<bool>(TEXT("bool"), true);
			Same<int8>(TEXT("i8"), -128);
			Same<uint8>(TEXT("u8"), 255);
			Same<int16>(TEXT("i16"), -32768);
			Same<uint16>(TEXT("u16"), 65535);
			Same<int32>(TEXT("i32"), -2147483647);
			Same<uint32>(TEXT("u32"), 4294967295ll);
			Same<int64>(TEXT("i64"), MIN_int64);
			Same<uint64>(TEXT("u64, with its highest bit as a sign"), -1ll);
			Same<float>(TEXT("f32"), 1.5f);
			Same<double>(TEXT("f64"), 1.0e300);
		});
		It(TEXT("that do not fit are noticed"), [this]
		{
			DoesNotFit<int8>(TEXT("i8"), 128);
			DoesNotFit<uint16>(TEXT("u16"), -1);
			DoesNotFit<uint32>(TEXT("u32"), 4294967296ll);
			DoesNotFit<uint32>(TEXT("a negative u32"), -1ll);
		});
	});

	Describe(TEXT("Vectors and identifiers"), [this]
	{
		It(TEXT("come back"), [this]
		{
			Same<ambit::Vec2>(TEXT("Vec2"), FVector2D(1.5, -2.5));
			Same<ambit::DVec3>(TEXT("DVec3"), FVector(1.0e9 + 0.125, 2.0, 3.0));
			Same<ambit::Vec4>(TEXT("Vec4"), FVector4(1.0, 2.0, 3.0, 4.0));
			Same<ambit::Quat>(TEXT("Quat"), FQuat(0.5, 0.5, 0.5, 0.5));
			Same<ambit::IVec3>(TEXT("IVec3"), FIntVector(-1, 2, -3));
			Same<ambit::Uuid>(TEXT("Uuid"), FGuid(0x01020304, 0xa0b0c0d0, 5, 0xffffffff));
			TestTrue(TEXT("a Uuid's first byte is its highest"), Bytes.data()[0] == 1 && Bytes.data()[3] == 4 && Bytes.data()[15] == 0xff);
		});
		It(TEXT("are read from their text"), [this]
		{
			FAmbitIdentity Identity, Same;
			Identity.Bytes[0] = 0xab;
			Identity.Bytes[31] = 1;
			TestTrue(TEXT("64 letters"), Identity.ToString().Len() == 64 && Identity.ToString().StartsWith(TEXT("ab00")));
			TestTrue(TEXT("and back"), FAmbitIdentity::Parse(Identity.ToString(), Same) && Same == Identity);
			TestFalse(TEXT("no identity"), FAmbitIdentity::Parse(TEXT("ab"), Same) || FAmbitIdentity::Parse(Identity.ToString().Left(63) + TEXT("x"), Same));
		});
	});

	Describe(TEXT("Times"), [this]
	{
		It(TEXT("are UTC, to the microsecond"), [this]
		{
			TestTrue(TEXT("the epoch"), Ambit::ToUnreal(ambit::Timestamp{0}) == FDateTime(1970, 1, 1));
			TestTrue(TEXT("a day before"), Ambit::ToUnreal(ambit::Timestamp{-86400000000}) == FDateTime(1969, 12, 31));
			Same<ambit::Timestamp>(TEXT("a moment"), FDateTime(FDateTime(2024, 2, 29).GetTicks() + 12345670));
			Same<ambit::Duration>(TEXT("a span back"), FTimespan(-50));
			ambit::Duration Span;
			Ambit::FromUnreal(FTimespan(-1), Span);
			TestTrue(TEXT("what is finer is cut off downwards"), Span.microseconds == -1);
		});
		It(TEXT("outside of Unreal's years are the nearest in them"), [this]
		{
			TestTrue(TEXT("too late"), Ambit::ToUnreal(ambit::Timestamp{MAX_int64}) == FDateTime::MaxValue());
			TestTrue(TEXT("too early"), Ambit::ToUnreal(ambit::Timestamp{MIN_int64}) == FDateTime::MinValue());
			TestTrue(TEXT("too long"), Ambit::ToUnreal(ambit::Duration{MAX_int64}) == FTimespan::MaxValue());
			TestTrue(TEXT("too long back"), Ambit::ToUnreal(ambit::Duration{MIN_int64}) == FTimespan::MinValue());
		});
	});

	Describe(TEXT("Texts and lists"), [this]
	{
		It(TEXT("come back, whatever letters they have"), [this]
		{
			bool bFits = false;
			for (const TCHAR* Text : {TEXT(""), TEXT("Grüße, 世界"), TEXT("\U0001F600!")})
			{
				TestTrue(Text, Again<FString>(Text, bFits).Equals(Text) && bFits);
			}
			Same<TAmbitList<uint16>>(TEXT("numbers"), {1, 65535});
			Same<TAmbitList<FString>>(TEXT("texts"), {TEXT("a"), TEXT(""), TEXT("ä")});
			Same<TAmbitList<uint8>>(TEXT("bytes"), {0, 255});
		});
		It(TEXT("are read in place, without copies"), [this]
		{
			Bytes.begin(8);
			FAmbitRowWriter Writer{&Bytes};
			TAmbitCodec<TAmbitList<FString>>::Write(Writer, 0, {TEXT("one"), TEXT("zwei")});
			int32 Letters = 0;
			for (const FUtf8StringView Text : TAmbitCodec<TAmbitList<FString>>::Peek(Bytes.data(), 0))
			{
				const uint8* At = reinterpret_cast<const uint8*>(Text.GetData());
				TestTrue(TEXT("in the row"), At >= Bytes.data() && At + Text.Len() <= Bytes.data() + Bytes.size());
				Letters += Text.Len();
			}
			TestEqual(TEXT("letters"), Letters, 7);
		});
		It(TEXT("that are missing are blank, also in a struct that is used again"), [this]
		{
			using FCodec = TAmbitCodec<TAmbitOption<uint16, FAmbitOptionalInt>>;
			bool bFits = false;
			FAmbitOptionalInt Some;
			Some.bIsSet = true;
			Some.Value = 7;
			const FAmbitOptionalInt Told = Again<TAmbitOption<uint16, FAmbitOptionalInt>>(Some, bFits);
			TestTrue(TEXT("there"), Told.bIsSet && Told.Value == 7);
			Bytes.begin(8);
			FCodec::Read(Bytes.data(), 0, Some);
			TestTrue(TEXT("missing"), !Some.bIsSet && Some.Value == 0 && !FCodec::Peek(Bytes.data(), 0).IsSet());
		});
	});
}

#endif
