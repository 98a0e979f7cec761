// Routines that go on with each frame.

using System.Collections;
using System.Collections.Generic;

namespace UnityEngine {
    public class YieldInstruction { }

    public sealed class Coroutine : YieldInstruction {
        private static readonly List<Coroutine> all = new List<Coroutine>();
        private readonly MonoBehaviour owner;
        private readonly IEnumerator routine;

        private Coroutine(MonoBehaviour owner, IEnumerator routine) {
            this.owner = owner;
            this.routine = routine;
        }

        internal static Coroutine Start(MonoBehaviour owner, IEnumerator routine) {
            Coroutine made = new Coroutine(owner, routine);
            if (routine.MoveNext()) all.Add(made);
            return made;
        }

        internal static void RunAll() {
            for (int i = all.Count - 1; i >= 0; i--) {
                if (all[i].owner == null || !all[i].owner.gameObject.activeInHierarchy || !all[i].routine.MoveNext()) all.RemoveAt(i);
            }
        }
    }
}
