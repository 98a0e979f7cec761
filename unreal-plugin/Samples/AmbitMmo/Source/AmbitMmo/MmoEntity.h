// An actor for a player: it has a name over its head. Make a Blueprint of it and give it a mesh.
#pragma once

#include "AmbitEntityComponent.h"
#include "GameFramework/Actor.h"

#include "MmoEntity.generated.h"

/** A player as others see them. */
UCLASS(Blueprintable)
class AMmoEntity : public AActor
{
	GENERATED_BODY()

public:
	AMmoEntity();

	/** The row that the actor shows. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Mmo")
	TObjectPtr<UAmbitEntityComponent> Entity;

	/** The player's name. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Mmo")
	FString DisplayName;

	/** The player's health; 0 is dead. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Mmo")
	int32 Health = 0;

	// AActor
	virtual void BeginPlay() override;

private:
	UFUNCTION()
	void HandleChange();
};
