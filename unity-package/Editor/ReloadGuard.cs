// What must be over before the Editor exchanges the scripts: connections. And whether the library that the Editor has loaded fits the
// scripts, since it keeps a library until it is restarted.

using System.Runtime.CompilerServices;
using Ambit;
using UnityEditor;
using UnityEngine;

[assembly: InternalsVisibleTo("Ambit.StandIn.Tests")]

namespace AmbitEditor {
    [InitializeOnLoad]
    internal static class ReloadGuard {
        static ReloadGuard() {
            AssemblyReloadEvents.beforeAssemblyReload += OpenWorlds.CloseAll;
            EditorApplication.quitting += OpenWorlds.CloseAll;
            string fault = Library.Fault();
            if (fault != null) Debug.LogError("Ambit: " + fault);
        }
    }
}
