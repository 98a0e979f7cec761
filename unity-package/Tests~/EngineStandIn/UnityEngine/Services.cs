// What the engine offers besides objects: time, the log, preferences, events of the inspector, the keyboard.

using System;
using System.Collections.Generic;

namespace UnityEngine {
    public static class Time {
        public static float time { get; private set; }
        public static float deltaTime { get; private set; }
        public static int frameCount { get; private set; }
        public static float unscaledTime { get { return time; } }
        public static float realtimeSinceStartup { get { return time; } }

        internal static void Advance(float seconds) {
            time += seconds;
            deltaTime = seconds;
            frameCount++;
        }
    }

    public enum LogType { Error, Assert, Warning, Log, Exception }

    public static class Debug {
        /// <summary>What was logged, for tests.</summary>
        public static readonly List<KeyValuePair<LogType, string>> Lines = new List<KeyValuePair<LogType, string>>();
        public static void Log(object message, Object context = null) { Add(LogType.Log, message); }
        public static void LogWarning(object message, Object context = null) { Add(LogType.Warning, message); }
        public static void LogError(object message, Object context = null) { Add(LogType.Error, message); }
        public static void LogException(Exception problem, Object context = null) { Add(LogType.Exception, problem); }
        private static void Add(LogType type, object message) { Lines.Add(new KeyValuePair<LogType, string>(type, message.ToString())); }
    }

    public static class PlayerPrefs {
        private static readonly Dictionary<string, string> texts = new Dictionary<string, string>();
        public static string GetString(string key, string defaultValue = "") {
            string found;
            return texts.TryGetValue(key, out found) ? found : defaultValue;
        }
        public static void SetString(string key, string value) { texts[key] = value; }
        public static bool HasKey(string key) { return texts.ContainsKey(key); }
        public static void DeleteKey(string key) { texts.Remove(key); }
        public static void Save() { }
    }

    public static class Application {
        public static bool isPlaying { get; set; }
        public static string dataPath { get; set; }
        public static string companyName { get { return "DefaultCompany"; } }
        public static string productName { get { return "Ambit"; } }
    }

    public enum KeyCode { None, Return, A, D, S, W, E, Space }

    public static class Input {
        public static readonly Dictionary<string, float> Axes = new Dictionary<string, float>();
        public static readonly HashSet<KeyCode> Pressed = new HashSet<KeyCode>();
        public static float GetAxisRaw(string axis) {
            float value;
            return Axes.TryGetValue(axis, out value) ? value : 0;
        }
        public static bool GetKeyDown(KeyCode key) { return Pressed.Contains(key); }
    }
}

namespace UnityEngine.Events {
    [Serializable]
    public class UnityEvent {
        private Action handlers;
        public void AddListener(Action call) { handlers += call; }
        public void RemoveListener(Action call) { handlers -= call; }
        public void Invoke() { if (handlers != null) handlers(); }
    }

    [Serializable]
    public class UnityEvent<T> {
        private Action<T> handlers;
        public void AddListener(Action<T> call) { handlers += call; }
        public void RemoveListener(Action<T> call) { handlers -= call; }
        public void Invoke(T value) { if (handlers != null) handlers(value); }
    }
}
