// The sample's one module: its own code, the generated code, and specs that need a server.

using System.IO;
using UnrealBuildTool;

public class AmbitMmo : ModuleRules
{
	public AmbitMmo(ReadOnlyTargetRules Target) : base(Target)
	{
		PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
		PublicDependencyModuleNames.AddRange(new[] { "Ambit", "Core", "CoreUObject", "Engine" });
		PublicIncludePaths.Add(ModuleDirectory);
		PublicIncludePaths.Add(Path.Combine(ModuleDirectory, "Generated"));
	}
}
