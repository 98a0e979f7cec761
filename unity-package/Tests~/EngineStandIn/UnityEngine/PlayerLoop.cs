// The engine's frames: sends Awake, OnEnable, Start, Update, LateUpdate, OnGUI, OnDisable and OnDestroy in the engine's order, as far as
// the package relies on it.

using System;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Ambit.StandIn.Tests")]

namespace UnityEngine.StandIn {
    /// <summary>What one component wants to be told, and what it has been told.</summary>
    public sealed class Messages {
        internal readonly Action Awake, OnEnable, Start, Update, LateUpdate, OnGUI, OnDisable, OnDestroy, OnApplicationQuit;
        internal readonly int Order;
        internal bool IsAwake, IsEnabled, IsStarted;

        internal Messages(MonoBehaviour of) {
            Awake = Find(of, "Awake");
            OnEnable = Find(of, "OnEnable");
            Start = Find(of, "Start");
            Update = Find(of, "Update");
            LateUpdate = Find(of, "LateUpdate");
            OnGUI = Find(of, "OnGUI");
            OnDisable = Find(of, "OnDisable");
            OnDestroy = Find(of, "OnDestroy");
            OnApplicationQuit = Find(of, "OnApplicationQuit");
            object[] order = of.GetType().GetCustomAttributes(typeof(DefaultExecutionOrder), true);
            Order = order.Length == 0 ? 0 : ((DefaultExecutionOrder)order[0]).order;
        }

        /// <summary>The most derived method of this name, private ones included, as the engine finds it.</summary>
        private static Action Find(MonoBehaviour of, string name) {
            const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
            for (Type type = of.GetType(); type != typeof(MonoBehaviour); type = type.BaseType) {
                MethodInfo method = type.GetMethod(name, Own, null, Type.EmptyTypes, null);
                if (method != null) return (Action)Delegate.CreateDelegate(typeof(Action), of, method);
            }
            return null;
        }
    }

    public static class PlayerLoop {
        internal static readonly List<GameObject> Objects = new List<GameObject>();
        private static readonly List<MonoBehaviour> running = new List<MonoBehaviour>();
        private static readonly List<MonoBehaviour> frame = new List<MonoBehaviour>();
        private static readonly List<Object> doomed = new List<Object>();

        /// <summary>What a test does while the window is drawn, besides what components do in OnGUI.</summary>
        public static float FrameSeconds = 1f / 60;

        /// <summary>One frame.</summary>
        public static void Frame() {
            Time.Advance(FrameSeconds);
            frame.Clear();
            frame.AddRange(running);
            for (int i = 0; i < frame.Count; i++) Start(frame[i]);
            for (int i = 0; i < frame.Count; i++) if (Lives(frame[i])) Tell(frame[i].Messages.Update);
            Coroutine.RunAll();
            for (int i = 0; i < frame.Count; i++) if (Lives(frame[i])) Tell(frame[i].Messages.LateUpdate);
            for (int i = 0; i < frame.Count; i++) if (Lives(frame[i])) Tell(frame[i].Messages.OnGUI);
            GuiScript.Drawn();
            for (int i = 0; i < doomed.Count; i++) DestroyNow(doomed[i]);
            doomed.Clear();
        }

        /// <summary>Runs what the engine runs before a scene is loaded, of every assembly that is there.</summary>
        public static void EnterPlayMode() {
            foreach (Assembly assembly in AppDomain.CurrentDomain.GetAssemblies()) {
                if (assembly.GetName().Name == "nunit.framework") continue;
                foreach (Type type in assembly.GetTypes()) {
                    foreach (MethodInfo method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)) {
                        if (method.IsDefined(typeof(RuntimeInitializeOnLoadMethodAttribute), false)) method.Invoke(null, null);
                    }
                }
            }
        }

        /// <summary>Ends the game: everybody is told, and everything is destroyed.</summary>
        public static void Quit() {
            foreach (MonoBehaviour each in running.ToArray()) Tell(each.Messages.OnApplicationQuit);
            Clear();
        }

        /// <summary>Destroys every object, as loading another scene does.</summary>
        public static void Clear() {
            foreach (GameObject each in Objects.ToArray()) if (each != null) DestroyNow(each);
        }

        internal static T Find<T>() where T : Object {
            foreach (GameObject each in Objects) {
                if (!each.activeInHierarchy) continue;
                T found = each.GetComponent<Component>() == null ? null : Component<T>(each);
                if (found != null) return found;
            }
            return null;
        }

        private static T Component<T>(GameObject of) where T : Object {
            foreach (Component component in of.Components) if (component is T) return component as T;
            return null;
        }

        internal static void Appeared(Component component) {
            MonoBehaviour behaviour = component as MonoBehaviour;
            if (ReferenceEquals(behaviour, null) || !behaviour.gameObject.activeInHierarchy) return;
            Awake(behaviour);
            ActivityChanged(behaviour);
        }

        internal static void ActivityChanged(GameObject of) {
            // First all are awake, then all are enabled, by their order, as when a scene is loaded.
            List<MonoBehaviour> behaviours = new List<MonoBehaviour>();
            Gather(of, behaviours);
            behaviours.Sort((a, b) => a.Messages.Order.CompareTo(b.Messages.Order));
            if (of.activeInHierarchy) foreach (MonoBehaviour each in behaviours) if (each.gameObject.activeInHierarchy) Awake(each);
            foreach (MonoBehaviour each in behaviours) ActivityChanged(each);
        }

        internal static void ActivityChanged(Behaviour of) {
            MonoBehaviour behaviour = of as MonoBehaviour;
            if (ReferenceEquals(behaviour, null) || !behaviour.Messages.IsAwake) return;
            bool enable = behaviour.isActiveAndEnabled;
            if (behaviour.Messages.IsEnabled == enable) return;
            behaviour.Messages.IsEnabled = enable;
            if (enable) {
                int at = running.Count;
                while (at > 0 && running[at - 1].Messages.Order > behaviour.Messages.Order) at--;
                running.Insert(at, behaviour);
                Tell(behaviour.Messages.OnEnable);
            } else {
                running.Remove(behaviour);
                Tell(behaviour.Messages.OnDisable);
            }
        }

        internal static void DestroyLater(Object target) { if (target != null) doomed.Add(target); }

        internal static void DestroyNow(Object target) {
            if (target == null) return;
            GameObject whole = target as GameObject;
            if (ReferenceEquals(whole, null)) {
                End(target as MonoBehaviour);
                Component part = target as Component;
                if (!ReferenceEquals(part, null)) part.gameObject.Components.Remove(part);
                target.IsDestroyed = true;
                return;
            }
            List<MonoBehaviour> behaviours = new List<MonoBehaviour>();
            Gather(whole, behaviours);
            foreach (MonoBehaviour each in behaviours) End(each);
            MarkDestroyed(whole);
            whole.transform.SetParent(null, false);
        }

        private static void MarkDestroyed(GameObject whole) {
            for (int i = 0; i < whole.transform.childCount; i++) MarkDestroyed(whole.transform.GetChild(i).gameObject);
            foreach (Component each in whole.Components) each.IsDestroyed = true;
            whole.IsDestroyed = true;
            Objects.Remove(whole);
        }

        private static void End(MonoBehaviour behaviour) {
            if (ReferenceEquals(behaviour, null)) return;
            if (behaviour.Messages.IsEnabled) {
                behaviour.Messages.IsEnabled = false;
                running.Remove(behaviour);
                Tell(behaviour.Messages.OnDisable);
            }
            if (behaviour.Messages.IsAwake) Tell(behaviour.Messages.OnDestroy);
        }

        private static void Gather(GameObject of, List<MonoBehaviour> into) {
            foreach (Component component in of.Components) {
                MonoBehaviour behaviour = component as MonoBehaviour;
                if (!ReferenceEquals(behaviour, null)) into.Add(behaviour);
            }
            for (int i = 0; i < of.transform.childCount; i++) Gather(of.transform.GetChild(i).gameObject, into);
        }

        private static void Awake(MonoBehaviour behaviour) {
            if (behaviour.Messages.IsAwake) return;
            behaviour.Messages.IsAwake = true;
            Tell(behaviour.Messages.Awake);
        }

        private static void Start(MonoBehaviour behaviour) {
            if (behaviour.Messages.IsStarted || !Lives(behaviour)) return;
            behaviour.Messages.IsStarted = true;
            Tell(behaviour.Messages.Start);
        }

        private static bool Lives(MonoBehaviour behaviour) { return !behaviour.IsDestroyed && behaviour.Messages.IsEnabled; }

        /// <summary>The engine logs what a component throws, and goes on.</summary>
        private static void Tell(Action message) {
            if (message == null) return;
            try {
                message();
            } catch (Exception problem) {
                Debug.LogException(problem);
            }
        }
    }
}
