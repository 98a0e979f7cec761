// The engine's part of the test runner: tests that take frames, and logs that a test expects.

using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace UnityEngine.TestTools {
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class UnityTestAttribute : Attribute { }

    public static class LogAssert {
        private static readonly List<KeyValuePair<LogType, Regex>> expected = new List<KeyValuePair<LogType, Regex>>();

        public static void Expect(LogType type, Regex message) { expected.Add(new KeyValuePair<LogType, Regex>(type, message)); }

        /// <summary>The first error that nobody expected, or what was expected and did not come; null if all is well. Forgets everything.</summary>
        public static string Judge() {
            string fault = null;
            foreach (KeyValuePair<LogType, string> line in Debug.Lines) {
                int match = expected.FindIndex(each => each.Key == line.Key && each.Value.IsMatch(line.Value));
                if (match >= 0) expected.RemoveAt(match);
                else if (line.Key != LogType.Log && line.Key != LogType.Warning && fault == null) fault = "unexpected log: " + line.Value;
            }
            if (fault == null && expected.Count > 0) fault = "expected log did not come: " + expected[0].Value;
            expected.Clear();
            Debug.Lines.Clear();
            return fault;
        }
    }
}
