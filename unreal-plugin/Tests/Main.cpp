// Runs every spec on the stand-in engine, and the editor's window, and prints how many passed and failed.

#include "AmbitPanel.h"
#include "AmbitSettings.h"
#include "AmbitSubsystem.h"
#include "Editor.h"
#include "Engine/GameInstance.h"
#include "Framework/Docking/TabManager.h"
#include "IDetailsView.h"
#include "Misc/AutomationTest.h"
#include "UObject/StrongObjectPtr.h"
#include "Widgets/Docking/SDockTab.h"

BEGIN_DEFINE_SPEC(FAmbitWindowSpec, "Ambit.Editor", EAutomationTestFlags::EditorContext | EAutomationTestFlags::EngineFilter)
END_DEFINE_SPEC(FAmbitWindowSpec)

void FAmbitWindowSpec::Define()
{
	It(TEXT("opens a window that shows the running game and runs the command"), [this]
	{
		const TSharedPtr<SDockTab> Tab = FGlobalTabmanager::Get()->TryInvokeTab(FName(TEXT("Ambit")));
		TestTrue(TEXT("the window"), Tab.IsValid());
		UAmbitPanel* Panel = Cast<UAmbitPanel>(static_cast<IDetailsView*>(Tab->Content.Get())->Object);
		TestTrue(TEXT("no game"), Panel->State.Contains(TEXT("no game")));
		TStrongObjectPtr<UGameInstance> GameInstance(NewObject<UGameInstance>(GEngine));
		GameInstance->InitializeStandalone();
		GEditor->PlayWorld = GameInstance->GetWorld();
		UAmbitSettings* Settings = GetMutableDefault<UAmbitSettings>();
		const FString Server = Settings->Server;
		Settings->Server = TEXT("http://127.0.0.1:1");
		Panel->Connect();
		TestTrue(TEXT("connecting"), Panel->State == TEXT("connecting"));
		Panel->Disconnect();
		Settings->Server = Server;

		Panel->Publish();
		TestTrue(TEXT("no module folder"), Panel->Output.Contains(TEXT("module's folder")));
		Settings->ModuleFolder = TEXT("my module");
		Settings->GeneratedFolder = TEXT("out");
		Settings->Command = TEXT("echo");
		Panel->PublishAndGenerate();
		TestTrue(TEXT("both commands ran"), Panel->Output.Contains(TEXT("publish my module --name world")) && Panel->Output.Contains(TEXT("generate --lang unreal --out out")));
		Settings->Command = TEXT("false");
		Panel->PublishAndGenerate();
		TestFalse(TEXT("nothing is generated of what was not published"), Panel->Output.Contains(TEXT("generate --lang")));
		GEditor->PlayWorld = nullptr;
		GameInstance->Shutdown();
		GameInstance.Reset();
		CollectGarbage(RF_NoFlags);
	});
}

int main()
{
	GEditor = NewObject<UEditorEngine>();
	GEngine = GEditor;
	StandIn::AddRoot(GEngine);
	std::pair<int32, int32> Total;
	{
		std::vector<std::unique_ptr<IModuleInterface>> Modules;
		for (const auto& [Name, Make] : StandIn::Modules())
		{
			Modules.push_back(Make());
			Modules.back()->StartupModule();
		}
		for (FAutomationSpecBase* Spec : FAutomationSpecBase::All())
		{
			const auto [Passed, Failed] = Spec->StandInRun([] { FTSTicker::GetCoreTicker().Tick(1.0f / 60.0f); });
			Total.first += Passed;
			Total.second += Failed;
		}
		for (const std::unique_ptr<IModuleInterface>& Module : Modules)
		{
			Module->ShutdownModule();
		}
	}
	const bool bTickers = FTSTicker::GetCoreTicker().StandInCount() == 0;
	if (!bTickers)
	{
		std::fprintf(stderr, "a ticker is left\n");
	}
	StandIn::DestroyAll();
	std::printf("%d passed, %d failed\n", Total.first, Total.second + (bTickers ? 0 : 1));
	return Total.second == 0 && bTickers ? 0 : 1;
}
