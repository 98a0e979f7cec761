// The editor's part: a window for the running game and the `ambit` command.

using UnrealBuildTool;

public class AmbitEditor : ModuleRules
{
	public AmbitEditor(ReadOnlyTargetRules Target) : base(Target)
	{
		PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
		PublicDependencyModuleNames.AddRange(new[] { "Core", "CoreUObject" });
		PrivateDependencyModuleNames.AddRange(new[] { "Ambit", "Engine", "DeveloperSettings", "PropertyEditor", "Slate", "SlateCore", "UnrealEd", "WorkspaceMenuStructure" });
	}
}
