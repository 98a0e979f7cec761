// The window Tools → Ambit.

#include "AmbitPanel.h"
#include "Containers/Ticker.h"
#include "CoreMinimal.h"
#include "Framework/Docking/TabManager.h"
#include "IDetailsView.h"
#include "Modules/ModuleManager.h"
#include "PropertyEditorModule.h"
#include "UObject/StrongObjectPtr.h"
#include "Widgets/Docking/SDockTab.h"
#include "WorkspaceMenuStructure.h"
#include "WorkspaceMenuStructureModule.h"

namespace
{
	const FName TabName(TEXT("Ambit"));
	constexpr float RefreshSeconds = 0.5f;
}

/** Registers the window, and keeps its figures fresh while it is open. */
class FAmbitEditorModule : public IModuleInterface
{
public:
	virtual void StartupModule() override
	{
		FGlobalTabmanager::Get()
			->RegisterNomadTabSpawner(TabName, FOnSpawnTab::CreateRaw(this, &FAmbitEditorModule::Open))
			.SetDisplayName(FText::FromString(TEXT("Ambit")))
			.SetTooltipText(FText::FromString(TEXT("The running game's connection and tables; publish the module and generate its code")))
			.SetGroup(WorkspaceMenu::GetMenuStructure().GetToolsCategory());
	}

	virtual void ShutdownModule() override
	{
		FTSTicker::GetCoreTicker().RemoveTicker(Ticker);
		FGlobalTabmanager::Get()->UnregisterNomadTabSpawner(TabName);
		Panel.Reset();
	}

private:
	TSharedRef<SDockTab> Open(const FSpawnTabArgs&)
	{
		Panel.Reset(NewObject<UAmbitPanel>());
		Panel->Refresh();
		FDetailsViewArgs Arguments;
		Arguments.bAllowSearch = false;
		Arguments.bHideSelectionTip = true;
		FPropertyEditorModule& Properties = FModuleManager::LoadModuleChecked<FPropertyEditorModule>(TEXT("PropertyEditor"));
		const TSharedRef<IDetailsView> Details = Properties.CreateDetailView(Arguments);
		Details->SetObject(Panel.Get());
		FTSTicker::GetCoreTicker().RemoveTicker(Ticker);
		Ticker = FTSTicker::GetCoreTicker().AddTicker(FTickerDelegate::CreateRaw(this, &FAmbitEditorModule::Refresh), RefreshSeconds);
		TSharedRef<SDockTab> Made = SNew(SDockTab).TabRole(ETabRole::NomadTab)
		[
			Details
		];
		Tab = Made;
		return Made;
	}

	/** Ends with the window. */
	bool Refresh(float)
	{
		if (!Tab.IsValid())
		{
			Panel.Reset();
			return false;
		}
		Panel->Refresh();
		return true;
	}

	TStrongObjectPtr<UAmbitPanel> Panel;
	TWeakPtr<SDockTab> Tab;
	FTSTicker::FDelegateHandle Ticker;
};

IMPLEMENT_MODULE(FAmbitEditorModule, AmbitEditor)
