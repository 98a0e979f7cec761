// Project Settings → Plugins → Ambit.
#pragma once

#include "CoreMinimal.h"
#include "Engine/DeveloperSettings.h"

#include "AmbitSettings.generated.h"

/** Where the game connects, and how much of a frame Ambit may take. */
UCLASS(Config = Game, DefaultConfig, meta = (DisplayName = "Ambit"))
class AMBIT_API UAmbitSettings : public UDeveloperSettings
{
	GENERATED_BODY()

public:
	/** The server's address, with http://. */
	UPROPERTY(Config, EditAnywhere, BlueprintReadOnly, Category = "Connection")
	FString Server = TEXT("http://127.0.0.1:7800");

	/** The database's name on the server. */
	UPROPERTY(Config, EditAnywhere, BlueprintReadOnly, Category = "Connection")
	FString Database = TEXT("world");

	/** Connect as soon as a game instance begins. */
	UPROPERTY(Config, EditAnywhere, BlueprintReadOnly, Category = "Connection")
	bool bConnectAtStart = false;

	/** Tick every frame. Without it the game calls the subsystem's TickNow itself. */
	UPROPERTY(Config, EditAnywhere, BlueprintReadOnly, Category = "Frame")
	bool bTickAutomatically = true;

	/** Milliseconds of a frame in which events are raised; those for which no time is left come with the next frame. 0 for no bound. */
	UPROPERTY(Config, EditAnywhere, BlueprintReadOnly, Category = "Frame", meta = (ClampMin = "0"))
	float BudgetMs = 2.0f;

	/** The `ambit` command, for publishing and generating from the editor. */
	UPROPERTY(Config, EditAnywhere, Category = "Editor")
	FString Command = TEXT("ambit");

	/** The module's folder, for publishing; relative to the project. */
	UPROPERTY(Config, EditAnywhere, Category = "Editor")
	FString ModuleFolder;

	/** The folder for generated code; relative to the project, inside a module's Source folder. */
	UPROPERTY(Config, EditAnywhere, Category = "Editor")
	FString GeneratedFolder;

	/** What generated files and classes begin with. */
	UPROPERTY(Config, EditAnywhere, Category = "Editor")
	FString Namespace = TEXT("Game");

	virtual FName GetCategoryName() const override { return FName(TEXT("Plugins")); }
};
