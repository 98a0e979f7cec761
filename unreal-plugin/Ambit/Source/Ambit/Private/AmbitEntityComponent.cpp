// An actor and its row.

#include "AmbitEntityComponent.h"

void UAmbitEntityComponent::Bind(UAmbitTable* InTable, uint32 InSlot)
{
	Table = InTable;
	Slot = InSlot;
	bIsKept = false;
	OnEnter.Broadcast();
}

bool UAmbitEntityComponent::Unbind(EAmbitDeleteReason Reason)
{
	OnLeave.Broadcast(Reason);
	Table = nullptr;
	return !bIsKept;
}
