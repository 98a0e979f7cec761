// What the window Tools → Ambit shows: the connection of the running game, its tables, and buttons that run the `ambit` command. The window is
// Unreal's own details view of this object.
#pragma once

#include "CoreMinimal.h"
#include "UObject/Object.h"

#include "AmbitPanel.generated.h"

class UAmbitSubsystem;

/** A table of the running game. */
USTRUCT()
struct FAmbitPanelTable
{
	GENERATED_BODY()

	UPROPERTY(VisibleAnywhere, Category = "Table")
	FString Name;

	/** Rows in the cache. */
	UPROPERTY(VisibleAnywhere, Category = "Table")
	int64 Rows = 0;
};

/** A subscription of the running game, as the server told. */
USTRUCT()
struct FAmbitPanelSubscription
{
	GENERATED_BODY()

	/** Rows that the client holds because of it. */
	UPROPERTY(VisibleAnywhere, Category = "Subscription")
	int64 Rows = 0;

	/** Those of them that have changes which are still to be told. */
	UPROPERTY(VisibleAnywhere, Category = "Subscription")
	int64 Waiting = 0;

	/** The radius of its first circle, in units of the position; 0 if it has none. */
	UPROPERTY(VisibleAnywhere, Category = "Subscription")
	double Radius = 0.0;
};

/** The window's contents. */
UCLASS()
class AMBITEDITOR_API UAmbitPanel : public UObject
{
	GENERATED_BODY()

public:
	/** How the running game's connection stands. */
	UPROPERTY(VisibleAnywhere, Category = "Connection")
	FString State;

	/** Milliseconds to the server and back. */
	UPROPERTY(VisibleAnywhere, Category = "Connection")
	double RoundTripMs = 0.0;

	UPROPERTY(VisibleAnywhere, Category = "Connection")
	int64 BytesReceived = 0;

	UPROPERTY(VisibleAnywhere, Category = "Connection")
	int64 BytesSent = 0;

	/** Of the databases that the running game uses. */
	UPROPERTY(VisibleAnywhere, Category = "Tables")
	TArray<FAmbitPanelTable> Tables;

	UPROPERTY(VisibleAnywhere, Category = "Tables")
	TArray<FAmbitPanelSubscription> Subscriptions;

	/** What the last command said. */
	UPROPERTY(VisibleAnywhere, Category = "Module", meta = (MultiLine = "true"))
	FString Output;

	/** Connects the running game with the address of the project's settings. */
	UFUNCTION(CallInEditor, Category = "Connection")
	void Connect();

	/** Ends the running game's connection. */
	UFUNCTION(CallInEditor, Category = "Connection")
	void Disconnect();

	/** Builds the module of the settings and publishes it. */
	UFUNCTION(CallInEditor, Category = "Module")
	void Publish();

	/** Writes the typed code of the database into the folder of the settings. */
	UFUNCTION(CallInEditor, Category = "Module")
	void Generate();

	/** Publishes, and generates if that went well. */
	UFUNCTION(CallInEditor, Category = "Module")
	void PublishAndGenerate();

	/** Reads the running game's figures. */
	void Refresh();

private:
	UAmbitSubsystem* Running() const;
	bool Run(const FString& Arguments);
	bool PublishModule();
	bool GenerateCode();
};
