// The game in the editor.

using UnrealBuildTool;

public class AmbitMmoEditorTarget : TargetRules
{
	public AmbitMmoEditorTarget(TargetInfo Target) : base(Target)
	{
		Type = TargetType.Editor;
		DefaultBuildSettings = BuildSettingsVersion.Latest;
		IncludeOrderVersion = EngineIncludeOrderVersion.Latest;
		ExtraModuleNames.Add("AmbitMmo");
	}
}
