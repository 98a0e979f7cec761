// Rows come and go with events; where they are is sampled once per frame, for all of them in one loop.

#include "AmbitEntitySpawner.h"

#include "AmbitSubsystem.h"
#include "Engine/World.h"

UAmbitEntitySpawner::UAmbitEntitySpawner()
{
	PrimaryComponentTick.bCanEverTick = true;
}

void UAmbitEntitySpawner::BeginPlay()
{
	Super::BeginPlay();
	Subsystem = UAmbitSubsystem::Get(this);
	UAmbitDatabase* Made = Subsystem.IsValid() ? Subsystem->GetDatabase(Database) : nullptr;
	Shown = Made ? Made->FindTable(Table) : nullptr;
	if (!Shown || !ActorClass)
	{
		Problem = !Made    ? FString(TEXT("it has no Database class, or there is no game instance"))
				: !Shown ? FString::Printf(TEXT("the database has no table `%s`"), *Table)
						 : FString(TEXT("it has no ActorClass"));
		UE_LOG(LogTemp, Warning, TEXT("AmbitEntitySpawner of %s: %s"), *GetNameSafe(GetOwner()), *Problem);
		return;
	}
	PositionNumber = Shown->FindColumn(PositionColumn);
	RotationNumber = Rotation == EAmbitRotation::None ? -1 : Shown->FindColumn(RotationColumn);
	EventHandle = Shown->OnEvent.AddUObject(this, &UAmbitEntitySpawner::HandleEvent);
	DetachedHandle = Shown->OnDetached.AddUObject(this, &UAmbitEntitySpawner::HandleDetached);
}

void UAmbitEntitySpawner::EndPlay(const EEndPlayReason::Type EndPlayReason)
{
	if (Shown)
	{
		Shown->OnEvent.Remove(EventHandle);
		Shown->OnDetached.Remove(DetachedHandle);
		HandleDetached();
	}
	for (const TObjectPtr<AActor>& Actor : Pool)
	{
		if (IsValid(Actor))
		{
			Actor->Destroy();
		}
	}
	Pool.Empty();
	Super::EndPlay(EndPlayReason);
}

/** Columns can be followed as soon as the connection's schema is known. Rows that are there already are shown then. */
void UAmbitEntitySpawner::Prepare()
{
	const bool bFollows = PositionNumber >= 0 && Shown->Interpolate(PositionNumber) && (RotationNumber < 0 || Shown->Interpolate(RotationNumber));
	bPrepared = true;
	Problem.Reset();
	if (!bFollows || (Rotation != EAmbitRotation::None && RotationNumber < 0))
	{
		Problem = FString::Printf(TEXT("table `%s` needs a column `%s` with a position%s"), *Table, *PositionColumn,
			Rotation == EAmbitRotation::None ? TEXT("") : TEXT(", and the rotation column"));
		UE_LOG(LogTemp, Warning, TEXT("AmbitEntitySpawner of %s: %s"), *GetNameSafe(GetOwner()), *Problem);
		return;
	}
	TArray<uint32> Slots;
	Shown->GetSlots(Slots);
	for (const uint32 Slot : Slots)
	{
		Spawn(Slot);
	}
}

void UAmbitEntitySpawner::HandleEvent(const ambit::RowEvent& Event)
{
	if (!bPrepared)
	{
		return;
	}
	switch (Event.kind)
	{
	case ambit::RowEventKind::Insert:
		Spawn(Event.slot);
		break;
	case ambit::RowEventKind::Update:
		if (UAmbitEntityComponent* Entity = FindEntity(Event.slot))
		{
			Entity->Change();
		}
		break;
	case ambit::RowEventKind::Delete:
		Remove(Event.slot, static_cast<EAmbitDeleteReason>(Event.reason));
		break;
	}
}

void UAmbitEntitySpawner::HandleDetached()
{
	bPrepared = false;
	TArray<uint32> Slots;
	Entities.GetKeys(Slots);
	for (const uint32 Slot : Slots)
	{
		Remove(Slot, EAmbitDeleteReason::Unsubscribed);
	}
}

UAmbitEntityComponent* UAmbitEntitySpawner::FindEntity(uint32 Slot) const
{
	const TObjectPtr<UAmbitEntityComponent>* Found = Entities.Find(Slot);
	return Found && IsValid(*Found) ? Found->Get() : nullptr;
}

void UAmbitEntitySpawner::Spawn(uint32 Slot)
{
	FTransform Where;
	// An event that waited for its turn can be of a row that is gone, or that is shown already.
	if (FindEntity(Slot) || !Place(Slot, ShownTime(), Where))
	{
		return;
	}
	AActor* Actor = TakeActor(Where);
	if (!Actor)
	{
		return;
	}
	UAmbitEntityComponent* Entity = Actor->FindComponentByClass<UAmbitEntityComponent>();
	if (!Entity)
	{
		Entity = NewObject<UAmbitEntityComponent>(Actor);
		Entity->RegisterComponent();
	}
	Entities.Add(Slot, Entity);
	Entity->Bind(Shown, Slot);
	OnSpawn.Broadcast(Entity);
}

void UAmbitEntitySpawner::Remove(uint32 Slot, EAmbitDeleteReason Reason)
{
	UAmbitEntityComponent* Entity = FindEntity(Slot);
	Entities.Remove(Slot);
	if (!Entity)
	{
		return;
	}
	OnLeave.Broadcast(Entity, Reason);
	if (Entity->Unbind(Reason))
	{
		Store(Entity->GetOwner());
	}
}

AActor* UAmbitEntitySpawner::TakeActor(const FTransform& Where)
{
	while (!Pool.IsEmpty())
	{
		AActor* Actor = Pool.Pop();
		if (!IsValid(Actor))
		{
			continue;
		}
		Actor->SetActorTransform(Where);
		Actor->SetActorHiddenInGame(false);
		Actor->SetActorEnableCollision(true);
		Actor->SetActorTickEnabled(true);
		return Actor;
	}
	FActorSpawnParameters Parameters;
	Parameters.SpawnCollisionHandlingOverride = ESpawnActorCollisionHandlingMethod::AlwaysSpawn;
	Parameters.ObjectFlags |= RF_Transient;
	UWorld* World = GetWorld();
	return World ? World->SpawnActor<AActor>(ActorClass, Where, Parameters) : nullptr;
}

void UAmbitEntitySpawner::Store(AActor* Actor)
{
	if (!IsValid(Actor))
	{
		return;
	}
	if (Pool.Num() >= PoolSizeMax)
	{
		Actor->Destroy();
		return;
	}
	Actor->SetActorHiddenInGame(true);
	Actor->SetActorEnableCollision(false);
	Actor->SetActorTickEnabled(false);
	Pool.Add(Actor);
}

FVector UAmbitEntitySpawner::ToLevel(double X, double Y, double Z) const
{
	return Origin + FVector(X, bMirrorY ? -Y : Y, Z) * CentimetresPerUnit;
}

bool UAmbitEntitySpawner::Place(uint32 Slot, int64 TimeUs, FTransform& Out) const
{
	double At[4];
	if (!Shown->Sample(Slot, PositionNumber, TimeUs, At))
	{
		return false;
	}
	const double Side = bMirrorY ? -1.0 : 1.0;
	Out = FTransform(ToLevel(At[0], At[1], At[2]));
	double Turned[4];
	if (RotationNumber < 0 || !Shown->Sample(Slot, RotationNumber, TimeUs, Turned))
	{
		return true;
	}
	if (Rotation == EAmbitRotation::Yaw)
	{
		Out.SetRotation(FQuat(FVector::UpVector, Side * Turned[0]));
	}
	else
	{
		// Mirrored at the plane of X and Z, a turn about X or Z goes the other way.
		Out.SetRotation(FQuat(Side * Turned[0], Turned[1], Side * Turned[2], Turned[3]));
	}
	return true;
}

void UAmbitEntitySpawner::TickComponent(float DeltaTime, ELevelTick TickType, FActorComponentTickFunction* ThisTickFunction)
{
	Super::TickComponent(DeltaTime, TickType, ThisTickFunction);
	if (!Shown || !Subsystem.IsValid())
	{
		return;
	}
	if (!bPrepared)
	{
		if (!Subsystem->IsReady())
		{
			return;
		}
		Prepare();
	}
	if (bDrawInterest)
	{
		DrawInterest(DeltaTime);
	}
	const int64 TimeUs = ShownTime();
	for (const auto& [Slot, Entity] : Entities)
	{
		FTransform Where;
		if (IsValid(Entity) && Place(Slot, TimeUs, Where))
		{
			AActor* Actor = Entity->GetOwner();
			if (Rotation == EAmbitRotation::None)
			{
				Where.SetRotation(Actor->GetActorQuat());
			}
			Where.SetScale3D(Actor->GetActorScale3D());
			Actor->SetActorTransform(Where);
		}
	}
}

int64 UAmbitEntitySpawner::ShownTime() const
{
	return bInterpolate ? Subsystem->GetRenderTimeUs() : MAX_int64;
}
