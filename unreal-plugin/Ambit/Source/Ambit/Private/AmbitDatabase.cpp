// Attaching tables and reducers to a connection, and calls.

#include "AmbitDatabase.h"

#include "AmbitSubsystem.h"

void UAmbitReducers::Attach(const TSharedPtr<FAmbitConnection>& InConnection)
{
	Connection = InConnection;
	Known.Reset();
	AddAll();
}

void UAmbitReducers::Detach()
{
	Connection.Reset();
}

void UAmbitReducers::Add(const char* Name, uint64 Fingerprint)
{
	Known.Add(Connection->Client.add_reducer(Name, Fingerprint));
}

int64 UAmbitReducers::FinishCall(int32 Reducer, const FAmbitRowWriter& Writer)
{
	if (!Connection)
	{
		return 0;
	}
	if (!Writer.bFits)
	{
		return Connection->Refuse(TEXT("a number does not fit into the reducer's parameter"));
	}
	return Connection->Call(Known[Reducer], *Writer.Bytes);
}

void UAmbitReducers::WhenDone(int64 Request, TFunction<void(const FAmbitCallResult&)> Done)
{
	if (Connection)
	{
		Connection->WhenDone(Request, MoveTemp(Done));
		return;
	}
	FAmbitCallResult Result;
	Result.Message = TEXT("there is no connection");
	Done(Result);
}

TArray<UAmbitTable*> UAmbitDatabase::GetTables() const
{
	TArray<UAmbitTable*> Tables;
	for (const TObjectPtr<UAmbitTable>& Table : AllTables)
	{
		Tables.Add(Table);
	}
	return Tables;
}

UAmbitTable* UAmbitDatabase::FindTable(const FString& TableName) const
{
	for (const TObjectPtr<UAmbitTable>& Table : AllTables)
	{
		if (Table->GetTableName() == TableName)
		{
			return Table;
		}
	}
	return nullptr;
}

void UAmbitDatabase::BuildOnce()
{
	if (AllTables.IsEmpty() && !AllReducers)
	{
		Build();
	}
}

void UAmbitDatabase::Attach(const TSharedPtr<FAmbitConnection>& Connection)
{
	for (const TObjectPtr<UAmbitTable>& Table : AllTables)
	{
		Table->Attach(Connection->Client);
	}
	if (AllReducers)
	{
		AllReducers->Attach(Connection);
	}
	// A database that is first asked for when the connection stands already can be used at once.
	Connection->Client.look_up();
}

void UAmbitDatabase::Detach()
{
	if (AllReducers)
	{
		AllReducers->Detach();
	}
	for (const TObjectPtr<UAmbitTable>& Table : AllTables)
	{
		Table->Detach();
	}
}

namespace Ambit
{
	UAmbitDatabase* DatabaseOf(const UObject* WorldContextObject, TSubclassOf<UAmbitDatabase> Class)
	{
		UAmbitSubsystem* Subsystem = UAmbitSubsystem::Get(WorldContextObject);
		return Subsystem ? Subsystem->GetDatabase(Class) : nullptr;
	}
}
