// Shows the rows of one table as actors: spawns them, moves them between updates, and takes them back. Add it to any actor of the level, such as
// the game mode. How a row moves between updates is the core's affair; here its answer becomes a transform.
#pragma once

#include "AmbitDatabase.h"
#include "AmbitEntityComponent.h"
#include "GameFramework/Actor.h"

#include "AmbitEntitySpawner.generated.h"

class UAmbitSubsystem;

/** What a rotation column holds. */
UENUM(BlueprintType)
enum class EAmbitRotation : uint8
{
	/** Actors are not turned. */
	None,
	/** A number: radians from the X axis towards the Y axis. */
	Yaw,
	/** A quaternion. */
	Quaternion,
};

DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FAmbitSpawnEvent, UAmbitEntityComponent*, Entity);
DECLARE_DYNAMIC_MULTICAST_DELEGATE_TwoParams(FAmbitSpawnLeave, UAmbitEntityComponent*, Entity, EAmbitDeleteReason, Reason);

/** Shows the rows of one table as actors. */
UCLASS(ClassGroup = (Ambit), meta = (BlueprintSpawnableComponent))
class AMBIT_API UAmbitEntitySpawner : public UActorComponent
{
	GENERATED_BODY()

public:
	UAmbitEntitySpawner();

	/** The generated database class. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	TSubclassOf<UAmbitDatabase> Database;

	/** The table, as the module calls it. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FString Table;

	/** What is spawned for a row. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	TSubclassOf<AActor> ActorClass;

	/** The column with the position: a vector of two or three numbers. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FString PositionColumn = TEXT("position");

	/** The column with the rotation. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FString RotationColumn = TEXT("facing");

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	EAmbitRotation Rotation = EAmbitRotation::None;

	/** Centimetres in one unit of the module's positions; 100 for metres. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	double CentimetresPerUnit = 100.0;

	/** Where the module's origin lies in the level, in centimetres. With positions of two numbers its height is that of all actors. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FVector Origin = FVector::ZeroVector;

	/** Mirrors the Y axis: for modules whose Y points to the left of X, as on a map with north above. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bMirrorY = false;

	/** Move smoothly between updates, a little behind the server. Without it actors jump to what was told last. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bInterpolate = true;

	/** How many actors that show nothing are kept for later rows. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit", meta = (ClampMin = "0"))
	int32 PoolSizeMax = 64;

	/** Draw the circles and tiers of all subscriptions into the level, as the server tells them; not in shipped games. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bDrawInterest = false;

	/** An actor shows a row and is where the row is. */
	UPROPERTY(BlueprintAssignable, Category = "Ambit")
	FAmbitSpawnEvent OnSpawn;

	/** A row that an actor showed has left, and why. */
	UPROPERTY(BlueprintAssignable, Category = "Ambit")
	FAmbitSpawnLeave OnLeave;

	/** Entities that show a row. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	int32 GetEntityCount() const { return Entities.Num(); }

	/** The entity of a row by its number; none if it has none. */
	UAmbitEntityComponent* FindEntity(uint32 Slot) const;

	/** Why it shows nothing: a class, table or column that it lacks. Empty while all is well. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	FString GetProblem() const { return Problem; }

	// UActorComponent
	virtual void BeginPlay() override;
	virtual void EndPlay(const EEndPlayReason::Type EndPlayReason) override;
	virtual void TickComponent(float DeltaTime, ELevelTick TickType, FActorComponentTickFunction* ThisTickFunction) override;

private:
	void Prepare();
	void HandleEvent(const ambit::RowEvent& Event);
	void HandleDetached();
	void Spawn(uint32 Slot);
	void Remove(uint32 Slot, EAmbitDeleteReason Reason);
	AActor* TakeActor(const FTransform& Where);
	void Store(AActor* Actor);
	bool Place(uint32 Slot, int64 TimeUs, FTransform& Out) const;
	/** From the module's positions to the level's. */
	FVector ToLevel(double X, double Y, double Z) const;
	void DrawInterest(float DeltaTime);
	/** The server's time that this frame shows, in microseconds. */
	int64 ShownTime() const;

	UPROPERTY()
	TObjectPtr<UAmbitTable> Shown;

	UPROPERTY()
	TMap<uint32, TObjectPtr<UAmbitEntityComponent>> Entities;

	UPROPERTY()
	TArray<TObjectPtr<AActor>> Pool;

	TWeakObjectPtr<UAmbitSubsystem> Subsystem;
	FDelegateHandle EventHandle, DetachedHandle;
	FString Problem;
	float SinceAsked = 0.0f;
	int32 PositionNumber = -1, RotationNumber = -1;
	bool bPrepared = false;
};
