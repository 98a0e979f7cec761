// Worlds, actors, components, game instances, subsystems, the ticker and nodes of Blueprint that wait.
#pragma once

#include "StandIn/Delegates.h"

// There is one engine, whatever a module shows of itself.
#pragma GCC visibility push(default)

// Classes of the engine are made by hand what the header tool makes of others.
#define STANDIN_CLASS(Class, Parent) \
public: \
	using Super = Parent; \
	using ThisClass = Class; \
	static UClass* StaticClass() \
	{ \
		static UClass Of(TEXT(#Class), Parent::StaticClass(), &StandIn::MakeOf<Class>); \
		return &Of; \
	}

using FTickerDelegate = TDelegate<bool(float)>;

class FTSTicker
{
public:
	using FDelegateHandle = ::FDelegateHandle;
	static FTSTicker& GetCoreTicker();
	FDelegateHandle AddTicker(const FTickerDelegate& Delegate, float Delay = 0.0f)
	{
		static_cast<void>(Delay);
		Bound.emplace_back(FDelegateHandle::Make(), Delegate);
		return Bound.back().first;
	}
	void RemoveTicker(FDelegateHandle Handle)
	{
		Bound.erase(std::remove_if(Bound.begin(), Bound.end(), [Handle](const auto& One) { return One.first == Handle; }), Bound.end());
	}
	void Tick(float Seconds)
	{
		const auto Now = Bound;
		for (const auto& [Handle, Delegate] : Now)
		{
			const FDelegateHandle This = Handle;
			const bool bIsThere = std::any_of(Bound.begin(), Bound.end(), [This](const auto& One) { return One.first == This; });
			if (bIsThere && (!Delegate.IsBound() || !Delegate.Execute(Seconds)))
			{
				RemoveTicker(Handle);
			}
		}
	}
	int32 StandInCount() const { return static_cast<int32>(Bound.size()); }

private:
	std::vector<std::pair<FDelegateHandle, FTickerDelegate>> Bound;
};

namespace EEndPlayReason
{
	enum Type
	{
		Destroyed,
		LevelTransition,
		EndPlayInEditor,
		RemovedFromWorld,
		Quit
	};
}
enum ELevelTick
{
	LEVELTICK_All
};
struct FActorComponentTickFunction
{
	bool bCanEverTick = false;
};

class AActor;

class UActorComponent : public UObject
{
	STANDIN_CLASS(UActorComponent, UObject)
	FActorComponentTickFunction PrimaryComponentTick;
	AActor* GetOwner() const;
	void RegisterComponent();
	virtual void BeginPlay() {}
	virtual void EndPlay(const EEndPlayReason::Type) {}
	virtual void TickComponent(float, ELevelTick, FActorComponentTickFunction*) {}
	void StandInBegin()
	{
		if (!bBegun)
		{
			bBegun = true;
			BeginPlay();
		}
	}

private:
	bool bBegun = false;
};

class USceneComponent : public UActorComponent
{
	STANDIN_CLASS(USceneComponent, UActorComponent)
};

class AActor : public UObject
{
	STANDIN_CLASS(AActor, UObject)
	TObjectPtr<USceneComponent> RootComponent;
	FActorComponentTickFunction PrimaryActorTick;

	virtual void BeginPlay() {}
	virtual void EndPlay(const EEndPlayReason::Type) {}
	virtual void Tick(float) {}
	virtual void StandInReferences(StandIn::FReferences& References) override
	{
		References.Add(RootComponent);
		References.Add(Components);
	}

	template <typename T>
	T* CreateDefaultSubobject(const TCHAR*)
	{
		T* Made = NewObject<T>(this);
		Components.Add(Made);
		return Made;
	}
	template <typename T>
	T* FindComponentByClass() const
	{
		for (const TObjectPtr<UActorComponent>& Component : Components)
		{
			if (T* Found = Cast<T>(Component.Get()))
			{
				return Found;
			}
		}
		return nullptr;
	}
	/** Without a root component an actor is nowhere and does not move. */
	bool SetActorTransform(const FTransform& In)
	{
		if (RootComponent)
		{
			Where = In;
		}
		return RootComponent;
	}
	const FTransform& GetActorTransform() const { return Where; }
	FVector GetActorLocation() const { return Where.GetLocation(); }
	FQuat GetActorQuat() const { return Where.GetRotation(); }
	FVector GetActorScale3D() const { return Where.GetScale3D(); }
	void SetActorHiddenInGame(bool bIn) { bHidden = bIn; }
	bool IsHidden() const { return bHidden; }
	void SetActorEnableCollision(bool) {}
	void SetActorTickEnabled(bool bIn) { bTicks = bIn; }
	bool Destroy();

	void FinishSpawning(const FTransform& In)
	{
		SetActorTransform(In);
		StandInBegin();
	}
	void StandInBegin();
	void StandInTick(float Seconds);
	void StandInAdd(UActorComponent* Component) { Components.Add(Component); }

private:
	TArray<TObjectPtr<UActorComponent>> Components;
	FTransform Where;
	bool bHidden = false, bTicks = true, bBegun = false;
};

enum class ESpawnActorCollisionHandlingMethod
{
	AlwaysSpawn
};
struct FActorSpawnParameters
{
	ESpawnActorCollisionHandlingMethod SpawnCollisionHandlingOverride = ESpawnActorCollisionHandlingMethod::AlwaysSpawn;
	EObjectFlags ObjectFlags = RF_NoFlags;
};

class UGameInstance;
struct FURL
{
};

class UWorld : public UObject
{
	STANDIN_CLASS(UWorld, UObject)
	virtual UWorld* GetWorld() const override { return const_cast<UWorld*>(this); }
	UGameInstance* GetGameInstance() const { return GameInstance; }
	virtual void StandInReferences(StandIn::FReferences& References) override;

	template <typename T>
	T* SpawnActor(UClass* Class = nullptr, const FTransform& Where = FTransform(), const FActorSpawnParameters& = FActorSpawnParameters())
	{
		T* Actor = NewObject<T>(this, Class);
		Actors.Add(Actor);
		Actor->SetActorTransform(Where);
		Actor->StandInBegin();
		return Actor;
	}
	template <typename T>
	T* SpawnActorDeferred(UClass* Class, const FTransform&)
	{
		T* Actor = NewObject<T>(this, Class);
		Actors.Add(Actor);
		return Actor;
	}
	void InitializeActorsForPlay(const FURL&) {}
	void BeginPlay() {}
	void Tick(ELevelTick, float Seconds)
	{
		const TArray<TObjectPtr<AActor>> Now = Actors;
		for (const TObjectPtr<AActor>& Actor : Now)
		{
			if (IsValid(Actor))
			{
				Actor->StandInTick(Seconds);
			}
		}
	}
	/** Ends the play of all actors, as at the end of a Play-In-Editor run. */
	void DestroyWorld(bool)
	{
		const TArray<TObjectPtr<AActor>> Now = Actors;
		for (const TObjectPtr<AActor>& Actor : Now)
		{
			if (IsValid(Actor))
			{
				Actor->Destroy();
			}
		}
		Actors.Empty();
	}
	const TArray<TObjectPtr<AActor>>& StandInActors() const { return Actors; }
	void StandInForget(AActor* Actor)
	{
		for (int32 Index = Actors.Num() - 1; Index >= 0; Index--)
		{
			if (Actors[Index].Get() == Actor)
			{
				Actors.RemoveAt(Index);
			}
		}
	}

	TObjectPtr<UGameInstance> GameInstance;

private:
	TArray<TObjectPtr<AActor>> Actors;
};

template <typename T>
class TActorIterator
{
	const TArray<TObjectPtr<AActor>>& All;
	int32 Index = 0;

public:
	explicit TActorIterator(const UWorld* World) : All(World->StandInActors()) {}
	explicit operator bool() const { return Index < All.Num(); }
	TActorIterator& operator++()
	{
		Index++;
		return *this;
	}
};

class FSubsystemCollectionBase
{
};

class USubsystem : public UObject
{
	STANDIN_CLASS(USubsystem, UObject)
	virtual void Initialize(FSubsystemCollectionBase&) {}
	virtual void Deinitialize() {}
};
class UGameInstanceSubsystem : public USubsystem
{
	STANDIN_CLASS(UGameInstanceSubsystem, USubsystem)
	UGameInstance* GetGameInstance() const;
};

class UGameInstance : public UObject
{
	STANDIN_CLASS(UGameInstance, UObject)
	virtual UWorld* GetWorld() const override { return World; }
	/** The engine makes all subsystems at once; here one is made when it is first asked for. */
	template <typename T>
	T* GetSubsystem() const
	{
		for (const TObjectPtr<USubsystem>& One : Subsystems)
		{
			if (T* Found = Cast<T>(One.Get()))
			{
				return Found;
			}
		}
		if (bOver)
		{
			return nullptr;
		}
		UGameInstance* This = const_cast<UGameInstance*>(this);
		T* Made = NewObject<T>(This);
		This->Subsystems.Add(Made);
		FSubsystemCollectionBase Collection;
		Made->Initialize(Collection);
		return Made;
	}
	/** With a world of its own. */
	void InitializeStandalone()
	{
		World = NewObject<UWorld>();
		World->GameInstance = this;
	}
	virtual void Shutdown()
	{
		bOver = true;
		const TArray<TObjectPtr<USubsystem>> All = Subsystems;
		for (const TObjectPtr<USubsystem>& One : All)
		{
			One->Deinitialize();
		}
		Subsystems.Empty();
	}
	virtual void StandInReferences(StandIn::FReferences& References) override
	{
		References.Add(World);
		References.Add(Subsystems);
		References.Add(Waiting);
	}
	void StandInKeep(UObject* Object) { Waiting.Add(Object); }
	void StandInLetGo(UObject* Object)
	{
		for (int32 Index = Waiting.Num() - 1; Index >= 0; Index--)
		{
			if (Waiting[Index].Get() == Object)
			{
				Waiting.RemoveAt(Index);
			}
		}
	}
	TObjectPtr<UWorld> World;

private:
	TArray<TObjectPtr<USubsystem>> Subsystems;
	TArray<TObjectPtr<UObject>> Waiting;
	bool bOver = false;
};
inline UGameInstance* UGameInstanceSubsystem::GetGameInstance() const { return Cast<UGameInstance>(GetOuter()); }

enum class EGetWorldErrorMode
{
	ReturnNull,
	LogAndReturnNull,
	Assert
};
class UEngine : public UObject
{
	STANDIN_CLASS(UEngine, UObject)
	void DestroyWorldContext(UWorld*) {}
	UWorld* GetWorldFromContextObject(const UObject* Object, EGetWorldErrorMode) const { return Object ? Object->GetWorld() : nullptr; }
};
extern UEngine* GEngine;

class UBlueprintFunctionLibrary : public UObject
{
	STANDIN_CLASS(UBlueprintFunctionLibrary, UObject)
};

class UBlueprintAsyncActionBase : public UObject
{
	STANDIN_CLASS(UBlueprintAsyncActionBase, UObject)
	virtual void Activate() {}
	void RegisterWithGameInstance(const UObject* WorldContextObject)
	{
		UWorld* World = WorldContextObject ? WorldContextObject->GetWorld() : nullptr;
		Keeper = World ? World->GetGameInstance() : nullptr;
		if (Keeper.IsValid())
		{
			Keeper->StandInKeep(this);
		}
	}
	virtual void SetReadyToDestroy()
	{
		if (Keeper.IsValid())
		{
			Keeper->StandInLetGo(this);
		}
	}

private:
	TWeakObjectPtr<UGameInstance> Keeper;
};

class UDeveloperSettings : public UObject
{
	STANDIN_CLASS(UDeveloperSettings, UObject)
	virtual FName GetCategoryName() const { return FName(); }
};

inline AActor* UActorComponent::GetOwner() const { return Cast<AActor>(GetOuter()); }
inline void UActorComponent::RegisterComponent()
{
	GetOwner()->StandInAdd(this);
	StandInBegin();
}
inline void AActor::StandInBegin()
{
	const TArray<TObjectPtr<UActorComponent>> Now = Components;
	for (const TObjectPtr<UActorComponent>& Component : Now)
	{
		Component->StandInBegin();
	}
	bBegun = true;
	BeginPlay();
}
inline void AActor::StandInTick(float Seconds)
{
	if (bTicks && PrimaryActorTick.bCanEverTick)
	{
		Tick(Seconds);
	}
	const TArray<TObjectPtr<UActorComponent>> Now = Components;
	for (const TObjectPtr<UActorComponent>& Component : Now)
	{
		if (Component->PrimaryComponentTick.bCanEverTick)
		{
			Component->TickComponent(Seconds, LEVELTICK_All, &Component->PrimaryComponentTick);
		}
	}
}
inline bool AActor::Destroy()
{
	EndPlay(EEndPlayReason::Destroyed);
	const TArray<TObjectPtr<UActorComponent>> Now = Components;
	for (const TObjectPtr<UActorComponent>& Component : Now)
	{
		Component->EndPlay(EEndPlayReason::Destroyed);
	}
	MarkAsGarbage();
	GetWorld()->StandInForget(this);
	return true;
}
inline void UWorld::StandInReferences(StandIn::FReferences& References)
{
	References.Add(GameInstance);
	References.Add(Actors);
}

namespace StandIn
{
	/** How many circles were drawn. */
	inline int32 Circles = 0;
}
inline void DrawDebugCircle(const UWorld*, const FVector&, float, int32, const FColor&, bool, float, uint8, float, const FVector&, const FVector&, bool)
{
	StandIn::Circles++;
}

#pragma GCC visibility pop
