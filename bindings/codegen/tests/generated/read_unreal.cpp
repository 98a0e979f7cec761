// Reads rows that Rust wrote with the views and the structs of Unreal, says what is in them, writes them again and compares every byte.

#include "GameReducers.g.h"

std::unique_ptr<ambit::Backend> ambit::make_backend(const ambit::Options&) { return nullptr; }

namespace
{
	alignas(8) uint8 RowBytes[4096];
	std::size_t Length;

	void Load(const char* Folder, const char* Table)
	{
		const std::string Path = std::string(Folder) + "/" + Table + ".row";
		std::FILE* File = std::fopen(Path.c_str(), "rb");
		check(File != nullptr);
		Length = std::fread(RowBytes, 1, sizeof(RowBytes), File);
		std::fclose(File);
	}

	const char* Narrow(const FString& Text)
	{
		static std::string Held[8];
		static int At = 0;
		std::string& Out = Held[At++ % 8];
		Out = Ambit::ToUtf8(Text);
		return Out.c_str();
	}

	/** Whether a row of these columns, written anew, has the bytes that were read. */
	template <typename Wire, typename Value>
	const char* Same(uint32 FixedBytes, int64 Id, const Value& Event)
	{
		ambit::RowWriter Bytes;
		Bytes.begin(FixedBytes);
		FAmbitRowWriter Writer{&Bytes};
		TAmbitCodec<uint64>::Write(Writer, 0, Id);
		TAmbitCodec<Wire>::Write(Writer, 8, Event);
		return Writer.bFits && Bytes.size() == Length && std::memcmp(Bytes.data(), RowBytes, Length) == 0 ? "ok" : "wrong";
	}
}

int main(int, char** Arguments)
{
	Load(Arguments[1], "plain");
	const FPlainView Plain(RowBytes);
	FPlainRow Row;
	Plain.CopyTo(Row);
	bool bWhole = Plain.Flag() && Row.bFlag && !Plain.NoU64() && !Row.NoU64.bIsSet && Plain.MaybeStats()->Power == 5 && Row.MaybeStats.Value.Power == 5
		&& *Plain.MaybeFlag() && Row.AU128.High == int64{1} << 36 && Row.Owner.Bytes[0] == 0xab && Row.Uuid.D == 0xefefefef && Row.Span == FTimespan(-50)
		&& Row.At == FDateTime(FDateTime(1970, 1, 1).GetTicks() + 10000010) && Row.AU16 == 60000 && Row.V4 == FVector4(6.0, 7.0, 8.0, 9.0) && Row.I2 == FIntPoint(-1, -2)
		&& Row.MaybeMaybe.Value.Value == 7 && FPlainColumns::Class.name == std::string("class") && Row.AI128.Low == -5 && Row.AI128.High == -1;
	std::printf("plain %lld %d %lld %g %g %d %lld %s %d %lld %d %d %s\n", Plain.Id(), Row.AI8, Row.AU32, double(Plain.AF32()), Plain.D3().Y, Row.I3.X, Plain.Entity(),
		std::string(query_text(Plain.Mood())).c_str(), Plain.Stats().Level, *Plain.MaybeU64(), **Plain.MaybeMaybe(), Plain.Class(), bWhole ? "ok" : "wrong");

	Load(Arguments[1], "heap_row");
	const FHeapRowView Heap(RowBytes);
	FHeapRowRow Copy;
	// Twice, so that a struct that is used again is as a new one.
	Heap.CopyTo(Copy);
	Heap.CopyTo(Copy);
	bWhole = Heap.Empty().IsEmpty() && !Heap.NoText() && Ambit::ToString(*Heap.MaybeText()) == TEXT("yes") && Heap.Words().Num() == 3 && Copy.Words[2] == TEXT("c")
		&& Heap.Grid()[0][0] == 1 && Copy.Grid[0].Values[0] == 1 && Copy.Grid[1].Values.IsEmpty() && *Heap.Maybes()[0] == 5 && !Copy.Maybes[1].bIsSet
		&& Heap.Action().Kind() == EActionKind::Move && Heap.Action().Move().Run() && Copy.Action.Move.To.Z == -1.0
		&& Heap.MaybeAction()->Kind() == EActionKind::Say && Copy.MaybeAction.Value.Say.Field0 == TEXT("hey") && Heap.Moods()[0] == EMood::Default
		&& Copy.Parties[0].Power == 2 && !Copy.Flags[1];
	std::printf("heap %s %d %g %g %s %s %s\n", Narrow(Ambit::ToString(Heap.Name())), Heap.Blob().Num(), Heap.Points()[0].X, Heap.Points()[0].Y,
		Narrow(Ambit::ToString(Heap.Item().Name())), Narrow(Copy.Items[0].Name), bWhole ? "ok" : "wrong");

	Load(Arguments[1], "nested_fixed");
	FNestedFixedRow NestedFixed;
	FNestedFixedView(RowBytes).CopyTo(NestedFixed);
	std::printf("nested_fixed %s\n", Same<FEverythingFixed>(384, NestedFixed.Id, NestedFixed.Event));

	Load(Arguments[1], "nested");
	FNestedRow Nested;
	FNestedView(RowBytes).CopyTo(Nested);
	std::printf("nested %s\n", Same<FEverything>(168, Nested.Id, Nested.Event));

	Load(Arguments[1], "veiled");
	FVeiledRow Veiled;
	FVeiledView(RowBytes).CopyTo(Veiled);
	std::printf("veiled %lld %d %d %s\n", Veiled.Id, Veiled.Level, Veiled.Private2, Veiled.bFlag ? "ok" : "wrong");
}
