// The player's way into the world: connects, joins, shows who and what is near, walks and talks. Place it, or a Blueprint of it, in a level.
#pragma once

#include "AmbitEntitySpawner.h"
#include "GameFramework/Actor.h"
#include "MmoReducers.g.h"

#include "MmoWorld.generated.h"

class UAmbitSubsystem;

DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FMmoJoined, const FPlayerRow&, Player);
DECLARE_DYNAMIC_MULTICAST_DELEGATE_TwoParams(FMmoChat, const FString&, Speaker, const FString&, Text);
DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FMmoProblem, const FString&, Message);

/** The player's way into the world. */
UCLASS(Blueprintable)
class AMmoWorld : public AActor
{
	GENERATED_BODY()

public:
	AMmoWorld();

	/** Where to connect; empty for the project's settings. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Mmo")
	FString Server;

	/** The database on that server. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Mmo")
	FString Database;

	/** The name over the player's head. It must be free, unless the token is of the player who has it. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Mmo")
	FString PlayerName = TEXT("Ada");

	/** What the server gave in an earlier run, to be the same player again. Keep it in a save game. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Mmo")
	FString Token;

	/** Metres that the player sees. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Mmo")
	double Sight = 80.0;

	/** Shows players, the own one too. Give it an actor class. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Mmo")
	TObjectPtr<UAmbitEntitySpawner> Players;

	/** Shows monsters. Give it an actor class. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Mmo")
	TObjectPtr<UAmbitEntitySpawner> Monsters;

	/** Shows what lies on the ground. Give it an actor class. */
	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Mmo")
	TObjectPtr<UAmbitEntitySpawner> Items;

	/** The player is in the world. */
	UPROPERTY(BlueprintAssignable, Category = "Mmo")
	FMmoJoined OnJoined;

	/** Somebody in the player's zone said something. */
	UPROPERTY(BlueprintAssignable, Category = "Mmo")
	FMmoChat OnChat;

	/** The server refused something, or the connection is over. */
	UPROPERTY(BlueprintAssignable, Category = "Mmo")
	FMmoProblem OnProblem;

	/** Walks in this direction until another is given; zero stands still. */
	UFUNCTION(BlueprintCallable, Category = "Mmo")
	void Walk(const FVector2D& InDirection);

	/** Says something to everybody in the player's zone. */
	UFUNCTION(BlueprintCallable, Category = "Mmo")
	void Say(const FString& Text);

	/** Hits a monster within reach. */
	UFUNCTION(BlueprintCallable, Category = "Mmo")
	void Attack(const UAmbitEntityComponent* Monster);

	/** Takes an item within reach. */
	UFUNCTION(BlueprintCallable, Category = "Mmo")
	void PickUp(const UAmbitEntityComponent* Item);

	/** The player's own row. False before the player has joined. */
	UFUNCTION(BlueprintCallable, Category = "Mmo")
	bool GetMyself(FPlayerRow& Player);

	// AActor
	virtual void BeginPlay() override;
	virtual void EndPlay(const EEndPlayReason::Type EndPlayReason) override;
	virtual void Tick(float DeltaSeconds) override;

private:
	UFUNCTION()
	void HandleReady();
	UFUNCTION()
	void HandleState(EAmbitConnectionState State, const FString& Reason);
	UFUNCTION()
	void HandleChat(const FChatMessageRow& Row);

	void Hear(int32 Zone);
	/** Tells the game if a call is refused. */
	void Watch(int64 Request);

	UPROPERTY()
	TObjectPtr<UMmoDatabase> World;

	UPROPERTY()
	TObjectPtr<UAmbitSubscription> Chat;

	TWeakObjectPtr<UAmbitSubsystem> Subsystem;
	FVector2D Direction = FVector2D::ZeroVector;
	float SinceStep = 0.0f;
	int32 HeardZone = -1;
	bool bHasJoined = false;
};
