// The core's library: one header and one dynamic library per platform, put here by the packaging script. A platform whose library is not here
// is refused by name, so that nobody finds out with a finished build.

using System.IO;
using UnrealBuildTool;

public class AmbitCore : ModuleRules
{
	public AmbitCore(ReadOnlyTargetRules Target) : base(Target)
	{
		Type = ModuleType.External;
		PublicSystemIncludePaths.Add(Path.Combine(ModuleDirectory, "include"));

		string Delayed = "0";
		string Name = "";
		if (Target.Platform == UnrealTargetPlatform.Win64)
		{
			Name = "ambit.dll";
			Delayed = "1";
			PublicAdditionalLibraries.Add(Needed("Win64", "ambit.dll.lib"));
			PublicDelayLoadDLLs.Add(Name);
			Ship("Win64", Name);
		}
		else if (Target.Platform == UnrealTargetPlatform.Mac)
		{
			Name = "libambit.dylib";
			PublicAdditionalLibraries.Add(Needed("Mac", Name));
			Ship("Mac", Name);
		}
		else if (Target.Platform == UnrealTargetPlatform.Linux || Target.Platform == UnrealTargetPlatform.LinuxArm64)
		{
			Name = "libambit.so";
			string Folder = Target.Platform.ToString();
			PublicAdditionalLibraries.Add(Needed(Folder, Name));
			PublicRuntimeLibraryPaths.Add(Path.Combine("$(PluginDir)", "Binaries", "ThirdParty", "AmbitCore"));
			Ship(Folder, Name);
		}
		else
		{
			throw new BuildException("Ambit has no library for " + Target.Platform + " yet");
		}
		PublicDefinitions.Add("AMBIT_DELAY_LOADED=" + Delayed);
		PublicDefinitions.Add("AMBIT_LIBRARY=\"" + Name + "\"");
	}

	private string Needed(string Folder, string File)
	{
		string Library = Path.Combine(ModuleDirectory, "lib", Folder, File);
		if (!System.IO.File.Exists(Library))
		{
			throw new BuildException("Ambit: " + Library + " is missing; run unreal-plugin/package for this platform, or take a packaged plugin that has it");
		}
		return Library;
	}

	/// Copies the library beside the plugin's binaries, and into packaged games.
	private void Ship(string Folder, string File)
	{
		RuntimeDependencies.Add(Path.Combine("$(PluginDir)", "Binaries", "ThirdParty", "AmbitCore", File), Needed(Folder, File));
	}
}
