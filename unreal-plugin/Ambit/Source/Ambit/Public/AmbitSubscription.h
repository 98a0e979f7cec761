// A subscription that Blueprint and C++ can hold: how it stands, other parameters for its query, what is in force in it.
#pragma once

#include "AmbitConnection.h"
#include "AmbitDelivery.h"
#include "UObject/Object.h"

#include "AmbitSubscription.generated.h"

class UAmbitSubscription;

DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FAmbitSubscriptionEvent, UAmbitSubscription*, Subscription);

/** Rows that the client is told of. Made by the subsystem; over with its connection. */
UCLASS(BlueprintType)
class AMBIT_API UAmbitSubscription : public UObject
{
	GENERATED_BODY()

public:
	/** Its rows are in the cache. */
	UPROPERTY(BlueprintAssignable, Category = "Ambit")
	FAmbitSubscriptionEvent OnApplied;

	/** It is over, or was refused; GetMessage says why. */
	UPROPERTY(BlueprintAssignable, Category = "Ambit")
	FAmbitSubscriptionEvent OnEnded;

	/** How it stands, as of the last tick. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	EAmbitSubscriptionState GetState() const { return State; }

	/** Why it is over or was refused; empty otherwise. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	FString GetMessage() const { return Message; }

	/** Ends it. Rows that no other subscription shows leave the cache. */
	UFUNCTION(BlueprintCallable, Category = "Ambit")
	void Unsubscribe();

	/**
	 * Gives the query other parameters in place of all that it had. Rows that are in one of both answers only come or leave with a later
	 * tick, all at once. False if the change was refused; GetMessage says why.
	 */
	UFUNCTION(BlueprintCallable, Category = "Ambit")
	bool ChangeParameters(const FAmbitParameters& Parameters);

	/** Asks the server what is in force in it; GetInspection has the answer with a later tick. */
	UFUNCTION(BlueprintCallable, Category = "Ambit")
	void Inspect();

	/** The last answer to Inspect. False before there is one. */
	UFUNCTION(BlueprintCallable, Category = "Ambit")
	bool GetInspection(FAmbitInspection& Inspection);

	// For the subsystem.
	void Begin(const TSharedPtr<FAmbitConnection>& InConnection, const FString& Sql, const ambit::Parameters& Parameters, const ambit::Delivery& Delivery);
	void Refuse(const FString& Why);
	/** Raises what has changed since the last tick; false once it is over. */
	bool Poll();
	void Detach(const FString& Why);

private:
	bool IsOver() const { return State == EAmbitSubscriptionState::Ended || State == EAmbitSubscriptionState::Failed; }

	TSharedPtr<FAmbitConnection> Connection;
	ambit::Inspection Told;
	FString Message;
	uint32 Number = 0;
	EAmbitSubscriptionState State = EAmbitSubscriptionState::Pending;
};
