// A connection's life without a server: none is there, and games begin and end.

#include "AmbitCallAction.h"
#include "AmbitEntitySpawner.h"
#include "AmbitSubsystem.h"
#include "Containers/Ticker.h"
#include "Engine/Engine.h"
#include "Engine/EngineBaseTypes.h"
#include "Engine/GameInstance.h"
#include "Engine/World.h"
#include "Misc/AutomationTest.h"
#include "UObject/StrongObjectPtr.h"

#if WITH_AUTOMATION_TESTS

namespace
{
	constexpr int32 FramesMax = 1000;
	constexpr uint32 NewsMs = 20;
	/** A port that nobody listens at. */
	const TCHAR* const Nowhere = TEXT("http://127.0.0.1:1");
}

BEGIN_DEFINE_SPEC(FAmbitSubsystemSpec, "Ambit.Subsystem", EAutomationTestFlags::EditorContext | EAutomationTestFlags::ClientContext | EAutomationTestFlags::EngineFilter)
	TStrongObjectPtr<UGameInstance> GameInstance;
	UAmbitSubsystem* Subsystem = nullptr;

	void Begin()
	{
		GameInstance.Reset(NewObject<UGameInstance>(GEngine));
		GameInstance->InitializeStandalone();
		GameInstance->GetWorld()->InitializeActorsForPlay(FURL());
		GameInstance->GetWorld()->BeginPlay();
		Subsystem = GameInstance->GetSubsystem<UAmbitSubsystem>();
	}
	void End()
	{
		UWorld* World = GameInstance->GetWorld();
		Subsystem = nullptr;
		GameInstance->Shutdown();
		GEngine->DestroyWorldContext(World);
		World->DestroyWorld(false);
		GameInstance.Reset();
		CollectGarbage(RF_NoFlags);
	}
	/** Waits for news until the connection is over. */
	void UntilOver(const FDoneDelegate& Done, TFunction<void()> Then)
	{
		TSharedPtr<int32> Frames = MakeShared<int32>(0);
		FTSTicker::GetCoreTicker().AddTicker(FTickerDelegate::CreateLambda([this, Done, Then, Frames](float)
		{
			const bool bOver = Subsystem->GetState() == EAmbitConnectionState::Disconnected;
			if (!bOver && ++*Frames < FramesMax)
			{
				Subsystem->GetConnection()->Client.wait(NewsMs);
				return true;
			}
			TestTrue(TEXT("the connection is over"), bOver);
			Then();
			Done.Execute();
			return false;
		}));
	}
END_DEFINE_SPEC(FAmbitSubsystemSpec)

void FAmbitSubsystemSpec::Define()
{
	BeforeEach([this] { Begin(); });
	AfterEach([this] { End(); });

	It(TEXT("is of a game instance, and of nothing else"), [this]
	{
		TestTrue(TEXT("of the world's"), UAmbitSubsystem::Get(GameInstance->GetWorld()) == Subsystem);
		TestTrue(TEXT("of nothing"), UAmbitSubsystem::Get(nullptr) == nullptr);
		TestTrue(TEXT("before any connection"), Subsystem->GetState() == EAmbitConnectionState::Disconnected && !Subsystem->IsReady() && !Subsystem->TickNow());
	});

	It(TEXT("refuses what needs a connection, with words"), [this]
	{
		UAmbitSubscription* Subscription = Subsystem->Subscribe(TEXT("SELECT * FROM player"));
		TestTrue(TEXT("a subscription"), Subscription->GetState() == EAmbitSubscriptionState::Failed && Subscription->GetMessage().Contains(TEXT("Connect")));
		FAmbitInspection Inspection;
		TestFalse(TEXT("its inspection"), Subscription->GetInspection(Inspection) || Subscription->ChangeParameters(FAmbitParameters()));
		TestTrue(TEXT("a token and an identity"), Subsystem->GetToken().IsEmpty());
		Subsystem->Disconnect();
	});

	LatentIt(TEXT("says why there is no connection"), [this](const FDoneDelegate& Done)
	{
		Subsystem->Connect(Nowhere, TEXT("world"));
		TestTrue(TEXT("connecting"), Subsystem->GetState() == EAmbitConnectionState::Connecting);
		UAmbitSubscription* Subscription = Subsystem->Subscribe(TEXT("SELECT * FROM player"));
		UntilOver(Done, [this, Subscription]
		{
			TestFalse(TEXT("a reason"), Subsystem->GetReason().IsEmpty());
			TestTrue(TEXT("the subscription is over too"), Subscription->GetState() != EAmbitSubscriptionState::Applied);
		});
	});

	It(TEXT("lets go of a connection that is being made"), [this]
	{
		for (int32 Run = 0; Run < 3; Run++)
		{
			Subsystem->Connect(Nowhere, TEXT("world"));
			End();
			Begin();
		}
		Subsystem->Connect(Nowhere, TEXT("world"));
		Subsystem->Connect(Nowhere, TEXT("other"));
		TestTrue(TEXT("a new one takes its place"), Subsystem->GetState() == EAmbitConnectionState::Connecting);
	});

	It(TEXT("gives delivery options to the core as they are"), [this]
	{
		FAmbitDelivery Delivery;
		Delivery.Rate = 20.0f;
		Delivery.Hysteresis = 5.0;
		Delivery.Budget = 64000;
		FAmbitTier& Tier = Delivery.Tiers.AddDefaulted_GetRef();
		Tier.Distance = 80.0;
		Tier.Columns.Add(TEXT("position"));
		ambit::Delivery Native = Delivery.ToNative();
		TestTrue(TEXT("all of them"), Native.rate == 20.0f && Native.hysteresis == 5.0 && Native.budget == 64000 && Native.tiers.size() == 1
			&& Native.tiers[0].columns[0] == "position" && !Native.confirmed);
		Delivery.bEveryCommit = true;
		TestTrue(TEXT("every commit"), std::isinf(Delivery.ToNative().rate));
	});

	It(TEXT("has a spawner that says what it lacks"), [this]
	{
		AActor* Actor = GameInstance->GetWorld()->SpawnActor<AActor>();
		UAmbitEntitySpawner* Spawner = NewObject<UAmbitEntitySpawner>(Actor);
		Spawner->RegisterComponent();
		TestTrue(TEXT("a database class"), Spawner->GetProblem().Contains(TEXT("Database")));
		Actor->Destroy();
	});
}

#endif
