// The worlds with a connection, so that none outlives the code that reads it: not the end of play mode, and no reload of the
// assemblies.

using System.Collections.Generic;
using System.Runtime.CompilerServices;
using UnityEngine;

[assembly: InternalsVisibleTo("Ambit.Unity.Editor")]
[assembly: InternalsVisibleTo("Ambit.StandIn.Tests")]

namespace Ambit {
    internal static class OpenWorlds {
        private static readonly List<AmbitWorld> worlds = new List<AmbitWorld>();

        internal static IList<AmbitWorld> All { get { return worlds; } }

        internal static void Add(AmbitWorld world) { worlds.Add(world); }

        internal static void Remove(AmbitWorld world) { worlds.Remove(world); }

        /// <summary>Statics survive from one game to the next where the Editor does not reload the domain when play mode
        /// begins.</summary>
        [RuntimeInitializeOnLoadMethod(RuntimeInitializeLoadType.SubsystemRegistration)]
        internal static void CloseAll() {
            for (int i = worlds.Count - 1; i >= 0; i--) worlds[i].Close();
            worlds.Clear();
        }
    }
}
