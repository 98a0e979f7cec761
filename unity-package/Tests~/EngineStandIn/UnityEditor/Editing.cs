// The Editor's part of the engine, as far as the package's window, gizmos and guards use it.

using System;
using System.Collections.Generic;
using UnityEngine;
using UnityEngine.StandIn;

namespace UnityEditor {
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class MenuItem : Attribute { public MenuItem(string itemName) { } }

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class InitializeOnLoadAttribute : Attribute { }

    [AttributeUsage(AttributeTargets.Method)]
    public sealed class DrawGizmo : Attribute { public DrawGizmo(GizmoType gizmo) { } }

    [Flags]
    public enum GizmoType { NotInSelectionHierarchy = 2, NonSelected = 32, Selected = 4, Active = 8, InSelectionHierarchy = 16, Pickable = 1 }

    public class EditorWindow : ScriptableObject {
        private static readonly List<EditorWindow> open = new List<EditorWindow>();

        public static T GetWindow<T>(string title) where T : EditorWindow, new() {
            foreach (EditorWindow each in open) if (each is T) return (T)each;
            T made = new T { name = title };
            open.Add(made);
            Tell(made, "OnEnable");
            return made;
        }

        public void Repaint() { }

        public void Close() {
            Tell(this, "OnDisable");
            open.Remove(this);
        }

        /// <summary>Draws the window once, for tests.</summary>
        public void DrawNow() {
            Tell(this, "OnGUI");
            GuiScript.Drawn();
        }

        private static void Tell(EditorWindow window, string message) {
            System.Reflection.MethodInfo method = window.GetType().GetMethod(message,
                System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Public);
            if (method != null) method.Invoke(window, null);
        }
    }

    public static class EditorApplication {
        public static Action update;
        public static event Action quitting;
        public static bool isPlaying { get { return Application.isPlaying; } }

        /// <summary>What the Editor does many times a second, for tests.</summary>
        public static void Turn() { if (update != null) update(); }
        public static void Quit() { if (quitting != null) quitting(); }
    }

    public static class AssemblyReloadEvents {
        public static event Action beforeAssemblyReload;

        /// <summary>Scripts were compiled, for tests.</summary>
        public static void Reload() { if (beforeAssemblyReload != null) beforeAssemblyReload(); }
    }

    public static class EditorPrefs {
        private static readonly Dictionary<string, string> texts = new Dictionary<string, string>();
        public static string GetString(string key, string defaultValue) {
            string found;
            return texts.TryGetValue(key, out found) ? found : defaultValue;
        }
        public static void SetString(string key, string value) { texts[key] = value; }
    }

    public static class AssetDatabase {
        public static int Refreshes { get; private set; }
        public static void Refresh() { Refreshes++; }
        /// <summary>Assets by path, for tests.</summary>
        public static readonly Dictionary<string, UnityEngine.Object> Assets = new Dictionary<string, UnityEngine.Object>();
        public static string[] FindAssets(string filter) { return new List<string>(Assets.Keys).ToArray(); }
        public static string GUIDToAssetPath(string guid) { return guid; }
        public static T LoadAssetAtPath<T>(string path) where T : UnityEngine.Object {
            UnityEngine.Object found;
            return Assets.TryGetValue(path, out found) ? found as T : null;
        }
    }

    public static class EditorUtility { public static void SetDirty(UnityEngine.Object target) { } }

    public enum MessageType { None, Info, Warning, Error }

    public static class EditorGUILayout {
        public static void LabelField(string label, string text, params GUILayoutOption[] options) { GuiScript.Show(label + ": " + text); }
        public static void HelpBox(string message, MessageType type) { GuiScript.Show(message); }
        public static string TextField(string label, string text, params GUILayoutOption[] options) { return GuiScript.Field(label, text); }
        public static bool Toggle(string label, bool value, params GUILayoutOption[] options) { return GuiScript.Button(label) ? !value : value; }
        public static UnityEngine.Object ObjectField(string label, UnityEngine.Object value, Type type, bool allowSceneObjects, params GUILayoutOption[] options) {
            GuiScript.Show(label);
            return value;
        }
        public static void Space() { }
    }

    public static class Handles {
        /// <summary>Discs drawn since a test cleared them: centre and radius.</summary>
        public static readonly List<KeyValuePair<Vector3, float>> Discs = new List<KeyValuePair<Vector3, float>>();
        public static readonly List<string> Labels = new List<string>();
        public static Color color { get; set; }
        public static void DrawWireDisc(Vector3 center, Vector3 normal, float radius) { Discs.Add(new KeyValuePair<Vector3, float>(center, radius)); }
        public static void Label(Vector3 position, string text) { Labels.Add(text); }
    }
}

namespace UnityEditor.Build {
    public interface IOrderedCallback { int callbackOrder { get; } }

    public interface IUnityLinkerProcessor : IOrderedCallback {
        string GenerateAdditionalLinkXmlFile(Reporting.BuildReport report, UnityLinker.UnityLinkerBuildPipelineData data);
    }
}

namespace UnityEditor.Build.Reporting {
    public sealed class BuildReport : UnityEngine.Object { }
}

namespace UnityEditor.UnityLinker {
    public sealed class UnityLinkerBuildPipelineData { }
}
