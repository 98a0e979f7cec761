// Hands the package's link.xml to the linker of player builds, which looks for such files in Assets only.

using UnityEditor.Build;
using UnityEditor.Build.Reporting;
using UnityEditor.UnityLinker;

namespace AmbitEditor {
    internal sealed class LinkerInput : IUnityLinkerProcessor {
        internal const string Path = "Packages/com.ambit.client/Runtime/link.xml";

        public int callbackOrder { get { return 0; } }

        public string GenerateAdditionalLinkXmlFile(BuildReport report, UnityLinkerBuildPipelineData data) {
            return System.IO.Path.GetFullPath(Path);
        }
    }
}
