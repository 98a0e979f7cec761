// Nodes that wait, on the subsystem's and the subscriptions' events.

#include "AmbitCallAction.h"

#include "AmbitSubsystem.h"

void UAmbitCallAction::Activate()
{
	UAmbitSubsystem* Subsystem = UAmbitSubsystem::Get(Context.Get());
	UAmbitDatabase* Database = Subsystem ? Subsystem->GetDatabase(Class) : nullptr;
	const TSharedPtr<FAmbitConnection> Connection = Subsystem ? Subsystem->GetConnection() : nullptr;
	if (!Database || !Connection)
	{
		FAmbitCallResult Result;
		Result.Message = TEXT("there is no connection: connect first");
		Finish(Result);
		return;
	}
	Connection->WhenDone(Calling(*Database), [Self = TWeakObjectPtr<UAmbitCallAction>(this)](const FAmbitCallResult& Result)
	{
		if (Self.IsValid())
		{
			Self->Finish(Result);
		}
	});
}

void UAmbitCallAction::Finish(const FAmbitCallResult& Result)
{
	(Result.Status == EAmbitCallStatus::Committed ? OnCommitted : OnFailed).Broadcast(Result);
	SetReadyToDestroy();
}

UAmbitConnectAction* UAmbitConnectAction::ConnectToAmbit(UObject* WorldContextObject, const FString& Server, const FString& Database, const FString& Token)
{
	UAmbitConnectAction* Action = NewObject<UAmbitConnectAction>();
	Action->RegisterWithGameInstance(WorldContextObject);
	Action->Context = WorldContextObject;
	Action->Server = Server;
	Action->Database = Database;
	Action->Token = Token;
	return Action;
}

void UAmbitConnectAction::Activate()
{
	UAmbitSubsystem* Subsystem = UAmbitSubsystem::Get(Context.Get());
	if (!Subsystem)
	{
		Finish(OnFailed, TEXT("there is no game instance"));
		return;
	}
	Subsystem->Connect(Server, Database, Token);
	Subsystem->OnReady.AddDynamic(this, &UAmbitConnectAction::HandleReady);
	Subsystem->OnStateChanged.AddDynamic(this, &UAmbitConnectAction::HandleState);
}

void UAmbitConnectAction::HandleReady()
{
	Finish(OnReady, FString());
}

void UAmbitConnectAction::HandleState(EAmbitConnectionState State, const FString& Reason)
{
	if (State == EAmbitConnectionState::Disconnected)
	{
		Finish(OnFailed, Reason);
	}
}

void UAmbitConnectAction::Finish(FAmbitConnectEvent& Event, const FString& Reason)
{
	if (bOver)
	{
		return;
	}
	bOver = true;
	if (UAmbitSubsystem* Subsystem = UAmbitSubsystem::Get(Context.Get()))
	{
		Subsystem->OnReady.RemoveDynamic(this, &UAmbitConnectAction::HandleReady);
		Subsystem->OnStateChanged.RemoveDynamic(this, &UAmbitConnectAction::HandleState);
	}
	Event.Broadcast(Reason);
	SetReadyToDestroy();
}

UAmbitSubscribeAction* UAmbitSubscribeAction::SubscribeToAmbit(UObject* WorldContextObject, const FString& Sql, const FAmbitParameters& Parameters, const FAmbitDelivery& Delivery)
{
	UAmbitSubscribeAction* Action = NewObject<UAmbitSubscribeAction>();
	Action->RegisterWithGameInstance(WorldContextObject);
	Action->Context = WorldContextObject;
	Action->Sql = Sql;
	Action->Parameters = Parameters;
	Action->Delivery = Delivery;
	return Action;
}

void UAmbitSubscribeAction::Activate()
{
	UAmbitSubsystem* Subsystem = UAmbitSubsystem::Get(Context.Get());
	if (!Subsystem)
	{
		HandleEnded(nullptr);
		return;
	}
	UAmbitSubscription* Subscription = Subsystem->Subscribe(Sql, Parameters, Delivery);
	if (Subscription->GetState() == EAmbitSubscriptionState::Failed)
	{
		HandleEnded(Subscription);
		return;
	}
	Subscription->OnApplied.AddDynamic(this, &UAmbitSubscribeAction::HandleApplied);
	Subscription->OnEnded.AddDynamic(this, &UAmbitSubscribeAction::HandleEnded);
}

void UAmbitSubscribeAction::HandleApplied(UAmbitSubscription* Subscription)
{
	if (!bOver)
	{
		bOver = true;
		OnApplied.Broadcast(Subscription);
		SetReadyToDestroy();
	}
}

void UAmbitSubscribeAction::HandleEnded(UAmbitSubscription* Subscription)
{
	if (!bOver)
	{
		bOver = true;
		OnFailed.Broadcast(Subscription);
		SetReadyToDestroy();
	}
}
