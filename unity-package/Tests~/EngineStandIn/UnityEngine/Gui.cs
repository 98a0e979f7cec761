// Immediate-mode controls: they record what they show, and a test presses and types what it wants with the next drawing.

using System.Collections.Generic;

namespace UnityEngine.StandIn {
    /// <summary>What a test does to the controls, and what they showed in the last drawing.</summary>
    public static class GuiScript {
        internal static readonly HashSet<string> Presses = new HashSet<string>();
        internal static readonly Dictionary<string, string> Texts = new Dictionary<string, string>();
        private static List<string> shown = new List<string>();
        private static List<string> drawing = new List<string>();

        /// <summary>The words on all controls of the last drawing, in their order.</summary>
        public static List<string> Shown { get { return shown; } }

        /// <summary>Presses a button by its words, with the next drawing.</summary>
        public static void Press(string button) { Presses.Add(button); }

        /// <summary>Types into a field by its label, or by the words that are in it if it has none.</summary>
        public static void Type(string field, string text) { Texts[field] = text; }

        public static void Show(string words) { drawing.Add(words ?? ""); }

        public static bool Button(string words) {
            Show(words);
            return Presses.Remove(words);
        }

        public static string Field(string label, string text) {
            Show(label + text);
            string typed;
            if (!Texts.TryGetValue(label == "" ? text : label, out typed)) return text;
            Texts.Remove(label == "" ? text : label);
            return typed;
        }

        /// <summary>Ends a drawing.</summary>
        public static void Drawn() {
            List<string> spare = shown;
            shown = drawing;
            drawing = spare;
            drawing.Clear();
        }
    }
}

namespace UnityEngine {
    using UnityEngine.StandIn;

    public sealed class GUILayoutOption { }

    public sealed class GUIStyle { }

    public static class GUI {
        public static bool enabled { get; set; }
        static GUI() { enabled = true; }
    }

    public static class GUILayout {
        private static readonly GUILayoutOption option = new GUILayoutOption();
        public static GUILayoutOption Width(float width) { return option; }
        public static GUILayoutOption Height(float height) { return option; }
        public static GUILayoutOption ExpandWidth(bool expand) { return option; }
        public static void Label(string text, params GUILayoutOption[] options) { GuiScript.Show(text); }
        public static bool Button(string text, params GUILayoutOption[] options) { return GuiScript.Button(text) && GUI.enabled; }
        public static string TextField(string text, int maxLength, params GUILayoutOption[] options) { return GuiScript.Field("", text); }
        public static bool Toggle(bool value, string text, params GUILayoutOption[] options) { return GuiScript.Button(text) ? !value : value; }
        public static void BeginHorizontal(params GUILayoutOption[] options) { }
        public static void EndHorizontal() { }
        public static void BeginVertical(params GUILayoutOption[] options) { }
        public static void EndVertical() { }
        public static void FlexibleSpace() { }
        public static void Space(float pixels) { }
        public static void BeginArea(Rect area) { }
        public static void EndArea() { }
        public static Vector2 BeginScrollView(Vector2 position, params GUILayoutOption[] options) { return position; }
        public static void EndScrollView() { }
    }
}
