// Binds an actor to a row. A spawner adds it to the actors that it spawns, or an actor class has it already, with handlers of its own.
#pragma once

#include "AmbitTable.h"
#include "Components/ActorComponent.h"

#include "AmbitEntityComponent.generated.h"

DECLARE_DYNAMIC_MULTICAST_DELEGATE(FAmbitEntityEvent);
DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FAmbitEntityLeave, EAmbitDeleteReason, Reason);

/** The row that an actor shows. */
UCLASS(ClassGroup = (Ambit), meta = (BlueprintSpawnableComponent))
class AMBIT_API UAmbitEntityComponent : public UActorComponent
{
	GENERATED_BODY()

public:
	/** The actor begins to show a row; its table's RowOf gives it. Also when an actor comes out of the pool. */
	UPROPERTY(BlueprintAssignable, Category = "Ambit")
	FAmbitEntityEvent OnEnter;

	/** The row changed. Not needed for what moves: the spawner moves the actor. */
	UPROPERTY(BlueprintAssignable, Category = "Ambit")
	FAmbitEntityEvent OnChange;

	/** The row has left, and why. Afterwards the actor goes back to the pool, unless the handler keeps it. */
	UPROPERTY(BlueprintAssignable, Category = "Ambit")
	FAmbitEntityLeave OnLeave;

	/** Whether it shows a row. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	bool IsBound() const { return Table != nullptr; }

	/** The table of the row; none if it shows none. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	UAmbitTable* GetTable() const { return Table; }

	/** For a handler of OnLeave: the actor is the game's from here on, to die in peace, and the game destroys it. */
	UFUNCTION(BlueprintCallable, Category = "Ambit")
	void KeepActor() { bIsKept = true; }

	/** The row's number in its table, which events name it by. */
	uint32 GetSlot() const { return Slot; }

	// For the spawner.
	void Bind(UAmbitTable* InTable, uint32 InSlot);
	void Change() { OnChange.Broadcast(); }
	/** Whether the actor goes back to the pool. */
	bool Unbind(EAmbitDeleteReason Reason);

private:
	UPROPERTY()
	TObjectPtr<UAmbitTable> Table;

	uint32 Slot = 0;
	bool bIsKept = false;
};
