// Nodes of Blueprint that go on when an answer is there: calls of reducers (generated, over UAmbitCallAction), connecting, subscribing.
#pragma once

#include "AmbitDatabase.h"
#include "AmbitSubscription.h"
#include "Kismet/BlueprintAsyncActionBase.h"

#include "AmbitCallAction.generated.h"

DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FAmbitCallEvent, const FAmbitCallResult&, Result);
DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FAmbitConnectEvent, const FString&, Reason);

/** A reducer's call that is waited for. */
UCLASS(Abstract)
class AMBIT_API UAmbitCallAction : public UBlueprintAsyncActionBase
{
	GENERATED_BODY()

public:
	/** The call is committed. */
	UPROPERTY(BlueprintAssignable)
	FAmbitCallEvent OnCommitted;

	/** The reducer or the server refused, or the connection ended; the result says why. */
	UPROPERTY(BlueprintAssignable)
	FAmbitCallEvent OnFailed;

	virtual void Activate() override;

protected:
	/** Keeps the call until the node is activated. */
	template <typename DatabaseType, typename CallType>
	void BeginCall(UObject* WorldContextObject, CallType Call)
	{
		RegisterWithGameInstance(WorldContextObject);
		Context = WorldContextObject;
		Calling = [Call](UAmbitDatabase& Database) { return Call(static_cast<DatabaseType&>(Database)); };
		Class = DatabaseType::StaticClass();
	}

private:
	void Finish(const FAmbitCallResult& Result);

	TWeakObjectPtr<UObject> Context;
	TSubclassOf<UAmbitDatabase> Class;
	TFunction<int64(UAmbitDatabase&)> Calling;
};

/** A connection that is waited for. */
UCLASS()
class AMBIT_API UAmbitConnectAction : public UBlueprintAsyncActionBase
{
	GENERATED_BODY()

public:
	/** Tables and reducers are known. */
	UPROPERTY(BlueprintAssignable)
	FAmbitConnectEvent OnReady;

	/** The connection is over before it was ready. */
	UPROPERTY(BlueprintAssignable)
	FAmbitConnectEvent OnFailed;

	/** Connects, and goes on when reducers can be called. */
	UFUNCTION(BlueprintCallable, Category = "Ambit", meta = (BlueprintInternalUseOnly = "true", WorldContext = "WorldContextObject"))
	static UAmbitConnectAction* ConnectToAmbit(UObject* WorldContextObject, const FString& Server, const FString& Database, const FString& Token);

	virtual void Activate() override;

private:
	UFUNCTION()
	void HandleReady();
	UFUNCTION()
	void HandleState(EAmbitConnectionState State, const FString& Reason);
	void Finish(FAmbitConnectEvent& Event, const FString& Reason);

	TWeakObjectPtr<UObject> Context;
	FString Server, Database, Token;
	bool bOver = false;
};

/** A subscription that is waited for. */
UCLASS()
class AMBIT_API UAmbitSubscribeAction : public UBlueprintAsyncActionBase
{
	GENERATED_BODY()

public:
	/** Its rows are in the cache. */
	UPROPERTY(BlueprintAssignable)
	FAmbitSubscriptionEvent OnApplied;

	/** It was refused; the subscription's message says why. */
	UPROPERTY(BlueprintAssignable)
	FAmbitSubscriptionEvent OnFailed;

	/** Subscribes, and goes on when the rows are in the cache. */
	UFUNCTION(BlueprintCallable, Category = "Ambit", meta = (BlueprintInternalUseOnly = "true", WorldContext = "WorldContextObject", AutoCreateRefTerm = "Parameters,Delivery"))
	static UAmbitSubscribeAction* SubscribeToAmbit(UObject* WorldContextObject, const FString& Sql, const FAmbitParameters& Parameters, const FAmbitDelivery& Delivery);

	virtual void Activate() override;

private:
	UFUNCTION()
	void HandleApplied(UAmbitSubscription* Subscription);
	UFUNCTION()
	void HandleEnded(UAmbitSubscription* Subscription);

	UPROPERTY()
	FAmbitParameters Parameters;

	UPROPERTY()
	FAmbitDelivery Delivery;

	TWeakObjectPtr<UObject> Context;
	FString Sql;
	bool bOver = false;
};
