// The game instance's connection: connect, tick, subscribe, and the typed databases over it. Leaves out calls and rows: see AmbitDatabase.h.
#pragma once

#include "AmbitDatabase.h"
#include "AmbitSubscription.h"
#include "Containers/Ticker.h"
#include "Subsystems/GameInstanceSubsystem.h"

#include "AmbitSubsystem.generated.h"

DECLARE_DYNAMIC_MULTICAST_DELEGATE_TwoParams(FAmbitStateEvent, EAmbitConnectionState, State, const FString&, Reason);
DECLARE_DYNAMIC_MULTICAST_DELEGATE(FAmbitReadyEvent);

/** The connection to an Ambit database. One per game instance: a Play-In-Editor run has its own. */
UCLASS()
class AMBIT_API UAmbitSubsystem : public UGameInstanceSubsystem
{
	GENERATED_BODY()

public:
	/** How the connection stands changed. The reason is empty unless it is over. */
	UPROPERTY(BlueprintAssignable, Category = "Ambit")
	FAmbitStateEvent OnStateChanged;

	/** Tables and reducers of a new connection are known: from here on reducers can be called. */
	UPROPERTY(BlueprintAssignable, Category = "Ambit")
	FAmbitReadyEvent OnReady;

	/** That of the game instance which an object belongs to; none without a game instance. */
	static UAmbitSubsystem* Get(const UObject* WorldContextObject);

	/**
	 * Begins to connect and returns at once. A connection that is there is given up; its rows leave without events.
	 * @param Token what GetToken gave in an earlier run, to be the same player again; empty for a new one.
	 */
	UFUNCTION(BlueprintCallable, Category = "Ambit")
	void Connect(const FString& Server, const FString& Database, const FString& Token = TEXT(""));

	/** The same with the address of the project's settings. */
	UFUNCTION(BlueprintCallable, Category = "Ambit")
	void ConnectAsSet(const FString& Token = TEXT(""));

	/** Begins to end the connection: what was called before still reaches the server, and the cache stays until the next Connect. */
	UFUNCTION(BlueprintCallable, Category = "Ambit")
	void Disconnect();

	/**
	 * Brings the cache to the latest commit that has arrived and raises events. Only for projects that do not tick automatically.
	 * @param BudgetMs milliseconds for events; 0 for no bound.
	 * @return false if there is no connection that works, or if an event's handler calls it.
	 */
	UFUNCTION(BlueprintCallable, Category = "Ambit")
	bool TickNow(float BudgetMs = 0.0f);

	/** How the connection stands, as of the last tick. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	EAmbitConnectionState GetState() const { return State; }

	/** Why the connection is over; empty otherwise. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	FString GetReason() const { return Reason; }

	/** Why the last call or subscription was refused. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	FString GetError() const;

	/** Whether tables and reducers are known. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	bool IsReady() const { return bReady; }

	/** Who this player is. False before the connection stands. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	bool GetIdentity(FAmbitIdentity& Identity) const;

	/** To keep, and to give to Connect in the next run; empty before the connection stands. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	FString GetToken() const;

	/** Figures of the connection. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	FAmbitStatistics GetStatistics() const;

	/** The server's time that a frame is to show, in microseconds since 1970 UTC: a little behind its clock, so that rows move smoothly. */
	int64 GetRenderTimeUs() const;

	/** The server's time in UTC, as estimated; the first moment of all before the server has told its own. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	FDateTime GetServerTime() const;

	/**
	 * Fixes how far frames are behind the server, in milliseconds, at most 2000; a negative number lets it adapt, which is also how a connection
	 * begins. False if it is refused or there is no connection.
	 */
	UFUNCTION(BlueprintCallable, Category = "Ambit")
	bool SetRenderDelay(double Milliseconds);

	/** Begins a subscription. It is never none: one that cannot begin is over at once and says why. */
	UFUNCTION(BlueprintCallable, Category = "Ambit", meta = (AutoCreateRefTerm = "Parameters,Delivery"))
	UAmbitSubscription* Subscribe(const FString& Sql, const FAmbitParameters& Parameters, const FAmbitDelivery& Delivery);
	UAmbitSubscription* Subscribe(const FString& Sql) { return Subscribe(Sql, FAmbitParameters(), FAmbitDelivery()); }

	/** The same of a typed query. */
	template <typename ViewType>
	UAmbitSubscription* Subscribe(const ambit::Query<ViewType>& Query)
	{
		const auto Built = Query.build();
		return SubscribeNative(Ambit::ToString(Built.sql), Built.parameters, Query.wanted_delivery());
	}

	/** The database of this class over the connection; made if it is missing. */
	UFUNCTION(BlueprintPure, Category = "Ambit", meta = (DeterminesOutputType = "Class"))
	UAmbitDatabase* GetDatabase(TSubclassOf<UAmbitDatabase> Class);

	template <typename DatabaseType>
	DatabaseType* GetDatabase()
	{
		return Cast<DatabaseType>(GetDatabase(DatabaseType::StaticClass()));
	}

	/** All databases that were asked for. */
	const TArray<TObjectPtr<UAmbitDatabase>>& GetDatabases() const { return Databases; }

	/** The subscriptions that are not over. */
	const TArray<TObjectPtr<UAmbitSubscription>>& GetSubscriptions() const { return Subscriptions; }

	const TSharedPtr<FAmbitConnection>& GetConnection() const { return Connection; }

	// USubsystem
	virtual void Initialize(FSubsystemCollectionBase& Collection) override;
	virtual void Deinitialize() override;

private:
	bool OnTicker(float Seconds);
	UAmbitSubscription* SubscribeNative(const FString& Sql, const ambit::Parameters& Parameters, const ambit::Delivery& Delivery);
	void Begin(const ambit::Options& Options);
	/** Takes the connection from everything that is attached to it. */
	void Release(const FString& Why);
	void Notice();
	void Change(EAmbitConnectionState NewState, const FString& NewReason);

	UPROPERTY()
	TArray<TObjectPtr<UAmbitDatabase>> Databases;

	UPROPERTY()
	TArray<TObjectPtr<UAmbitSubscription>> Subscriptions;

	TSharedPtr<FAmbitConnection> Connection;
	/** A connection that a handler has asked for, to be made when its tick is over. */
	TUniquePtr<ambit::Options> Next;
	FTSTicker::FDelegateHandle Ticker;
	FString Reason;
	EAmbitConnectionState State = EAmbitConnectionState::Disconnected;
	bool bReady = false;
	bool bTicking = false;
};
