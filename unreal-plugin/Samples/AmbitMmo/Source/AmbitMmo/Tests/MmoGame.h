// A running game for specs: a game instance with a world of its own, stepped frame by frame. Two of them are two players.
#pragma once

#include "AmbitSubsystem.h"
#include "Containers/Ticker.h"
#include "Engine/Engine.h"
#include "Engine/GameInstance.h"
#include "Engine/World.h"
#include "EngineUtils.h"
#include "HAL/PlatformMisc.h"
#include "Misc/AutomationTest.h"
#include "MmoEntity.h"
#include "MmoWorld.h"
#include "UObject/StrongObjectPtr.h"
#include "UObject/UObjectIterator.h"

#include "MmoGame.generated.h"

/** Hears what Blueprint would. */
UCLASS()
class UMmoListener : public UObject
{
	GENERATED_BODY()

public:
	/** How often each event came. */
	int32 Inserted = 0, Updated = 0, Deleted = 0, Committed = 0, Failed = 0, Applied = 0, Ready = 0;
	EAmbitDeleteReason Reason = EAmbitDeleteReason::Deleted;
	FPlayerRow Before, After;
	FString Message;

	UFUNCTION()
	void HandleInsert(const FPlayerRow& Row)
	{
		Inserted++;
		After = Row;
	}
	UFUNCTION()
	void HandleUpdate(const FPlayerRow& InBefore, const FPlayerRow& InAfter)
	{
		Updated++;
		Before = InBefore;
		After = InAfter;
	}
	UFUNCTION()
	void HandleDelete(const FPlayerRow& Row, EAmbitDeleteReason InReason)
	{
		Deleted++;
		Before = Row;
		Reason = InReason;
	}
	UFUNCTION()
	void HandleCommitted(const FAmbitCallResult& Result) { Committed += Result.Offset > 0 ? 1 : 0; }
	UFUNCTION()
	void HandleFailed(const FAmbitCallResult& Result)
	{
		Failed++;
		Message = Result.Message;
	}
	UFUNCTION()
	void HandleApplied(UAmbitSubscription* Subscription) { Applied += Subscription->GetState() == EAmbitSubscriptionState::Applied ? 1 : 0; }
	UFUNCTION()
	void HandleRefused(UAmbitSubscription* Subscription)
	{
		Failed++;
		Message = Subscription->GetMessage();
	}
	UFUNCTION()
	void HandleReady(const FString& InReason) { Ready += InReason.IsEmpty() ? 1 : 0; }
	UFUNCTION()
	void HandleLost(const FString& InReason)
	{
		Failed++;
		Message = InReason;
	}
	UFUNCTION()
	void HandleCount() { Ready++; }
	UFUNCTION()
	void HandleChat(const FString& Speaker, const FString& Text) { Message = Speaker + TEXT(": ") + Text; }
};

/** One player's game. */
class FMmoGame
{
public:
	FMmoGame()
	{
		GameInstance.Reset(NewObject<UGameInstance>(GEngine));
		GameInstance->InitializeStandalone();
		World = GameInstance->GetWorld();
		World->InitializeActorsForPlay(FURL());
		World->BeginPlay();
		Subsystem = GameInstance->GetSubsystem<UAmbitSubsystem>();
		Listener.Reset(NewObject<UMmoListener>());
	}
	~FMmoGame() { End(); }
	FMmoGame(const FMmoGame&) = delete;
	FMmoGame& operator=(const FMmoGame&) = delete;

	/** As a Play-In-Editor run ends. */
	void End()
	{
		if (!World)
		{
			return;
		}
		if (Shown)
		{
			Shown->Destroy();
			Shown = nullptr;
		}
		UWorld* Ended = World;
		World = nullptr;
		Subsystem = nullptr;
		GameInstance->Shutdown();
		GEngine->DestroyWorldContext(Ended);
		Ended->DestroyWorld(false);
	}

	static FString Server() { return FPlatformMisc::GetEnvironmentVariable(TEXT("AMBIT_TEST_SERVER")); }
	static FString DatabaseName() { return FPlatformMisc::GetEnvironmentVariable(TEXT("AMBIT_TEST_DATABASE")); }

	/** A name that nobody else has. */
	static FString FreshName()
	{
		static int32 Names = 0;
		return FString::Printf(TEXT("ue-%d-%s"), Names++, *FGuid::NewGuid().ToString().Left(8));
	}

	void Connect() { Subsystem->Connect(Server(), DatabaseName()); }

	/** The sample's actor, which connects and joins. */
	AMmoWorld* Play()
	{
		AMmoWorld* Made = World->SpawnActorDeferred<AMmoWorld>(AMmoWorld::StaticClass(), FTransform());
		Made->Server = Server();
		Made->Database = DatabaseName();
		Made->PlayerName = FreshName();
		Made->Players->ActorClass = AMmoEntity::StaticClass();
		Made->Monsters->ActorClass = AMmoEntity::StaticClass();
		Made->Items->ActorClass = AMmoEntity::StaticClass();
		Made->FinishSpawning(FTransform());
		Shown = Made;
		return Made;
	}

	UMmoDatabase* Database() const { return Subsystem->GetDatabase<UMmoDatabase>(); }

	int32 CountActors() const
	{
		int32 Count = 0;
		for (TActorIterator<AActor> Actor(World); Actor; ++Actor)
		{
			Count++;
		}
		return Count;
	}

	/** Objects of the plugin's and the sample's classes that are there. */
	static int32 CountObjects()
	{
		int32 Count = 0;
		for (TObjectIterator<UObject> Object; Object; ++Object)
		{
			Count += Object->IsA<UAmbitTable>() || Object->IsA<UAmbitDatabase>() || Object->IsA<UAmbitSubsystem>() || Object->IsA<UAmbitEntityComponent>()
				|| Object->IsA<UAmbitSubscription>() || Object->IsA<AMmoWorld>() ? 1 : 0;
		}
		return Count;
	}

	/** One frame of the world. Waits shortly for news, so that a test does not spin. */
	void Frame(float Seconds)
	{
		constexpr uint32 NewsMs = 10;
		if (!World)
		{
			return;
		}
		World->Tick(LEVELTICK_All, Seconds);
		if (Subsystem && Subsystem->GetConnection())
		{
			Subsystem->GetConnection()->Client.wait(NewsMs);
		}
	}

	TStrongObjectPtr<UGameInstance> GameInstance;
	TStrongObjectPtr<UMmoListener> Listener;
	UWorld* World = nullptr;
	UAmbitSubsystem* Subsystem = nullptr;
	AMmoWorld* Shown = nullptr;
};
