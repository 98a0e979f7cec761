// What all generated databases share: their tables, their reducers, and the connection that both are attached to for as long as it is there.
#pragma once

#include "AmbitConnection.h"
#include "AmbitTable.h"
#include "Templates/SubclassOf.h"

#include "AmbitDatabase.generated.h"

class UAmbitSubsystem;

/** Calls of a database's reducers. */
UCLASS(Abstract, BlueprintType)
class AMBIT_API UAmbitReducers : public UObject
{
	GENERATED_BODY()

public:
	/** Tells once what became of a call; at once if its number is 0. Also when the connection ends before the answer is there. */
	void WhenDone(int64 Request, TFunction<void(const FAmbitCallResult&)> Done);

	// For the database.
	void Attach(const TSharedPtr<FAmbitConnection>& InConnection);
	void Detach();

protected:
	/** Names all reducers, in the order of their numbers. */
	virtual void AddAll() {}
	void Add(const char* Name, uint64 Fingerprint);
	/** Arguments to be written and then sent by FinishCall. */
	FAmbitRowWriter BeginCall(uint32 FixedBytes)
	{
		Arguments.begin(FixedBytes);
		return {&Arguments};
	}
	int64 FinishCall(int32 Reducer, const FAmbitRowWriter& Writer);

private:
	TSharedPtr<FAmbitConnection> Connection;
	TArray<ambit::Reducer> Known;
	ambit::RowWriter Arguments;
};

/** The typed view of the game instance's connection; `ambit generate --lang unreal` makes one for a game's module. */
UCLASS(Abstract, BlueprintType)
class AMBIT_API UAmbitDatabase : public UObject
{
	GENERATED_BODY()

public:
	/** All tables, in the module's order. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	TArray<UAmbitTable*> GetTables() const;

	/** The table that the module calls so; none if there is no such table. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	UAmbitTable* FindTable(const FString& TableName) const;

	// For the subsystem.
	void BuildOnce();
	void Attach(const TSharedPtr<FAmbitConnection>& Connection);
	void Detach();

protected:
	/** Makes tables and reducers. */
	virtual void Build() {}

	template <typename TableType>
	TableType* AddTable()
	{
		TableType* Table = NewObject<TableType>(this);
		AllTables.Add(Table);
		return Table;
	}

	template <typename ReducersType>
	ReducersType* AddReducers()
	{
		ReducersType* Made = NewObject<ReducersType>(this);
		AllReducers = Made;
		return Made;
	}

private:
	UPROPERTY()
	TArray<TObjectPtr<UAmbitTable>> AllTables;

	UPROPERTY()
	TObjectPtr<UAmbitReducers> AllReducers;
};

namespace Ambit
{
	/** The database of this class that belongs to the object's game instance; made if it is missing, none without a game instance. */
	AMBIT_API UAmbitDatabase* DatabaseOf(const UObject* WorldContextObject, TSubclassOf<UAmbitDatabase> Class);

	template <typename DatabaseType>
	DatabaseType* DatabaseOf(const UObject* WorldContextObject)
	{
		return Cast<DatabaseType>(DatabaseOf(WorldContextObject, DatabaseType::StaticClass()));
	}
}
