// The module. On Windows the core's library is loaded before its first function is called, since the linker has put that off.

#include "CoreMinimal.h"
#include "HAL/PlatformProcess.h"
#include "Interfaces/IPluginManager.h"
#include "Misc/Paths.h"
#include "Modules/ModuleManager.h"

/** Loads the core's library where nobody else does. */
class FAmbitModule : public IModuleInterface
{
public:
	virtual void StartupModule() override
	{
#if AMBIT_DELAY_LOADED
		const TSharedPtr<IPlugin> Plugin = IPluginManager::Get().FindPlugin(TEXT("Ambit"));
		const FString Folder = Plugin ? Plugin->GetBaseDir() : FString();
		const FString Library = FPaths::Combine(Folder, TEXT("Binaries/ThirdParty/AmbitCore"), TEXT(AMBIT_LIBRARY));
		Core = FPlatformProcess::GetDllHandle(*Library);
		UE_CLOG(!Core, LogTemp, Fatal, TEXT("Ambit: %s cannot be loaded; package the plugin for this platform"), *Library);
#endif
	}

	virtual void ShutdownModule() override
	{
		if (Core)
		{
			FPlatformProcess::FreeDllHandle(Core);
			Core = nullptr;
		}
	}

private:
	void* Core = nullptr;
};

IMPLEMENT_MODULE(FAmbitModule, Ambit)
