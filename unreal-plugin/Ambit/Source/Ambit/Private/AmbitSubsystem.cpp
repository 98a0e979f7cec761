// The connection's life. A handler of a tick may connect, disconnect or end the game instance: the connection that ticks is held until its tick
// is over, and a new one is made only then.

#include "AmbitSubsystem.h"

#include "AmbitSettings.h"
#include "Engine/Engine.h"
#include "Engine/GameInstance.h"
#include "Engine/World.h"

static_assert(static_cast<int>(ambit::ConnectionState::Connecting) == static_cast<int>(EAmbitConnectionState::Connecting));
static_assert(static_cast<int>(ambit::ConnectionState::Connected) == static_cast<int>(EAmbitConnectionState::Connected));
static_assert(static_cast<int>(ambit::ConnectionState::Disconnected) == static_cast<int>(EAmbitConnectionState::Disconnected));

UAmbitSubsystem* UAmbitSubsystem::Get(const UObject* WorldContextObject)
{
	const UWorld* World = GEngine ? GEngine->GetWorldFromContextObject(WorldContextObject, EGetWorldErrorMode::ReturnNull) : nullptr;
	const UGameInstance* GameInstance = World ? World->GetGameInstance() : Cast<UGameInstance>(WorldContextObject);
	return GameInstance ? GameInstance->GetSubsystem<UAmbitSubsystem>() : nullptr;
}

void UAmbitSubsystem::Initialize(FSubsystemCollectionBase& Collection)
{
	Super::Initialize(Collection);
	const UAmbitSettings* Settings = GetDefault<UAmbitSettings>();
	if (Settings->bTickAutomatically)
	{
		Ticker = FTSTicker::GetCoreTicker().AddTicker(FTickerDelegate::CreateUObject(this, &UAmbitSubsystem::OnTicker));
	}
	if (Settings->bConnectAtStart)
	{
		ConnectAsSet();
	}
}

void UAmbitSubsystem::Deinitialize()
{
	FTSTicker::GetCoreTicker().RemoveTicker(Ticker);
	Ticker.Reset();
	Next.Reset();
	// Nobody is told: what listens belongs to a game that is over.
	OnStateChanged.Clear();
	OnReady.Clear();
	Release(TEXT("the game instance is over"));
	Databases.Empty();
	State = EAmbitConnectionState::Disconnected;
	Super::Deinitialize();
}

void UAmbitSubsystem::ConnectAsSet(const FString& Token)
{
	const UAmbitSettings* Settings = GetDefault<UAmbitSettings>();
	Connect(Settings->Server, Settings->Database, Token);
}

void UAmbitSubsystem::Connect(const FString& Server, const FString& Database, const FString& Token)
{
	const ambit::Options Options{Ambit::ToUtf8(Server), Ambit::ToUtf8(Database), Ambit::ToUtf8(Token)};
	if (bTicking)
	{
		Next = MakeUnique<ambit::Options>(Options);
		return;
	}
	Begin(Options);
}

void UAmbitSubsystem::Begin(const ambit::Options& Options)
{
	Release(TEXT("another connection was begun"));
	Connection = MakeShared<FAmbitConnection>(Options);
	for (const TObjectPtr<UAmbitDatabase>& Database : Databases)
	{
		Database->Attach(Connection);
	}
	Change(EAmbitConnectionState::Connecting, FString());
}

void UAmbitSubsystem::Release(const FString& Why)
{
	if (!Connection)
	{
		return;
	}
	const TSharedPtr<FAmbitConnection> Held = MoveTemp(Connection);
	Connection.Reset();
	bReady = false;
	TArray<TObjectPtr<UAmbitSubscription>> Ended = MoveTemp(Subscriptions);
	Subscriptions.Reset();
	for (const TObjectPtr<UAmbitSubscription>& Subscription : Ended)
	{
		Subscription->Detach(Why);
	}
	for (const TObjectPtr<UAmbitDatabase>& Database : Databases)
	{
		Database->Detach();
	}
	Held->GiveUp(Why);
}

void UAmbitSubsystem::Disconnect()
{
	Next.Reset();
	if (Connection)
	{
		Connection->Client.disconnect();
	}
}

bool UAmbitSubsystem::OnTicker(float)
{
	TickNow(GetDefault<UAmbitSettings>()->BudgetMs);
	return true;
}

bool UAmbitSubsystem::TickNow(float BudgetMs)
{
	if (bTicking || !Connection)
	{
		return false;
	}
	bTicking = true;
	const TSharedPtr<FAmbitConnection> Held = Connection;
	const bool bWorks = Held->Client.tick(BudgetMs > 0.0f ? BudgetMs : ambit::Client::no_budget);
	if (Connection == Held)
	{
		Notice();
	}
	bTicking = false;
	if (Next)
	{
		const TUniquePtr<ambit::Options> Options = MoveTemp(Next);
		Begin(*Options);
	}
	return bWorks;
}

void UAmbitSubsystem::Notice()
{
	const TSharedPtr<FAmbitConnection> Held = Connection;
	const EAmbitConnectionState Now = static_cast<EAmbitConnectionState>(Held->Client.state());
	const FString Why = Ambit::ToString(Held->Client.reason());
	// A client whose code is of another module does not work, whatever its socket does.
	const bool bOpen = Now == EAmbitConnectionState::Connecting || Now == EAmbitConnectionState::Connected;
	const bool bBroken = !Why.IsEmpty() && !Held->Client.ready() && bOpen;
	if (bBroken)
	{
		Held->Client.disconnect();
	}
	Change(bBroken ? EAmbitConnectionState::Disconnected : Now, Why);
	if (Connection == Held && !bReady && Held->Client.ready() && State != EAmbitConnectionState::Disconnected)
	{
		bReady = true;
		OnReady.Broadcast();
	}
	for (int32 Index = 0; Connection == Held && Index < Subscriptions.Num();)
	{
		// A handler may subscribe, which appends.
		const bool bGoesOn = Subscriptions[Index]->Poll();
		if (Connection != Held)
		{
			return;
		}
		if (bGoesOn)
		{
			Index++;
		}
		else
		{
			Subscriptions.RemoveAt(Index);
		}
	}
	if (Connection == Held && State == EAmbitConnectionState::Disconnected)
	{
		bReady = false;
		Held->GiveUp(Why.IsEmpty() ? FString(TEXT("the connection is over")) : Why);
	}
}

void UAmbitSubsystem::Change(EAmbitConnectionState NewState, const FString& NewReason)
{
	if (State == NewState && Reason == NewReason)
	{
		return;
	}
	State = NewState;
	Reason = NewReason;
	OnStateChanged.Broadcast(State, Reason);
}

FString UAmbitSubsystem::GetError() const
{
	return Connection ? Connection->GetError() : FString(TEXT("there is no connection"));
}

bool UAmbitSubsystem::GetIdentity(FAmbitIdentity& Identity) const
{
	ambit::Identity Me;
	if (!Connection || !Connection->Client.identity(Me))
	{
		return false;
	}
	Identity = Ambit::ToUnreal(Me);
	return true;
}

FString UAmbitSubsystem::GetToken() const
{
	return Connection ? Ambit::ToString(Connection->Client.token()) : FString();
}

FAmbitStatistics UAmbitSubsystem::GetStatistics() const
{
	FAmbitStatistics Out;
	if (!Connection)
	{
		return Out;
	}
	constexpr double UsPerMs = 1000.0;
	const ambit::Statistics From = Connection->Client.statistics();
	Out.BytesReceived = static_cast<int64>(From.bytes_received);
	Out.BytesSent = static_cast<int64>(From.bytes_sent);
	Out.UpdatesReceived = static_cast<int64>(From.updates_received);
	Out.RoundTripMs = static_cast<double>(From.round_trip_us) / UsPerMs;
	Out.ClockOffsetMs = static_cast<double>(From.clock_offset_us) / UsPerMs;
	Out.RowsPending = static_cast<int64>(From.rows_pending);
	Out.EventsPending = static_cast<int64>(From.events_pending);
	Out.CallsInFlight = static_cast<int64>(From.calls_in_flight);
	return Out;
}

UAmbitSubscription* UAmbitSubsystem::Subscribe(const FString& Sql, const FAmbitParameters& Parameters, const FAmbitDelivery& Delivery)
{
	return SubscribeNative(Sql, Parameters.Native, Delivery.ToNative());
}

UAmbitSubscription* UAmbitSubsystem::SubscribeNative(const FString& Sql, const ambit::Parameters& Parameters, const ambit::Delivery& Delivery)
{
	UAmbitSubscription* Subscription = NewObject<UAmbitSubscription>(this);
	if (!Connection)
	{
		Subscription->Refuse(TEXT("there is no connection: call Connect first"));
		return Subscription;
	}
	Subscription->Begin(Connection, Sql, Parameters, Delivery);
	if (Subscription->GetState() == EAmbitSubscriptionState::Pending)
	{
		Subscriptions.Add(Subscription);
	}
	return Subscription;
}

UAmbitDatabase* UAmbitSubsystem::GetDatabase(TSubclassOf<UAmbitDatabase> Class)
{
	if (!Class)
	{
		return nullptr;
	}
	for (const TObjectPtr<UAmbitDatabase>& Database : Databases)
	{
		if (Database->GetClass() == Class.Get())
		{
			return Database;
		}
	}
	UAmbitDatabase* Made = NewObject<UAmbitDatabase>(this, Class.Get());
	Made->BuildOnce();
	if (Connection)
	{
		Made->Attach(Connection);
	}
	Databases.Add(Made);
	return Made;
}
