// The game.

using UnrealBuildTool;

public class AmbitMmoTarget : TargetRules
{
	public AmbitMmoTarget(TargetInfo Target) : base(Target)
	{
		Type = TargetType.Game;
		DefaultBuildSettings = BuildSettingsVersion.Latest;
		IncludeOrderVersion = EngineIncludeOrderVersion.Latest;
		ExtraModuleNames.Add("AmbitMmo");
	}
}
