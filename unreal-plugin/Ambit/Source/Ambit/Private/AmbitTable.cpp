// A table's link to the client, and what is asked of it whatever its rows are.

#include "AmbitTable.h"

#include "AmbitEntityComponent.h"

void UAmbitTable::Attach(ambit::Client& InClient)
{
	Detach();
	Client = &InClient;
	Link = MakeLink(InClient);
}

void UAmbitTable::Detach()
{
	if (!Client)
	{
		return;
	}
	Link.Reset();
	Client = nullptr;
	OnDetached.Broadcast();
}

void UAmbitTable::BeginDestroy()
{
	// The subsystem has detached it, unless the object was made by somebody else.
	Link.Reset();
	Super::BeginDestroy();
}

void UAmbitTable::Dispatch(const ambit::RowEvent& Event)
{
	OnEvent.Broadcast(Event);
	Raise(Event);
}

int64 UAmbitTable::Count() const
{
	return Link ? static_cast<int64>(Link->count()) : 0;
}

void UAmbitTable::GetSlots(TArray<uint32>& Out) const
{
	Out.Reset();
	if (Link)
	{
		Link->each_slot([&Out](std::uint32_t Slot) { Out.Add(Slot); });
	}
}

int32 UAmbitTable::FindColumn(const FString& ColumnName) const
{
	const TConstArrayView<const TCHAR*> Names = ColumnNames();
	for (int32 Column = 0; Column < Names.Num(); Column++)
	{
		if (!ColumnName.IsEmpty() && ColumnName == Names[Column])
		{
			return Column;
		}
	}
	return -1;
}

bool UAmbitTable::SlotOf(const UAmbitEntityComponent* Entity, uint32& Slot) const
{
	if (!Entity || Entity->GetTable() != this)
	{
		return false;
	}
	Slot = Entity->GetSlot();
	return true;
}
