// The plugin's runtime part.

using System.IO;
using UnrealBuildTool;

public class Ambit : ModuleRules
{
	public Ambit(ReadOnlyTargetRules Target) : base(Target)
	{
		PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
		CppStandard = CppStandardVersion.Default;
		bEnableExceptions = false;
		bUseRTTI = false;
		PublicDependencyModuleNames.AddRange(new[] { "Core", "CoreUObject", "Engine", "DeveloperSettings", "AmbitCore" });
		PrivateDependencyModuleNames.Add("Projects");
		// Generated code calls the engine-neutral client across this module's border.
		PublicDefinitions.Add("AMBIT_CPP_API=AMBIT_API");
		PrivateIncludePaths.Add(Path.Combine(PluginDirectory, "Source", "ThirdParty", "AmbitCore", "src"));
	}
}
