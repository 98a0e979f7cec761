// The plugin's specs, for the Session Frontend and for automation runs. Never part of a shipped game.

using UnrealBuildTool;

public class AmbitTests : ModuleRules
{
	public AmbitTests(ReadOnlyTargetRules Target) : base(Target)
	{
		PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
		PrivateDependencyModuleNames.AddRange(new[] { "Ambit", "Core", "CoreUObject", "Engine", "DeveloperSettings" });
	}
}
