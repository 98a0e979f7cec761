// Reads the engine's text assets: documents with a class and an identifier, and in them maps, lists and values. As much of YAML as the
// engine writes.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace StandInTests {
    /// <summary>One object of an asset.</summary>
    public sealed class AssetDocument {
        public int ClassId;
        public long FileId;
        public string ClassName;
        public Dictionary<string, object> Fields;
    }

    public static class AssetText {
        /// <summary>The objects of an asset. A value is a text, a Dictionary or a List.</summary>
        public static List<AssetDocument> Read(string path) {
            List<AssetDocument> documents = new List<AssetDocument>();
            string[] lines = File.ReadAllLines(path);
            int at = 0;
            while (at < lines.Length) {
                string line = lines[at++];
                if (line.StartsWith("%", StringComparison.Ordinal)) continue;
                if (!line.StartsWith("--- !u!", StringComparison.Ordinal)) throw new FormatException(path + ": line " + at + " begins no object");
                string[] parts = line.Substring(7).Split(new[] { " &" }, StringSplitOptions.None);
                AssetDocument document = new AssetDocument {
                    ClassId = int.Parse(parts[0], CultureInfo.InvariantCulture), FileId = long.Parse(parts[1], CultureInfo.InvariantCulture),
                    ClassName = lines[at++].TrimEnd(':')
                };
                document.Fields = Map(lines, ref at, 2);
                documents.Add(document);
            }
            return documents;
        }

        private static Dictionary<string, object> Map(string[] lines, ref int at, int indent) {
            Dictionary<string, object> map = new Dictionary<string, object>();
            while (at < lines.Length && Indent(lines[at]) == indent && !lines[at].TrimStart().StartsWith("- ", StringComparison.Ordinal) && !lines[at].StartsWith("---", StringComparison.Ordinal)) {
                Entry(lines, ref at, lines[at].Substring(indent), indent, map);
            }
            return map;
        }

        /// <summary>`key: value`, or `key:` with what belongs to it on the next lines.</summary>
        private static void Entry(string[] lines, ref int at, string text, int indent, Dictionary<string, object> into) {
            int colon = text.IndexOf(':');
            if (colon < 0) throw new FormatException("no key in \"" + text + "\"");
            string key = text.Substring(0, colon), value = text.Substring(colon + 1).Trim();
            at++;
            if (value != "" || at >= lines.Length) into.Add(key, Inline(value));
            else if (Indent(lines[at]) == indent && lines[at].TrimStart().StartsWith("- ", StringComparison.Ordinal)) into.Add(key, Sequence(lines, ref at, indent));
            else if (Indent(lines[at]) > indent && !lines[at].StartsWith("---", StringComparison.Ordinal)) into.Add(key, Map(lines, ref at, indent + 2));
            else into.Add(key, "");
        }

        private static List<object> Sequence(string[] lines, ref int at, int indent) {
            List<object> list = new List<object>();
            while (at < lines.Length && Indent(lines[at]) == indent && lines[at].TrimStart().StartsWith("- ", StringComparison.Ordinal)) {
                string first = lines[at].Substring(indent + 2);
                if (first.StartsWith("{", StringComparison.Ordinal) || first.IndexOf(": ", StringComparison.Ordinal) < 0) {
                    list.Add(Inline(first.Trim()));
                    at++;
                    continue;
                }
                Dictionary<string, object> item = new Dictionary<string, object>();
                Entry(lines, ref at, first, indent + 2, item);
                foreach (KeyValuePair<string, object> more in Map(lines, ref at, indent + 2)) item.Add(more.Key, more.Value);
                list.Add(item);
            }
            return list;
        }

        /// <summary>`{x: 1, y: 2}`, `[]`, or a text.</summary>
        private static object Inline(string text) {
            if (text == "[]") return new List<object>();
            if (!text.StartsWith("{", StringComparison.Ordinal)) return text;
            Dictionary<string, object> map = new Dictionary<string, object>();
            foreach (string part in text.Trim('{', '}').Split(',')) {
                string[] pair = part.Split(':');
                map.Add(pair[0].Trim(), pair[1].Trim());
            }
            return map;
        }

        private static int Indent(string line) {
            int spaces = 0;
            while (spaces < line.Length && line[spaces] == ' ') spaces++;
            return spaces;
        }
    }
}
