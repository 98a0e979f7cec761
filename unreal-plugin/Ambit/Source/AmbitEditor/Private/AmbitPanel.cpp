// Figures of the running game, and the `ambit` command.

#include "AmbitPanel.h"

#include "AmbitSettings.h"
#include "AmbitSubsystem.h"
#include "Editor.h"
#include "HAL/PlatformProcess.h"
#include "Misc/Paths.h"

UAmbitSubsystem* UAmbitPanel::Running() const
{
	return GEditor ? UAmbitSubsystem::Get(GEditor->PlayWorld) : nullptr;
}

void UAmbitPanel::Connect()
{
	if (UAmbitSubsystem* Subsystem = Running())
	{
		Subsystem->ConnectAsSet();
	}
	Refresh();
}

void UAmbitPanel::Disconnect()
{
	if (UAmbitSubsystem* Subsystem = Running())
	{
		Subsystem->Disconnect();
	}
	Refresh();
}

void UAmbitPanel::Refresh()
{
	UAmbitSubsystem* Subsystem = Running();
	Tables.Reset();
	Subscriptions.Reset();
	RoundTripMs = 0.0;
	BytesReceived = BytesSent = 0;
	if (!Subsystem)
	{
		State = TEXT("no game is running");
		return;
	}
	static const TCHAR* const Words[] = {TEXT("connecting"), TEXT("connected"), TEXT("disconnected"), TEXT("reconnecting")};
	State = Words[static_cast<int32>(Subsystem->GetState())];
	if (!Subsystem->GetReason().IsEmpty())
	{
		State += TEXT(": ") + Subsystem->GetReason();
	}
	const FAmbitStatistics Statistics = Subsystem->GetStatistics();
	RoundTripMs = Statistics.RoundTripMs;
	BytesReceived = Statistics.BytesReceived;
	BytesSent = Statistics.BytesSent;
	for (const TObjectPtr<UAmbitDatabase>& Database : Subsystem->GetDatabases())
	{
		for (const UAmbitTable* Table : Database->GetTables())
		{
			FAmbitPanelTable& Added = Tables.AddDefaulted_GetRef();
			Added.Name = Table->GetTableName();
			Added.Rows = Table->Count();
		}
	}
	for (const TObjectPtr<UAmbitSubscription>& Subscription : Subsystem->GetSubscriptions())
	{
		FAmbitPanelSubscription& Added = Subscriptions.AddDefaulted_GetRef();
		FAmbitInspection Inspection;
		if (Subscription->GetInspection(Inspection))
		{
			Added.Rows = Inspection.Rows;
			Added.Waiting = Inspection.Waiting;
			Added.Radius = Inspection.Circles.IsEmpty() ? 0.0 : Inspection.Circles[0].Radius;
		}
		Subscription->Inspect();
	}
}

bool UAmbitPanel::Run(const FString& Arguments)
{
	const FString Command = GetDefault<UAmbitSettings>()->Command;
	int32 Code = -1;
	FString Said, Complaints;
	const FString Folder = FPaths::ProjectDir();
	const bool bStarted = FPlatformProcess::ExecProcess(*Command, *Arguments, &Code, &Said, &Complaints, *Folder);
	Output = TEXT("> ") + Command + TEXT(" ") + Arguments + TEXT("\n");
	Output += bStarted ? Said + Complaints : FString(TEXT("the command cannot be started: set its path in Project Settings, Plugins, Ambit\n"));
	return bStarted && Code == 0;
}

bool UAmbitPanel::PublishModule()
{
	const UAmbitSettings* Settings = GetDefault<UAmbitSettings>();
	if (Settings->ModuleFolder.IsEmpty())
	{
		Output = TEXT("set the module's folder in Project Settings, Plugins, Ambit\n");
		return false;
	}
	return Run(FString::Printf(TEXT("publish \"%s\" --name %s --server %s"), *Settings->ModuleFolder, *Settings->Database, *Settings->Server));
}

bool UAmbitPanel::GenerateCode()
{
	const UAmbitSettings* Settings = GetDefault<UAmbitSettings>();
	if (Settings->GeneratedFolder.IsEmpty())
	{
		Output = TEXT("set the folder for generated code in Project Settings, Plugins, Ambit\n");
		return false;
	}
	return Run(FString::Printf(TEXT("generate --lang unreal --out \"%s\" --name %s --namespace %s --server %s"), *Settings->GeneratedFolder, *Settings->Database,
		*Settings->Namespace, *Settings->Server));
}

void UAmbitPanel::Publish()
{
	PublishModule();
}

void UAmbitPanel::Generate()
{
	GenerateCode();
}

void UAmbitPanel::PublishAndGenerate()
{
	if (PublishModule())
	{
		const FString Published = Output;
		GenerateCode();
		Output = Published + Output;
	}
}
